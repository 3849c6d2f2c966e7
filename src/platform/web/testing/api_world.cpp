#include "platform/web/testing/api_world.hpp"

#include <numeric>
#include <stdexcept>

#include "platform/equipment/equipment.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web::testing {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(result.value());
}

ExportOptions export_options(const records::TemporaryFolder& folder) {
  ExportOptions options;
  options.directory = folder.file("exports");
  options.free_bytes_min = 0;
  return options;
}

std::uint8_t bcd(std::int64_t two_digits) { return static_cast<std::uint8_t>(two_digits / 10 * 16 + two_digits % 10); }

}  // namespace

Bytes dlt645_frame(std::string_view address, std::uint8_t control, const Bytes& plain_data) {
  Bytes frame{0x68};
  for (int i = 5; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(2 * i);
    frame.push_back(static_cast<std::uint8_t>((address[at] - '0') * 16 + (address[at + 1] - '0')));
  }
  frame.push_back(0x68);
  frame.push_back(control);
  frame.push_back(static_cast<std::uint8_t>(plain_data.size()));
  for (const std::uint8_t octet : plain_data) frame.push_back(static_cast<std::uint8_t>(octet + 0x33));
  frame.push_back(std::accumulate(frame.begin(), frame.end(), std::uint8_t{0}));
  frame.push_back(0x16);
  return frame;
}

PeopleOptions ApiWorld::quick_people() {
  PeopleOptions options;
  options.password_cost = {.memory_kib = 64, .passes = 1};
  return options;
}

