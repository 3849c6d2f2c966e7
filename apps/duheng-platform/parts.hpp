#pragma once
// Private to this program: everything the server is made of, in the order in which it is made.
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <unordered_map>

#include "aggregate_wiring.hpp"
#include "alarm_wiring.hpp"
#include "backup_wiring.hpp"
#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "configuration.hpp"
#include "control_wiring.hpp"
#include "equipment_wiring.hpp"
#include "journal_watch.hpp"
#include "outage_wiring.hpp"
#include "platform.hpp"
#include "platform/administration/platform_data.hpp"
#include "platform/edits/edit_service.hpp"
#include "platform/enrolment/enrolment_service.hpp"
#include "platform/exports/audit_source.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/history/background_work.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "platform/history_import/history_imports.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/ingest/ingest_service.hpp"
#include "platform/live/live_feed.hpp"
#include "platform/live/live_hub.hpp"
#include "platform/onboarding/device_import.hpp"
#include "platform/onboarding/gateway_sums.hpp"
#include "platform/onboarding/plan_moves.hpp"
#include "platform/onboarding/processing.hpp"
#include "platform/onboarding/sampling.hpp"
#include "platform/points/metering_points.hpp"
#include "platform/points/point_import.hpp"
#include "platform/status/health.hpp"
#include "platform/status/metrics.hpp"
#include "platform/web/aggregate_export_source.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/device_directory.hpp"
#include "platform/web/http_server.hpp"
#include "platform/web/live_service.hpp"
#include "platform/web/trace_service.hpp"
#include "platform/web/web_service.hpp"
#include "reading_rate.hpp"
#include "review_wiring.hpp"
#include "rpc/enrolment_server.hpp"
#include "rpc/uplink_server.hpp"
#include "sensor_wiring.hpp"
#include "server_certificate.hpp"
#include "storage_wiring.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/reopening_telemetry_store.hpp"
#include "tariff_wiring.hpp"

namespace duheng::platform {

/// When each gateway's latest batch became durable. Thread-safe.
class GatewayActivity {
 public:
  void note(std::span<const CommittedBatch> batches) {
    std::lock_guard lock{mutex_};
    for (const CommittedBatch& batch : batches) last_batch_[batch.gateway] = batch.received_utc_ms;
  }
  [[nodiscard]] std::unordered_map<GatewayId, std::int64_t> last_batches() const {
    std::lock_guard lock{mutex_};
    return last_batch_;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<GatewayId, std::int64_t> last_batch_;
};

struct Platform::Parts {
  Parts(Configuration given, std::function<void()> on_storage_failed)
      : configuration(std::move(given)), paths(configuration.data), storage_failed(std::move(on_storage_failed)) {}
  ~Parts() { stop(); }

  [[nodiscard]] Result<void> start();
  void stop();
  void seal();

  [[nodiscard]] Result<void> open_stores();
  [[nodiscard]] Result<void> open_telemetry();
  [[nodiscard]] Result<void> start_ingest();
  [[nodiscard]] Result<void> start_background();
  [[nodiscard]] Result<void> start_gateway_ports();
  [[nodiscard]] Result<void> start_observability();
  [[nodiscard]] Result<void> start_web();
  [[nodiscard]] Result<void> start_files();
  [[nodiscard]] Result<void> start_backups();
  [[nodiscard]] Result<void> write_ports();
  void start_housekeeping();
  void housekeep(const std::stop_token& stop);
  [[nodiscard]] Result<void> start_alarms();
  void start_upkeep();
  void add_health_checks();
  void declare_metrics();
  void declare_control_metrics();
  void declare_aggregate_metrics();
  [[nodiscard]] std::unordered_map<GatewayId, web::GatewayRuntime> gateway_runtimes() const;

  const Configuration configuration;
  const PlatformPaths paths;
  const std::function<void()> storage_failed;
  SystemClock clock;
  PosixDisk disk;
  SystemRandom random;
  std::int64_t started_utc_ms = 0;
  bool stopped = false;

  std::optional<DataDirectoryLock> lock;
  status::Metrics metrics;
  status::Health health;
  std::unique_ptr<web::ObservabilityService> observability;
  std::unique_ptr<web::HttpServer> observability_server;

  std::unique_ptr<PlatformRecords> records;
  std::unique_ptr<AlarmWiring> alarms;  ///< from here on everything may say what is wrong
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<store::ReopeningTelemetryStore> telemetry;
  std::unique_ptr<LiveHub> hub;
  std::unique_ptr<LiveFeed> feed;
  GatewayActivity activity;
  ReadingRate reading_rate;
  std::unique_ptr<IngestService> ingest;
  std::unique_ptr<TelemetryApplier> applier;
  std::unique_ptr<AggregateWiring> aggregates;
  std::unique_ptr<BackgroundWork> background;  ///< what keeps telemetry small, fast and in step

  ServerCertificate certificate;      ///< of the gateway ports
  ServerCertificate web_certificate;  ///< of the web; the same unless the operator gave another
  std::unique_ptr<EnrolmentService> enrolment;
  std::unique_ptr<PlanMoves> moves;  ///< used by the orders' thread of `control`: outlives it
  std::unique_ptr<ControlWiring> control;
  std::unique_ptr<rpc::UplinkServer> uplink;
  std::unique_ptr<rpc::EnrolmentServer> enrolment_server;

  std::unique_ptr<Onboarding> onboarding;
  std::unique_ptr<Processing> processing;
  std::unique_ptr<GatewaySums> sums;
  std::unique_ptr<Sampling> sampling;
  std::unique_ptr<DeviceImportKind> device_import_kind;
  std::unique_ptr<FileImports> imports;
  std::unique_ptr<EditService> edits;
  std::unique_ptr<MeteringPoints> points;
  std::unique_ptr<TariffWiring> tariffs;
  std::unique_ptr<OutageWiring> outages;
  std::unique_ptr<PointImportKind> point_import_kind;
  std::unique_ptr<FileImports> point_imports;
  std::unique_ptr<SensorWiring> sensors;
  std::unique_ptr<EquipmentWiring> equipment;
  std::unique_ptr<StorageWiring> storage;
  std::unique_ptr<web::AggregateExportSource> export_source;
  std::unique_ptr<AuditSource> audit_source;
  std::unique_ptr<ExportService> exports;
  std::unique_ptr<HistoryImportKind> history_import_kind;
  std::unique_ptr<FileImports> history_imports;
  std::unique_ptr<BackupWiring> backups;
  std::unique_ptr<web::HeardTimes> heard;
  std::unique_ptr<web::DeviceDirectory> directory;
  std::unique_ptr<ReviewWiring> review;
  std::unique_ptr<web::SourceNames> source_names;
  std::unique_ptr<web::ApiServices> services;
  std::unique_ptr<web::LiveService> live;
  std::unique_ptr<web::TraceService> traces;
  std::unique_ptr<web::WebService> web_service;
  std::unique_ptr<web::HttpServer> web_server;
  std::unique_ptr<JournalUpkeep> upkeep;
  std::jthread upkeeper;
  std::jthread housekeeper;
};

}  // namespace duheng::platform
