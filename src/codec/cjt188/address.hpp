#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::cjt188 {

/// A meter's address: seven octets of two BCD digits, kept as they travel (A0, the lowest pair, first). A0..A4 are the
/// ten-digit number, A5 and A6 the manufacturer's code.
/// Source: CJ/T 188-2004 and -2018, chapter on the data link layer (address field).
class Address {
 public:
  static constexpr std::size_t size_octets = 7;
  static constexpr std::size_t number_octets = 5;
  using Wire = std::array<std::uint8_t, size_octets>;

  constexpr Address() noexcept = default;
  constexpr explicit Address(const Wire& wire) noexcept : wire_(wire) {}
  /// The first seven octets of `wire`, which must have them.
  [[nodiscard]] static Address from_wire(std::span<const std::uint8_t> wire) noexcept;
  /// Reads the display form (A6..A0). Fewer than 14 digits are filled with zeros in front; 'A' stands for an unknown
  /// digit. Errors: invalid_argument - empty, too long, or another character.
  [[nodiscard]] static Result<Address> parse(std::string_view display);
  /// AAAAAAAAAAAAAA: whichever meter is alone on the line; the answer carries its real address.
  [[nodiscard]] static constexpr Address wildcard() noexcept {
    return Address(Wire{0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA});
  }

  [[nodiscard]] constexpr const Wire& wire() const noexcept { return wire_; }
  /// The display form, e.g. "78330011223344"; octets that are not BCD show as hexadecimal.
  [[nodiscard]] std::string to_string() const;
  /// A4..A0, e.g. "0011223344".
  [[nodiscard]] std::string number() const;
  /// A6 A5, e.g. "7833".
  [[nodiscard]] std::string manufacturer() const;
  [[nodiscard]] constexpr bool is_wildcard() const noexcept { return *this == wildcard(); }
  /// Every digit is 0..9.
  [[nodiscard]] bool is_decimal() const noexcept;
  /// Whether a meter of address `meter` is meant: equal in every octet that is not AAH.
  [[nodiscard]] bool matches(const Address& meter) const noexcept;

  friend constexpr auto operator<=>(const Address&, const Address&) = default;

 private:
  Wire wire_{};
};

}  // namespace duheng::cjt188
