// Daily values kept ready: a meter's ten years and a fleet's day from aggregate rows.
#include <algorithm>
#include <fmt/format.h>

#include "platform/ingest/whole_path_harness.hpp"
#include "store/aggregates/aggregate_keeper.hpp"
#include "store/aggregates/database_aggregate_store.hpp"
#include "store/aggregates/fleet_questions.hpp"
#include "store/aggregates/series_aggregates.hpp"
#include "store/records/sqlite_database.hpp"
#include "tools/bench/telemetry/store_run.hpp"

namespace duheng::tools {

namespace {

using store_run_limits::question_timeout_ms;

// Stamps at 00:00 UTC are 08:00 there: each reading belongs to the civil day of its own date.
constexpr std::string_view zone = "Asia/Shanghai";

double ms_since(const Clock& clock, std::int64_t begin_ns) {
  return static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-6;
}
std::int32_t day_number(std::int64_t utc_ms) { return static_cast<std::int32_t>(utc_ms / sample_times::day_ms); }

}  // namespace

/// Everything that stands between the telemetry store and daily figures.
struct StoreRun::Aggregates {
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  std::unique_ptr<records::SqliteDatabase> database;
  std::unique_ptr<store::DatabaseAggregateStore> rows;
  store::CivilCalendar calendar;
};

Result<void> StoreRun::ask_aggregates() {
  tell("daily rows");
  DUHENG_TRY(auto calendar, store::CivilCalendar::open(zone));
  Aggregates aggregates{.database = {}, .rows = {}, .calendar = std::move(calendar)};
  DUHENG_TRY(aggregates.database,
             records::SqliteDatabase::open({.path = options_.directory + "-daily/aggregates.db"}, aggregates.keys));
  DUHENG_TRY(aggregates.rows, store::DatabaseAggregateStore::open(*aggregates.database, clock_, zone));
  store::AggregateKeeper keeper(daily_path_->telemetry(), *aggregates.rows, aggregates.calendar, clock_,
                                store::default_series_policy, {});
  const std::int64_t begin_ns = clock_.monotonic_ns();
  while (true) {
    DUHENG_TRY(const auto work, keeper.step());
    if (work == store::AggregateKeeper::Work::none) break;
  }
  figures_.day_rows_per_s =
      static_cast<double>(options_.size.daily_values()) * 1'000 / std::max(1.0, ms_since(clock_, begin_ns));
  DUHENG_CHECK(ask_day_rows(aggregates));
  return ask_fleet_rows(aggregates);
}

Result<void> StoreRun::ask_day_rows(const Aggregates& aggregates) {
  const store::SeriesAggregates of_series(daily_path_->telemetry(), *aggregates.rows, aggregates.calendar, clock_,
                                          store::default_series_policy);
  const store::QueryOptions patient{.timeout_ms = question_timeout_ms, .cancel = {}};
  const std::int32_t first = day_number(sample_times::ten_years_start_utc_ms);
  const auto last = static_cast<std::int32_t>(first + options_.size.ten_year_days - 1);
  const std::uint32_t asked = std::min(options_.series_asked, options_.size.ten_year_meters);
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= options_.times_asked; ++round) {
    for (std::uint32_t i = 0; i < asked; ++i) {
      const std::uint32_t meter = i * (options_.size.ten_year_meters / asked);
      const std::int64_t asked_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto days, of_series.days(SeriesId{daily_series_[2][meter]}, first, last, patient));
      if (round > 0) samples.push_back(ms_since(clock_, asked_ns));
      bool right = days.size() == options_.size.ten_year_days;
      for (const auto& day : days) {
        // The first day has nothing before it to count from.
        const auto number = static_cast<std::uint32_t>(day.day - first);
        right = right && (number == 0 || day.row.increase == daily_total(meter, number));
      }
      if (!right) return fail(ErrorCode::conflict, fmt::format("wrong ten years of daily rows of meter {}", meter));
    }
  }
  figures_.daily_ten_years_ms = spread_of(std::move(samples));
  return {};
}

Result<void> StoreRun::ask_fleet_rows(const Aggregates& aggregates) {
  std::vector<store::FleetSeries> fleet;
  std::map<std::int64_t, std::uint32_t> number_of;
  for (std::uint32_t i = options_.size.ten_year_meters; i < daily_series_[2].size(); ++i) {
    fleet.push_back({.series = SeriesId{daily_series_[2][i]}, .exponent = -2});
    number_of[daily_series_[2][i]] = i;
  }
  DUHENG_TRY(const auto scope, store::FleetScope::make(std::move(fleet)));
  const store::FleetQuestions of_fleet(daily_path_->telemetry(), *aggregates.rows, aggregates.calendar, clock_,
                                       store::default_series_policy);
  const store::QueryOptions patient{.timeout_ms = question_timeout_ms, .cancel = {}};
  const std::int32_t fleet_first = day_number(sample_times::start_utc_ms);
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= options_.times_asked; ++round) {
    for (std::uint32_t day = 1; day < std::min(10U, options_.size.fleet_days); ++day) {
      const auto number = static_cast<std::int32_t>(fleet_first + day);
      const std::int64_t asked_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto top, of_fleet.top(scope, number, number, 100, patient));
      if (round > 0) samples.push_back(ms_since(clock_, asked_ns));
      std::vector<TopEntry> got;
      for (const auto& entry : top.series)
        got.push_back({number_of[entry.series.value], static_cast<std::int64_t>(entry.amount)});
      std::ranges::sort(got, [](const auto& a, const auto& b) {
        return a.mantissa != b.mantissa ? a.mantissa > b.mantissa : a.series < b.series;
      });
      if (got != true_top(options_.size, day)) return fail(ErrorCode::conflict, "a wrong top 100 of daily rows");
    }
  }
  figures_.fleet_top100_ms = spread_of(std::move(samples));
  return {};
}

}  // namespace duheng::tools
