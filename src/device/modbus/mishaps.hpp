#pragma once
#include <cstdint>

#include "device/bus/device_bus.hpp"

namespace duheng::device {

/// What a transmitter shows instead of a measurement: the models' `no_value`.
inline constexpr std::int64_t no_measurement = -32'768;

/// What has befallen a sensor or a station and still lasts.
struct Mishaps {
  static constexpr std::int64_t working_per_mille_min = 700;  ///< of the nominal supply, as 24 V transmitters have it
  bool sensor_broken = false;
  bool cover_open = false;
  bool magnetic_field = false;
  bool reversed = false;
  std::int64_t voltage_per_mille = 1'000;

  [[nodiscard]] bool has_supply() const noexcept { return voltage_per_mille >= working_per_mille_min; }
  [[nodiscard]] bool measures() const noexcept { return has_supply() && !sensor_broken; }
  void note(const DeviceHappening& happening) noexcept {
    using Kind = DeviceHappening::Kind;
    const bool lasts = happening.amount != 0;
    if (happening.kind == Kind::sensor) sensor_broken = lasts;
    if (happening.kind == Kind::cover) cover_open = lasts;
    if (happening.kind == Kind::magnetic_field) magnetic_field = lasts;
    if (happening.kind == Kind::reverse) reversed = lasts;
    if (happening.kind == Kind::voltage) voltage_per_mille = happening.amount;
  }
};

}  // namespace duheng::device
