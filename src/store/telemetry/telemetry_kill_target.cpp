// Applies the made-up journal of telemetry_test_data.hpp for ever and says after each request how far it is. The kill
// test ends it at any moment. With a second argument it first lives under a file size limit of so many octets, as on a
// full disk.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "base/clock.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace {

using namespace duheng;
using namespace duheng::store;

Result<std::uint64_t> apply_some(DuckDbTelemetryStore& store, Random& random) {
  const std::uint64_t count = 1 + random.below(random.below(8) == 0 ? 400 : 10);
  std::deque<Bytes> bodies;
  std::vector<TelemetryRecord> records;
  const std::uint64_t first = store.next_record();
  for (std::uint64_t i = first; i < first + count; ++i) {
    bodies.push_back(testing::made_record(i));
    records.push_back({i, testing::made_gateway(i), bodies.back()});
  }
  DUHENG_TRY(const ApplyResult applied, store.apply(records));
  DUHENG_TRY(const bool checkpoint, store.checkpoint_if_due());
  (void)checkpoint;
  (void)applied;
  return store.durable_record();
}

void limit_file_size(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const bool with_limit = argc > 2;
  std::signal(SIGXFSZ, SIG_IGN);
  PosixDisk disk;
  const SystemClock clock;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  SystemRandom random;
  DuckDbTelemetryOptions options;
  options.directory = argv[1];
  // Small enough that every kind of work goes on all the time: flushes, merges, sealing, checkpoints.
  options.flush_readings = 2'000;
  options.merge_runs = 3;
  options.merge_readings_at_once = 5'000;
  options.seal_readings = 15'000;
  if (argc < 4 || std::string_view{argv[3]} != "commit") options.log_bytes_due = 400'000;
  auto opened = DuckDbTelemetryStore::open(options, disk, clock, keys);
  if (!opened || opened->origin == DuckDbTelemetryStore::Origin::replaced_damaged) {
    std::fprintf(stderr, "not opened: %s\n", opened ? opened->damage.c_str() : opened.error().message.c_str());
    return 3;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(opened->store->durable_record()));
  std::fflush(stdout);
  std::jthread maintainer;
  if (!with_limit)
    maintainer = std::jthread([&store = *opened->store](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        if (const auto more = store.maintain({}); !more) {
          std::fprintf(stderr, "maintaining: %s\n", more.error().message.c_str());
          std::_Exit(5);
        }
      }
    });
  if (with_limit) limit_file_size(std::strtoull(argv[2], nullptr, 10));
  while (true) {
    const auto position = apply_some(*opened->store, random);
    if (!position && with_limit) {
      std::fprintf(stderr, "%s\n", position.error().message.c_str());
      // Space has come. The store as it is must refuse or be right; opened again it must be right.
      limit_file_size(RLIM_INFINITY);
      const auto as_it_is = apply_some(*opened->store, random);
      const int code_as_it_is = as_it_is ? 0 : static_cast<int>(as_it_is.error().code);
      const bool must_reopen = opened->store->must_reopen();
      opened->store.reset();
      opened = DuckDbTelemetryStore::open(options, disk, clock, keys);
      int reopened = opened && opened->origin == DuckDbTelemetryStore::Origin::opened ? 1 : 0;
      for (int i = 0; i < 5 && reopened == 1; ++i) reopened = apply_some(*opened->store, random) ? 1 : 0;
      std::printf("error %d as_it_is %d must_reopen %d reopened %d\n", static_cast<int>(position.error().code),
                  code_as_it_is, must_reopen ? 1 : 0, reopened);
      std::fflush(stdout);
      std::_Exit(0);
    }
    if (!position) {
      std::fprintf(stderr, "stopped: %s\n", position.error().message.c_str());
      return 4;
    }
    std::printf("%llu\n", static_cast<unsigned long long>(*position));
    std::fflush(stdout);
  }
}
