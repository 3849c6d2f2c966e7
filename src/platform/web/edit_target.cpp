#include "platform/web/edit_target.hpp"

#include "drivers/models/device_model.hpp"

namespace duheng::platform::web {

Result<EditTarget> edit_target_of(const ApiServices& services, const VisibleSeries& found) {
  EditTarget out{.series = found.series,
                 .gateway = found.source.gateway,
                 .device_uid = found.source.device_uid,
                 .device = {},
                 .periods = found.periods};
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  if (const DirectoryDevice* owner = snapshot->owner(found.source, services.clock.utc_ms()))
    out.device = owner->device.id;
  return out;
}

bool value_counts_up(const ApiServices& services, const EditTarget& target) {
  const auto snapshot = services.directory.snapshot();
  const DirectoryDevice* device = snapshot ? (*snapshot)->find(target.device) : nullptr;
  const auto model =
      device != nullptr && services.models ? services.models->find(device->device.details.model) : nullptr;
  if (model) {
    if (const auto place = drivers::find_register(*model, target.series.register_name))
      return place->question->items[place->item].rule.counts_up;
  }
  for (const std::string_view unit : {"kWh", "kvarh", "kVAh", "m3", "GJ", "MJ"}) {
    if (target.series.unit == unit) return true;
  }
  return false;
}

}  // namespace duheng::platform::web
