#pragma once
// For tests only: a telemetry double, a store of aggregates, a keeper and a clock that stands still.
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "store/aggregates/aggregate_keeper.hpp"
#include "store/aggregates/fleet_questions.hpp"
#include "store/aggregates/memory_aggregate_store.hpp"
#include "store/aggregates/series_aggregates.hpp"
#include "store/consumption/telemetry_double.hpp"

namespace duheng::store::testing {

inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr std::int64_t hour_ms = 60 * minute_ms;
inline constexpr std::int64_t quarter_ms = 15 * minute_ms;

/// A store whose write with a given number fails, before or after it took effect; all later ones too.
class FailingAggregateStore final : public AggregateStore {
 public:
  explicit FailingAggregateStore(AggregateStore& store) : store_(store) {}
  void fail_from_write(std::optional<std::uint64_t> number, bool after) {
    fail_from_ = number;
    after_ = after;
    writes_ = 0;
  }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  [[nodiscard]] Result<void> write(const AggregateWrite& change) override {
    const bool fails = fail_from_ && writes_ >= *fail_from_;
    const bool first = fail_from_ && writes_ == *fail_from_;
    ++writes_;
    if (!fails || (after_ && first)) DUHENG_CHECK(store_.write(change));
    if (fails) return fail(ErrorCode::storage_failed, "told to fail");
    return {};
  }
  [[nodiscard]] Result<KeeperState> state() const override { return store_.state(); }
  [[nodiscard]] Result<std::vector<DayRow>> days(SeriesId series, std::int32_t first,
                                                 std::int32_t last) const override {
    return store_.days(series, first, last);
  }
  [[nodiscard]] Result<std::optional<DayRow>> last_before(SeriesId series, std::int32_t day) const override {
    return store_.last_before(series, day);
  }
  [[nodiscard]] Result<std::optional<DayRow>> first_after(SeriesId series, std::int32_t day) const override {
    return store_.first_after(series, day);
  }
  [[nodiscard]] Result<void> figures(std::int32_t first, std::int32_t last, const OnFigures& sink) const override {
    return store_.figures(first, last, sink);
  }
  [[nodiscard]] Result<std::vector<HourRows>> hours(SeriesId series, std::int32_t first,
                                                    std::int32_t last) const override {
    return store_.hours(series, first, last);
  }
  [[nodiscard]] Result<std::vector<RowMaking>> makings(SeriesDay of) const override { return store_.makings(of); }
  [[nodiscard]] Result<HourState> hour_state(SeriesId series) const override { return store_.hour_state(series); }
  [[nodiscard]] Result<std::vector<HourState>> hour_states(SeriesSpan span) const override {
    return store_.hour_states(span);
  }
  [[nodiscard]] Result<void> drop_hours(SeriesId series, std::int32_t before_day) override {
    return store_.drop_hours(series, before_day);
  }

 private:
  AggregateStore& store_;
  std::optional<std::uint64_t> fail_from_;
  bool after_ = false;
  std::uint64_t writes_ = 0;
};

[[nodiscard]] inline SeriesPolicy quarter_hours(const Series& series) {
  SeriesPolicy policy = default_series_policy(series);
  policy.interval_ms = quarter_ms;
  policy.rule.modulus = 100'000'000;
  return policy;
}

struct World {
  explicit World(std::string_view zone = "Asia/Shanghai") : calendar(*CivilCalendar::open(zone)) { restart(); }

  /// A new keeper, as after a crash: nothing in memory survives.
  void restart() {
    keeper = std::make_unique<AggregateKeeper>(telemetry, failing, calendar, clock, quarter_hours, options);
  }
  /// Everything there is to do. Returns how many steps it took, nothing on an error.
  std::optional<int> run() {
    for (int steps = 0; steps < 100'000; ++steps) {
      const auto done = keeper->step();
      if (!done) return std::nullopt;
      if (*done == AggregateKeeper::Work::none) return steps;
    }
    ADD_FAILURE() << "the keeper does not come to an end";
    return std::nullopt;
  }
  [[nodiscard]] std::int32_t day(std::string_view date) const { return *CivilCalendar::parse_day(date); }
  /// Minutes after the civil day's beginning.
  [[nodiscard]] std::int64_t at(std::int32_t day, std::int64_t minute) const {
    return calendar.day(day).after_utc_ms + minute * minute_ms;
  }
  void set_now(std::int32_t day, std::int64_t minute) { clock.set_utc_ms(at(day, minute)); }
  [[nodiscard]] std::vector<DayRow> rows(SeriesId series) const {
    const auto got = aggregates.days(series, aggregate_limits::first_day_min, aggregate_limits::day_max - 1);
    EXPECT_TRUE(got);
    return got.value_or(std::vector<DayRow>{});
  }
  /// What the rows of all days up to `last` should be, from the readings alone.
  [[nodiscard]] std::vector<DayRow> expected(SeriesId series, std::int32_t first, std::int32_t last) const {
    const RowMaker maker(telemetry, quarter_hours);
    const auto buckets = calendar.days(first, last);
    const auto none = [](SeriesId) { return Result<std::optional<AggregateMark>>(std::nullopt); };
    const auto made = maker.of_series(series, buckets, none, {});
    EXPECT_TRUE(made);
    std::vector<DayRow> out;
    for (const BucketRow& row : made.value_or(std::vector<BucketRow>{}))
      out.push_back({series, first + static_cast<std::int32_t>(row.bucket), row.row});
    return out;
  }
  [[nodiscard]] SeriesAggregates questions() const {
    return {telemetry, aggregates, calendar, clock, quarter_hours, options.first_day};
  }
  [[nodiscard]] FleetQuestions fleet() const { return {telemetry, aggregates, calendar, clock, quarter_hours}; }

  CivilCalendar calendar;
  ManualClock clock;
  TelemetryDouble telemetry;
  MemoryAggregateStore aggregates;
  FailingAggregateStore failing{aggregates};
  KeeperOptions options{.first_day = *CivilCalendar::parse_day("2025-11-01")};
  std::unique_ptr<AggregateKeeper> keeper;
};

}  // namespace duheng::store::testing
