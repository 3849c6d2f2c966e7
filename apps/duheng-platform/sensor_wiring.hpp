#pragma once
#include <memory>

#include "base/clock.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/live/live_hub.hpp"
#include "platform/meter_conditions/condition_feed.hpp"
#include "platform/sensors/sensor_watch.hpp"
#include "platform/web/api_services.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// Sensors with their papers, and what meters say about themselves. Before it ends nobody may use the services.
class SensorWiring {
 public:
  struct Parts {
    records::Database& database;
    const Clock& clock;
    alarms::ConditionSink& alarms;
    const LiveHub& hub;
    web::DeviceDirectory& directory;
    const store::TelemetryStore& telemetry;
  };
  explicit SensorWiring(const Parts& parts);
  void give_to(web::ApiServices& services);

 private:
  [[nodiscard]] std::optional<MeterConditions::Owner> owner_of(const SourceKey& source) const;
  /// The newest values of the telemetry store, for devices whose models have rules.
  void rebuild();

  Parts parts_;
  Sensors sensors_;
  SensorWatch watch_;
  MeterConditions conditions_;
  SensorWatchThread watching_;
  ConditionFeed feed_;
};

}  // namespace duheng::platform
