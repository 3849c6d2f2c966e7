#include "store/aggregates/series_aggregates.hpp"

#include <gtest/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"

namespace duheng::store {
namespace {

using testing::World;

class SeriesAggregatesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::int32_t day = first_; day <= first_ + 40; ++day) {
      for (int hour = 1; hour <= 24; ++hour) world_.telemetry.add(series_, world_.at(day, 60 * hour), value_ += 10);
    }
    world_.set_now(first_ + 40, 24 * 60);
    ASSERT_TRUE(world_.run());
  }
  [[nodiscard]] Int128 month_increase(std::string_view date) const {
    const std::int32_t month = CivilCalendar::month_of(world_.day(date));
    const auto months = world_.questions().months(series_, month, month, {});
    EXPECT_TRUE(months);
    return months->empty() ? 0 : months->front().row.increase;
  }
  World world_;
  const std::int32_t first_ = world_.day("2026-01-28");
  const SeriesId series_ = world_.telemetry.add_series();
  std::int64_t value_ = 0;
};

TEST_F(SeriesAggregatesTest, AMonthIsItsDaysAndItsConsumption) {
  const std::int32_t february = CivilCalendar::month_of(world_.day("2026-02-10"));
  const auto months = *world_.questions().months(series_, february - 1, february + 1, {});
  ASSERT_EQ(months.size(), 3U);
  EXPECT_EQ(months[1].row.increase, 28 * 240);
  EXPECT_EQ(months[1].days_with_values, 28);
  EXPECT_EQ(months[1].row.value_count, 28U * 24);
  EXPECT_EQ(months[1].row.slots_expected, 28U * 96);
  EXPECT_EQ(months[1].row.after_utc_ms, world_.calendar.day(world_.day("2026-02-01")).after_utc_ms);
  EXPECT_EQ(months[1].row.through_utc_ms, world_.calendar.day(world_.day("2026-02-28")).through_utc_ms);
  ChainLink link;
  link.series = series_;
  link.exponent = -2;
  link.unit = "kWh";
  for (const MonthRow& month : months) {
    const auto used =
        consumption(world_.telemetry, {"kWh", {link}}, {month.row.after_utc_ms, month.row.through_utc_ms}, {}, {});
    EXPECT_EQ(used->amount, month.row.increase);
  }
  // The first month has days before the first reading: expected, not there.
  EXPECT_EQ(months[0].row.slots_expected, 31U * 96);
  EXPECT_EQ(months[0].days_with_values, 4);
}

