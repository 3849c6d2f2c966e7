// Questions at the size they are asked at: ten years of 1,000 series, and 100,000 meters for a month. The rows are made
// up directly (they are what the keeper writes); the file is a real encrypted one.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <memory>

#include "store/aggregates/aggregate_test_world.hpp"
#include "store/aggregates/database_aggregate_store.hpp"
#include "store/records/test_database.hpp"

namespace duheng::store {
namespace {

constexpr std::int32_t first_day = 17'000;
constexpr std::int64_t day_ms = 86'400'000;

AggregateRow day_row(std::int64_t series, std::int32_t day) {
  const std::int64_t used = (series * 7'919 + day * 104'729) % 4'000;
  const std::int64_t begin = day * day_ms - 8 * 3'600'000;
  const auto frame = static_cast<std::uint64_t>(day - first_day) * 100'000 + static_cast<std::uint64_t>(series);
  AggregateRow row;
  row.after_utc_ms = begin;
  row.through_utc_ms = begin + day_ms;
  row.value_count = row.slots_expected = row.slots_present = 96;
  row.first = {begin + 900'000, 1'000'000 + day * 2'000, FrameReference::make(frame, 11), Quality::good};
  row.last = {begin + day_ms, row.first.mantissa + used, FrameReference::make(frame + 95'000, 17), Quality::good};
  row.minimum = row.first;
  row.maximum = row.last;
  row.sum = Int128{96} * row.first.mantissa;
  row.increase = used;
  row.longest_silence_ms = 900'000;
  return row;
}

/// An encrypted file with rows of `series` x `days`.
struct Filled {
  Filled(std::int64_t series, std::int32_t days) {
    store = std::move(*DatabaseAggregateStore::open(*database, database.clock, "Asia/Shanghai"));
    for (std::int64_t slice = 1; slice <= series; slice += aggregate_limits::series_per_slice) {
      for (std::int32_t day = first_day; day < first_day + days;) {
        AggregateWrite change;
        const std::int32_t month_end = CivilCalendar::last_day_of(CivilCalendar::month_of(day));
        const std::int32_t end = std::min(first_day + days - 1, month_end);
        for (std::int64_t id = slice; id < slice + aggregate_limits::series_per_slice && id <= series; ++id) {
          for (std::int32_t d = day; d <= end; ++d) change.rows.push_back({SeriesId{id}, d, day_row(id, d)});
        }
        change.state = KeeperState{.settled_through = end, .provisional_through = end};
        if (!store->write(change)) std::abort();
        rows += change.rows.size();
        day = end + 1;
      }
    }
  }
  /// Of the database, rows and figures together.
  double file_bytes() {
    const auto pages = database->read([](records::Transaction& transaction) -> Result<std::int64_t> {
      DUHENG_TRY(const auto count, transaction.integer("PRAGMA page_count"));
      DUHENG_TRY(const auto size, transaction.integer("PRAGMA page_size"));
      return count.value_or(0) * size.value_or(0);
    });
    return pages ? static_cast<double>(*pages) : 0.0;
  }
  records::TestDatabase database;
  std::unique_ptr<DatabaseAggregateStore> store;
  std::size_t rows = 0;
};

Filled& ten_years() {
  static Filled filled(1'000, 3'652);
  return filled;
}
Filled& large_fleet() {
  static Filled filled(100'000, 30);
  return filled;
}

void ten_years_of_one_series(benchmark::State& state) {
  Filled& filled = ten_years();
  std::int64_t series = 1;
  for (auto _ : state) {
    const auto rows = filled.store->days(SeriesId{series}, first_day, first_day + 3'651);
    if (!rows || rows->size() != 3'652) state.SkipWithError("wrong rows");
    series = series % 1'000 + 1;
  }
  state.counters["file_bytes_per_row"] = filled.file_bytes() / static_cast<double>(filled.rows);
}
BENCHMARK(ten_years_of_one_series)->Unit(benchmark::kMillisecond);

FleetScope whole_fleet() {
  std::vector<FleetSeries> series;
  for (std::int64_t id = 1; id <= 100'000; ++id)
    series.push_back(
        {.series = SeriesId{id}, .group = static_cast<std::uint32_t>(id % 50), .exponent = -2, .interval_ms = 900'000});
  return *FleetScope::make(std::move(series));
}

struct FleetWorld {
  FleetWorld() { clock.set_utc_ms((first_day + 60) * day_ms); }
  testing::TelemetryDouble telemetry;
  CivilCalendar calendar = *CivilCalendar::open("Asia/Shanghai");
  ManualClock clock;
  FleetScope scope = whole_fleet();
};

void fleet_top_100(benchmark::State& state) {
  Filled& filled = large_fleet();
  const FleetWorld world;
  const FleetQuestions questions(world.telemetry, *filled.store, world.calendar, world.clock, testing::quarter_hours);
  const auto days = static_cast<std::int32_t>(state.range(0));
  for (auto _ : state) {
    const auto top = questions.top(world.scope, first_day + 29 - (days - 1), first_day + 29, 100, {});
    if (!top || top->series.size() != 100) state.SkipWithError("wrong answer");
  }
}
BENCHMARK(fleet_top_100)->Arg(1)->Arg(30)->Unit(benchmark::kMillisecond);

void fleet_totals_of_50_groups_one_day(benchmark::State& state) {
  Filled& filled = large_fleet();
  const FleetWorld world;
  const FleetQuestions questions(world.telemetry, *filled.store, world.calendar, world.clock, testing::quarter_hours);
  for (auto _ : state) {
    const auto totals = questions.totals(world.scope, first_day + 20, first_day + 20, {});
    if (!totals || totals->groups.size() != 50) state.SkipWithError("wrong answer");
  }
}
BENCHMARK(fleet_totals_of_50_groups_one_day)->Unit(benchmark::kMillisecond);

void fleet_completeness_one_day(benchmark::State& state) {
  Filled& filled = large_fleet();
  const FleetWorld world;
  const FleetQuestions questions(world.telemetry, *filled.store, world.calendar, world.clock, testing::quarter_hours);
  for (auto _ : state) {
    const auto table = questions.completeness(world.scope, first_day + 20, first_day + 20, {});
    if (!table || table->rows.size() != 50) state.SkipWithError("wrong answer");
  }
}
BENCHMARK(fleet_completeness_one_day)->Unit(benchmark::kMillisecond);

/// A day's rows of 1,024 series into a month that has them up to the day before: what a sweep writes in a step.
void write_a_slice(benchmark::State& state) {
  Filled& filled = large_fleet();
  const std::int32_t day = first_day + 29;
  AggregateWrite change;
  change.cleared = AggregateWrite::Cleared{{SeriesId{1}, SeriesId{1'024}}, day, day};
  for (std::int64_t id = 1; id <= 1'024; ++id) change.rows.push_back({SeriesId{id}, day, day_row(id, day)});
  for (auto _ : state) {
    if (!filled.store->write(change)) state.SkipWithError("not written");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 1'024);
}
BENCHMARK(write_a_slice)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duheng::store
