#pragma once
// Lines of the file; private to this folder and its fuzz target.
#include <string>
#include <vector>

#include "platform/sensors/sensors.hpp"

namespace duheng::platform {

struct SensorLine {
  std::string device_uid{};
  std::string register_name{};
  SensorDetails details{};
  std::optional<Calibration> calibration{};
};
/// Errors: malformed - with what is wrong.
[[nodiscard]] Result<SensorLine> read_sensor_line(const std::vector<std::string>& cells);
[[nodiscard]] Result<void> check_sensor_table_head(const std::vector<std::string>& cells);

}  // namespace duheng::platform
