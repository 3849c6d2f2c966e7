#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "platform/status/health.hpp"
#include "platform/status/metrics.hpp"
#include "platform/web/aggregate_answers.hpp"
#include "platform/web/device_directory.hpp"
#include "platform/web/router.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::drivers {
class ModelLibrary;
}
namespace duheng::platform::alarms {
class AlarmBook;
}
namespace duheng::platform::servers {
class ServerWatch;
}
namespace duheng::platform {
class BackupService;
class DeviceGuards;
class EditService;
class ExportService;
struct EquipmentDesk;
class FileImports;
class MeterConditions;
class MeteringPoints;
class Onboarding;
class OutageBook;
class Sensors;
class OrderService;
class GatewaySums;
class PlanBook;
class Processing;
class Sampling;
class ValueReview;
struct TariffDesk;
}  // namespace duheng::platform
namespace duheng::platform::storage {
class StorageWatch;
}

namespace duheng::platform::web {

/// What a gateway's connection says about it at the moment.
struct GatewayRuntime {
  bool connected = false;
  std::int64_t last_batch_utc_ms = 0;  ///< 0: none since the platform started
  std::optional<std::int64_t> clock_offset_ms;
  std::optional<std::int64_t> spooled_batches;
  std::optional<double> autonomy_hours;
};

struct IngestFigures {
  std::uint64_t readings_total = 0;
  double readings_per_s = 0;
};

/// Telemetry numbers its sources; the rest of the platform knows them by gateway and uid. Keeps the translation.
/// Thread-safe.
class SourceNames {
 public:
  explicit SourceNames(const store::TelemetryStore& telemetry) : telemetry_(telemetry) {}
  [[nodiscard]] std::optional<SourceKey> find(SourceId id);

 private:
  const store::TelemetryStore& telemetry_;
  std::mutex mutex_;
  std::unordered_map<SourceId, SourceKey> names_;
};

/// Everything the handlers of the web API work with. The references outlive the router.
struct ApiServices {
  const Clock& clock;
  People& people;
  Organisations& organisations;
  Sites& sites;
  Gateways& gateways;
  DeviceDirectory& directory;
  const store::Journal& journal;
  const store::TelemetryStore& telemetry;
  SourceNames& source_names;
  const status::Health& health;
  const status::Metrics& metrics;
  /// Of the gateways heard since the start; others are not connected.
  std::function<std::unordered_map<GatewayId, GatewayRuntime>()> gateway_runtimes;
  std::function<IngestFigures()> ingest_figures;
  std::string version;
  std::int64_t started_utc_ms = 0;
  OrderService* orders = nullptr;  ///< null: nothing can be asked of devices here
  DeviceGuards* guards = nullptr;
  std::shared_ptr<const drivers::ModelLibrary> models{};
  Onboarding* onboarding = nullptr;  ///< null: devices cannot be added here
  PlanBook* plans = nullptr;
  Processing* processing = nullptr;  ///< null: what gateways make of values cannot be set here
  GatewaySums* sums = nullptr;
  Sampling* sampling = nullptr;              ///< null: how often devices are read cannot be set here
  FileImports* imports = nullptr;            ///< of devices
  ExportService* exports = nullptr;          ///< null: nothing can be exported here
  storage::StorageWatch* storage = nullptr;  ///< null: the disks are not measured here
  FileImports* history_imports = nullptr;    ///< null: no history can be imported here
  BackupService* backups = nullptr;          ///< null: no backups are made here
  EditService* edits = nullptr;              ///< null: values cannot be edited here
  MeteringPoints* points = nullptr;          ///< null: no metering points are kept here
  MeterConditions* conditions = nullptr;     ///< null: what meters say about themselves is not watched here
  Sensors* sensors = nullptr;                ///< null: no sensors are kept here
  std::function<void()> sensors_changed{};   ///< somebody wrote something about them
  EquipmentDesk* equipment = nullptr;        ///< null: no network equipment is kept here
  servers::ServerWatch* servers = nullptr;   ///< null: the server itself is not watched here
  alarms::AlarmBook* alarms = nullptr;       ///< null: no alarms are kept here
  AggregateSource aggregates{};              ///< empty: no hours, days and months are kept here
  ValueReview* review = nullptr;             ///< null: stored values are not reviewed here
  TariffDesk* tariffs = nullptr;             ///< null: no tariffs of customers are kept here
  FileImports* point_imports = nullptr;      ///< of metering points
  OutageBook* outages = nullptr;             ///< null: outages of past days are not kept here
};

}  // namespace duheng::platform::web
