#pragma once
// Private to the handlers of completeness.
#include <memory>
#include <string>
#include <vector>

#include "platform/completeness/day_completeness.hpp"
#include "platform/completeness/missing_cause.hpp"
#include "platform/web/aggregate_answers.hpp"
#include "platform/web/fleet_selection.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform::web {

enum class CompletenessGrouping : std::uint8_t { none, organisation, site, gateway, protocol, model };

/// The caller's devices of which a register is expected.
struct CompletenessFleet {
  struct Group {
    std::int64_t id = 0;  ///< 0: models and protocols have none
    std::string name_zh;
    std::string name_en;
  };
  DeviceSnapshotPtr snapshot;  ///< keeps the devices alive
  std::vector<const DirectoryDevice*> devices;
  std::vector<ExpectedDevice> expected;  ///< by place as `devices`
  std::vector<std::uint32_t> group_of;   ///< likewise: places in `groups`
  std::vector<Group> groups;
};
/// A device counts when the register is read of it within `time`, or something of it ever came. What is expected when
/// follows the interval in force (IntervalBook; for more than 20,000 devices, and where there is no book, the model's),
/// without one the device's own. Errors: those of the records.
[[nodiscard]] Result<CompletenessFleet> completeness_fleet(const ApiServices& services, const Caller& caller,
                                                           RegisterIndex& registers, const std::string& register_name,
                                                           CompletenessGrouping grouping, store::TimeRange time);

/// A device of whose day something is missing, and why.
struct MissingDevice {
  std::size_t device = 0;  ///< its place in CompletenessFleet::devices
  std::uint32_t slots_expected = 0;
  std::uint32_t slots_present = 0;
  std::int64_t heard_utc_ms = 0;
  FoundCause found{};
  bool was_known_then = false;  ///< the cause is what was written down while it was so
};
/// Those of `days` (of one civil day) that are not whole, in the order of devices. Of a day that is over the cause is
/// what was known then, where it was written down. Errors: those of the records.
[[nodiscard]] Result<std::vector<MissingDevice>> missing_devices(const ApiServices& services,
                                                                 const CompletenessFleet& fleet,
                                                                 const std::vector<DeviceDay>& days,
                                                                 store::ConsumptionInterval day);

}  // namespace duheng::platform::web
