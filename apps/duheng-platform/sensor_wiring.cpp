#include "sensor_wiring.hpp"

#include <string>
#include <vector>

#include "base/log.hpp"

namespace duheng::platform {

SensorWiring::SensorWiring(const Parts& parts)
    : parts_(parts),
      sensors_(parts.database, parts.clock),
      watch_(sensors_, parts.alarms, parts.clock),
      conditions_(parts.alarms, [this](const SourceKey& source) { return owner_of(source); }),
      watching_(watch_),
      feed_(parts.hub, conditions_, [this] { rebuild(); }) {}

void SensorWiring::give_to(web::ApiServices& services) {
  services.sensors = &sensors_;
  services.sensors_changed = [this] { watching_.changed(); };
  services.conditions = &conditions_;
}

std::optional<MeterConditions::Owner> SensorWiring::owner_of(const SourceKey& source) const {
  const auto snapshot = parts_.directory.snapshot();
  if (!snapshot) return std::nullopt;
  const web::DirectoryDevice* device = (*snapshot)->owner(source, parts_.clock.utc_ms());
  if (device == nullptr) return std::nullopt;
  return MeterConditions::Owner{device->device.id, device->device.details.model};
}

void SensorWiring::rebuild() {
  const auto snapshot = parts_.directory.snapshot();
  if (!snapshot) {
    log::warning("conditions", "the devices cannot be read; conditions begin with what is heard",
                 {{"error", snapshot.error()}});
    return;
  }
  const std::int64_t now = parts_.clock.utc_ms();
  for (const web::DirectoryDevice& device : (*snapshot)->devices) {
    if (!has_condition_rules(device.device.details.model)) continue;
    std::vector<store::Series> series;
    for (const web::DeviceSource& sender : device.sources) {
      const auto source =
          sender.covers(now) ? parts_.telemetry.find_source(sender.key.gateway, sender.key.device_uid) : std::nullopt;
      if (!source) continue;
      for (store::Series& one : parts_.telemetry.series_of(source->id)) series.push_back(std::move(one));
    }
    std::vector<SeriesId> ids;
    ids.reserve(series.size());
    for (const store::Series& one : series) ids.push_back(one.id);
    const auto latest = parts_.telemetry.latest(ids);
    std::vector<ConditionValue> values;
    for (std::size_t i = 0; i < series.size(); ++i)
      if (latest[i])
        values.push_back({series[i].register_name, latest[i]->mantissa, series[i].exponent, latest[i]->time_utc_ms,
                          latest[i]->quality});
    if (!values.empty())
      conditions_.take(MeterConditions::Owner{device.device.id, device.device.details.model}, values);
  }
}

}  // namespace duheng::platform
