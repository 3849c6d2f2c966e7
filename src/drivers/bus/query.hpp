#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"

namespace duheng::drivers {

/// Both clocks at one moment: intervals are measured with the first, stamps carry the second.
struct Moment {
  std::int64_t monotonic_ms = 0;
  std::int64_t utc_ms = 0;
};

/// How a device is called on its line, as octets of its protocol: each dialect's header says which.
class BusAddress {
 public:
  static constexpr std::size_t octets_max = 20;
  BusAddress() = default;
  /// More than octets_max octets are cut: no protocol here has them.
  explicit BusAddress(ByteView octets) noexcept
      : size_(static_cast<std::uint8_t>(octets.size() < octets_max ? octets.size() : octets_max)) {
    if (size_ > 0) std::memcpy(octets_.data(), octets.data(), size_);
  }
  [[nodiscard]] ByteView octets() const noexcept { return {octets_.data(), size_}; }
  friend auto operator<=>(const BusAddress&, const BusAddress&) = default;

 private:
  std::array<std::uint8_t, octets_max> octets_{};
  std::uint8_t size_ = 0;
};

/// What is asked of a device, in its protocol's terms: each dialect's header says how. Its body may hold a password:
/// never log one.
struct Query {
  std::uint16_t operation = 0;  ///< function, control code or service
  std::uint64_t subject = 0;    ///< data identifier, object attribute, range of registers
  Bytes body;                   ///< content of a write or command; empty for plain reads
  /// A command: sent once and never again. Without an answer nobody knows whether it was done: read back.
  bool at_most_once = false;
  bool has_answer = true;  ///< false for broadcasts
  friend bool operator==(const Query&, const Query&) = default;
};

}  // namespace duheng::drivers
