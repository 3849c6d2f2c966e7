#include "platform.hpp"

#include <condition_variable>
#include <fmt/format.h>
#include <sys/resource.h>

#include "base/log.hpp"
#include "parts.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/unassigned_sources.hpp"
#include "store/seal/seal.hpp"
#include "version.hpp"

namespace duheng::platform {
namespace {

/// How long somebody who corrects a value waits for the history to have everything that came before.
constexpr std::int64_t edit_wait_ms = 3'000;

/// Every connection takes a descriptor, and RESTinio stops accepting for good when there is none left: there must be
/// more than connections.
Result<void> require_descriptors(std::size_t connections) {
  constexpr rlim_t others = 512;
  const rlim_t needed = connections + others;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return fail(ErrorCode::internal, "cannot read the limit of open files");
  if (limit.rlim_cur >= needed) return {};
  if (limit.rlim_max < needed) {
    return fail(
        ErrorCode::limit_exceeded,
        fmt::format(
            "{} open files are allowed, {} are needed for limits.http.connections_max: raise the limit (ulimit -n, "
            "LimitNOFILE) or allow fewer connections",
            limit.rlim_max, needed));
  }
  limit.rlim_cur = needed;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return fail(ErrorCode::internal, "cannot raise the limit of open files");
  return {};
}

std::string listen_text(const Endpoint& endpoint) {
  return endpoint.address.find(':') == std::string::npos ? fmt::format("{}:{}", endpoint.address, endpoint.port)
                                                         : fmt::format("[{}]:{}", endpoint.address, endpoint.port);
}

Error named(const Error& error, std::string_view what) {
  return {error.code, fmt::format("{}: {}", what, error.message)};
}

}  // namespace

Result<void> Platform::Parts::start() {
  started_utc_ms = clock.utc_ms();
  DUHENG_CHECK(require_descriptors(configuration.http.connections_max));
  DUHENG_TRY(lock, DataDirectoryLock::take(paths, disk));
  DUHENG_CHECK(store::break_seal(disk, paths.root));
  DUHENG_CHECK(start_observability());
  DUHENG_CHECK(open_stores());
  DUHENG_CHECK(start_ingest());
  DUHENG_CHECK(start_gateway_ports());
  DUHENG_CHECK(start_web());
  upkeep = std::make_unique<JournalUpkeep>(*journal, disk, clock, configuration.journal, [this](std::uint64_t before) {
    if (const auto noted = records->people().note("remove_records", fmt::format("journal before {}", before)); !noted)
      log::warning("platform", "the removal of journal records is not in the audit log", {{"error", noted.error()}});
  });
  declare_metrics();
  add_health_checks();
  DUHENG_CHECK(start_alarms());
  start_upkeep();
  start_housekeeping();
  return write_ports();
}

Result<void> Platform::Parts::start_observability() {
  observability = std::make_unique<web::ObservabilityService>(
      [this] {
        const std::vector<status::Component> components = health.components();
        return std::pair{status::is_ready(components), status::readiness_json(components)};
      },
      metrics);
  web::HttpServerOptions options;
  options.address = configuration.observability.address;
  options.port = configuration.observability.port;
  options.io_threads = 1;
  options.limits.connections_max = 64;
  options.limits.body_bytes_max = 1'024;
  auto server = web::HttpServer::start(options, *observability);
  if (!server) return std::unexpected(named(server.error(), "observability"));
  observability_server = std::move(*server);
  return {};
}

Result<void> Platform::Parts::open_stores() {
  auto opened_records = PlatformRecords::open(paths, disk, clock, random, configuration.people);
  if (!opened_records) return std::unexpected(named(opened_records.error(), "records"));
  records = std::move(*opened_records);
  auto opened_alarms = AlarmWiring::open(records->database(), clock);
  if (!opened_alarms) return std::unexpected(named(opened_alarms.error(), "alarms"));
  alarms = std::move(*opened_alarms);
  records->keys().seal_with(configuration.cipher);

  DUHENG_CHECK(disk.make_directories(paths.journal()));
  auto opened_journal = store::Journal::open(disk, random, records->keys(), {.directory = paths.journal()});
  if (!opened_journal) return std::unexpected(named(opened_journal.error(), "journal"));
  journal = std::move(*opened_journal);
  const store::OpenReport& report = journal->open_report();
  if (report.bytes_cut > 0) {
    log::warning("journal", "an unfinished end was cut back to the last whole record",
                 {{"file", report.cut_file}, {"bytes", report.bytes_cut}, {"reason", report.cut_reason}});
  }

  return open_telemetry();
}

/// Derived, so it mends itself while the platform runs: whoever holds it need not know.
Result<void> Platform::Parts::open_telemetry() {
  auto opened = open_telemetry_store(configuration.telemetry, {.disk = disk,
                                                               .clock = clock,
                                                               .random = random,
                                                               .keys = records->keys(),
                                                               .directory = paths.telemetry(),
                                                               .threads = configuration.telemetry_threads,
                                                               .memory_bytes_max = configuration.telemetry_memory_bytes,
                                                               .journal_first_number = journal->first_number()});
  if (!opened) return std::unexpected(named(opened.error(), "telemetry"));
  telemetry = std::move(*opened);
  journal->hold_for("telemetry", [this] { return telemetry->durable_record(); });
  return {};
}

Result<void> Platform::Parts::start_ingest() {
  hub = std::make_unique<LiveHub>();
  feed = std::make_unique<LiveFeed>(*hub);
  ingest = std::make_unique<IngestService>(*journal, clock, configuration.ingest,
                                           [this](std::span<const CommittedBatch> batches) {
                                             activity.note(batches);
                                             feed->push(batches);
                                           });
  applier = std::make_unique<TelemetryApplier>(*journal, *telemetry, clock);
  applier->start();
  return start_background();
}

/// One thread for all that keeps telemetry small and its hours, days and months in step.
Result<void> Platform::Parts::start_background() {
  AggregateWiringOptions options;
  options.directory = paths.root + "/aggregates";
  options.time_zone = configuration.aggregate_time_zone;
  options.keeper.retention = configuration.retention;
  // While telemetry is made again from the journal nothing is settled: all the rest would count as late.
  const auto is_ready = [this] {
    const ApplierStatus status = applier->status();
    return !status.error && !(status.rebuilding && status.lag_records > 0);
  };
  auto opened = AggregateWiring::open(std::move(options), *telemetry, records->keys(), disk, clock, is_ready);
  if (!opened) return std::unexpected(named(opened.error(), "aggregates"));
  aggregates = std::move(*opened);
  constexpr std::int64_t aggregates_idle_ms = 5'000;
  background = std::make_unique<BackgroundWork>(
      clock, std::vector<WorkKind>{
                 {"maintain telemetry", [this](const std::stop_token& stop) { return telemetry->maintain(stop); }},
                 {.name = "aggregates",
                  .step = [this](const std::stop_token&) { return aggregates->step(); },
                  .idle_ms = aggregates_idle_ms}});
  background->start();
  return {};
}

Result<void> Platform::Parts::start_gateway_ports() {
  std::vector<std::string> names = configuration.names;
  if (names.empty()) names = {"localhost", "127.0.0.1"};
  DUHENG_TRY(certificate, own_server_certificate(records->issuer(), disk, clock, paths.root + "/tls", names));
  web_certificate = certificate;
  if (!configuration.certificate_file.empty()) {
    DUHENG_TRY(web_certificate,
               read_server_certificate(disk, clock, configuration.certificate_file, configuration.key_file));
  }

  OrderServiceOptions order_options;
  order_options.keep_ms = configuration.orders_keep_days * std::int64_t{86'400'000};
  auto controlling = ControlWiring::start(records->database(), clock, random, configuration.models_directory,
                                          configuration.models_directory_is_default, order_options);
  if (!controlling) return std::unexpected(named(controlling.error(), "models.directory"));
  control = std::move(*controlling);

  enrolment = std::make_unique<EnrolmentService>(records->gateways(), records->issuer());
  rpc::UplinkServerOptions options;
  options.listen = listen_text(configuration.gateways);
  options.identity = {certificate.chain_pem, certificate.key_pem};
  options.trust_root = records->issuer().trust_root_pem();
  options.receiver.batch_bytes_max = configuration.ingest.batch_bytes_max;
  auto server = rpc::UplinkServer::start(
      *ingest, clock, [this](const rpc::Peer& peer) { return enrolment->authorise(peer); },
      [this](const rpc::Peer& peer, const std::string& request_pem, std::string& chain_pem) {
        return enrolment->renew(peer, request_pem, chain_pem);
      },
      options, &control->server());
  if (!server) return std::unexpected(named(server.error(), "gateways"));
  uplink = std::move(*server);
  ingest->set_answers(uplink.get());

  auto enrolling =
      rpc::EnrolmentServer::start(listen_text(configuration.enrolment), {certificate.chain_pem, certificate.key_pem},
                                  [this](const rpc::EnrolmentAsk& ask) { return enrolment->grant(ask); });
  if (!enrolling) return std::unexpected(named(enrolling.error(), "enrolment"));
  enrolment_server = std::move(*enrolling);
  return {};
}

/// Readings as files, out and in.
Result<void> Platform::Parts::start_files() {
  export_source = std::make_unique<web::AggregateExportSource>(*telemetry, [this] { return aggregates->answers(); });
  ExportOptions options;
  options.directory = paths.exports();
  audit_source = std::make_unique<JournalAuditSource>(*journal, *telemetry);
  exports = std::make_unique<ExportService>(records->database(), disk, clock, random, records->keys(), *export_source,
                                            options, audit_source.get());
  if (const auto opened = exports->open(); !opened) return std::unexpected(named(opened.error(), "exports"));
  exports->start();
  history_import_kind = std::make_unique<HistoryImportKind>(HistoryImportKind::Parts{.database = records->database(),
                                                                                     .disk = disk,
                                                                                     .clock = clock,
                                                                                     .random = random,
                                                                                     .keys = records->keys(),
                                                                                     .devices = records->devices(),
                                                                                     .journal = *journal,
                                                                                     .telemetry = *telemetry,
                                                                                     .models = control->models(),
                                                                                     .directory = paths.imports()});
  device_import_kind =
      std::make_unique<DeviceImportKind>(*onboarding, records->organisations(), records->sites(), records->gateways());
  const auto open_imports = [this](ImportKind& kind, std::unique_ptr<FileImports>& files) -> Result<void> {
    files = std::make_unique<FileImports>(
        FileImports::Parts{records->database(), disk, clock, random, records->keys(), kind, paths.imports()});
    if (const auto opened = files->open(); !opened) return std::unexpected(named(opened.error(), "imports"));
    files->run();
    return {};
  };
  DUHENG_CHECK(open_imports(*device_import_kind, imports));
  DUHENG_CHECK(open_imports(*history_import_kind, history_imports));
  point_import_kind = std::make_unique<PointImportKind>(records->database(), clock, *points, tariffs->desk().points);
  DUHENG_CHECK(open_imports(*point_import_kind, point_imports));
  return {};
}

Result<void> Platform::Parts::start_backups() {
  auto started = BackupWiring::start(configuration.backups, {.database = records->database(),
                                                             .journal = *journal,
                                                             .disk = disk,
                                                             .clock = clock,
                                                             .random = random,
                                                             .keys = records->keys(),
                                                             .alarms = alarms->sink(),
                                                             .root = paths.root,
                                                             .master_key_file = paths.master_key(),
                                                             .product = std::string{version}});
  if (!started) return std::unexpected(named(started.error(), "backups"));
  backups = std::move(*started);
  return {};
}

Result<void> Platform::Parts::start_web() {
  web::StaticFiles files;
  if (configuration.web_directory.empty()) {
    log::warning("web", "no web.directory is given: only the API is served");
  } else {
    auto loaded = web::StaticFiles::load(configuration.web_directory);
    if (!loaded) return std::unexpected(named(loaded.error(), "web.directory"));
    std::swap(files, *loaded);
  }
  heard = std::make_unique<web::HeardTimes>(*telemetry, clock,
                                            [this](std::uint64_t& change) { return hub->heard_since(change); });
  directory = std::make_unique<web::DeviceDirectory>(records->devices(), clock, *heard);
  source_names = std::make_unique<web::SourceNames>(*telemetry);
  onboarding =
      std::make_unique<Onboarding>(records->database(), clock, records->devices(), control->plans(), control->models());
  moves = std::make_unique<PlanMoves>(clock, records->devices(), control->plans(), control->models());
  control->orders().keep_moves(*moves);
  processing = std::make_unique<Processing>(records->database(), clock, control->plans(), control->models());
  sums = std::make_unique<GatewaySums>(records->database(), clock, control->plans());
  sampling = std::make_unique<Sampling>(records->database(), clock, control->plans(), control->models());
  edits = std::make_unique<EditService>(*journal, *telemetry, records->database(), clock,
                                        EditService::wait_for(*telemetry, edit_wait_ms));
  points = std::make_unique<MeteringPoints>(records->database(), clock);
  DUHENG_TRY(tariffs, TariffWiring::open(records->database(), clock, configuration.aggregate_time_zone));
  DUHENG_TRY(review, ReviewWiring::start({records->database(), *telemetry, *directory, control->models(), clock,
                                          configuration.aggregate_time_zone, [this] {
                                            const ApplierStatus status = applier->status();
                                            return !status.error && !(status.rebuilding && status.lag_records > 0);
                                          }}));
  DUHENG_CHECK(start_files());
  DUHENG_CHECK(start_backups());
  services = std::make_unique<web::ApiServices>(web::ApiServices{
      .clock = clock,
      .people = records->people(),
      .organisations = records->organisations(),
      .sites = records->sites(),
      .gateways = records->gateways(),
      .directory = *directory,
      .journal = *journal,
      .telemetry = *telemetry,
      .source_names = *source_names,
      .health = health,
      .metrics = metrics,
      .gateway_runtimes = [this] { return gateway_runtimes(); },
      .ingest_figures =
          [this] { return web::IngestFigures{telemetry->statistics().readings, reading_rate.per_second()}; },
      .version = std::string{version},
      .started_utc_ms = started_utc_ms,
      .orders = &control->orders(),
      .guards = &control->guards(),
      .models = control->models(),
      .onboarding = onboarding.get(),
      .plans = &control->plans(),
      .processing = processing.get(),
      .sums = sums.get(),
      .sampling = sampling.get(),
      .imports = imports.get(),
      .exports = exports.get(),
      .history_imports = history_imports.get(),
      .backups = &backups->service(),
      .edits = edits.get(),
      .points = points.get(),
      .alarms = &alarms->book(),
      .aggregates = [this] { return aggregates->answers(); },
      .review = review == nullptr ? nullptr : &review->review()});
  sensors = std::make_unique<SensorWiring>(
      SensorWiring::Parts{records->database(), clock, alarms->sink(), *hub, *directory, *telemetry});
  sensors->give_to(*services);
  tariffs->give_to(*services);
  services->point_imports = point_imports.get();
  outages = std::make_unique<OutageWiring>(records->database(), clock);
  outages->give_to(*services);
  equipment = std::make_unique<EquipmentWiring>(
      configuration.servers, EquipmentWiring::Parts{records->database(), clock, *alarms, *onboarding, control->plans(),
                                                    [this] {
                                                      std::set<GatewayId> out;
                                                      for (const auto& session : uplink->sessions())
                                                        out.insert(session.gateway);
                                                      return out;
                                                    },
                                                    *hub});
  equipment->give_to(*services);
  storage = std::make_unique<StorageWiring>(records->database(), clock, alarms->sink(),
                                            storage_parts(paths, configuration.backups));
  services->storage = &storage->watch();
  web::Router router = web::make_router(*services);
  live = std::make_unique<web::LiveService>(*services, *hub, configuration.live);
  live->add_routes(router);
  traces = std::make_unique<web::TraceService>(*services, control->traces());
  traces->add_routes(router);
  web_service = std::make_unique<web::WebService>(
      std::move(router), std::move(files),
      [this](std::string_view token) { return web::authenticate(records->people(), token); }, metrics, clock, random,
      configuration.service);

  web::HttpServerOptions options;
  options.address = configuration.https.address;
  options.port = configuration.https.port;
  options.limits = configuration.http;
  options.certificate_chain_pem = web_certificate.chain_pem;
  options.private_key_pem = web_certificate.key_pem;
  auto server = web::HttpServer::start(options, *web_service);
  if (!server) return std::unexpected(named(server.error(), "https"));
  web_server = std::move(*server);
  return {};
}

Result<void> Platform::Parts::write_ports() {
  const std::string text =
      fmt::format("{{\"https\":{},\"gateways\":{},\"enrolment\":{},\"observability\":{}}}\n", web_server->port(),
                  uplink->port(), enrolment_server->port(), observability_server->port());
  return write_file_atomically(disk, paths.ports(), as_bytes(text));
}

std::unordered_map<GatewayId, web::GatewayRuntime> Platform::Parts::gateway_runtimes() const {
  std::unordered_map<GatewayId, web::GatewayRuntime> out;
  for (const auto& [gateway, at] : activity.last_batches()) out[gateway].last_batch_utc_ms = at;
  for (const rpc::SessionInfo& session : uplink->sessions()) {
    web::GatewayRuntime& runtime = out[session.gateway];
    runtime.connected = true;
    runtime.clock_offset_ms = session.clock_offset_ms;
    if (session.status) {
      runtime.spooled_batches = static_cast<std::int64_t>(session.status->spooled_batches);
      runtime.autonomy_hours = session.status->autonomy_hours;
    }
  }
  return out;
}

void Platform::Parts::start_housekeeping() {
  housekeeper = std::jthread([this](const std::stop_token& stop) { housekeep(stop); });
}

Result<void> Platform::Parts::start_alarms() {
  auto rules = AlarmWiring::load_rules(disk, configuration.alarm_rules_directory,
                                       configuration.alarm_rules_directory_is_default);
  if (!rules) return std::unexpected(named(rules.error(), "alarms.rules"));
  alarms->watch({.directory = *directory,
                 .heard = *heard,
                 .gateways = records->gateways(),
                 .hub = *hub,
                 .health = health,
                 .connected =
                     [this] {
                       std::vector<GatewayId> out;
                       for (const rpc::SessionInfo& session : uplink->sessions()) out.push_back(session.gateway);
                       return out;
                     },
                 .conflicts = [this] { return ingest->statistics().conflicts; },
                 .unassigned = [this](const std::vector<Gateway>& gateways)
                     -> Result<std::vector<alarms::UnassignedWatch::Source>> {
                   DUHENG_TRY(const auto sources, web::unassigned_sources(*services, gateways));
                   std::vector<alarms::UnassignedWatch::Source> out;
                   for (const store::Source& one : sources) out.push_back({one.gateway, one.device_uid});
                   return out;
                 },
                 .rules = std::move(*rules),
                 .started_utc_ms = started_utc_ms});
  return {};
}

void Platform::Parts::start_upkeep() {
  upkeeper = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested()) {
      upkeep->look();
      std::unique_lock waiting{mutex};
      wake.wait_for(waiting, stop, std::chrono::seconds{1}, [] { return false; });
    }
  });
}

