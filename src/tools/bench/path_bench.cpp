// Figures of the way from frame octets to durable, in one process: the work is platform/ingest's own measurement.
#include "platform/ingest/whole_path_bench.hpp"
#include "tools/bench/bench_programs.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {

Result<BenchReport> run_whole_path_bench(const BenchOptions& options) {
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  platform::WholePathOptions path;
  path.directory = scratch.path();
  DUHENG_TRY(const auto figures, platform::run_whole_path_bench(path));
  return BenchReport{{{"readings_per_s", figures.readings_per_s},
                      {"durable_readings_per_s", figures.durable_readings_per_s},
                      {"readings", static_cast<double>(figures.readings)},
                      {"seconds", figures.seconds},
                      {"cpu_decode_s", figures.cpu_decode_s},
                      {"cpu_batch_s", figures.cpu_batch_s},
                      {"cpu_hash_and_check_s", figures.cpu_hash_and_check_s},
                      {"cpu_journal_s", figures.cpu_journal_s},
                      {"cpu_telemetry_s", figures.cpu_telemetry_s},
                      {"cpu_maintenance_s", figures.cpu_maintenance_s},
                      {"journal_bytes_per_reading", figures.journal_bytes_per_reading},
                      {"telemetry_bytes", static_cast<double>(figures.telemetry_bytes)}},
                     {"octets of frames to the last row in telemetry; journal and telemetry encrypted, real files, "
                      "each group synchronised; frame references kept; merging and sealing beside it"}};
}

Result<BenchReport> run_single_readings_bench(const BenchOptions& options) {
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  platform::SingleReadingOptions single;
  single.directory = scratch.path();
  single.seconds = options.seconds;
  DUHENG_TRY(const auto figures, platform::run_single_reading_bench(single));
  return BenchReport{{{"readings_per_s", figures.readings_per_s},
                      {"latency_ms_p50", figures.latency_ms_p50},
                      {"latency_ms_p99", figures.latency_ms_p99},
                      {"latency_ms_max", figures.latency_ms_max},
                      {"readings_per_commit", figures.readings_per_commit},
                      {"cpu_s", figures.cpu_s}},
                     {"each reading a batch of its own, 64 gateways, at most 16 unacknowledged each; acknowledged "
                      "after the journal's synchronisation"}};
}

}  // namespace duheng::tools
