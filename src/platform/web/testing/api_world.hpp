#pragma once
// For tests only: a small platform behind a real HTTPS server, with true frames in a true journal.
//
//   city                     gateway-east: east-1, east-2 (never heard), and a sender nobody claims
//   ├── east  (site Hill)    gateway-west: west-1
//   └── west
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "drivers/models/device_model.hpp"
#include "model/batch.hpp"
#include "platform/alarms/alarm_book.hpp"
#include "platform/completeness/outage_book.hpp"
#include "platform/edits/edit_service.hpp"
#include "platform/edits/value_review.hpp"
#include "platform/exports/audit_source.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/history_import/history_imports.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/live/live_hub.hpp"
#include "platform/meter_conditions/meter_conditions.hpp"
#include "platform/onboarding/device_import.hpp"
#include "platform/onboarding/gateway_sums.hpp"
#include "platform/onboarding/plan_moves.hpp"
#include "platform/onboarding/processing.hpp"
#include "platform/onboarding/sampling.hpp"
#include "platform/orders/device_guards.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/points/metering_points.hpp"
#include "platform/points/point_import.hpp"
#include "platform/sensors/sensors.hpp"
#include "platform/storage/storage_watch.hpp"
#include "platform/tariffs/point_tariffs.hpp"
#include "platform/web/aggregate_export_source.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/http_server.hpp"
#include "platform/web/live_service.hpp"
#include "platform/web/testing/aggregate_world.hpp"
#include "platform/web/testing/tls_client.hpp"
#include "platform/web/trace_service.hpp"
#include "platform/web/web_service.hpp"
#include "store/journal/journal.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform::web::testing {

class ApiWorld {
 public:
  static constexpr std::string_view password = "correct horse battery";

  explicit ApiWorld(const LiveService::Options& live_options = {}, const HttpLimits& limits = {},
                    const PeopleOptions& people_options = quick_people());
  ~ApiWorld();

  [[nodiscard]] static PeopleOptions quick_people();
  /// A frame pair and its readings (energy in 0.01 kWh, voltage in 0.1 V) through journal, telemetry and live values,
  /// as if the sender had answered at `time_utc_ms`. Returns the reference of the frame.
  FrameReference send(GatewayId gateway, const std::string& uid, std::int64_t time_utc_ms, std::int64_t energy,
                      std::int64_t voltage, Quality quality = Quality::good);

  /// A sum of a gateway with its parts as plain text, a frame each; the readings stand behind the last, a minute
  /// ago. In 10^-4 kWh.
  void send_sum(GatewayId gateway, const std::string& uid, const std::vector<std::string>& texts,
                const std::string& register_name, std::int64_t sum, std::int64_t missing);

  [[nodiscard]] std::unique_ptr<Client> connect() const { return Client::connect(server->port()); }
  /// A session cookie as a header line for that user: "admin", "operator" and "viewer" see everything, "east" and
  /// "west" their own; "fresh" sees everything, but must change the password first.
  [[nodiscard]] std::string log_in(const std::string& user) const;
  [[nodiscard]] std::string origin() const { return "https://localhost:" + std::to_string(server->port()); }

  /// What the journal holds and telemetry has not yet: as the platform's applier does.
  void apply_journal();
  /// What a gateway would say over its control stream.
  void connect_control(GatewayId gateway);
  void report(GatewayId gateway, const OrderId& order, OrderState state);
  /// Orders sent to gateways so far.
  [[nodiscard]] std::vector<FieldOrder> orders_sent() const;
  [[nodiscard]] std::vector<control::TraceRequest> traces_asked() const;
  [[nodiscard]] std::size_t traces_stopped() const;

  std::int64_t now = 0;  ///< when the world was made; the clock goes on by itself
  OrganisationId city, east, west;
  SiteId hill;
  GatewayId gateway_east, gateway_west;
  DeviceId east_1, east_2, west_1;
  FrameReference east_frame, west_frame, stray_frame;
  SeriesId east_energy, west_energy, stray_energy;