void Platform::Parts::housekeep(const std::stop_token& stop) {
  constexpr std::int64_t audit_kept_ms = 400LL * 86'400'000;
  constexpr int sweep_every_s = 600;
  std::mutex mutex;
  std::condition_variable_any wake;
  JournalWatch journal_watch(*journal, storage_failed);
  for (int second = 0; !stop.stop_requested(); ++second) {
    journal_watch.look();
    reading_rate.sample(clock.monotonic_ms(), ingest->statistics().readings);
    if (second % sweep_every_s == 0) {
      if (const auto swept = records->people().sweep(audit_kept_ms); !swept) {
        log::warning("platform", "cannot forget old sessions", {{"error", swept.error()}});
      }
    }
    std::unique_lock waiting{mutex};
    wake.wait_for(waiting, stop, std::chrono::seconds{1}, [] { return false; });
  }
}

void Platform::Parts::stop() {
  if (stopped) return;
  stopped = true;
  // Not ready from here on, and nobody looks at parts that go.
  if (alarms) alarms->stop_watching();
  if (outages) outages->stop();
  health.forget();
  metrics.forget_readings();
  if (upkeeper.joinable()) {
    upkeeper.request_stop();
    upkeeper.join();
  }
  if (housekeeper.joinable()) {
    housekeeper.request_stop();
    housekeeper.join();
  }
  if (backups) backups->stop();
  if (web_server) web_server->stop_accepting();
  enrolment_server.reset();
  if (uplink) uplink->stop();
  if (control) control->stop();
  if (ingest) ingest->set_answers(nullptr);
  ingest.reset();  // commits what waits
  if (web_server) web_server->stop(configuration.drain_ms);
  if (web_service) web_service->stop();
  web_server.reset();
  web_service.reset();
  live.reset();
  traces.reset();
  equipment.reset();  // asks the uplink who is connected
  uplink.reset();
  services.reset();
  storage.reset();
  sensors.reset();
  review.reset();
  backups.reset();
  edits.reset();
  points.reset();
  history_imports.reset();
  history_import_kind.reset();
  exports.reset();
  export_source.reset();
  imports.reset();
  device_import_kind.reset();
  onboarding.reset();
  control.reset();
  if (background) background->stop();
  background.reset();
  aggregates.reset();
  if (applier) applier->stop();
  applier.reset();
  feed.reset();
  if (telemetry) {
    if (const auto written = telemetry->checkpoint(); !written) {
      log::warning("telemetry", "no checkpoint at the end", {{"error", written.error()}});
    }
  }
  upkeep.reset();
  if (journal) journal->release("telemetry");
  telemetry.reset();
  journal.reset();
  alarms.reset();
  records.reset();
  if (lock && disk.exists(paths.ports())) {
    if (const auto removed = disk.remove(paths.ports()); !removed) {
      log::warning("platform", "cannot remove the file of ports", {{"error", removed.error()}});
    }
  }
  if (observability_server) observability_server->stop(0);
  seal();
  lock.reset();
}

/// Everything is closed: what stands in the data directory now is what `duheng verify` will compare with.
void Platform::Parts::seal() {
  if (!lock || !disk.exists(paths.master_key())) return;
  const auto keys = crypto::LocalKeyProvider::open(disk, random, paths.master_key());
  const auto sealed = keys ? store::seal_directory(disk, **keys, paths.root, store::is_left_out_of_platform_seal)
                           : Result<store::Seal>(std::unexpected(keys.error()));
  if (!sealed) log::warning("platform", "the data directory is not sealed", {{"error", sealed.error()}});
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::start(Configuration configuration, std::function<void()> storage_failed) {
  auto parts = std::make_unique<Parts>(std::move(configuration), std::move(storage_failed));
  DUHENG_CHECK(parts->start());
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Platform::Ports Platform::ports() const noexcept {
  return {parts_->web_server->port(), static_cast<std::uint16_t>(parts_->uplink->port()),
          static_cast<std::uint16_t>(parts_->enrolment_server->port()), parts_->observability_server->port()};
}

void Platform::stop() { parts_->stop(); }

}  // namespace duheng::platform
