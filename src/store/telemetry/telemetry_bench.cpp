#include <benchmark/benchmark.h>
#include <chrono>
#include <deque>
#include <fmt/format.h>
#include <thread>

#include "base/clock.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

// Real files in the machine's temporary folder, encrypted, the log synced at every commit as the engine does it. The
// engine has one thread where the name says "one_core"; reading journal records from disk is not part of what is
// measured.

namespace {

using namespace duheng;
using namespace duheng::store;

constexpr std::int64_t day_ms = 86'400'000;

DuckDbTelemetryOptions options_in(const std::string& directory, std::size_t threads) {
  DuckDbTelemetryOptions options;
  options.directory = directory + "/telemetry";
  options.threads = threads;
  return options;
}

std::unique_ptr<DuckDbTelemetryStore> open(const DuckDbTelemetryOptions& options) {
  static PosixDisk disk;
  static const SystemClock clock;
  static crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  auto opened = DuckDbTelemetryStore::open(options, disk, clock, keys);
  if (!opened) std::abort();
  return std::move(opened->store);
}

/// Batches of 4096 frames with one reading each: `meters` meters with 10 registers, one round every `interval_ms`.
class Fleet {
 public:
  Fleet(int meters, std::int64_t interval_ms) : meters_(meters), interval_ms_(interval_ms) {
    for (int m = 0; m < meters; ++m) uids_.push_back(fmt::format("dlt645-{:012}", m));
    for (int r = 0; r < 10; ++r) registers_.push_back(fmt::format("register_{}", r));
  }
  Bytes batch() {
    BatchWriter writer(testing::start_utc_ms + step_ / (meters_ * 10) * interval_ms_);
    for (int i = 0; i < 4096; ++i, ++step_) {
      const std::int64_t round = step_ / (meters_ * 10);
      const auto meter = static_cast<std::size_t>(step_ / 10 % meters_);
      const auto which = static_cast<std::size_t>(step_ % 10);
      const std::int64_t time = testing::start_utc_ms + round * interval_ms_ + static_cast<std::int64_t>(meter) * 3;
      writer.frame({writer.device(uids_[meter]), Protocol::dlt645_2007, time - 40, time, request_, response_});
      const auto r = writer.register_of({registers_[which], "kWh", -2, SeriesKind::decimal});
      writer.reading({r,
                      round * 13 + static_cast<std::int64_t>(
                                       (meter * 7 + which * 31 + static_cast<std::size_t>(round) * 17) % 100),
                      time, TimeSource::gateway, Quality::good});
    }
    Bytes out;
    writer.finish(out);
    return out;
  }

 private:
  int meters_;
  std::int64_t interval_ms_;
  std::int64_t step_ = 0;
  std::vector<std::string> uids_;
  std::vector<std::string> registers_;
  Bytes request_ = Bytes(16, 0x68);
  Bytes response_ = Bytes(22, 0x68);
};

/// Brings a store to its final shape.
void maintain_all(TelemetryStore& store) {
  if (!store.checkpoint()) std::abort();
  for (bool more = true; more;) {
    const auto done = store.maintain({});
    if (!done) std::abort();
    more = *done;
  }
}

/// Maintenance beside what is measured, as in a running platform.
class Maintainer {
 public:
  explicit Maintainer(TelemetryStore& store)
      : thread_([&store](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            const auto more = store.maintain({});
            if (!more) std::abort();
            if (!*more) std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }) {}

 private:
  std::jthread thread_;
};

void tell_sizes(benchmark::State& state, const DuckDbTelemetryStore& store) {
  const auto sizes = store.sizes();
  const auto readings = static_cast<double>(sizes.readings);
  state.counters["value_bytes_per_reading"] = static_cast<double>(sizes.value_bytes) / readings;
  state.counters["evidence_bytes_per_reading"] = static_cast<double>(sizes.evidence_bytes) / readings;
  const auto statistics = store.statistics();
  state.counters["sealed_file_bytes_per_reading"] =
      static_cast<double>(statistics.sealed_bytes) / static_cast<double>(statistics.sealed_readings);
  state.counters["runs"] = static_cast<double>(sizes.runs);
}

void apply(benchmark::State& state) {
  const auto threads = static_cast<std::size_t>(state.range(0));
  const auto records_per_request = static_cast<std::size_t>(state.range(1));
  const testing::TemporaryDirectory directory;
  const auto store = open(options_in(directory.path(), threads));
  Fleet fleet(1'000, 60'000);
  const Maintainer maintainer(*store);
  std::deque<Bytes> bodies;
  std::uint64_t readings = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<TelemetryRecord> records;
    bodies.clear();
    for (std::size_t i = 0; i < records_per_request; ++i) {
      bodies.push_back(fleet.batch());
      records.push_back({store->next_record() + i, GatewayId{1}, bodies.back()});
    }
    state.ResumeTiming();
    const auto applied = store->apply(records);
    if (!applied) return state.SkipWithError(applied.error().message.c_str());
    if (!store->checkpoint_if_due()) return state.SkipWithError("checkpoint failed");
    readings += applied->readings;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(readings));
  if (!store->checkpoint()) return state.SkipWithError("checkpoint failed");
  state.counters["bytes_per_reading"] =
      static_cast<double>(store->statistics().file_bytes) / static_cast<double>(readings);
}
BENCHMARK(apply)
    ->ArgNames({"threads", "records"})
    ->Args({1, 100})
    ->Args({2, 100})
    ->Args({2, 250})
    ->Args({2, 1})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(3);

