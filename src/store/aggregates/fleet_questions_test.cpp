#include "store/aggregates/fleet_questions.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"

namespace duheng::store {
namespace {

using testing::quarter_ms;
using testing::World;

class Fleet : public ::testing::Test {
 protected:
  /// Meter i uses i units each quarter of an hour, on two days; meter 3 is silent on the second morning, meter 5 at
  /// all.
  void SetUp() override {
    for (int meter = 1; meter <= 6; ++meter) {
      const SeriesId series = world_.telemetry.add_series();
      if (meter == 5) continue;
      for (int quarter = 0; quarter <= 192; ++quarter) {
        if (meter == 3 && quarter > 96 && quarter <= 144) continue;
        world_.telemetry.add(series, world_.at(day_, 15 * quarter), 1'000 + meter * quarter);
      }
    }
  }
  [[nodiscard]] FleetScope scope(std::vector<std::int64_t> ids) const {
    std::vector<FleetSeries> series;
    for (const std::int64_t id : ids)
      series.push_back({.series = SeriesId{id},
                        .group = static_cast<std::uint32_t>(id % 2),
                        .exponent = -2,
                        .interval_ms = quarter_ms});
    return *FleetScope::make(std::move(series));
  }
  void settle() {
    world_.set_now(day_ + 4, 0);
    ASSERT_TRUE(world_.run());
  }
  World world_;
  const std::int32_t day_ = world_.day("2026-03-10");
};

TEST_F(Fleet, NamesTheLargestOfEachGroup) {
  for (const bool settled : {false, true}) {
    if (settled) settle();
    world_.set_now(day_ + 4, 0);
    const auto top = *world_.fleet().top_by_group(scope({6, 1, 2, 3, 4, 5}), day_, day_, 2, {});
    std::vector<std::pair<std::uint32_t, std::int64_t>> got;
    for (const FleetAmount& one : top.series) got.emplace_back(one.group, one.series.value);
    EXPECT_EQ(got, (std::vector<std::pair<std::uint32_t, std::int64_t>>{{0, 6}, {0, 4}, {1, 3}, {1, 1}}));
    EXPECT_EQ(top.series[1].amount, 4 * 96);
    EXPECT_EQ(world_.fleet().top_by_group(scope({6, 1, 2, 3, 4, 5}), day_, day_, 9, {})->series.size(), 5U)
        << "what has no value is left out";
  }
}

TEST_F(Fleet, NamesTheLargestOfTheScopeOnly) {
  settle();
  const auto all = *world_.fleet().top(scope({6, 1, 2, 3, 4, 5}), day_, day_, 3, {});
  ASSERT_EQ(all.series.size(), 3U);
  EXPECT_EQ(all.series[0].series, SeriesId{6});
  EXPECT_EQ(all.series[0].amount, 6 * 96);
  EXPECT_EQ(all.series[2].series, SeriesId{3});
  EXPECT_GE(all.standing.settled_through, day_ + 1);
  EXPECT_FALSE(all.standing.changes_waiting);
  const auto some = *world_.fleet().top(scope({1, 5, 2}), day_, day_ + 1, 9, {});
  ASSERT_EQ(some.series.size(), 2U);
  EXPECT_EQ(some.series[0].series, SeriesId{2});
  EXPECT_EQ(some.series[0].amount, 2 * 192);
  EXPECT_TRUE(world_.fleet().top(scope({}), day_, day_, 9, {})->series.empty());
}

TEST_F(Fleet, CountsRatiosAndExponentsExactly) {
  settle();
  const auto mixed = *FleetScope::make({{.series = SeriesId{1}, .exponent = -2, .ratio = {1, 3}},
                                        {.series = SeriesId{2}, .exponent = -3, .ratio = {40, 1}},
                                        {.series = SeriesId{4}, .exponent = -2, .ratio = {1, 2}}});
  const auto top = *world_.fleet().top(mixed, day_, day_, 9, {});
  ASSERT_EQ(top.series.size(), 3U);
  EXPECT_EQ(mixed.exact(top.series[0].amount).to_string(), "7.680");
  EXPECT_EQ(mixed.exact(top.series[1].amount).to_string(), "1.920");
  EXPECT_EQ(mixed.exact(top.series[2].amount).to_string(), "0.320");
}

TEST_F(Fleet, SaysWhenAnAmountHoldsAGapBefore) {
  const SeriesId late = world_.telemetry.add_series();
  world_.telemetry.add(late, world_.at(day_ - 6, 60), 100);
  world_.telemetry.add(late, world_.at(day_, 60), 700);      // five whole days are missing before
  world_.telemetry.add(late, world_.at(day_ + 1, 60), 710);  // and none here
  for (const bool has_rows : {false, true}) {
    if (has_rows) settle();
    if (!has_rows) world_.set_now(day_ + 1, 24 * 60);
    const auto findings = [&](std::int32_t first, std::int32_t last) {
      const auto top = *world_.fleet().top(scope({late.value}), first, last, 9, {});
      return top.series.empty() ? 0xFFFF : top.series[0].findings;
    };
    EXPECT_EQ(findings(day_, day_), aggregate_findings::over_gap) << has_rows;
    EXPECT_EQ(findings(day_, day_ + 1), aggregate_findings::over_gap) << has_rows;
    EXPECT_EQ(findings(day_ + 1, day_ + 1), 0) << has_rows;
    // The gap lies within these days: their sum is right.
    EXPECT_EQ(findings(day_ - 5, day_ + 1), 0) << has_rows;
    const auto totals = *world_.fleet().totals(scope({late.value, 1}), day_, day_, {});
    EXPECT_EQ(totals.groups.back().series_over_gap, 1U) << has_rows;
    EXPECT_EQ(totals.groups.back().series_in_doubt, 0U) << has_rows;
  }
}

TEST_F(Fleet, TotalsGoByGroup) {
  settle();
  const auto totals = *world_.fleet().totals(scope({1, 2, 3, 4, 5, 6}), day_, day_ + 1, {});
  ASSERT_EQ(totals.groups.size(), 2U);
  EXPECT_EQ(totals.groups[0].amount, (2 + 4 + 6) * 192);
  EXPECT_EQ(totals.groups[0].series_count, 3U);
  EXPECT_EQ(totals.groups[1].group, 1U);
  EXPECT_EQ(totals.groups[1].amount, (1 + 3) * 192);
  EXPECT_EQ(totals.groups[1].series_with_values, 2U);
  EXPECT_EQ(totals.groups[1].series_in_doubt, 0U);
  // The day before is where each meter's first value ever is (the midnight).
  EXPECT_EQ(world_.fleet().totals(scope({1, 2}), day_ - 1, day_, {})->groups[0].series_in_doubt, 1U);
}

/// Series 2 goes from group 0 to group 7 with the second day, series 3 leaves group 1 for none (9) and comes back.
class FleetOfChanges : public Fleet {
 protected:
  [[nodiscard]] FleetScope changing(Ratio ratio = {}) const {
    return *FleetScope::make(
        {{.series = SeriesId{1}, .group = 1, .exponent = -2, .ratio = ratio},
         {.series = SeriesId{2}, .group = 0, .exponent = -2, .ratio = ratio, .changes = {{day_ + 1, 7}}},
         {.series = SeriesId{3},
          .group = 1,
          .exponent = -2,
          .ratio = ratio,
          .changes = {{day_, 9}, {day_ + 1, 1}, {day_ + 30, 5}}}});
  }
};

TEST_F(FleetOfChanges, EachGroupHasItsOwnDays) {
  for (const bool settled : {false, true}) {
    if (settled) settle();
    world_.set_now(day_ + 4, 0);
    const FleetScope scope = changing({1, 3});
    const auto totals = *world_.fleet().totals(scope, day_, day_ + 1, {});
    std::vector<std::pair<std::uint32_t, std::string>> got;
    for (const FleetTotal& total : totals.groups) got.emplace_back(total.group, scope.exact(total.amount).to_string());
    // By hand: 96 quarters a day at 0.01 kWh times the meter's number, a third of it.
    EXPECT_EQ(got,
              (std::vector<std::pair<std::uint32_t, std::string>>{{0, "0.64"}, {1, "1.60"}, {7, "0.64"}, {9, "0.96"}}))
        << settled;
    EXPECT_EQ(scope.exact(totals.whole.amount).to_string(), "3.84");
    EXPECT_EQ(totals.whole.series_count, 3U) << "each series once";
    EXPECT_EQ(totals.groups[1].series_count, 2U);
    const auto top = *world_.fleet().top_by_group(scope, day_, day_ + 1, 1, {});
    std::vector<std::tuple<std::uint32_t, std::int64_t, std::uint32_t>> first_of_each;
    for (const FleetAmount& one : top.series)
      first_of_each.emplace_back(one.group, one.series.value, one.days_with_values);
    EXPECT_EQ(first_of_each, (std::vector<std::tuple<std::uint32_t, std::int64_t, std::uint32_t>>{
                                 {0, 2, 1}, {1, 3, 1}, {7, 2, 1}, {9, 3, 1}}))
        << settled;
    const auto all = *world_.fleet().top(scope, day_, day_ + 1, 9, {});
    ASSERT_EQ(all.series.size(), 3U) << "without groups a series stands once";
    EXPECT_EQ(all.series[0].series, SeriesId{3});
    EXPECT_EQ(all.series[0].amount * 3, (96 + 96) * 3 * 3);
  }
}

TEST_F(FleetOfChanges, DaysOutsideTheQuestionMakeNoGroup) {
  settle();
  const auto first = *world_.fleet().totals(changing(), day_, day_, {});
  ASSERT_EQ(first.groups.size(), 3U);
  EXPECT_EQ(first.groups[0].group, 0U);
  EXPECT_EQ(first.groups[2].group, 9U);
  const auto second = *world_.fleet().totals(changing(), day_ + 1, day_ + 1, {});
  ASSERT_EQ(second.groups.size(), 2U);
  EXPECT_EQ(second.groups[1].group, 7U);
}

TEST_F(FleetOfChanges, AGapOverTheChangeIsTold) {
  const SeriesId late = world_.telemetry.add_series();
  world_.telemetry.add(late, world_.at(day_ - 12, 60), 100);
  world_.telemetry.add(late, world_.at(day_, 60), 700);
  world_.telemetry.add(late, world_.at(day_ + 1, 60), 710);
  settle();
  const auto scope = *FleetScope::make({{.series = late, .exponent = -2, .changes = {{day_ - 2, 1}}}});
  const auto totals = *world_.fleet().totals(scope, day_ - 11, day_ + 1, {});
  ASSERT_EQ(totals.groups.size(), 2U);
  EXPECT_EQ(totals.groups[0].amount, 0);
  EXPECT_EQ(totals.groups[1].amount, 610);
  EXPECT_EQ(totals.groups[1].series_over_gap, 1U) << "a part of it was used in the other group";
  EXPECT_EQ(totals.whole.series_over_gap, 0U) << "within these days the gap changes nothing";
}

TEST_F(FleetOfChanges, CompletenessFollowsTheGroupOfTheDay) {
  settle();
  const auto table = *world_.fleet().completeness(changing(), day_, day_ + 1, {});
  std::vector<std::tuple<std::int32_t, std::uint32_t, std::uint32_t>> got;
  for (const FleetCompleteness& row : table.rows) got.emplace_back(row.day - day_, row.group, row.series_count);
  EXPECT_EQ(got, (std::vector<std::tuple<std::int32_t, std::uint32_t, std::uint32_t>>{
                     {0, 0, 1}, {0, 1, 1}, {0, 9, 1}, {1, 1, 2}, {1, 7, 1}}));
}

TEST_F(Fleet, CompletenessIsExactByDayAndGroup) {
  settle();
  const auto table = *world_.fleet().completeness(scope({1, 2, 3, 4, 5, 6}), day_, day_ + 1, {});
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_EQ(table.rows[0], (FleetCompleteness{day_, 0, 288, 288, 3, 3}));
  EXPECT_EQ(table.rows[1], (FleetCompleteness{day_, 1, 288, 192, 3, 2}));
  EXPECT_EQ(table.rows[3], (FleetCompleteness{day_ + 1, 1, 288, 144, 3, 2}));
}

TEST_F(Fleet, ListsGaps) {
  settle();
  const auto listed = *world_.fleet().gaps(scope({1, 2, 3, 4, 5, 6}), day_, day_ + 1, 100, {});
  ASSERT_EQ(listed.gaps.size(), 2U);
  EXPECT_EQ(listed.gaps[0], (FleetGap{SeriesId{3}, day_ + 1, day_ + 1, 48}));
  EXPECT_EQ(listed.gaps[1], (FleetGap{SeriesId{5}, day_, day_ + 1, 192}));
  EXPECT_FALSE(listed.truncated);
  EXPECT_TRUE(world_.fleet().gaps(scope({1, 2, 3, 4, 5, 6}), day_, day_ + 1, 1, {})->truncated);
  // The places inside the day, from the readings.
  const auto bucket = world_.calendar.day(day_ + 1);
  const auto inside =
      *world_.telemetry.completeness(SeriesId{3}, {bucket.after_utc_ms + 1, bucket.through_utc_ms + 1}, quarter_ms, {});
  ASSERT_EQ(inside.gaps.size(), 1U);
  EXPECT_EQ(inside.gaps[0].slots, 48U);
}

TEST_F(Fleet, DaysWithoutRowsComeFromReadings) {
  world_.set_now(day_ + 1, 24 * 60);
  const auto fresh = *world_.fleet().top(scope({1, 2, 3, 4, 5, 6}), day_, day_ + 1, 3, {});
  EXPECT_EQ(fresh.standing.settled_through, KeeperState::none);
  settle();
  const auto settled = *world_.fleet().top(scope({1, 2, 3, 4, 5, 6}), day_, day_ + 1, 3, {});
  ASSERT_EQ(fresh.series.size(), settled.series.size());
  for (std::size_t i = 0; i < fresh.series.size(); ++i) {
    EXPECT_EQ(fresh.series[i].series, settled.series[i].series);
    EXPECT_EQ(fresh.series[i].amount, settled.series[i].amount);
  }
}

TEST_F(Fleet, SaysWhenLateDataWaits) {
  settle();
  world_.telemetry.add(SeriesId{1}, world_.at(day_, 7), 1'000);
  EXPECT_TRUE(world_.fleet().top(scope({1}), day_, day_, 3, {})->standing.changes_waiting);
}

TEST_F(Fleet, EndsWhenTimeIsOverOrNobodyWaits) {
  settle();
  EXPECT_EQ(world_.fleet().top(scope({1}), day_, day_, 3, {.timeout_ms = 0, .cancel = {}}).error().code,
            ErrorCode::timed_out);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(world_.fleet().totals(scope({1}), day_, day_, {.timeout_ms = 9, .cancel = stop.get_token()}).error().code,
            ErrorCode::cancelled);
  EXPECT_EQ(world_.fleet().gaps(scope({1}), day_, day_ - 1, 3, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(world_.fleet().top(scope({1}), -5, day_ - 1, 3, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(world_.fleet().gaps(scope({1}), day_ + 50, day_ + 60, 3, {})->gaps.empty());
}

TEST_F(Fleet, RefusesAScopeThatCannotBe) {
  EXPECT_FALSE(FleetScope::make({{.series = SeriesId{1}}, {.series = SeriesId{1}}}));
  EXPECT_FALSE(FleetScope::make({{.series = SeriesId{}}}));
  EXPECT_FALSE(FleetScope::make({{.series = SeriesId{1}, .ratio = {0, 1}}}));
  EXPECT_FALSE(FleetScope::make({{.series = SeriesId{1}, .changes = {{5, 1}, {5, 2}}}}));
}

RC_GTEST_PROP(FleetProperty, GroupsAddUpToTheWhole, ()) {
  World world;
  const std::int32_t begin = world.options.first_day + 5;
  const int count = *rc::gen::inRange(1, 8);
  std::vector<FleetSeries> divided;
  std::vector<FleetSeries> plain;
  for (int i = 0; i < count; ++i) {
    const SeriesId series = world.telemetry.add_series();
    for (int j = *rc::gen::inRange(0, 30); j > 0; --j)
      world.telemetry.add(series, world.at(begin, *rc::gen::inRange(1, 8'000)), *rc::gen::inRange(0, 5'000));
    const Ratio ratio{*rc::gen::inRange(1, 9), *rc::gen::inRange(1, 4)};
    plain.push_back({.series = series, .exponent = -2, .ratio = ratio});
    divided.push_back(plain.back());
    for (std::int32_t day = begin - 2; day < begin + 6; ++day) {
      if (*rc::gen::inRange(0, 3) == 0)
        divided.back().changes.push_back({day, static_cast<std::uint32_t>(*rc::gen::inRange(0, 4))});
    }
  }
  world.set_now(begin, *rc::gen::inRange(0, 9'000));
  RC_ASSERT(world.run().has_value());
  const std::int32_t first = begin + *rc::gen::inRange(-2, 5);
  const std::int32_t last = first + *rc::gen::inRange(0, 5);
  const auto parts = world.fleet().totals(*FleetScope::make(divided), first, last, {});
  const auto whole = world.fleet().totals(*FleetScope::make(plain), first, last, {});
  RC_ASSERT(parts.has_value() && whole.has_value());
  Int128 sum = 0;
  for (const FleetTotal& group : parts->groups) sum += group.amount;
  RC_ASSERT(sum == whole->whole.amount);
  RC_ASSERT(parts->whole.amount == whole->whole.amount);
  RC_ASSERT(parts->whole.findings == whole->whole.findings);
  RC_ASSERT(parts->whole.series_with_values == whole->whole.series_with_values);
}

RC_GTEST_PROP(FleetProperty, AnswersWhatTheSeriesAnswer, ()) {
  World world;
  const std::int32_t begin = world.options.first_day + 5;
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i) {
    const SeriesId series = world.telemetry.add_series();
    for (int j = *rc::gen::inRange(0, 30); j > 0; --j)
      world.telemetry.add(series, world.at(begin, *rc::gen::inRange(1, 8'000)), *rc::gen::inRange(0, 5'000));
  }
  world.set_now(begin, *rc::gen::inRange(0, 9'000));
  RC_ASSERT(world.run().has_value());
  std::vector<FleetSeries> wanted;
  for (int i = 1; i <= count; ++i) {
    if (*rc::gen::inRange(0, 3) > 0)
      wanted.push_back({.series = SeriesId{i}, .exponent = -2, .interval_ms = quarter_ms});
  }
  const auto scope = *FleetScope::make(wanted);
  const std::int32_t first = begin + *rc::gen::inRange(-2, 5);
  const std::int32_t last = first + *rc::gen::inRange(0, 5);
  const auto top = world.fleet().top(scope, first, last, 100, {});
  RC_ASSERT(top.has_value());
  Int128 sum = 0;
  for (const FleetAmount& amount : top->series) sum += amount.amount;
  Int128 expected = 0;
  std::uint64_t present = 0;
  std::size_t with_values = 0;
  for (const FleetSeries& one : wanted) {
    const auto days = world.questions().days(one.series, first, last, {});
    RC_ASSERT(days.has_value());
    bool any = false;
    for (const DayRow& day : *days) {
      expected += day.row.increase;
      present += day.row.slots_present;
      any = any || day.row.value_count > 0;
    }
    with_values += any ? 1 : 0;
  }
  RC_ASSERT(sum == expected);
  RC_ASSERT(top->series.size() == with_values);
  const auto table = world.fleet().completeness(scope, first, last, {});
  RC_ASSERT(table.has_value());
  std::uint64_t found = 0;
  for (const FleetCompleteness& row : table->rows) found += row.slots_present;
  RC_ASSERT(found == present);
}

}  // namespace
}  // namespace duheng::store
