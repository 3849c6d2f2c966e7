#include "codec/cjt188/unit.hpp"

namespace duheng::cjt188 {

std::string_view to_string(Unit unit) noexcept {
  static constexpr std::array<std::string_view, 22> names = {
      "",  "J",  "Wh",  "kWh",  "MWh", "kJ",   "MJ",   "GJ",   "W",    "kW", "MW",
      "L", "m3", "L/h", "m3/h", "J/h", "kJ/h", "MJ/h", "GJ/h", "degC", "h",  "yuan"};
  const auto index = static_cast<std::size_t>(unit);
  return index < names.size() ? names[index] : names[0];
}

Quantity quantity_of(Unit unit) noexcept {
  if (unit == Unit::none) return Quantity::none;
  if (unit <= Unit::gigajoule) return Quantity::energy;
  if (unit <= Unit::megawatt) return Quantity::power;
  if (unit <= Unit::cubic_metre) return Quantity::volume;
  if (unit <= Unit::cubic_metre_per_hour) return Quantity::flow;
  if (unit <= Unit::gigajoule_per_hour) return Quantity::power;
  switch (unit) {
    case Unit::degree_celsius:
      return Quantity::temperature;
    case Unit::hour:
      return Quantity::duration;
    default:
      return Quantity::money;
  }
}

std::uint8_t code_of(ScaledUnit unit) noexcept {
  if (unit.unit == Unit::none) return 0;
  for (std::size_t code = 0; code < unit_detail::table.size(); ++code) {
    if (unit_detail::table[code] == unit) return static_cast<std::uint8_t>(code);
  }
  return 0;
}

}  // namespace duheng::cjt188