/// 1,000 meters x 10 registers over a month at 15 minutes: 29.8 million readings. Made once.
struct Month {
  testing::TemporaryDirectory directory;
  std::unique_ptr<DuckDbTelemetryStore> store;
  std::int64_t end_utc_ms = 0;

  Month() {
    store = open(options_in(directory.path(), 2));
    Fleet fleet(1'000, 900'000);
    while (store->statistics().readings < 31U * 96U * 10'000U) add(fleet, 100);
    maintain_all(*store);
    end_utc_ms = testing::start_utc_ms + 31 * day_ms;
  }
  void add(Fleet& fleet, int count) const {
    std::deque<Bytes> bodies;
    std::vector<TelemetryRecord> records;
    for (int i = 0; i < count; ++i) {
      bodies.push_back(fleet.batch());
      records.push_back({store->next_record() + static_cast<std::uint64_t>(i), GatewayId{1}, bodies.back()});
    }
    if (!store->apply(records) || !store->checkpoint_if_due()) std::abort();
  }
  static Month& get() {
    static Month month;
    return month;
  }
};

void one_series_one_day_of_a_month(benchmark::State& state) {
  const Month& month = Month::get();
  std::int64_t number = 0;
  std::size_t points = 0;
  for (auto _ : state) {
    number = (number + 4'321) % 10'000;
    const auto got = month.store->range(SeriesId{number + 1},
                                        {month.end_utc_ms - 2 * day_ms, month.end_utc_ms - day_ms}, 200'000, {});
    if (!got) return state.SkipWithError(got.error().message.c_str());
    points = got->points.size();
  }
  state.counters["points"] = static_cast<double>(points);
}
BENCHMARK(one_series_one_day_of_a_month)->Unit(benchmark::kMillisecond)->UseRealTime();

void one_series_one_month(benchmark::State& state) {
  const Month& month = Month::get();
  std::int64_t number = 0;
  std::size_t points = 0;
  for (auto _ : state) {
    number = (number + 4'321) % 10'000;
    const auto got = month.store->range(SeriesId{number + 1}, {testing::start_utc_ms, month.end_utc_ms}, 200'000, {});
    if (!got) return state.SkipWithError(got.error().message.c_str());
    points = got->points.size();
  }
  state.counters["points"] = static_cast<double>(points);
  tell_sizes(state, *month.store);
}
BENCHMARK(one_series_one_month)->Unit(benchmark::kMillisecond)->UseRealTime();

void curve_of_a_month(benchmark::State& state) {
  const Month& month = Month::get();
  for (auto _ : state) {
    const auto got = month.store->curve(SeriesId{77}, {testing::start_utc_ms, month.end_utc_ms}, 800, {});
    if (!got) return state.SkipWithError(got.error().message.c_str());
  }
}
BENCHMARK(curve_of_a_month)->Unit(benchmark::kMillisecond)->UseRealTime();

void completeness_of_a_day(benchmark::State& state) {
  const Month& month = Month::get();
  for (auto _ : state) {
    const auto got = month.store->completeness(SeriesId{77}, {month.end_utc_ms - 2 * day_ms, month.end_utc_ms - day_ms},
                                               900'000, {});
    if (!got || got->present == 0) return state.SkipWithError("no answer");
  }
}
BENCHMARK(completeness_of_a_day)->Unit(benchmark::kMillisecond)->UseRealTime();

/// 28 meters x 10 registers over a year at 15 minutes: 9.8 million readings.
void curve_of_a_year(benchmark::State& state) {
  static const testing::TemporaryDirectory directory;
  static const std::unique_ptr<DuckDbTelemetryStore> store = [] {
    auto made = open(options_in(directory.path(), 2));
    Fleet fleet(28, 900'000);
    while (made->statistics().readings < 365U * 96U * 280U) {
      std::deque<Bytes> bodies;
      std::vector<TelemetryRecord> records;
      for (std::uint64_t i = 0; i < 100; ++i) {
        bodies.push_back(fleet.batch());
        records.push_back({made->next_record() + i, GatewayId{1}, bodies.back()});
      }
      if (!made->apply(records) || !made->checkpoint_if_due()) std::abort();
    }
    maintain_all(*made);
    return made;
  }();
  for (auto _ : state) {
    const auto got = store->curve(SeriesId{77}, {testing::start_utc_ms, testing::start_utc_ms + 365 * day_ms}, 800, {});
    if (!got || got->empty()) return state.SkipWithError("no answer");
  }
}
BENCHMARK(curve_of_a_year)->Unit(benchmark::kMillisecond)->UseRealTime();

void latest_of_100000_series(benchmark::State& state) {
  static const testing::TemporaryDirectory directory;
  const auto store = open(options_in(directory.path(), 2));
  Fleet fleet(10'000, 60'000);
  while (store->statistics().series < 100'000) {
    const Bytes body = fleet.batch();
    const TelemetryRecord record{store->next_record(), GatewayId{1}, body};
    if (!store->apply({&record, 1})) return state.SkipWithError("not applied");
  }
  std::vector<SeriesId> asked;
  for (std::int64_t i = 1; i <= 100'000; ++i) asked.push_back(SeriesId{i});
  for (auto _ : state) benchmark::DoNotOptimize(store->latest(asked));
}
BENCHMARK(latest_of_100000_series)->Unit(benchmark::kMillisecond);

void reopen_after_a_month(benchmark::State& state) {
  Month& month = Month::get();
  for (auto _ : state) {
    month.store.reset();
    month.store = open(options_in(month.directory.path(), 2));
  }
  state.counters["readings"] = static_cast<double>(month.store->statistics().readings);
}
BENCHMARK(reopen_after_a_month)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