ApiWorld::ApiWorld(const LiveService::Options& live_options, const HttpLimits& limits,
                   const PeopleOptions& people_options)
    : database({Organisations::migrations(), Sites::migrations(), Gateways::migrations(), Devices::migrations(),
                People::migrations(), OrderService::migrations(), PlanBook::migrations(), ExportService::migrations(),
                HistoryImportKind::migrations(), MeteringPoints::migrations(), Sensors::migrations(),
                ValueReview::migrations(), FileImports::migrations(), storage::StorageWatch::migrations(),
                alarms::AlarmBook::migrations(), EquipmentLedger::migrations(), Tariffs::migrations(),
                OutageBook::migrations()}),
      keys(records::test_key()),
      organisations(*database, clock),
      sites(*database, clock),
      gateways(*database, clock, random),
      devices(*database, clock),
      people(*database, clock, random, people_options),
      journal(must(store::Journal::open(disk, random, keys, {.directory = folder.file("")}))),
      heard(telemetry, clock, [this](std::uint64_t& change) { return hub.heard_since(change); }),
      directory(devices, clock, heard),
      source_names(telemetry),
      models(std::make_shared<const drivers::ModelLibrary>(
          must(drivers::ModelLibrary::load(DUHENG_SOURCE_DIR "/models")))),
      guards(*database, clock),
      orders(std::make_unique<OrderService>(
          *database, clock, random, models,
          [this](GatewayId to, const control::FromPlatform& message) { return send_control(to, message); })),
      plans(*database, clock),
      onboarding(*database, clock, devices, plans, models),
      processing(*database, clock, plans, models),
      sums(*database, clock, plans),
      sampling(*database, clock, plans, models),
      moves(clock, devices, plans, models),
      device_import_kind(onboarding, organisations, sites, gateways),
      export_source(telemetry, [this] { return aggregates.answers(); }),
      audit_source(*journal, telemetry),
      exports(std::make_unique<ExportService>(*database, disk, clock, random, keys, export_source,
                                              export_options(folder), &audit_source)),
      trace_desk(std::make_unique<TraceDesk>(
          clock, [this](GatewayId to, const control::FromPlatform& message) { return send_control(to, message); })),
      points(*database, clock),
      services{.clock = clock,
               .people = people,
               .organisations = organisations,
               .sites = sites,
               .gateways = gateways,
               .directory = directory,
               .journal = *journal,
               .telemetry = telemetry,
               .source_names = source_names,
               .health = health,
               .metrics = metrics,
               .gateway_runtimes = [this] { return runtimes; },
               .ingest_figures = [this] { return IngestFigures{telemetry.statistics().readings, 1.5}; },
               .version = "test",
               .started_utc_ms = 1,
               .orders = orders.get(),
               .guards = &guards,
               .models = models,
               .onboarding = &onboarding,
               .plans = &plans,
               .processing = &processing,
               .sums = &sums,
               .sampling = &sampling,
               .exports = exports.get()} {
  history_import_kind =
      std::make_unique<HistoryImportKind>(HistoryImportKind::Parts{.database = *database,
                                                                   .disk = disk,
                                                                   .clock = clock,
                                                                   .random = random,
                                                                   .keys = keys,
                                                                   .devices = devices,
                                                                   .journal = *journal,
                                                                   .telemetry = telemetry,
                                                                   .models = models,
                                                                   .directory = folder.file("imports")});
  const auto files_of = [this](ImportKind& kind) {
    auto out = std::make_unique<FileImports>(
        FileImports::Parts{*database, disk, clock, random, keys, kind, folder.file("imports")});
    if (const auto opened = out->open(); !opened) throw std::runtime_error(opened.error().message);
    out->run();
    return out;
  };
  imports = files_of(device_import_kind);
  services.imports = imports.get();
  point_imports = files_of(point_import_kind);
  services.point_imports = point_imports.get();
  history_imports = files_of(*history_import_kind);
  services.history_imports = history_imports.get();
  storage_watch = std::make_unique<storage::StorageWatch>(
      storage::StorageWatch::Parts{*database, clock, no_conditions, storage_probe},
      std::vector<storage::StoragePart>{{"imports", folder.file("imports")},
                                        {"exports", folder.file("exports"), storage::Disposal::expires, 7}});
  if (const auto measured = storage_watch->measure(); !measured) throw std::runtime_error(measured.error().message);
  services.storage = storage_watch.get();
  if (const auto opened = exports->open(); !opened) throw std::runtime_error(opened.error().message);
  exports->start();
  edits = std::make_unique<EditService>(*journal, telemetry, *database, clock,
                                        [this](std::uint64_t next_record) { return catch_up(next_record); });
  services.edits = edits.get();
  services.points = &points;
  services.tariffs = &tariff_desk;
  services.outages = &outages;
  services.sensors = &sensors;
  services.sensors_changed = [this] { ++sensor_changes; };
  services.conditions = &conditions;
  review = std::make_unique<ValueReview>(
      *database, telemetry, *store::CivilCalendar::open("Asia/Shanghai"), clock,
      [](const store::Source&, const store::Series& series) { return store::default_series_policy(series); });
  services.review = review.get();
  alarm_book = must(alarms::AlarmBook::open(*database, clock, topology));
  services.alarms = alarm_book.get();
  services.aggregates = [this] { return aggregates.answers(); };
  now = clock.utc_ms();
  make_records();
  make_readings();
  orders->keep_moves(moves);
  if (const auto started = orders->start(); !started) throw std::runtime_error(started.error().message);
  health.add("journal", [] { return status::Finding{status::State::ok, "正常", "in order"}; });
  Router router = make_router(services);
  live = std::make_unique<LiveService>(services, hub, live_options);
  live->add_routes(router);
  traces = std::make_unique<TraceService>(services, *trace_desk);
  traces->add_routes(router);
  web_service = std::make_unique<WebService>(
      std::move(router), StaticFiles{}, [this](std::string_view token) { return authenticate(people, token); }, metrics,
      clock, random, WebService::Options{});
  HttpServerOptions options;
  options.limits = limits;
  const CertificateAndKey certificate = make_certificate();
  options.certificate_chain_pem = certificate.certificate_pem;
  options.private_key_pem = certificate.private_key_pem;
  server = must(HttpServer::start(options, *web_service));
}