  SystemClock clock;
  SystemRandom random;
  PosixDisk disk;
  records::TestDatabase database;
  records::TemporaryFolder folder;
  crypto::LocalKeyProvider keys;
  Organisations organisations;
  Sites sites;
  Gateways gateways;
  Devices devices;
  People people;
  std::unique_ptr<store::Journal> journal;
  store::MemoryTelemetryStore telemetry;
  LiveHub hub;
  status::Metrics metrics;
  status::Health health;
  std::unordered_map<GatewayId, GatewayRuntime> runtimes;
  HeardTimes heard;
  DeviceDirectory directory;
  SourceNames source_names;
  std::shared_ptr<const drivers::ModelLibrary> models;
  DeviceGuards guards;
  std::unique_ptr<OrderService> orders;
  PlanBook plans;
  Onboarding onboarding;
  Processing processing;
  GatewaySums sums;
  Sampling sampling;
  PlanMoves moves;
  DeviceImportKind device_import_kind;
  std::unique_ptr<FileImports> imports;
  AggregateExportSource export_source;
  JournalAuditSource audit_source;
  std::unique_ptr<ExportService> exports;
  std::unique_ptr<HistoryImportKind> history_import_kind;
  struct NoConditions final : alarms::ConditionSink {
    void raise(const alarms::Condition&) override {}
    void clear(std::string_view, const alarms::Subject&) override {}
  } no_conditions;
  storage::PosixStorageProbe storage_probe;
  std::unique_ptr<storage::StorageWatch> storage_watch;
  std::unique_ptr<FileImports> history_imports;
  std::unique_ptr<TraceDesk> trace_desk;
  MeteringPoints points;
  Sensors sensors{*database, clock};
  int sensor_changes = 0;  ///< times somebody was told that sensors changed
  struct SilentAlarms final : alarms::ConditionSink {
    void raise(const alarms::Condition& /*condition*/) override {}
    void clear(std::string_view /*kind*/, const alarms::Subject& /*subject*/) override {}
  } silent_alarms;
  MeterConditions conditions{silent_alarms, [](const SourceKey&) { return std::nullopt; }};
  alarms::NoTopology topology;
  std::unique_ptr<alarms::AlarmBook> alarm_book;
  ApiServices services;
  std::unique_ptr<EditService> edits;
  std::unique_ptr<ValueReview> review;
  AggregateWorld aggregates{telemetry, clock};
  Tariffs tariffs{*database, clock};
  PointTariffs point_tariffs{*database, clock, aggregates.calendar};
  TariffDesk tariff_desk{tariffs, point_tariffs};
  PointImportKind point_import_kind{*database, clock, points, point_tariffs};
  std::unique_ptr<FileImports> point_imports;
  OutageBook outages{*database, clock};
  std::unique_ptr<LiveService> live;
  std::unique_ptr<TraceService> traces;
  std::unique_ptr<WebService> web_service;
  std::unique_ptr<HttpServer> server;

 private:
  /// Hands telemetry what the journal has beyond it, as the applier would.
  bool catch_up(std::uint64_t next_record);
  void make_records();
  void make_readings();
  /// Journal, telemetry, live values. Returns the record's number.
  std::uint64_t commit(GatewayId gateway, BatchWriter& writer, std::int64_t time_utc_ms);
  bool send_control(GatewayId gateway, const control::FromPlatform& message);
  [[nodiscard]] SeriesId series(GatewayId gateway, const std::string& uid, const std::string& register_name) const;
  mutable std::mutex control_mutex_;  // guards what follows
  std::set<GatewayId> controlled_;
  std::vector<control::FromPlatform> control_sent_;
};

/// A DL/T 645-2007 frame (7.1 to 7.5) around control code and plain data.
[[nodiscard]] Bytes dlt645_frame(std::string_view address, std::uint8_t control, const Bytes& plain_data);

}  // namespace duheng::platform::web::testing
