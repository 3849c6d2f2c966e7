#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace duheng::dlt698 {

/// How a server address is meant. Source: DL/T 698.45-2017, link layer (address feature, bits 7-6).
enum class AddressType : std::uint8_t { single = 0, wildcard = 1, group = 2, broadcast = 3 };
/// "single", "wildcard", "group", "broadcast".
[[nodiscard]] std::string_view to_string(AddressType type) noexcept;

/// SA: the address feature AF and 1 to 16 octets that travel low octet first.
/// Source: DL/T 698.45-2017, link layer (address field).
class ServerAddress {
 public:
  static constexpr std::size_t size_octets_max = 16;

  /// One octet 00H, single.
  ServerAddress() = default;
  /// As it stands in a frame: AF, then the octets low first. Nothing when their number is not what AF says.
  [[nodiscard]] static std::optional<ServerAddress> from_wire(std::uint8_t feature, ByteView octets) noexcept;
  /// From digits as a nameplate shows them: 1 to 32 of 0-9, A (any digit), F (padding). An odd number is padded with F
  /// at the end. Nothing for other characters.
  [[nodiscard]] static std::optional<ServerAddress> parse(std::string_view digits,
                                                          AddressType type = AddressType::single,
                                                          std::uint8_t logical = 0) noexcept;
  /// AF 45H and six octets AAH: whoever hears it answers with its own address.
  [[nodiscard]] static ServerAddress wildcard() noexcept;
  /// AF C0H and one octet AAH: nobody answers.
  [[nodiscard]] static ServerAddress broadcast() noexcept;

  [[nodiscard]] std::uint8_t feature() const noexcept { return feature_; }
  [[nodiscard]] AddressType type() const noexcept { return static_cast<AddressType>(feature_ >> 6); }
  /// Bits 5-4 of AF: 0 the device itself, 1 to 3 its modules.
  [[nodiscard]] std::uint8_t logical() const noexcept { return feature_ >> 4 & 3; }
  [[nodiscard]] std::size_t size() const noexcept { return (feature_ & 0x0FU) + 1; }
  [[nodiscard]] ByteView wire_octets() const noexcept { return {octets_.data(), size()}; }
  /// All octets, highest first, e.g. "201605190907".
  [[nodiscard]] std::string to_string() const;

  /// Later drafts of the State Grid set bit 5 of AF and let the first octet extend the logical address; the address of
  /// the meter is the rest. Nothing when bit 5 is clear or there is no rest. In the text of 2017 the same octets are
  /// logical address 2 or 3 with a longer address: only the device model knows which.
  [[nodiscard]] std::optional<std::uint8_t> extended_logical() const noexcept;
  /// The digits without the extension octet; all of them when there is none.
  [[nodiscard]] std::string without_extension() const;

  /// Whether a device with the address `own` should take a frame sent to this address. Digits A match any digit. Group
  /// addresses match nothing here: only the device knows its groups.
  [[nodiscard]] bool reaches(const ServerAddress& own) const noexcept;
  /// Whether the type, or AAH in every octet of a single address as some masters send it, means "anyone".
  [[nodiscard]] bool is_wildcard() const noexcept;

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;

 private:
  std::uint8_t feature_ = 0;
  std::array<std::uint8_t, size_octets_max> octets_{};
};

}  // namespace duheng::dlt698
