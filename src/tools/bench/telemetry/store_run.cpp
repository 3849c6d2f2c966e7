#include "tools/bench/telemetry/store_run.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <malloc.h>
#include <thread>
#include <unistd.h>

#include "platform/ingest/whole_path_harness.hpp"
#include "tools/bench/peers/server_process.hpp"

namespace duheng::tools {

namespace {

constexpr std::size_t gateways = 4;
constexpr std::uint32_t readings_per_batch = 2'500;
using store_run_limits::question_timeout_ms;
using store_run_limits::settled_utc_ms;

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  in >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// The greatest memory of this process, above what it had before.
class OwnMemoryWatch {
 public:
  OwnMemoryWatch() {
    ::malloc_trim(0);
    before_ = resident_bytes();
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        greatest_ = std::max(greatest_.load(), resident_bytes());
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
  }
  [[nodiscard]] double greatest_mib() const {
    return greatest_ <= before_ ? 0 : static_cast<double>(greatest_ - before_) / (1U << 20U);
  }

 private:
  std::uint64_t before_ = 0;
  std::atomic<std::uint64_t> greatest_ = 0;
  std::jthread thread_;
};

double ms_between(std::int64_t begin_ns, std::int64_t end_ns) { return static_cast<double>(end_ns - begin_ns) * 1e-6; }

/// Calls `ask(i)` for each i once for warmth, then `times` more, each measured. `ask` checks its own answer afterwards
/// through what it returns: the time counts until it returns.
template <class Ask, class Check>
Result<Spread> measure(const Clock& clock, std::uint32_t count, std::uint32_t times, const Ask& ask,
                       const Check& check) {
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= times; ++round) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::int64_t begin_ns = clock.monotonic_ns();
      auto answer = ask(i);
      const double taken_ms = ms_between(begin_ns, clock.monotonic_ns());
      if (!answer) return std::unexpected(answer.error());
      if (round == 0) {
        DUHENG_CHECK(check(i, *answer));
      } else {
        samples.push_back(taken_ms);
      }
    }
  }
  return spread_of(std::move(samples));
}

SampleTruth truth_of(const std::vector<store::Point>& points) {
  SampleTruth out{.count = points.size()};
  for (const auto& point : points) out.mantissa_sum += point.mantissa;
  return out;
}

}  // namespace

StoreRun::StoreRun(const StoreRunOptions& options, StoreFigures& figures)
    : options_(options), figures_(figures), clock_(sample_times::start_utc_ms), truth_(options.size) {}
StoreRun::~StoreRun() = default;

void StoreRun::tell(const std::string& what) const {
  if (options_.progress) options_.progress("Duheng: " + what);
}

Result<void> StoreRun::run() {
  DUHENG_CHECK(make_frames());
  DUHENG_CHECK(load());
  DUHENG_CHECK(settle());
  DUHENG_CHECK(ask_months());
  DUHENG_CHECK(trace());
  DUHENG_CHECK(stall());
  path_.reset();
  blocks_.clear();
  DUHENG_CHECK(load_daily());
  DUHENG_CHECK(ask_ten_years());
  DUHENG_CHECK(ask_top());
  return ask_aggregates();
}

Result<void> StoreRun::make_frames() {
  tell("makes frames");
  DUHENG_TRY(auto devices, SampleDevices::make(options_.size));
  devices_ = std::make_unique<SampleDevices>(std::move(devices));
  while (const auto block = truth_.next()) {
    DUHENG_TRY(auto frames, devices_->frames(*block));
    blocks_.push_back(std::move(frames));
  }
  return {};
}

