#pragma once
// Values of a meter as they travel; private to this library.
#include <optional>

#include "base/bytes.hpp"
#include "codec/dlt645/value.hpp"
#include "device/meter/meter_clock.hpp"

namespace duheng::device::wire {

using dlt645::FieldFormat;
using dlt645::FieldKind;
using dlt645::Unit;

inline constexpr FieldFormat count_3{FieldKind::bcd, 3};
inline constexpr FieldFormat energy_4{FieldKind::bcd, 4};
inline constexpr FieldFormat energy_signed_4{FieldKind::signed_bcd, 4};
inline constexpr FieldFormat voltage_2{FieldKind::bcd, 2};
inline constexpr FieldFormat current_3{FieldKind::signed_bcd, 3};
inline constexpr FieldFormat power_3{FieldKind::signed_bcd, 3};
inline constexpr FieldFormat demand_3{FieldKind::bcd, 3};
inline constexpr FieldFormat rate_2{FieldKind::bcd, 2};
inline constexpr FieldFormat factor_2{FieldKind::signed_bcd, 2};
inline constexpr FieldFormat frequency_2{FieldKind::bcd, 2};
inline constexpr FieldFormat minute_5{FieldKind::date_hour_minute, 5};

/// What the field cannot carry is "no value": a display at its end.
inline void put(Bytes& out, const FieldFormat& format, std::int64_t mantissa) {
  const std::size_t begin = out.size();
  out.resize(begin + format.size_octets);
  const auto place = std::span(out).subspan(begin);
  if (!dlt645::encode_value(format, mantissa, place)) dlt645::encode_no_value(place);
}
inline void put_absent(Bytes& out, const FieldFormat& format) { out.insert(out.end(), format.size_octets, 0xFF); }
inline void put_time(Bytes& out, std::int64_t own_ms) {
  const auto octets = dlt645::encode_date_time(civil_time(own_ms));
  out.insert(out.end(), octets.begin(), octets.end());
}
inline void put_no_time(Bytes& out) { out.insert(out.end(), 6, 0); }
inline void put_demand(Bytes& out, std::int64_t deciwatt, std::optional<std::int64_t> own_ms) {
  put(out, demand_3, deciwatt);
  put(out, minute_5, own_ms ? dlt645::to_digits(civil_time(*own_ms), FieldKind::date_hour_minute) : 0);
}

}  // namespace duheng::device::wire
