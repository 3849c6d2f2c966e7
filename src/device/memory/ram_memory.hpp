#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "device/memory/device_memory.hpp"

namespace duheng::device {

/// An EEPROM for tests, written octet by octet, whose supply can fail between and within octets.
///
/// Each value has two banks { u32 CRC-32, u32 sequence, u32 size, octets }; store() overwrites the one not in force,
/// so that the other holds until the new one is whole. load() takes the valid bank with the higher sequence.
class RamMemory final : public DeviceMemory {
 public:
  [[nodiscard]] std::optional<Bytes> load(std::string_view key) const override;
  /// Errors: unavailable - the power is gone.
  [[nodiscard]] Result<void> store(std::string_view key, ByteView value) override;

  /// The power fails after `octets` more octets; the one then being written is left as neither old nor new.
  void cut_after(std::uint64_t octets) noexcept { left_ = octets; }
  /// Power comes back and stays.
  void restart() noexcept {
    left_ = unlimited;
    powered_ = true;
  }
  [[nodiscard]] bool is_powered() const noexcept { return powered_; }
  /// Octets written since the beginning.
  [[nodiscard]] std::uint64_t octets_written() const noexcept { return written_; }

 private:
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
  using Banks = std::array<Bytes, 2>;
  [[nodiscard]] bool write_octet(std::uint8_t& place, std::uint8_t octet) noexcept;

  std::map<std::string, Banks, std::less<>> values_;
  std::uint64_t left_ = unlimited;
  std::uint64_t written_ = 0;
  bool powered_ = true;
};

}  // namespace duheng::device
