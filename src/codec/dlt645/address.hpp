#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::dlt645 {

/// A meter's communication address: 12 BCD digits, kept as they travel (A0, the lowest pair, first).
/// Source: DL/T 645-2007, 5.2 (address field).
class Address {
 public:
  static constexpr std::size_t size_octets = 6;
  using Wire = std::array<std::uint8_t, size_octets>;

  constexpr Address() noexcept = default;
  constexpr explicit Address(const Wire& wire) noexcept : wire_(wire) {}
  /// The first six octets of `wire`, which must have them.
  [[nodiscard]] static Address from_wire(std::span<const std::uint8_t> wire) noexcept;
  /// Reads the display form (A5..A0). Fewer than 12 digits are filled with zeros in front; 'A' stands for an unknown
  /// digit. Errors: invalid_argument - empty, too long, or another character.
  [[nodiscard]] static Result<Address> parse(std::string_view display);
  /// AAAAAAAAAAAA: whichever meter is alone on the line; the answer carries its real address.
  [[nodiscard]] static constexpr Address wildcard() noexcept {
    return Address(Wire{0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA});
  }
  /// 999999999999: every meter; never answered.
  [[nodiscard]] static constexpr Address broadcast() noexcept {
    return Address(Wire{0x99, 0x99, 0x99, 0x99, 0x99, 0x99});
  }

  [[nodiscard]] constexpr const Wire& wire() const noexcept { return wire_; }
  /// The display form, e.g. "000000000161"; non-BCD octets show as hexadecimal.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] constexpr bool is_wildcard() const noexcept { return *this == wildcard(); }
  [[nodiscard]] constexpr bool is_broadcast() const noexcept { return *this == broadcast(); }
  /// Holds an unknown digit: short addressing, or the full wildcard.
  [[nodiscard]] bool has_unknown_digits() const noexcept;
  /// Every digit is 0..9.
  [[nodiscard]] bool is_decimal() const noexcept;
  /// Whether a meter of address `meter` is meant: equal, or equal in all digits that are known. Broadcast is not looked
  /// at: it is a matter of the function, too.
  [[nodiscard]] bool matches(const Address& meter) const noexcept;

  friend constexpr auto operator<=>(const Address&, const Address&) = default;

 private:
  Wire wire_{};
};

}  // namespace duheng::dlt645
