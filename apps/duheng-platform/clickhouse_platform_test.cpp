// The platform with its telemetry in a true ClickHouse server: the same answers as with DuckDB, and a server that is
// away costs nothing but time.
#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "observation.hpp"
#include "platform.hpp"
#include "platform/administration/administration.hpp"
#include "platform/web/testing/tls_client.hpp"
#include "store/clickhouse/clickhouse_test_server.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/records/test_database.hpp"
#include "telemetry_wiring.hpp"

namespace duheng::platform {
namespace {

using store::testing::ClickHouseTestServer;
using web::testing::Client;
using Json = nlohmann::json;

class ClickHousePlatform : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = ClickHouseTestServer::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
    ASSERT_TRUE(server_.start());
    std::ofstream(folder_.file("clickhouse.password")) << server_.http_options().password << "\n";
    ASSERT_EQ(chmod(folder_.file("clickhouse.password").c_str(), 0600), 0);
  }
  std::string section() const {
    return "telemetry:\n  engine: clickhouse\n  clickhouse: { url: '" + server_.http_options().url +
           "', database: world, password_file: " + folder_.file("clickhouse.password") + " }\n";
  }
  Configuration configuration(const std::string& more) const {
    auto parsed = parse_configuration(
        "data: " + folder_.file("data") +
            "\nhttps: { address: 127.0.0.1, port: 0 }\ngateways: { address: 127.0.0.1, port: 0 }\n"
            "enrolment: { address: 127.0.0.1, port: 0 }\nobservability: { port: 0 }\n"
            "limits: { people: { password_memory_kib: 1024, password_passes: 1 }, telemetry: { memory_mib: 128 } }\n" +
            more,
        "platform.yaml");
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return *parsed;
  }
  std::unique_ptr<store::ReopeningTelemetryStore> open_store(const TelemetryChoice& choice, store::Journal& journal) {
    auto opened = open_telemetry_store(choice, {.disk = disk_,
                                                .clock = clock_,
                                                .random = random_,
                                                .keys = keys_,
                                                .directory = folder_.file("duckdb"),
                                                .memory_bytes_max = 128U << 20,
                                                .journal_first_number = journal.first_number()});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<store::Journal> open_journal() {
    return store::Journal::open(disk_, random_, keys_, {.directory = folder_.file("journal")}).value();
  }
  void commit(store::Journal& journal, int batches) {
    for (int i = 0; i < batches; ++i) {
      const store::JournalRecord record = sender_.next(4);
      ASSERT_TRUE(journal.commit({&record, 1}));
    }
  }
  /// Steps until everything is applied; with a deadline, for a server that comes back.
  void apply_all(TelemetryApplier& applier, store::Journal& journal) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (applier.status().next_record < journal.next_number()) {
      if (const auto step = applier.step(); !step) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << step.error().message;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  store::testing::Sender sender_{1, 7};
  ClickHouseTestServer server_;
};

TEST_F(ClickHousePlatform, HoldsWhatDuckDbHoldsAndCatchesUpAfterTheServerWasAway) {
  const auto choice = configuration(section()).telemetry;
  ASSERT_EQ(choice.engine, TelemetryEngine::clickhouse);
  const auto journal = open_journal();
  commit(*journal, 50);
  const auto duckdb = open_store({}, *journal);
  const auto clickhouse = open_store(choice, *journal);
  ASSERT_TRUE(duckdb && clickhouse);
  TelemetryApplier to_duckdb(*journal, *duckdb, clock_);
  TelemetryApplier to_clickhouse(*journal, *clickhouse, clock_);
  apply_all(to_duckdb, *journal);
  apply_all(to_clickhouse, *journal);
  EXPECT_EQ(clickhouse->digest().value(), duckdb->digest().value());
  EXPECT_EQ(clickhouse->statistics().readings, 200U);

  server_.kill();
  commit(*journal, 20);
  EXPECT_FALSE(to_clickhouse.step());
  ApplierStatus away = to_clickhouse.status();
  away.error = Error{ErrorCode::storage_failed, "away"};
  const auto finding = telemetry_finding(away, clickhouse->status(), 1'000);
  EXPECT_EQ(finding.state, status::State::failed);
  EXPECT_EQ(judged_by_engine(TelemetryEngine::clickhouse, finding, clickhouse->status()).state,
            status::State::degraded);
  EXPECT_EQ(judged_by_engine(TelemetryEngine::duckdb, finding, clickhouse->status()).state, status::State::failed);
  EXPECT_EQ(clickhouse->sources().size(), 3U) << "what is in memory is answered meanwhile";
  ASSERT_TRUE(server_.start());
  apply_all(to_clickhouse, *journal);
  apply_all(to_duckdb, *journal);
  EXPECT_EQ(clickhouse->digest().value(), duckdb->digest().value());
  EXPECT_EQ(clickhouse->statistics().readings, 280U);
}

TEST_F(ClickHousePlatform, AnEmptyServerIsFilledFromTheJournal) {
  const auto journal = open_journal();
  commit(*journal, 10);
  TelemetryChoice choice = configuration(section()).telemetry;
  std::string digest;
  for (const char* database : {"first", "second"}) {
    choice.database = database;
    const auto telemetry = open_store(choice, *journal);
    TelemetryApplier applier(*journal, *telemetry, clock_);
    apply_all(applier, *journal);
    const std::string found = telemetry->digest().value();
    EXPECT_TRUE(digest.empty() || found == digest);
    digest = found;
  }
}

TEST_F(ClickHousePlatform, RefusesAWrongPasswordAndOneThatOthersCanRead) {
  const auto journal = open_journal();
  const auto choice = configuration(section()).telemetry;
  const TelemetryWiringParts parts{.disk = disk_, .clock = clock_, .random = random_, .keys = keys_, .directory = {}};
  ASSERT_EQ(chmod(choice.password_file.c_str(), 0640), 0);
  auto opened = open_telemetry_store(choice, parts);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("can be read by other accounts"), std::string::npos);
  ASSERT_EQ(chmod(choice.password_file.c_str(), 0600), 0);
  std::ofstream(choice.password_file) << "wrong\n";
  opened = open_telemetry_store(choice, parts);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unauthenticated) << opened.error().message;
  EXPECT_EQ(opened.error().message.find("wrong\n"), std::string::npos);
}

/// The whole server, its telemetry away from the start.
TEST_F(ClickHousePlatform, StartsReadyWithoutTheServerAndServesOnceItIsThere) {
  PeopleOptions people;
  people.password_cost = {.memory_kib = 1'024, .passes = 1};
  {
    auto administration = Administration::open(folder_.file("data"), disk_, clock_, random_, people);
    ASSERT_TRUE(administration && administration->create_user("operator", Role::operator_, "", "correct horse", false));
    const auto keys = crypto::LocalKeyProvider::open(disk_, random_, folder_.file("data/keys/master.key")).value();
    const auto journal = store::Journal::open(disk_, random_, *keys, {.directory = folder_.file("data/journal")});
    ASSERT_TRUE(journal);
    commit(**journal, 10);
  }
  server_.kill();
  auto platform = Platform::start(configuration(section()));
  ASSERT_TRUE(platform) << platform.error().message;
  const Platform::Ports ports = (*platform)->ports();
  const auto ready = Client::connect(ports.observability, true)->request("GET", "/readyz");
  EXPECT_EQ(ready.status, 200) << ready.body;

  auto client = Client::connect(ports.https);
  ASSERT_TRUE(client);
  const auto session =
      client->request("POST", "/api/v1/session", "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
                      R"({"name":"operator","password":"correct horse"})");
  ASSERT_EQ(session.status, 200) << session.body;
  const std::string set_cookie = session.header("set-cookie");
  const std::string cookie = "Cookie: " + set_cookie.substr(0, set_cookie.find(';')) + "\r\n";
  const auto telemetry_state = [&] {
    const Json told = Json::parse(client->request("GET", "/api/v1/status", cookie).body);
    for (const Json& component : told["components"])
      if (component["name"] == "telemetry") return component["state"].get<std::string>();
    return std::string("missing");
  };
  EXPECT_EQ(telemetry_state(), "degraded");

  ASSERT_TRUE(server_.start());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (telemetry_state() != "ok" && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(telemetry_state(), "ok");
  const std::string metrics = Client::connect(ports.observability, true)->request("GET", "/metrics").body;
  EXPECT_NE(metrics.find("duheng_telemetry_readings 40"), std::string::npos) << metrics;
}

TEST(TelemetryChoice, ReadingsLeaveTheMachineInTlsOnly) {
  const auto told = [](const std::string& clickhouse) {
    const auto parsed = parse_configuration(
        "data: /x\ntelemetry:\n  engine: clickhouse\n  clickhouse: { " + clickhouse + " }\n", "p.yaml");
    return parsed ? std::string{} : parsed.error().message;
  };
  for (const char* good : {"url: 'http://127.0.0.1:8123/'", "url: 'http://localhost:8123'", "url: 'http://[::1]:8123/'",
                           "url: 'https://clickhouse.example:8443/', ca_file: /ca.pem, user: meter"})
    EXPECT_EQ(told(good), "") << good;
  for (const char* bad :
       {"url: 'http://clickhouse.example:8123/'", "url: 'http://127.0.0.1@elsewhere/'",
        "url: 'http://localhost.example/'", "url: 'http://127.example.org/'", "url: 'http://user:x@127.0.0.1/'",
        "url: 'ftp://127.0.0.1/'", "url: ''", "database: 'a;b'", "port: 1"})
    EXPECT_NE(told(bad).find("p.yaml:4"), std::string::npos) << bad << ": " << told(bad);
  EXPECT_NE(parse_configuration("data: /x\ntelemetry: { engine: oracle }\n", "p.yaml").error().message.find("p.yaml:2"),
            std::string::npos);
  EXPECT_EQ(parse_configuration("data: /x\nencryption: { cipher: sm4_gcm }\n", "p.yaml")->cipher,
            crypto::Cipher::sm4_gcm);
  EXPECT_FALSE(parse_configuration("data: /x\nencryption: { cipher: none }\n", "p.yaml"));
}

}  // namespace
}  // namespace duheng::platform
