#pragma once
// Duheng's side of the telemetry benchmark: the whole path, then the same questions as its peers get.
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench/peers/peer_bench.hpp"
#include "tools/bench/telemetry/following_clock.hpp"
#include "tools/bench/telemetry/sample_frames.hpp"

namespace duheng::platform {
class WholePath;
}

namespace duheng::tools {

namespace store_run_limits {
/// By then every day and year of the values is over.
inline constexpr std::int64_t settled_utc_ms = 1'768'003'200'000;  ///< 2026-01-10
inline constexpr std::int64_t question_timeout_ms = 60'000;
}  // namespace store_run_limits

struct StoreRunOptions {
  SampleSize size{};
  std::string directory{};          ///< exists; files are left to the caller to remove
  std::uint32_t parts = 10;         ///< the load is cut into so many, each measured
  std::uint32_t series_asked = 40;  ///< different series for each question
  std::uint32_t times_asked = 5;    ///< each of them so often, after once for warmth
  double stall_seconds = 30;        ///< so long is everything scanned beside full ingest
  std::function<void(const std::string&)> progress{};
};

struct StoreFigures {
  double ingest_readings_per_s = 0;          ///< median of the parts, until the last row stands in telemetry
  double ingest_all_readings_per_s = 0;      ///< all readings through the whole time
  double ingest_durable_readings_per_s = 0;  ///< all readings until the last was acknowledged
  double cpu_s = 0;                          ///< of the process while loading
  double cpu_driver_s = 0;                   ///< of it decoding, making batches, hashing
  double cpu_applying_s = 0;
  double cpu_maintaining_s = 0;
  double memory_mib = 0;  ///< greatest while loading, above what the made frames take
  double settle_s = 0;
  double bytes_per_reading = 0;              ///< values, stamps, qualities and the files' own share
  double bytes_per_reading_with_frames = 0;  ///< also frame references and times of receipt: all of telemetry's files
  double value_block_bytes_per_reading = 0;  ///< before pages and encryption
  double evidence_block_bytes_per_reading = 0;
  double journal_bytes_per_reading = 0;  ///< the frames themselves, readings, hashes
  Spread series_month_ms{};
  Spread trace_ms{};
  double day_rows_per_s = 0;        ///< made from the daily registers by the aggregate keeper
  Spread daily_ten_years_ms{};      ///< from day rows
  Spread fleet_top100_ms{};         ///< from day rows
  Spread ten_years_registers_ms{};  ///< the daily registers as they were read
  Spread fleet_scan_ms{};           ///< top 100 from registers as they were read, through scan()
  double commit_stall_ms_max = 0;   ///< longest time without a commit while a batch waited, a scan beside it
  double commit_latency_ms_p99 = 0;
  double commit_latency_ms_max =
      0;  ///< from offering a batch, room in ingest's queue waited for, to its acknowledgement
  double loading_commit_stall_ms_max = 0;  ///< the same without the scan
  double stall_ingest_readings_per_s = 0;
  double scanned_readings_per_s = 0;
};

/// One run. Every answer is checked against what went in: conflict - a wrong one. Errors otherwise: of the stores.
class StoreRun {
 public:
  StoreRun(const StoreRunOptions& options, StoreFigures& figures);
  ~StoreRun();
  [[nodiscard]] Result<void> run();

 private:
  /// Series of telemetry by kind and number.
  using SeriesOf = std::array<std::vector<std::int64_t>, 3>;
  [[nodiscard]] Result<void> make_frames();
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<void> ask_months();
  [[nodiscard]] Result<void> trace();
  [[nodiscard]] Result<void> stall();
  [[nodiscard]] Result<void> load_daily();
  [[nodiscard]] Result<void> ask_ten_years();
  [[nodiscard]] Result<void> ask_top();
  [[nodiscard]] Result<void> ask_aggregates();
  struct Aggregates;
  [[nodiscard]] Result<void> ask_day_rows(const Aggregates& aggregates);
  [[nodiscard]] Result<void> ask_fleet_rows(const Aggregates& aggregates);
  /// Decodes a block's frames into batches and hands them in; times moved by `shift_ms`.
  [[nodiscard]] Result<void> feed(platform::WholePath& path, const FrameBlock& block, std::int64_t shift_ms);
  [[nodiscard]] Result<SeriesOf> find_series(platform::WholePath& path) const;
  [[nodiscard]] Result<std::uint64_t> scan_until(std::int64_t deadline_ns);
  void tell(const std::string& what) const;

  const StoreRunOptions& options_;
  StoreFigures& figures_;
  FollowingClock clock_;
  SampleFeed truth_;
  std::unique_ptr<SampleDevices> devices_;
  std::vector<FrameBlock> blocks_;
  std::unique_ptr<platform::WholePath> path_;
  std::unique_ptr<platform::WholePath> daily_path_;
  SeriesOf series_;
  SeriesOf daily_series_;
  std::vector<std::uint64_t> daily_readings_;
  double driver_cpu_s_ = 0;
};

}  // namespace duheng::tools
