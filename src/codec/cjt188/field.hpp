#pragma once
#include <cstdint>
#include <string_view>

#include "base/decimal.hpp"
#include "codec/cjt188/control.hpp"
#include "codec/cjt188/time.hpp"
#include "codec/cjt188/unit.hpp"

namespace duheng::cjt188 {

/// How a field's octets are read.
enum class FieldKind : std::uint8_t {
  number,            ///< packed decimal, low octet first; the unit is the field's
  number_with_unit,  ///< the same with a unit octet beside it
  time,              ///< seven octets
  status,            ///< ST, two octets
  octet,             ///< one binary octet
  address,           ///< seven octets
  raw,               ///< whatever is there, e.g. a key
};

/// What a field is for.
enum class FieldRole : std::uint8_t {
  current_volume,
  settlement_volume,
  settlement_value,  ///< D120..D12B: a volume or an energy by the meter's family
  settlement_energy,
  settlement_cooling,
  current_energy,
  current_cooling,
  power,
  flow,
  total_flow,
  supply_temperature,
  return_temperature,
  temperature,
  supply_pressure,
  return_pressure,
  pressure,
  work_hours,
  time,
  status,
  price_1,
  volume_1,
  price_2,
  volume_2,
  price_3,
  start_day,
  day,
  purchase_sequence,
  purchase_this,
  purchase_total,
  purchase_remaining,
  key_version,
  key,
  address,
  sync_value,
  valve_command,
};
[[nodiscard]] Label role_label(FieldRole role) noexcept;
/// The product-wide register name of a field, e.g. "volume_total"; empty when the product has no name for it.
[[nodiscard]] std::string_view register_name(FieldRole role, MeterFamily family) noexcept;

/// Where a number's power of ten comes from.
enum class ScaleSource : std::uint8_t { field, price, step_volume, pressure };

struct FieldFormat {
  FieldKind kind = FieldKind::raw;
  FieldRole role = FieldRole::status;
  std::uint8_t size_octets = 0;  ///< without the unit octet
  std::int8_t exponent = 0;
  Unit unit = Unit::none;  ///< `number`
  Quantity quantity = Quantity::none;
  ScaleSource scale = ScaleSource::field;
  [[nodiscard]] constexpr std::size_t wire_octets() const noexcept {
    return size_octets + (kind == FieldKind::number_with_unit ? 1U : 0U);
  }
};

/// What has become of one field.
enum class ValueState : std::uint8_t {
  good,
  no_value,  ///< all octets FFH, or a clock of nothing but 00H or FFH
  invalid,   ///< not decimal digits, or no such time; keep the frame for diagnosis
  unscaled,  ///< the digits are in `mantissa`, but neither standard nor profile says where their point stands
};

/// One field of a payload, exactly as the meter gave it.
/// Numbers: mantissa x 10^(exponent + unit_scale) in `unit`. Time: CCYYMMDDhhmmss as one number. Status: the word,
/// first octet low. Octet: the number. Address and raw: the octets `offset`..`offset + size_octets` of the payload.
struct Value {
  std::int64_t mantissa;
  std::uint16_t offset;  ///< of the digits, into the payload
  std::uint8_t size_octets;
  std::int8_t exponent;    ///< of the field
  std::int8_t unit_scale;  ///< of the unit octet: the number counts 10^unit_scale units
  Unit unit;
  std::uint8_t unit_code;  ///< as it travelled; 00H when the meter does not say
  FieldKind kind;
  FieldRole role;
  ValueState state;
  TimeOrder time_order;
  bool unit_in_front;
  bool unit_from_profile;  ///< the meter did not say; the profile did
  [[nodiscard]] Decimal decimal() const noexcept { return {mantissa, static_cast<std::int8_t>(exponent + unit_scale)}; }
  /// The number as the field has it, without the unit's scale.
  [[nodiscard]] Decimal field_decimal() const noexcept { return {mantissa, exponent}; }
};

}  // namespace duheng::cjt188
