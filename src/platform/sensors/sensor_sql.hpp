#pragma once
// How a sensor stands in the records; private to this folder.
#include <string>
#include <string_view>

#include "platform/sensors/sensors.hpp"

namespace duheng::platform::sensor_sql {

/// Names `s` sensors and `d` devices.
[[nodiscard]] std::string tables();
/// Columns as read() takes them, and tables().
[[nodiscard]] std::string select();
[[nodiscard]] Sensor read(const records::Row& row, std::int64_t now_utc_ms);
/// " AND …", or empty. The parameters are the program's own words, e.g. "?3".
[[nodiscard]] std::string search_condition(std::string_view search);
[[nodiscard]] std::string state_condition(const std::optional<CalibrationState>& state, std::string_view now,
                                          std::string_view soon);

}  // namespace duheng::platform::sensor_sql
