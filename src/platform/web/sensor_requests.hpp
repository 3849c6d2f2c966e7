#pragma once
#include <string_view>

#include "platform/sensors/sensors.hpp"

namespace duheng::platform::web {

/// Errors, of all of these: malformed - not such an object; invalid_argument - naming the key.
[[nodiscard]] Result<NewSensor> parse_new_sensor(std::string_view body);
[[nodiscard]] Result<SensorDetails> parse_sensor_details(std::string_view body);
[[nodiscard]] Result<Calibration> parse_calibration(std::string_view body);
[[nodiscard]] Result<Sensors::Exchange> parse_sensor_exchange(std::string_view body);

}  // namespace duheng::platform::web
