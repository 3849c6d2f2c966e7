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
namespace duheng::platform {
class DeviceGuards;
class DeviceImports;
class EditService;
class ExportService;
class HistoryImports;
class MeteringPoints;
class Onboarding;
class OrderService;
class PlanBook;
}  // namespace duheng::platform

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
  DeviceImports* imports = nullptr;
  ExportService* exports = nullptr;           ///< null: nothing can be exported here
  HistoryImports* history_imports = nullptr;  ///< null: no history can be imported here
  EditService* edits = nullptr;               ///< null: values cannot be edited here
  MeteringPoints* points = nullptr;           ///< null: no metering points are kept here
  AggregateSource aggregates{};               ///< empty: no hours, days and months are kept here
};

}  // namespace duheng::platform::web