Result<void> StoreRun::feed(platform::WholePath& path, const FrameBlock& block, std::int64_t shift_ms) {
  const double begin = platform::thread_cpu_s();
  const std::uint32_t each = (block.series_count + gateways - 1) / gateways;
  const std::uint32_t steps_at_once = std::clamp<std::uint32_t>(readings_per_batch / each, 1, block.steps);
  BatchWriter writer(0);
  dlt645::ValueList values;
  std::size_t body_bytes = 0;
  for (std::uint32_t first_step = 0; first_step < block.steps; first_step += steps_at_once) {
    const std::uint32_t end_step = std::min(block.steps, first_step + steps_at_once);
    const std::int64_t batch_utc_ms = block.first_utc_ms + (end_step - 1) * block.step_ms + shift_ms;
    clock_.move_to(batch_utc_ms);
    for (std::uint32_t gateway = 0; gateway < gateways; ++gateway) {
      const std::uint32_t from = std::min(block.series_count, gateway * each);
      const std::uint32_t to = std::min(block.series_count, from + each);
      if (from == to) continue;
      writer.clear(batch_utc_ms);
      for (std::uint32_t step = first_step; step < end_step; ++step) {
        const std::int64_t time_utc_ms = block.first_utc_ms + step * block.step_ms + shift_ms;
        for (std::uint32_t i = from; i < to; ++i) {
          const std::uint32_t series = block.first_series + i;
          const auto& item = devices_->item(block.kind, series);
          const ByteView answer = block.answer(step, i);
          DUHENG_CHECK(platform::read_answer(item, answer, values));
          platform::write_answer(item, devices_->address(block.kind, series), devices_->uid(block.kind, series), answer,
                                 values, time_utc_ms, writer);
        }
      }
      auto body = std::make_shared<Bytes>();
      body->reserve(body_bytes + body_bytes / 8);
      writer.finish(*body);
      body_bytes = body->size();
      DUHENG_CHECK(path.offer(gateway, std::move(body)));
    }
  }
  driver_cpu_s_ += platform::thread_cpu_s() - begin;
  return {};
}

Result<void> StoreRun::load() {
  tell("loads");
  const OwnMemoryWatch memory;
  DUHENG_TRY(path_, platform::WholePath::open({.directory = options_.directory, .gateways = gateways}, clock_));
  const std::uint64_t each = (options_.size.readings() + options_.parts - 1) / options_.parts;
  const double cpu_begin = platform::process_cpu_s();
  const std::int64_t begin_ns = clock_.monotonic_ns();
  std::int64_t part_begin_ns = begin_ns;
  std::uint64_t part_readings = 0;
  std::vector<double> rates;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    DUHENG_CHECK(feed(*path_, blocks_[i], 0));
    part_readings += blocks_[i].readings();
    const bool last = i + 1 == blocks_.size();
    if (part_readings < each && !last) continue;
    if (last) {
      DUHENG_CHECK(path_->wait_until_durable());
      figures_.ingest_durable_readings_per_s =
          static_cast<double>(options_.size.readings()) * 1'000 / ms_between(begin_ns, clock_.monotonic_ns());
    }
    DUHENG_CHECK(path_->wait_until_applied());
    const std::int64_t now_ns = clock_.monotonic_ns();
    // A short rest at the end says nothing of its own.
    if (part_readings * 2 >= each)
      rates.push_back(static_cast<double>(part_readings) * 1'000 / ms_between(part_begin_ns, now_ns));
    part_begin_ns = now_ns;
    part_readings = 0;
  }
  figures_.ingest_readings_per_s = spread_of(rates).median;
  figures_.ingest_all_readings_per_s =
      static_cast<double>(options_.size.readings()) * 1'000 / ms_between(begin_ns, clock_.monotonic_ns());
  figures_.cpu_s = platform::process_cpu_s() - cpu_begin;
  figures_.cpu_driver_s = driver_cpu_s_;
  figures_.cpu_applying_s = path_->applying_cpu_s();
  figures_.cpu_maintaining_s = path_->maintaining_cpu_s();
  figures_.memory_mib = memory.greatest_mib();
  figures_.loading_commit_stall_ms_max = static_cast<double>(path_->take_delays().stall_ns_max) * 1e-6;
  if (path_->telemetry().statistics().readings == options_.size.readings()) return {};
  return fail(ErrorCode::conflict, fmt::format("{} readings went in, {} stand in telemetry", options_.size.readings(),
                                               path_->telemetry().statistics().readings));
}

