// Holds this folder's own engines to the contract.
#include "base/clock.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/maintained_store.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "store/telemetry/telemetry_contract_suite.hpp"

namespace duheng::store {
namespace {

std::unique_ptr<TelemetryStore> make_duckdb(const std::string& directory) {
  static PosixDisk disk;
  static const SystemClock clock;
  static crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  DuckDbTelemetryOptions options;
  options.directory = directory + "/telemetry";
  options.readings_per_step_max = 500;  // so that larger requests take several steps
  options.flush_readings = 2'000;       // and answers come from memory and from runs together
  auto opened = DuckDbTelemetryStore::open(options, disk, clock, keys);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? std::move(opened->store) : nullptr;
}

/// Everything merged and sealed after every request.
std::unique_ptr<TelemetryStore> make_sealed(const std::string& directory) {
  static PosixDisk disk;
  static const SystemClock clock;
  static crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  DuckDbTelemetryOptions options;
  options.directory = directory + "/telemetry";
  options.flush_readings = 300;
  options.merge_runs = 2;
  options.merge_readings_at_once = 1'000;
  options.seal_readings = 1;
  auto opened = DuckDbTelemetryStore::open(options, disk, clock, keys);
  EXPECT_TRUE(opened) << opened.error().message;
  if (!opened) return nullptr;
  return std::make_unique<testing::MaintainedStore>(std::move(opened->store));
}

std::unique_ptr<TelemetryStore> make_memory(const std::string&) { return std::make_unique<MemoryTelemetryStore>(); }

INSTANTIATE_TEST_SUITE_P(Engines, TelemetryContract,
                         ::testing::Values(TelemetryEngine{"memory", make_memory},
                                           TelemetryEngine{"duckdb", make_duckdb},
                                           TelemetryEngine{"duckdb_sealed", make_sealed}),
                         telemetry_engine_name);

}  // namespace
}  // namespace duheng::store
