#pragma once
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace duheng::platform {

/// The whole way in one process, nothing left out: octets of DL/T 645 frames -> decode and verify -> batch with frames
/// and readings -> hash chain -> ingest's checks -> journal (encrypted, real files, one synchronisation per group) ->
/// telemetry (encrypted), with its maintenance in a thread beside it. The clock runs until the last reading stands in
/// telemetry.
struct WholePathOptions {
  std::string directory{};  ///< must exist; files are left to the caller to remove
  std::uint64_t readings = 10'000'000;
  std::size_t meters = 1'000;
  std::size_t gateways = 8;
  std::size_t readings_per_batch = 4'096;
};

struct WholePathFigures {
  std::uint64_t readings = 0;
  std::uint64_t frames = 0;
  std::uint64_t batches = 0;
  double seconds = 0;
  double readings_per_s = 0;
  double seconds_until_durable = 0;  ///< until the last batch was acknowledged
  double durable_readings_per_s = 0;
  // Processor seconds by stage.
  double cpu_decode_s = 0;
  double cpu_batch_s = 0;
  double cpu_hash_and_check_s = 0;
  double cpu_journal_s = 0;
  double cpu_telemetry_s = 0;
  double cpu_maintenance_s = 0;  ///< merging and sealing beside it
  std::uint64_t journal_commits = 0;
  std::uint64_t journal_bytes = 0;  ///< on disk
  std::uint64_t telemetry_bytes = 0;
  double journal_bytes_per_reading = 0;
  [[nodiscard]] std::string to_json() const;
};
[[nodiscard]] Result<WholePathFigures> run_whole_path_bench(const WholePathOptions& options);

/// Readings that arrive one by one, each in a batch of its own, from many gateways at once; a gateway has at most
/// `window` unacknowledged. Latency: from the frame's octets to the acknowledgement after the journal's
/// synchronisation.
struct SingleReadingOptions {
  std::string directory{};
  std::size_t gateways = 64;
  std::size_t window = 16;
  double seconds = 5;
};

struct SingleReadingFigures {
  std::uint64_t readings = 0;
  double seconds = 0;
  double readings_per_s = 0;
  double latency_ms_p50 = 0;
  double latency_ms_p99 = 0;
  double latency_ms_max = 0;
  std::uint64_t journal_commits = 0;
  double readings_per_commit = 0;
  double cpu_s = 0;
  [[nodiscard]] std::string to_json() const;
};
[[nodiscard]] Result<SingleReadingFigures> run_single_reading_bench(const SingleReadingOptions& options);

}  // namespace duheng::platform