Result<void> StoreRun::settle() {
  tell("settles");
  const std::int64_t begin_ns = clock_.monotonic_ns();
  clock_.move_to(settled_utc_ms);
  DUHENG_CHECK(path_->settle());
  figures_.settle_s = ms_between(begin_ns, clock_.monotonic_ns()) / 1'000;
  const auto readings = static_cast<double>(options_.size.readings());
  const auto sizes = path_->telemetry().sizes();
  const double files = static_cast<double>(folder_bytes(options_.directory + "/telemetry"));
  const auto blocks = static_cast<double>(std::max<std::uint64_t>(1, sizes.value_bytes + sizes.evidence_bytes));
  figures_.value_block_bytes_per_reading = static_cast<double>(sizes.value_bytes) / readings;
  figures_.evidence_block_bytes_per_reading = static_cast<double>(sizes.evidence_bytes) / readings;
  // Pages, tables, encryption: shared out by what the blocks take.
  figures_.bytes_per_reading = files / readings * static_cast<double>(sizes.value_bytes) / blocks;
  figures_.bytes_per_reading_with_frames = files / readings;
  figures_.journal_bytes_per_reading = static_cast<double>(path_->journal().size_bytes()) / readings;
  return {};
}

Result<StoreRun::SeriesOf> StoreRun::find_series(platform::WholePath& path) const {
  std::map<std::string, std::int64_t, std::less<>> by_uid;
  for (const auto& source : path.telemetry().sources()) {
    for (const auto& series : path.telemetry().series_of(source.id)) by_uid[source.device_uid] = series.id.value;
  }
  const SampleSize& size = options_.size;
  const std::array<std::uint32_t, 3> counts{size.meters, size.sensors, size.ten_year_meters + size.fleet_meters};
  SeriesOf out;
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    for (std::uint32_t i = 0; i < counts[kind]; ++i) {
      const auto found = by_uid.find(devices_->uid(static_cast<SampleKind>(kind), i));
      out[kind].push_back(found == by_uid.end() ? 0 : found->second);
    }
  }
  return out;
}

Result<void> StoreRun::ask_months() {
  tell("questions");
  DUHENG_TRY(series_, find_series(*path_));
  const std::uint32_t asked = std::min(options_.series_asked, options_.size.meters);
  const auto number = [&](std::uint32_t i) { return i * (options_.size.meters / asked); };
  const store::TimeRange month{sample_times::start_utc_ms,
                               sample_times::start_utc_ms + options_.size.meter_days * sample_times::day_ms};
  DUHENG_TRY(figures_.series_month_ms,
             measure(
                 clock_, asked, options_.times_asked,
                 [&](std::uint32_t i) {
                   return path_->telemetry().range(SeriesId{series_[0][number(i)]}, month,
                                                   store::telemetry_limits::points_per_page_max,
                                                   {.timeout_ms = question_timeout_ms, .cancel = {}});
                 },
                 [&](std::uint32_t i, const store::PointPage& page) -> Result<void> {
                   if (truth_of(page.points) == truth_.truth(SampleKind::energy, number(i))) return {};
                   return fail(ErrorCode::conflict,
                               fmt::format("a wrong month of meter {}: {} values", number(i), page.points.size()));
                 }));
  return {};
}

