#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/cjt188/control.hpp"

namespace duheng::cjt188 {

/// DI1 DI0 as the standard writes it: 0x901F is metering data.
struct DataIdentifier {
  std::uint16_t value = 0;
  [[nodiscard]] constexpr std::uint8_t high() const noexcept { return static_cast<std::uint8_t>(value >> 8); }
  [[nodiscard]] constexpr std::uint8_t low() const noexcept { return static_cast<std::uint8_t>(value); }
  /// Four upper-case digits.
  [[nodiscard]] std::string to_string() const;
  friend constexpr auto operator<=>(const DataIdentifier&, const DataIdentifier&) = default;
};

namespace identifiers {
inline constexpr DataIdentifier metering{0x901F};
inline constexpr DataIdentifier metering_2{0x911F};
inline constexpr DataIdentifier power{0x903F};
inline constexpr DataIdentifier return_temperature{0x904F};
inline constexpr DataIdentifier supply_temperature{0x905F};
inline constexpr DataIdentifier work_hours{0x906F};
inline constexpr DataIdentifier clock{0x907F};
inline constexpr DataIdentifier settlement_last_month{0xD120};
inline constexpr DataIdentifier price_table{0x8102};
inline constexpr DataIdentifier settlement_day{0x8103};
inline constexpr DataIdentifier reading_day{0x8104};
inline constexpr DataIdentifier purchase{0x8105};
inline constexpr DataIdentifier key_version{0x8106};
inline constexpr DataIdentifier address{0x810A};
inline constexpr DataIdentifier write_price_table{0xA010};
inline constexpr DataIdentifier write_settlement_day{0xA011};
inline constexpr DataIdentifier write_reading_day{0xA012};
inline constexpr DataIdentifier write_purchase{0xA013};
inline constexpr DataIdentifier write_key{0xA014};
inline constexpr DataIdentifier write_clock{0xA015};
inline constexpr DataIdentifier write_sync{0xA016};
inline constexpr DataIdentifier valve{0xA017};
inline constexpr DataIdentifier write_address{0xA018};
inline constexpr DataIdentifier factory_enable{0xA019};
}  // namespace identifiers

/// Whether the standard, or the 2018 edition as one driver knows it, gives this identifier a meaning.
[[nodiscard]] constexpr bool is_known(DataIdentifier identifier) noexcept {
  const std::uint8_t low = identifier.low();
  switch (identifier.high()) {
    case 0x90:
      return low == 0x1F || (low >= 0x3F && low <= 0x7F && (low & 0x0F) == 0x0F);
    case 0x91:
      return low == 0x1F;
    case 0x81:
      return (low >= 0x02 && low <= 0x06) || low == 0x0A;
    case 0xA0:
      return low >= 0x10 && low <= 0x19;
    case 0xA1:
      return low >= 0x01 && low <= 0x07;
    case 0xD1:
      return low >= 0x20 && low <= 0x2B;
    case 0xD2:
    case 0xD3:
    case 0xD4:
      return true;
    default:
      return false;
  }
}
/// The name for people; "a maker's own identifier" for the rest.
[[nodiscard]] Label identifier_label(DataIdentifier identifier) noexcept;

/// In which order DI1 and DI0 travel: both are met in the field, and the checksum cannot tell.
enum class IdentifierOrder : std::uint8_t { low_first, high_first };
/// "low_first", "high_first".
[[nodiscard]] std::string_view to_string(IdentifierOrder order) noexcept;

/// Two octets of the wire read in whichever order gives a known identifier.
struct ResolvedIdentifier {
  DataIdentifier identifier;
  IdentifierOrder order = IdentifierOrder::low_first;
  bool known = false;      ///< false: a maker's own; `identifier` follows the preferred order
  bool ambiguous = false;  ///< both orders give a known one (D2H..D4H twice); the preferred order was taken

  /// `preferred` decides where both orders give a known identifier, or none does.
  constexpr ResolvedIdentifier(std::uint8_t first, std::uint8_t second, IdentifierOrder preferred) noexcept {
    const DataIdentifier low_first{static_cast<std::uint16_t>(first | second << 8)};
    const DataIdentifier high_first{static_cast<std::uint16_t>(first << 8 | second)};
    // What nearly every frame carries needs no search.
    bool low_known = low_first == identifiers::metering;
    bool high_known = high_first == identifiers::metering;
    if (!low_known && !high_known) {
      low_known = is_known(low_first);
      high_known = is_known(high_first);
    }
    const bool take_low = low_known == high_known ? preferred == IdentifierOrder::low_first : low_known;
    identifier = take_low ? low_first : high_first;
    order = take_low ? IdentifierOrder::low_first : IdentifierOrder::high_first;
    known = low_known || high_known;
    ambiguous = low_known && high_known && first != second;
  }
};
[[nodiscard]] constexpr ResolvedIdentifier resolve_identifier(std::uint8_t first, std::uint8_t second,
                                                              IdentifierOrder preferred) noexcept {
  return {first, second, preferred};
}

}  // namespace duheng::cjt188
