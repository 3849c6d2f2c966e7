#include "tools/bench/telemetry/telemetry_bench.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "platform/ingest/whole_path_bench.hpp"
#include "tools/bench/bench_programs.hpp"
#include "tools/bench/telemetry/bench_table.hpp"

namespace duheng::tools {

namespace {

constexpr std::string_view section_name = "bench-peers";

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/// Cores, memory, and how busy the machine was when the run began: figures of a busy one say little.
std::string machine() {
  std::string line;
  double gibibytes = 0;
  std::ifstream memory("/proc/meminfo");
  std::string word;
  while (memory >> word) {
    double kibibytes = 0;
    if (word == "MemTotal:" && memory >> kibibytes) gibibytes = kibibytes / (1U << 20U);
  }
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return fmt::format("{} cores, {:.0f} GiB, load {:.1f} at the beginning", std::thread::hardware_concurrency(),
                     gibibytes, load);
}

void add_spread(BenchReport& report, const std::string& name, const Spread& spread) {
  report.figures.push_back({name, spread.median});
  report.figures.push_back({name + "_p99", spread.p99});
}

void add_own(BenchReport& report, const StoreFigures& own) {
  auto& figures = report.figures;
  figures.push_back({"ingest_readings_per_s", own.ingest_readings_per_s});
  figures.push_back({"ingest_all_readings_per_s", own.ingest_all_readings_per_s});
  figures.push_back({"ingest_durable_readings_per_s", own.ingest_durable_readings_per_s});
  figures.push_back({"bytes_per_reading", own.bytes_per_reading});
  figures.push_back({"bytes_per_reading_with_frames", own.bytes_per_reading_with_frames});
  figures.push_back({"value_block_bytes_per_reading", own.value_block_bytes_per_reading});
  figures.push_back({"evidence_block_bytes_per_reading", own.evidence_block_bytes_per_reading});
  figures.push_back({"journal_bytes_per_reading", own.journal_bytes_per_reading});
  figures.push_back({"settle_s", own.settle_s});
  figures.push_back({"cpu_s", own.cpu_s});
  figures.push_back({"cpu_driver_s", own.cpu_driver_s});
  figures.push_back({"cpu_applying_s", own.cpu_applying_s});
  figures.push_back({"cpu_maintaining_s", own.cpu_maintaining_s});
  figures.push_back({"memory_mib", own.memory_mib});
  figures.push_back({"commit_stall_ms_max", own.commit_stall_ms_max});
  figures.push_back({"commit_latency_ms_p99", own.commit_latency_ms_p99});
  figures.push_back({"commit_latency_ms_max", own.commit_latency_ms_max});
  figures.push_back({"loading_commit_stall_ms_max", own.loading_commit_stall_ms_max});
  figures.push_back({"stall_ingest_readings_per_s", own.stall_ingest_readings_per_s});
  figures.push_back({"scanned_readings_per_s", own.scanned_readings_per_s});
  add_spread(report, "series_month_ms", own.series_month_ms);
  add_spread(report, "daily_ten_years_ms", own.daily_ten_years_ms);
  add_spread(report, "fleet_top100_ms", own.fleet_top100_ms);
  figures.push_back({"day_rows_per_s", own.day_rows_per_s});
  add_spread(report, "ten_years_registers_ms", own.ten_years_registers_ms);
  add_spread(report, "fleet_scan_ms", own.fleet_scan_ms);
  add_spread(report, "trace_ms", own.trace_ms);
}

void add_peer(BenchReport& report, const PeerFigures& peer) {
  const auto add = [&](const char* name, double value) {
    if (value > 0) report.figures.push_back({peer.key + "_" + name, value});
  };
  add("ingest_readings_per_s", peer.ingest_readings_per_s);
  add("ingest_all_readings_per_s", peer.ingest_all_readings_per_s);
  add("durable_ingest_readings_per_s", peer.durable_readings_per_s());
  add("bytes_per_reading", peer.bytes_per_reading);
  add("series_month_ms", peer.series_month_ms.median);
  add("series_month_ms_p99", peer.series_month_ms.p99);
  add("daily_ten_years_ms", peer.daily_ten_years_ms.median);
  add("daily_ten_years_ms_p99", peer.daily_ten_years_ms.p99);
  add("fleet_top100_ms", peer.fleet_top100_ms.median);
  add("fleet_top100_ms_p99", peer.fleet_top100_ms.p99);
  add("ping_ms", peer.ping_ms.median);
  add("memory_mib", peer.memory_mib);
  add("cpu_s", peer.load_cpu_s);
  add("settle_s", peer.settle_s);
  report.notes.push_back(fmt::format(
      "{}: {}{}; {}", peer.title, peer.durability,
      peer.synchronised_durability.empty() ? "" : "; durable_ingest: " + peer.synchronised_durability, peer.set_up));
  if (!peer.error.empty()) report.notes.push_back(fmt::format("{} NOT ALL MEASURED: {}", peer.title, peer.error));
}

BenchReport make_report(const TelemetryBenchFigures& figures, const SampleSize& size) {
  BenchReport report;
  add_own(report, figures.own);
  report.figures.push_back({"single_readings_per_s", figures.single_readings_per_s});
  report.figures.push_back({"single_latency_ms_p99", figures.single_latency_ms_p99});
  if (!figures.peers.empty()) {
    report.figures.push_back({"ingest_ratio_best_peer", figures.ingest_ratio_best_peer()});
    report.figures.push_back({"ingest_ratio_best_durable_peer", figures.ingest_ratio_best_durable_peer()});
    report.figures.push_back({"ingest_ratio_best_synchronised_peer", figures.ingest_ratio_best_synchronised_peer()});
  }
  report.figures.push_back({"readings", static_cast<double>(size.readings())});
  report.notes.emplace_back(
      "Duheng: octets of frames to the last row in telemetry, journal synchronised before each acknowledgement, all "
      "encrypted, merging and sealing beside it; questions in process");
  report.notes.emplace_back(
      "commit_stall: longest time without a commit while a batch waited, beside full ingest, maintenance and a scan of "
      "everything; commit_latency: from offering a batch, room in ingest's queue waited for");
  report.notes.emplace_back(
      "daily_ten_years_ms and fleet_top100_ms: daily values kept ready on every side (ours: aggregate rows made from "
      "daily registers); ten_years_registers_ms and fleet_scan_ms: from the registers themselves");
  for (const auto& peer : figures.peers) add_peer(report, peer);
  return report;
}

Result<void> write_table(const std::string& path, std::string_view table) {
  std::ifstream in(path);
  if (!in) return fail(ErrorCode::not_found, path + " cannot be read");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  DUHENG_TRY(const auto changed, with_marked_section(text, section_name, table));
  const std::string beside = path + ".new";
  std::ofstream(beside, std::ios::trunc) << changed;
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (error) return fail(ErrorCode::storage_failed, path + ": " + error.message());
  return {};
}

}  // namespace

Result<BenchReport> run_telemetry_bench(const BenchOptions& options) {
  const std::string on_what = machine();
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  // Peers that run as another user look for their own folder below.
  std::filesystem::permissions(scratch.path(), std::filesystem::perms(0755));
  const SampleSize size = SampleSize::scaled(options.scale);
  const bool brief = options.seconds < 3;
  const auto progress = [&](const std::string& what) {
    if (options.peers) std::cerr << what << '\n';
  };
  TelemetryBenchFigures figures;
  {
    StoreRunOptions own{.size = size, .directory = scratch.path() + "/own"};
    own.parts = brief ? 3 : 10;
    own.times_asked = brief ? 3 : 5;
    own.stall_seconds = std::clamp(30 * options.scale, 3.0, 30.0);
    own.progress = progress;
    std::filesystem::create_directories(own.directory);
    StoreRun run(own, figures.own);
    DUHENG_CHECK(run.run());
  }
  {
    platform::SingleReadingOptions single;
    single.directory = scratch.path();
    single.seconds = options.seconds;
    DUHENG_TRY(const auto one_by_one, platform::run_single_reading_bench(single));
    figures.single_readings_per_s = one_by_one.readings_per_s;
    figures.single_latency_ms_p99 = one_by_one.latency_ms_p99;
  }
  if (options.peers) {
    PeerBenchOptions beside{.size = size,
                            .servers_directory = std::filesystem::absolute(options.servers_directory).string(),
                            .scratch_directory = scratch.path()};
    beside.parts = brief ? 3 : 10;
    beside.times_asked = brief ? 3 : 5;
    beside.progress = progress;
    figures.peers = run_peers(beside);
  }
  if (!options.write_path.empty())
    DUHENG_CHECK(write_table(options.write_path, markdown_table(figures, size, today(), on_what)));
  return make_report(figures, size);
}

}  // namespace duheng::tools