Result<void> StoreRun::trace() {
  // Points all over the journal, more of them than its cache holds records.
  std::vector<store::Point> points;
  SeededRandom random{11};
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto meter = static_cast<std::size_t>(random.below(options_.size.meters));
    const store::TimeRange month{sample_times::start_utc_ms, settled_utc_ms};
    DUHENG_TRY(const auto page, path_->telemetry().range(SeriesId{series_[0][meter]}, month, 10'000,
                                                         {.timeout_ms = question_timeout_ms, .cancel = {}}));
    for (int k = 0; k < 8 && !page.points.empty(); ++k) points.push_back(page.points[random.below(page.points.size())]);
  }
  std::vector<double> samples;
  for (const auto& point : points) {
    const std::int64_t begin_ns = clock_.monotonic_ns();
    DUHENG_TRY(const auto evidence, path_->journal().frame(point.frame));
    samples.push_back(ms_between(begin_ns, clock_.monotonic_ns()));
    const bool carries_it = std::ranges::any_of(
        evidence.readings, [&](const Reading& reading) { return reading.mantissa == point.mantissa; });
    if (!carries_it || evidence.frame.response.empty())
      return fail(ErrorCode::conflict, "a reading led to a frame that does not carry it");
  }
  figures_.trace_ms = spread_of(std::move(samples));
  return {};
}

Result<std::uint64_t> StoreRun::scan_until(std::int64_t deadline_ns) {
  std::uint64_t rows = 0;
  std::stop_source stop;
  const store::TimeRange everything{0, settled_utc_ms};
  const store::SeriesSpan all{SeriesId{1}, SeriesId{static_cast<std::int64_t>(path_->telemetry().statistics().series)}};
  while (clock_.monotonic_ns() < deadline_ns) {
    const auto done = path_->telemetry().scan(all, everything,
                                              [&](SeriesId, std::span<const store::ReadingRow> some) -> Result<void> {
                                                rows += some.size();
                                                if (clock_.monotonic_ns() > deadline_ns) stop.request_stop();
                                                return {};
                                              },
                                              {.timeout_ms = 600'000, .cancel = stop.get_token()});
    if (!done && done.error().code != ErrorCode::cancelled) return std::unexpected(done.error());
  }
  return rows;
}

Result<void> StoreRun::stall() {
  tell("scans everything beside full ingest");
  path_->resume_maintenance();
  (void)path_->take_delays();
  const std::int64_t begin_ns = clock_.monotonic_ns();
  const std::int64_t deadline_ns = begin_ns + static_cast<std::int64_t>(options_.stall_seconds * 1e9);
  Result<std::uint64_t> scanned = 0;
  std::jthread scanning([&] { scanned = scan_until(deadline_ns); });
  std::uint64_t readings = 0;
  // The meters' days once more, as of later days, until the time is over.
  std::int64_t shift_ms = settled_utc_ms - sample_times::start_utc_ms;
  Result<void> fed;
  while (fed && clock_.monotonic_ns() < deadline_ns) {
    for (const FrameBlock& block : blocks_) {
      if (block.kind != SampleKind::energy || !fed || clock_.monotonic_ns() >= deadline_ns) continue;
      fed = feed(*path_, block, shift_ms);
      readings += block.readings();
    }
    shift_ms += options_.size.meter_days * sample_times::day_ms;
  }
  if (fed) fed = path_->wait_until_durable();
  const double seconds = ms_between(begin_ns, clock_.monotonic_ns()) / 1'000;
  scanning.join();
  DUHENG_CHECK(fed);
  if (!scanned) return std::unexpected(scanned.error());
  auto delays = path_->take_delays();
  std::vector<double> latencies;
  for (const std::int64_t ns : delays.latencies_ns) latencies.push_back(static_cast<double>(ns) * 1e-6);
  figures_.commit_latency_ms_max = latencies.empty() ? 0 : *std::ranges::max_element(latencies);
  figures_.commit_latency_ms_p99 = spread_of(std::move(latencies)).p99;
  figures_.commit_stall_ms_max = static_cast<double>(delays.stall_ns_max) * 1e-6;
  figures_.stall_ingest_readings_per_s = static_cast<double>(readings) / seconds;
  figures_.scanned_readings_per_s = static_cast<double>(*scanned) / seconds;
  return path_->wait_until_applied();
}

}  // namespace duheng::tools