TEST_F(SeriesAggregatesTest, WeeksAndYearsAreTheirDays) {
  // 2026-01-28 is a Wednesday: a week of five days with values, then whole ones.
  const std::int32_t monday = CivilCalendar::week_begin(first_);
  std::vector<DaySpan> weeks;
  for (int i = -1; i < 8; ++i) weeks.push_back({monday + 7 * i, monday + 7 * i + 6});
  const auto rows = *world_.questions().spans(series_, weeks, {});
  ASSERT_EQ(rows.size(), 7U);
  EXPECT_EQ(rows[0].days, (DaySpan{monday, monday + 6}));
  EXPECT_EQ(rows[0].days_with_values, 5);
  EXPECT_EQ(rows[0].row.increase, 5 * 240 - 10);  // counted from the first value ever
  EXPECT_EQ(rows[1].row.increase, 7 * 240);
  EXPECT_EQ(rows[1].row.value_count, 7U * 24);
  Int128 sum = 0;
  for (const SpanRow& row : rows) sum += row.row.increase;
  const std::int32_t begin = world_.day("2026-01-01");
  const std::vector<DaySpan> years{{begin - 365, begin - 1}, {begin, begin + 364}};
  const auto year = *world_.questions().spans(series_, years, {});
  ASSERT_EQ(year.size(), 1U);
  EXPECT_EQ(year[0].row.increase, sum);
  EXPECT_EQ(year[0].days_with_values, 41);
  // Late data moves the week at once.
  world_.telemetry.edit(series_, EditKind::correction, world_.at(first_ + 11, 24 * 60), 12 * 240 - 7);
  const auto moved = *world_.questions().spans(series_, std::vector{weeks[2], weeks[3]}, {});
  EXPECT_EQ(moved[0].row.increase + moved[1].row.increase, 14 * 240);
  EXPECT_NE(moved[0].row.increase, 7 * 240);
  EXPECT_EQ(world_.questions().spans(series_, std::vector{weeks[3], weeks[2]}, {}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(world_.questions().spans(series_, {}, {})->empty());
  EXPECT_TRUE(world_.questions().months(series_, -2'000'000'000, -1'999'999'999, {})->empty());
}

TEST_F(SeriesAggregatesTest, LateDataAndCorrectionsUpdateTheMonthAtOnce) {
  EXPECT_EQ(month_increase("2026-02-10"), 28 * 240);
  // Settled long ago: the last reading of January turns out lower, so February began lower.
  world_.telemetry.edit(series_, EditKind::correction, world_.at(world_.day("2026-01-31"), 24 * 60), 4 * 240 - 5);
  EXPECT_EQ(month_increase("2026-02-10"), 28 * 240 + 5);  // before the keeper has seen it
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(month_increase("2026-02-10"), 28 * 240 + 5);
  // Late, and without it the register would have stood still: the month has one value more, and a step back.
  world_.telemetry.add(series_, world_.at(world_.day("2026-02-11"), 30), 14 * 240 - 50);
  const auto with_late = [&] {
    const std::int32_t month = CivilCalendar::month_of(world_.day("2026-02-10"));
    return world_.questions().months(series_, month, month, {})->front().row;
  };
  const AggregateRow at_once = with_late();
  EXPECT_EQ(at_once.value_count, 28U * 24 + 1);
  EXPECT_EQ(at_once.increase, 28 * 240 + 5 + 50);
  EXPECT_NE(at_once.findings & aggregate_findings::decrease_unexplained, 0);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(with_late(), at_once);
}

TEST_F(SeriesAggregatesTest, TheOpenDayIsThereAsFarAsItGoes) {
  const std::int32_t today = first_ + 41;
  world_.set_now(today, 90);
  world_.telemetry.add(series_, world_.at(today, 60), value_ + 7);
  const auto days = *world_.questions().days(series_, today - 1, today + 5, {});
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[1].day, today);
  EXPECT_EQ(days[1].row.increase, 7);
  EXPECT_EQ(world_.questions().days(series_, today, today, {})->front().row.increase, 7);
}

TEST_F(SeriesAggregatesTest, HoursComeFromReadings) {
  const auto hours = *world_.questions().hours(series_, first_, first_ + 1, {});
  ASSERT_EQ(hours.size(), 2U);
  ASSERT_EQ(hours[0].hours.size(), 24U);
  EXPECT_EQ(hours[0].hours[0].findings, aggregate_findings::no_start_value);
  EXPECT_EQ(hours[1].hours[0].increase, 10);
  EXPECT_EQ(hours[1].hours[0].last.time_utc_ms, hours[1].hours[0].through_utc_ms);
  world_.telemetry.add(series_, world_.at(first_ + 1, 30), 245);
  EXPECT_EQ(world_.questions().hours(series_, first_ + 1, first_ + 1, {})->front().hours[0].value_count, 2U);
}

TEST_F(SeriesAggregatesTest, AnswersWithoutAKeeperToo) {
  World fresh;
  const SeriesId series = fresh.telemetry.add_series();
  fresh.telemetry.add(series, fresh.at(first_, 60), 100);
  fresh.telemetry.add(series, fresh.at(first_ + 1, 60), 130);
  fresh.set_now(first_ + 1, 600);
  const auto days = *fresh.questions().days(series, first_ - 5, first_ + 5, {});
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[1].row.increase, 30);
}

TEST_F(SeriesAggregatesTest, PassesErrorsOnAndRefusesWrongRanges) {
  EXPECT_EQ(world_.questions().days(series_, 5, 4, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(world_.questions().months(series_, 5, 4, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(world_.questions().hours(series_, 5, 4, {}).error().code, ErrorCode::invalid_argument);
  world_.telemetry.fail_from_call(0);
  EXPECT_EQ(world_.questions().days(series_, first_, first_ + 50, {}).error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(world_.questions().days(SeriesId{99}, first_ + 60, first_ + 70, {})->empty());
}

}  // namespace
}  // namespace duheng::store
