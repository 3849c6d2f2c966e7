#include "device/cjt188/cjt188_event.hpp"

#include <array>

namespace duheng::device {

std::string_view to_string(Cjt188Event event) noexcept {
  static constexpr std::array<std::string_view, cjt188_event_last + 1> names{"unknown",
                                                                             "closed_by_command",
                                                                             "opening_permitted",
                                                                             "opened_locally",
                                                                             "opening_refused",
                                                                             "undervoltage_noticed",
                                                                             "closed_by_undervoltage",
                                                                             "voltage_restored",
                                                                             "closed_by_power_off",
                                                                             "power_restored",
                                                                             "closed_by_magnet",
                                                                             "closed_by_discharge",
                                                                             "closed_by_radiated_field",
                                                                             "power_failed",
                                                                             "magnetic_field",
                                                                             "magnetic_field_gone",
                                                                             "electrostatic_discharge",
                                                                             "radiated_field",
                                                                             "radiated_field_gone",
                                                                             "cover_opened",
                                                                             "cover_closed",
                                                                             "reversed",
                                                                             "reverse_ended",
                                                                             "clock_set",
                                                                             "day_set",
                                                                             "register_set",
                                                                             "enabled"};
  const auto number = static_cast<std::uint8_t>(event);
  return names[number < names.size() ? number : 0];
}

}  // namespace duheng::device
