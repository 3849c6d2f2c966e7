#pragma once
// Internal to this folder: each source asked once, what it tells, and what of that is wrong.
#include <vector>

#include "platform/servers/server_watch.hpp"

namespace duheng::platform::servers {

struct Checked {
  ServerSource source{};
  std::vector<alarms::Condition> conditions{};
};

[[nodiscard]] Checked check_disks(SourceReader& reader, const ServerOptions& options);
[[nodiscard]] Checked check_raid(SourceReader& reader);
/// Power supplies and temperatures come from one answer of ipmitool; temperatures also from hwmon and thermal.
struct CheckedSensors {
  Checked supply{};
  Checked temperature{};
};
[[nodiscard]] CheckedSensors check_sensors(SourceReader& reader, const ServerOptions& options);
[[nodiscard]] Checked check_memory(SourceReader& reader, const ServerOptions& options);
[[nodiscard]] Checked check_processor(SourceReader& reader, const ServerOptions& options);

}  // namespace duheng::platform::servers
