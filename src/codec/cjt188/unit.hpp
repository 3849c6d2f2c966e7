#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace duheng::cjt188 {

/// What a number counts.
enum class Unit : std::uint8_t {
  none,
  joule,
  watt_hour,
  kilowatt_hour,
  megawatt_hour,
  kilojoule,
  megajoule,
  gigajoule,
  watt,
  kilowatt,
  megawatt,
  litre,
  cubic_metre,
  litre_per_hour,
  cubic_metre_per_hour,
  joule_per_hour,
  kilojoule_per_hour,
  megajoule_per_hour,
  gigajoule_per_hour,
  degree_celsius,
  hour,
  yuan,
};
/// The product's notation, e.g. "m3", "kWh"; empty for none.
[[nodiscard]] std::string_view to_string(Unit unit) noexcept;

/// What kind of quantity a field holds, so that a unit can be judged and a missing one filled in.
enum class Quantity : std::uint8_t { none, volume, energy, power, flow, temperature, duration, money, pressure };
[[nodiscard]] Quantity quantity_of(Unit unit) noexcept;

/// A unit octet taken apart: the number in the field counts 10^scale units.
struct ScaledUnit {
  Unit unit = Unit::none;
  std::int8_t scale = 0;
  friend bool operator==(const ScaledUnit&, const ScaledUnit&) = default;
};
namespace unit_detail {
constexpr std::array<ScaledUnit, 256> make_table() {
  std::array<ScaledUnit, 256> table{};
  const auto decades = [&](std::uint8_t first, Unit unit) {
    for (std::uint8_t i = 0; i < 3; ++i) table[first + std::size_t{i}] = {unit, static_cast<std::int8_t>(i)};
  };
  table[0x01] = {Unit::joule, 0};
  decades(0x02, Unit::watt_hour);
  decades(0x05, Unit::kilowatt_hour);
  decades(0x08, Unit::megawatt_hour);
  decades(0x0B, Unit::kilojoule);
  decades(0x0E, Unit::megajoule);
  decades(0x11, Unit::gigajoule);
  decades(0x14, Unit::watt);
  decades(0x17, Unit::kilowatt);
  decades(0x1A, Unit::megawatt);
  decades(0x29, Unit::litre);
  decades(0x2C, Unit::cubic_metre);
  decades(0x32, Unit::litre_per_hour);
  decades(0x35, Unit::cubic_metre_per_hour);
  table[0x40] = {Unit::joule_per_hour, 0};
  decades(0x43, Unit::kilojoule_per_hour);
  decades(0x46, Unit::megajoule_per_hour);
  decades(0x49, Unit::gigajoule_per_hour);
  return table;
}
inline constexpr std::array<ScaledUnit, 256> table = make_table();
}  // namespace unit_detail

/// Unit none for 00H ("not said") and for codes without a meaning here.
/// Source: CJ/T 188-2004 and -2018, table of unit codes; 05, 11, 14, 17, 29, 2C, 35 are proven by captures.
[[nodiscard]] constexpr ScaledUnit unit_of(std::uint8_t code) noexcept { return unit_detail::table[code]; }
/// The octet for a unit; 00H when there is none.
[[nodiscard]] std::uint8_t code_of(ScaledUnit unit) noexcept;

}  // namespace duheng::cjt188
