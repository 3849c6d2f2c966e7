// Holds the ClickHouse engine to the contract of all engines, against a true server.
#include "base/clock.hpp"
#include "store/clickhouse/clickhouse_telemetry_store.hpp"
#include "store/clickhouse/clickhouse_test_server.hpp"
#include "store/telemetry/telemetry_contract_suite.hpp"

namespace duheng::store {
namespace {

std::unique_ptr<TelemetryStore> make_clickhouse(const std::string&) {
  static const SystemClock clock;
  auto* const server = testing::ClickHouseTestServer::shared();
  if (server == nullptr) return nullptr;
  static const auto transport = testing::connect(server->http_options());
  if (transport == nullptr) return nullptr;
  ClickHouseTelemetryOptions options;
  options.database = server->fresh_database();
  options.readings_per_step_max = 500;  // so that larger requests take several steps
  options.rows_per_question_max = 700;  // and scans several questions
  auto opened = ClickHouseTelemetryStore::open(options, *transport, clock);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? std::move(*opened) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(Engines, TelemetryContract,
                         ::testing::Values(TelemetryEngine{"clickhouse", make_clickhouse,
                                                           testing::ClickHouseTestServer::unavailable}),
                         telemetry_engine_name);

}  // namespace
}  // namespace duheng::store
