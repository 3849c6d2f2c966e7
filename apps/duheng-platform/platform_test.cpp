// The whole server in one process, on loopback: what only shows when all parts stand together.
#include "platform.hpp"

#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "observation.hpp"
#include "platform/administration/administration.hpp"
#include "platform/web/testing/tls_client.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

using web::testing::Client;
using Json = nlohmann::json;

class PlatformTest : public ::testing::Test {
 protected:
  std::string yaml(const std::string& more = {}) const {
    return "data: " + folder_.file("data") +
           "\nhttps: { address: 127.0.0.1, port: 0 }\ngateways: { address: 127.0.0.1, port: 0 }\n"
           "enrolment: { address: 127.0.0.1, port: 0 }\nobservability: { port: 0 }\n"
           "limits: { people: { password_memory_kib: 1024, password_passes: 1 }, telemetry: { memory_mib: 128 } }\n" +
           more;
  }
  Configuration configuration(const std::string& more = {}) const {
    auto parsed = parse_configuration(yaml(more), "platform.yaml");
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return *parsed;
  }
  void make_user() {
    PeopleOptions people;
    people.password_cost = {.memory_kib = 1'024, .passes = 1};
    auto administration = Administration::open(folder_.file("data"), disk_, clock_, random_, people);
    ASSERT_TRUE(administration) << administration.error().message;
    const auto world = parse_world(
        "organisations: [{ code: city, name_zh: 市供电公司, name_en: City Power }]\n"
        "gateways: [{ organisation: city, name: gateway-1 }]\n"
        "devices: [{ uid: '1', name: Meter 1, address: '1', protocol: dlt645, model: m, organisation: city, gateway: "
        "gateway-1 }]\n",
        "world.yaml");
    ASSERT_TRUE(world) << world.error().message;
    ASSERT_TRUE(administration->make_world(*world));
    ASSERT_TRUE(administration->create_user("operator", Role::operator_, "", password_, false));
  }
  std::string log_in(Client& client) const {
    const auto answer =
        client.request("POST", "/api/v1/session", "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
                       R"({"name":"operator","password":")" + password_ + "\"}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const std::string cookie = answer.header("set-cookie");
    return "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  }
  std::string get_plain(std::uint16_t port, const std::string& path, int expected) const {
    const auto answer = Client::connect(port, true)->request("GET", path);
    EXPECT_EQ(answer.status, expected) << path << answer.body;
    return answer.body;
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  const std::string password_ = "correct horse battery";
};

TEST_F(PlatformTest, StartsServesAndStops) {
  make_user();
  auto platform = Platform::start(configuration());
  ASSERT_TRUE(platform) << platform.error().message;
  const Platform::Ports ports = (*platform)->ports();
  {
    std::ifstream file(folder_.file("data/run/ports.json"));
    const Json told = Json::parse(file);
    EXPECT_EQ(told["https"], ports.https);
    EXPECT_EQ(told["gateways"], ports.gateways);
    EXPECT_EQ(told["enrolment"], ports.enrolment);
    EXPECT_EQ(told["observability"], ports.observability);
  }
  EXPECT_EQ(get_plain(ports.observability, "/healthz", 200), "alive\n");
  EXPECT_EQ(get_plain(ports.observability, "/readyz", 200), R"({"ready":true,"reasons":[]})");

  auto client = Client::connect(ports.https);
  ASSERT_TRUE(client);
  const std::string cookie = log_in(*client);
  const Json devices = Json::parse(client->request("GET", "/api/v1/devices", cookie).body);
  EXPECT_EQ(devices["total"], 1);
  EXPECT_EQ(devices["devices"][0]["state"], "never");
  const Json status = Json::parse(client->request("GET", "/api/v1/status", cookie).body);
  EXPECT_EQ(status["components"].size(), 7U);
  const std::string metrics = get_plain(ports.observability, "/metrics", 200);
  for (const char* name : {"duheng_http_requests_total{operation=\"listDevices\",status=\"200\"} 1",
                           "duheng_ingest_batches_total 0", "duheng_telemetry_lag_records 0", "duheng_sessions 1",
                           "duheng_aggregates_open 1", "duheng_aggregates_changes_waiting 0"}) {
    EXPECT_NE(metrics.find(name), std::string::npos) << name;
  }

  (*platform)->stop();
  EXPECT_FALSE(disk_.exists(folder_.file("data/run/ports.json")));
  EXPECT_THROW((void)Client::connect_without_handshake(ports.https), std::runtime_error);
  platform->reset();
  // The session outlives a restart, and so does the certificate.
  auto again = Platform::start(configuration());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Client::connect((*again)->ports().https)->request("GET", "/api/v1/session", cookie).status, 200);
}

TEST_F(PlatformTest, SaysWhatIsWrongAtTheStart) {
  auto first = Platform::start(configuration());
  ASSERT_TRUE(first) << first.error().message;
  const auto message = [](Configuration wanted) {
    auto started = Platform::start(std::move(wanted));
    return started ? std::string{"started"} : started.error().message;
  };
  EXPECT_NE(message(configuration()).find("another process works on the data directory"), std::string::npos);

  records::TemporaryFolder other;
  Configuration taken = configuration();
  taken.data = other.file("data");
  taken.https.port = (*first)->ports().https;
  EXPECT_NE(message(taken).find("https: cannot listen on 127.0.0.1 port " + std::to_string(taken.https.port)),
            std::string::npos)
      << message(taken);
  taken = configuration();
  taken.data = other.file("data");
  taken.observability.port = (*first)->ports().observability;
  EXPECT_NE(message(taken).find("observability: cannot listen"), std::string::npos);
  taken = configuration();
  taken.data = other.file("data");
  taken.gateways.port = (*first)->ports().gateways;
  EXPECT_NE(message(taken).find("gateways:"), std::string::npos) << message(taken);
  taken = configuration();
  taken.data = other.file("data");
  taken.web_directory = other.file("nothing");
  EXPECT_NE(message(taken).find("web.directory: no folder"), std::string::npos);
  // All of that left nothing behind that would be in the way.
  Configuration good = configuration();
  good.data = other.file("data");
  EXPECT_EQ(message(good), "started");
  ASSERT_EQ(chmod(other.file("data/keys/master.key").c_str(), 0644), 0);
  EXPECT_NE(message(good).find("records: "), std::string::npos) << message(good);
  ASSERT_EQ(chmod(other.file("data/keys/master.key").c_str(), 0600), 0);
  ASSERT_EQ(chmod(other.file("data/tls/server.key.pem").c_str(), 0644), 0);
  EXPECT_NE(message(good).find("can be read by others"), std::string::npos) << message(good);
  good.data = "/proc/nowhere";
  EXPECT_NE(message(good), "started");
}

TEST_F(PlatformTest, MakesDamagedAggregatesAnew) {
  {
    auto platform = Platform::start(configuration());
    ASSERT_TRUE(platform) << platform.error().message;
  }
  const std::string file = folder_.file("data/aggregates/aggregates.db");
  ASSERT_TRUE(disk_.exists(file));
  std::ofstream(file, std::ios::binary | std::ios::trunc) << std::string(8'192, 'x');
  auto platform = Platform::start(configuration());
  ASSERT_TRUE(platform) << platform.error().message;
  const std::string metrics = get_plain((*platform)->ports().observability, "/metrics", 200);
  EXPECT_NE(metrics.find("duheng_aggregates_made_anew_total 1"), std::string::npos);
  EXPECT_NE(metrics.find("duheng_aggregates_open 1"), std::string::npos);
  EXPECT_TRUE(disk_.exists(file + ".set-aside"));
}

TEST_F(PlatformTest, RebuildsTelemetryThatWasDeleted) {
  {
    auto platform = Platform::start(configuration());
    ASSERT_TRUE(platform) << platform.error().message;
  }
  std::filesystem::remove_all(folder_.file("data/telemetry"));
  auto platform = Platform::start(configuration());
  ASSERT_TRUE(platform) << platform.error().message;
  EXPECT_EQ(get_plain((*platform)->ports().observability, "/readyz", 200), R"({"ready":true,"reasons":[]})");
}

TEST(PlatformObservation, AFullOrBrokenDiskIsNotReady) {
  const JournalCondition good{.poisoned = false, .records = 5, .free_bytes = 10ULL << 30};
  EXPECT_EQ(journal_finding(good, {}, 1U << 30).state, status::State::ok);
  EXPECT_EQ(journal_finding(good, {}, 20ULL << 30).state, status::State::degraded);
  EXPECT_EQ(journal_finding({.poisoned = false, .records = 5, .free_bytes = {}}, {}, 1).state, status::State::degraded);
  IngestStatistics full;
  full.storage_full = true;
  EXPECT_EQ(journal_finding(good, full, 1).state, status::State::failed);
  EXPECT_NE(journal_finding(good, full, 1).detail_en.find("disk is full"), std::string::npos);
  IngestStatistics broken;
  broken.storage_failed = true;
  EXPECT_EQ(journal_finding(good, broken, 1).state, status::State::failed);
  EXPECT_EQ(journal_finding({.poisoned = true, .records = 5, .free_bytes = 1}, {}, 1).state, status::State::failed);
}

TEST(PlatformObservation, TelemetryThatLagsOrStopsIsNotReady) {
  ApplierStatus applier;
  EXPECT_EQ(telemetry_finding(applier, {}, 1'000).state, status::State::ok);
  store::ReopeningStatus store;
  store.broken = true;
  store.retry_in_ms = 4'000;
  store.error = Error{ErrorCode::storage_full, "no space left"};
  EXPECT_EQ(telemetry_finding(applier, store, 1'000).state, status::State::failed);
  EXPECT_NE(telemetry_finding(applier, store, 1'000).detail_en.find("in 4 s: no space left"), std::string::npos);
  store.given_up = true;
  EXPECT_NE(telemetry_finding(applier, store, 1'000).detail_en.find("left closed"), std::string::npos);
  applier.lag_records = 3;
  applier.lag_ms = 1'001;
  EXPECT_EQ(telemetry_finding(applier, {}, 1'000).state, status::State::failed);
  EXPECT_EQ(telemetry_finding(applier, {}, 2'000).state, status::State::ok);
  applier.rebuilding = true;
  applier.rebuild_progress = 0.5;
  EXPECT_EQ(telemetry_finding(applier, {}, 2'000).state, status::State::degraded);
  EXPECT_NE(telemetry_finding(applier, {}, 2'000).detail_en.find("50 %"), std::string::npos);
  applier = {};
  applier.error = Error{ErrorCode::storage_full, "no space"};
  EXPECT_EQ(telemetry_finding(applier, {}, 2'000).state, status::State::failed);
}

TEST(PlatformObservation, CertificatesAreWatched) {
  constexpr std::int64_t day = 86'400'000;
  EXPECT_EQ(certificate_finding(100 * day, 50 * day).state, status::State::ok);
  EXPECT_EQ(certificate_finding(100 * day, 71 * day).state, status::State::degraded);
  EXPECT_EQ(certificate_finding(100 * day, 100 * day).state, status::State::failed);
}

TEST(PlatformConfiguration, TheExampleIsWhole) {
  const auto loaded = load_configuration(std::string{DUHENG_SOURCE_DIR} + "/packaging/examples/platform.yaml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  // The example states the defaults: leaving everything out gives the same.
  const auto defaults = parse_configuration("data: /x\nnames: [localhost]\n", "minimal.yaml");
  ASSERT_TRUE(defaults) << defaults.error().message;
  EXPECT_EQ(loaded->https.port, defaults->https.port);
  EXPECT_EQ(loaded->gateways.port, defaults->gateways.port);
  EXPECT_EQ(loaded->enrolment.port, defaults->enrolment.port);
  EXPECT_EQ(loaded->observability.address, defaults->observability.address);
  EXPECT_EQ(loaded->http.connections_max, defaults->http.connections_max);
  EXPECT_EQ(loaded->http.header_bytes_max, defaults->http.header_bytes_max);
  EXPECT_EQ(loaded->http.request_timeout_ms, defaults->http.request_timeout_ms);
  EXPECT_EQ(loaded->http.websocket_message_bytes_max, defaults->http.websocket_message_bytes_max);
  EXPECT_EQ(loaded->service.queued_requests_max, defaults->service.queued_requests_max);
  EXPECT_EQ(loaded->live.clients_max, defaults->live.clients_max);
  EXPECT_EQ(loaded->people.session_age_ms, defaults->people.session_age_ms);
  EXPECT_EQ(loaded->people.password_cost.memory_kib, defaults->people.password_cost.memory_kib);
  EXPECT_EQ(loaded->ingest.commit_bytes_max, defaults->ingest.commit_bytes_max);
  EXPECT_EQ(loaded->ingest.pending_batches_max, defaults->ingest.pending_batches_max);
  EXPECT_EQ(loaded->telemetry_memory_bytes, defaults->telemetry_memory_bytes);
  EXPECT_EQ(loaded->free_bytes_warning, defaults->free_bytes_warning);
  EXPECT_EQ(loaded->drain_ms, defaults->drain_ms);
  EXPECT_EQ(loaded->models_directory, defaults->models_directory);
  EXPECT_EQ(loaded->aggregate_time_zone, defaults->aggregate_time_zone);
  EXPECT_EQ(loaded->retention.size(), defaults->retention.size());
}

TEST(PlatformConfiguration, NamesFileLineAndReason) {
  const auto message = [](std::string_view yaml) {
    const auto parsed = parse_configuration(yaml, "p.yaml");
    return parsed ? std::string{"good"} : parsed.error().message;
  };
  EXPECT_NE(message("data: /x\nhttps: { prot: 1 }\n").find("p.yaml:2"), std::string::npos);
  EXPECT_NE(message("https: { port: 1 }\n").find("data"), std::string::npos);
  EXPECT_NE(message("data: /x\nhttps: { port: 70000 }\n").find("p.yaml:2"), std::string::npos);
  EXPECT_NE(message("data: /x\nlimits:\n  http:\n    body_bytes_max: 1\n").find("p.yaml:4"), std::string::npos);
  EXPECT_NE(message("data: /x\nhttps: { certificate: a.pem }\n").find("certificate and key"), std::string::npos);
}

TEST(PlatformConfiguration, ReadsAggregates) {
  const auto parsed = parse_configuration(
      "data: /x\naggregates:\n  time_zone: Europe/Berlin\n  retention:\n"
      "    - { register: voltage_*, raw_keep_days: 400 }\n"
      "    - { register: current_a, raw_keep_days: 90, hourly_keep_days: 3650 }\n",
      "p.yaml");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->aggregate_time_zone, "Europe/Berlin");
  ASSERT_EQ(parsed->retention.size(), 2U);
  EXPECT_EQ(parsed->retention[0].register_name, "voltage_*");
  EXPECT_EQ(parsed->retention[0].raw_keep_days, 400);
  EXPECT_EQ(parsed->retention[0].hourly_keep_days, 0);
  EXPECT_EQ(parsed->retention[1].hourly_keep_days, 3'650);

  const auto message = [](const std::string& section) {
    const auto bad = parse_configuration("data: /x\naggregates:\n  " + section + "\n", "p.yaml");
    return bad ? std::string{"good"} : bad.error().message;
  };
  const auto rules = [&](const std::string& items) { return message("retention:\n" + items); };
  EXPECT_NE(message("time_zone: Asia/Nowhere").find("p.yaml:3"), std::string::npos);
  EXPECT_NE(message("time_zone: Asia/Nowhere").find("no time zone"), std::string::npos);
  EXPECT_NE(rules("    - { register: voltage_a }").find("p.yaml:4"), std::string::npos);
  EXPECT_NE(rules("    - { register: voltage_a, raw_keep_days: 1 }").find("p.yaml:4"), std::string::npos);
  EXPECT_NE(rules("    - { register: '*', raw_keep_days: 9 }").find("beginning of some"), std::string::npos);
  EXPECT_NE(rules("    - { register: Voltage, raw_keep_days: 9 }").find("beginning of some"), std::string::npos);
  EXPECT_NE(rules("    - { register: v, raw_keep_days: 9, hourly_keep_days: 3 }").find("at least raw_keep_days"),
            std::string::npos);
  const std::string hidden =
      rules("    - { register: voltage_*, raw_keep_days: 9 }\n    - { register: voltage_a, raw_keep_days: 9 }");
  EXPECT_NE(hidden.find("p.yaml:5"), std::string::npos) << hidden;
  EXPECT_NE(rules("    - { register: v, raw_keep_days: 9, keep: 3 }").find("keep"), std::string::npos);
}

}  // namespace
}  // namespace duheng::platform
