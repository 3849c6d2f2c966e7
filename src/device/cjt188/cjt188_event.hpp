#pragma once
#include <cstdint>
#include <string_view>

namespace duheng::device {

/// What happened to a meter. Kept in its memory and read out of it: append, never renumber.
enum class Cjt188Event : std::uint8_t {
  closed_by_command = 1,
  opening_permitted = 2,
  opened_locally = 3,
  opening_refused = 4,  ///< not permitted, too little voltage, or a magnet or strong field near
  undervoltage_noticed = 5,
  closed_by_undervoltage = 6,
  voltage_restored = 7,
  closed_by_power_off = 8,
  power_restored = 9,
  closed_by_magnet = 10,
  closed_by_discharge = 11,
  closed_by_radiated_field = 12,
  power_failed = 13,
  magnetic_field = 14,
  magnetic_field_gone = 15,
  electrostatic_discharge = 16,
  radiated_field = 17,
  radiated_field_gone = 18,
  cover_opened = 19,
  cover_closed = 20,
  reversed = 21,
  reverse_ended = 22,
  clock_set = 23,
  day_set = 24,  ///< settlement or reading day
  register_set = 25,
  enabled = 26,  ///< the end of the debug stage
};
inline constexpr std::uint8_t cjt188_event_last = 26;
[[nodiscard]] std::string_view to_string(Cjt188Event event) noexcept;

}  // namespace duheng::device