ApiWorld::~ApiWorld() {
  server->stop(1'000);
  web_service->stop();
  server.reset();
  web_service.reset();
  live.reset();
  traces.reset();
  exports->stop();
  history_imports.reset();
  imports.reset();
  point_imports.reset();
  orders->stop();
}

void ApiWorld::apply_journal() {
  while (telemetry.next_record() < journal->next_number()) {
    const std::uint64_t number = std::max<std::uint64_t>(telemetry.next_record(), store::Journal::first_record_number);
    const store::StoredRecord stored = must(journal->read(number));
    const store::TelemetryRecord record{number, stored.record.gateway, stored.record.body};
    must(telemetry.apply({&record, 1}));
  }
}

bool ApiWorld::catch_up(std::uint64_t next_record) {
  while (telemetry.next_record() < next_record) {
    const std::uint64_t number = telemetry.next_record();
    store::TelemetryRecord record{number, {}, {}};
    const auto stored = journal->read(number);
    if (stored && stored->record.type == store::JournalRecordType::edits) {
      record.body = stored->record.body;
      record.content = store::TelemetryRecord::Content::edits;
    }
    if (!telemetry.apply({&record, 1})) return false;
  }
  return true;
}

bool ApiWorld::send_control(GatewayId gateway, const control::FromPlatform& message) {
  const std::lock_guard lock(control_mutex_);
  if (!controlled_.contains(gateway)) return false;
  control_sent_.push_back(message);
  return true;
}

void ApiWorld::connect_control(GatewayId gateway) {
  {
    const std::lock_guard lock(control_mutex_);
    controlled_.insert(gateway);
  }
  orders->connected(gateway);
}

void ApiWorld::report(GatewayId gateway, const OrderId& order, OrderState state) {
  OrderReport out;
  out.id = order;
  out.state = state;
  out.utc_ms = clock.utc_ms();
  if (state == OrderState::done) {
    out.values.push_back({"voltage_a", "V", -1, SeriesKind::decimal, 2'204, Quality::good, now, false});
    const Bytes identifier{0x00, 0x01, 0x01, 0x02};
    out.frames.push_back({Protocol::dlt645_2007, dlt645_frame("000000000003", 0x11, identifier),
                          dlt645_frame("000000000003", 0x91, {0x00, 0x01, 0x01, 0x02, 0x04, 0x22}), now - 80, now});
  }
  orders->reported(gateway, std::move(out));
  orders->flush();
}

std::vector<FieldOrder> ApiWorld::orders_sent() const {
  const std::lock_guard lock(control_mutex_);
  std::vector<FieldOrder> out;
  for (const auto& message : control_sent_) {
    if (const auto* order = std::get_if<FieldOrder>(&message)) out.push_back(*order);
  }
  return out;
}

std::vector<control::TraceRequest> ApiWorld::traces_asked() const {
  const std::lock_guard lock(control_mutex_);
  std::vector<control::TraceRequest> out;
  for (const auto& message : control_sent_) {
    if (const auto* request = std::get_if<control::TraceRequest>(&message)) out.push_back(*request);
  }
  return out;
}

std::size_t ApiWorld::traces_stopped() const {
  const std::lock_guard lock(control_mutex_);
  std::size_t out = 0;
  for (const auto& message : control_sent_) out += std::holds_alternative<control::TraceStop>(message) ? 1U : 0U;
  return out;
}

void ApiWorld::make_records() {
  const Scope all = Scope::everything();
  city = must(organisations.create(all, {{}, "city", "市供电公司", "City Power"}));
  east = must(organisations.create(all, {city, "east", "东区", "East"}));
  west = must(organisations.create(all, {city, "west", "西区", "West"}));
  hill = must(sites.create(all, {east, "Hill", "Asia/Shanghai", "Hill Road 1"}));
  gateway_east = must(gateways.create(all, east, "gateway-east"));
  gateway_west = must(gateways.create(all, west, "gateway-west"));
  const auto device = [&](const char* uid, const char* name, OrganisationId owner, SiteId site, GatewayId gateway) {
    DeviceDetails details;
    details.uid = details.address = uid;
    details.name = name;
    details.protocol = "dlt645_2007";
    details.model = "dlt645-2007-single-phase";
    details.organisation = owner;
    details.site = site;
    details.gateway = gateway;
    details.interval_s = 60;
    return must(devices.create(all, details));
  };
  east_1 = device("000000000001", "East Meter 1", east, hill, gateway_east);
  east_2 = device("000000000002", "East Meter 2", east, hill, gateway_east);
  west_1 = device("000000000003", "西表", west, {}, gateway_west);
  runtimes[gateway_east] = {.connected = true,
                            .last_batch_utc_ms = now,
                            .clock_offset_ms = -12,
                            .spooled_batches = 3,
                            .autonomy_hours = 99.5};
  const auto user = [&](const char* name, Role role, OrganisationId organisation, bool is_fresh = false) {
    NewUser made;
    made.name = made.display_name = name;
    made.role = role;
    made.organisation = organisation;
    made.password = password;
    made.must_change_password = is_fresh;
    must(people.create(all, made));
  };
  user("admin", Role::admin, {});
  user("operator", Role::operator_, {});
  user("viewer", Role::viewer, {});
  user("east", Role::viewer, east);
  user("west", Role::operator_, west);
  user("fresh", Role::admin, {}, true);
}

void ApiWorld::make_readings() {
  for (int i = 5; i >= 1; --i) {
    const std::int64_t at = now - i * 60'000;
    east_frame = send(gateway_east, "000000000001", at, 22'440 + 10 * (5 - i), 2'204);
    west_frame = send(gateway_west, "000000000003", at, 100 + (5 - i), 2'310);
  }
  stray_frame = send(gateway_east, "999999999999", now - 30'000, 5, 2'200);
  east_energy = series(gateway_east, "000000000001", "energy_active_import_total");
  west_energy = series(gateway_west, "000000000003", "energy_active_import_total");
  stray_energy = series(gateway_east, "999999999999", "energy_active_import_total");
}

SeriesId ApiWorld::series(GatewayId gateway, const std::string& uid, const std::string& register_name) const {
  const auto source = telemetry.find_source(gateway, uid);
  if (!source) throw std::runtime_error("no source " + uid);
  for (const store::Series& one : telemetry.series_of(source->id)) {
    if (one.register_name == register_name) return one.id;
  }
  throw std::runtime_error("no series " + register_name);
}

FrameReference ApiWorld::send(GatewayId gateway, const std::string& uid, std::int64_t time_utc_ms, std::int64_t energy,
                              std::int64_t voltage, Quality quality) {
  // 00 00 00 00: forward active energy, XXXXXX.XX kWh (DL/T 645-2007, table A.1).
  const Bytes identifier{0x00, 0x00, 0x00, 0x00};
  Bytes answer = identifier;
  for (std::int64_t rest = energy, i = 0; i < 4; ++i, rest /= 100) answer.push_back(bcd(rest % 100));
  const Bytes request = dlt645_frame(uid, 0x11, identifier);
  const Bytes response = dlt645_frame(uid, 0x91, answer);

  BatchWriter writer{time_utc_ms};
  Frame frame;
  frame.device_index = writer.device(uid);
  frame.protocol = Protocol::dlt645_2007;
  frame.sent_utc_ms = time_utc_ms - 80;
  frame.received_utc_ms = time_utc_ms;
  frame.request = request;
  frame.response = response;
  const std::uint32_t energy_register =
      writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
  const std::uint32_t voltage_register = writer.register_of({"voltage_a", "V", -1, SeriesKind::decimal});
  writer.frame(frame);
  writer.reading({energy_register, energy, time_utc_ms, TimeSource::gateway, quality});
  writer.reading({voltage_register, voltage, time_utc_ms, TimeSource::gateway, Quality::good});
  return FrameReference::make(commit(gateway, writer, time_utc_ms), 0);
}

void ApiWorld::send_sum(GatewayId gateway, const std::string& uid, const std::vector<std::string>& texts,
                        const std::string& register_name, std::int64_t sum, std::int64_t missing) {
  const std::int64_t at = now - 60'000;
  BatchWriter writer{at};
  for (const std::string& text : texts) {
    Frame frame;
    frame.device_index = writer.device(uid);
    frame.received_utc_ms = at;
    frame.response = as_bytes(text);
    writer.frame(frame);
  }
  writer.reading({writer.register_of({register_name, "kWh", -4, SeriesKind::decimal}), sum, at, TimeSource::gateway,
                  Quality::good});
  writer.reading({writer.register_of({"sum_members_missing", "", 0, SeriesKind::decimal}), missing, at,
                  TimeSource::gateway, Quality::good});
  commit(gateway, writer, at);
}

std::uint64_t ApiWorld::commit(GatewayId gateway, BatchWriter& writer, std::int64_t time_utc_ms) {
  auto body = std::make_shared<Bytes>();
  writer.finish(*body);

  store::JournalRecord record;
  record.gateway = gateway;
  record.epoch = 7;
  const auto position = journal->position(gateway, record.epoch);
  record.sequence = position ? position->next_sequence : 0;
  if (position) record.previous_hash = position->last_hash;
  record.hash = uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, *body);
  record.received_utc_ms = time_utc_ms + 200;
  record.body = *body;
  const std::uint64_t number = must(journal->commit({&record, 1}));
  // The journal counts from 1, the telemetry store from 0.
  while (telemetry.next_record() < number) {
    const store::TelemetryRecord empty{telemetry.next_record(), gateway, {}};
    must(telemetry.apply({&empty, 1}));
  }
  const store::TelemetryRecord applied{number, gateway, *body};
  must(telemetry.apply({&applied, 1}));
  CommittedBatch committed;
  committed.record_number = number;
  committed.gateway = gateway;
  committed.received_utc_ms = record.received_utc_ms;
  committed.batch.epoch = record.epoch;
  committed.batch.sequence = record.sequence;
  committed.batch.body = *body;
  committed.batch.owner = body;
  hub.update({&committed, 1});
  return number;
}

std::string ApiWorld::log_in(const std::string& user) const {
  const auto answer =
      connect()->request("POST", "/api/v1/session", "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
                         R"({"name":")" + user + R"(","password":")" + std::string{password} + "\"}");
  if (answer.status != 200) throw std::runtime_error("cannot log in: " + answer.body);
  const std::string cookie = answer.header("set-cookie");
  return "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
}

}  // namespace duheng::platform::web::testing
