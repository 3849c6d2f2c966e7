#include "store/aggregates/aggregate_keeper.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"

namespace duheng::store {
namespace {

using testing::World;

class Keeper : public ::testing::Test {
 protected:
  /// A reading each quarter of an hour of the day, its midnight included.
  void fill(SeriesId series, std::int32_t day, std::int64_t begin, std::int64_t step) {
    for (int quarter = 1; quarter <= 96; ++quarter)
      world_.telemetry.add(series, world_.at(day, 15 * quarter), begin + step * quarter);
  }
  void expect_in_step(std::int32_t last) {
    for (std::int64_t id = 1; id <= static_cast<std::int64_t>(world_.telemetry.statistics().series); ++id)
      EXPECT_EQ(world_.rows(SeriesId{id}), world_.expected(SeriesId{id}, world_.options.first_day, last)) << id;
  }
  World world_;
  const std::int32_t day_ = world_.day("2026-03-10");
};

TEST_F(Keeper, SettlesADayOnceItsUtcDaysAreOver) {
  const SeriesId series = world_.telemetry.add_series();
  fill(series, day_, 1'000, 5);
  // Shanghai's day ends at 16:00 UTC; the UTC day 8 hours later.
  world_.set_now(day_ + 1, 14);
  ASSERT_TRUE(world_.run());
  EXPECT_LT(world_.aggregates.state()->provisional_through, day_);
  world_.set_now(day_ + 1, 15);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.aggregates.state()->provisional_through, day_);
  EXPECT_EQ(world_.aggregates.state()->settled_through, day_ - 1);
  expect_in_step(day_);
  world_.set_now(day_ + 1, 10 * 60 - 1);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.aggregates.state()->settled_through, day_ - 1);
  world_.set_now(day_ + 1, 10 * 60);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.aggregates.state()->settled_through, day_);
  expect_in_step(day_);
  ASSERT_EQ(world_.rows(series).size(), 1U);
  EXPECT_EQ(world_.rows(series)[0].row.increase, 95 * 5);
  EXPECT_EQ(world_.rows(series)[0].row.slots_present, 96U);
}

TEST_F(Keeper, WhatComesBetweenProvisionalAndSettledIsInTheEnd) {
  const SeriesId series = world_.telemetry.add_series();
  fill(series, day_, 1'000, 5);
  world_.set_now(day_ + 1, 60);
  ASSERT_TRUE(world_.run());
  world_.telemetry.add(series, world_.at(day_, 7), 1'002);
  world_.set_now(day_ + 2, 60);
  ASSERT_TRUE(world_.run());
  expect_in_step(day_ + 1);
}

TEST_F(Keeper, LateDataChangesTheDayAndTheIncreaseOfTheNextOne) {
  const SeriesId series = world_.telemetry.add_series();
  fill(series, day_, 1'000, 5);
  world_.telemetry.add(series, world_.at(day_ + 3, 60), 3'000);
  world_.set_now(day_ + 9, 0);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.rows(series)[1].row.increase, 3'000 - 1'480);
  world_.telemetry.add(series, world_.at(day_ + 1, 60), 2'000);
  ASSERT_TRUE(world_.run());
  ASSERT_EQ(world_.rows(series).size(), 3U);
  EXPECT_EQ(world_.rows(series)[1].row.increase, 520);
  EXPECT_EQ(world_.rows(series)[2].row.increase, 1'000);
  expect_in_step(day_ + 8);
  EXPECT_TRUE(world_.telemetry.changes(10)->days.empty());
}

TEST_F(Keeper, CorrectionsEstimatesAndWithdrawalsMoveTheRows) {
  const SeriesId series = world_.telemetry.add_series();
  const SeriesId silent = world_.telemetry.add_series();
  fill(series, day_, 1'000, 5);
  // Before it is settled: no reading at all, only an estimate.
  world_.telemetry.edit(silent, EditKind::estimate, world_.at(day_, 600), 77);
  world_.set_now(day_ + 3, 0);
  ASSERT_TRUE(world_.run());
  ASSERT_EQ(world_.rows(silent).size(), 1U);
  EXPECT_EQ(world_.rows(silent)[0].row.estimated_count, 1U);
  world_.telemetry.edit(series, EditKind::correction, world_.at(day_, 15 * 96), 1'700);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.rows(series)[0].row.last.mantissa, 1'700);
  EXPECT_EQ(world_.rows(series)[0].row.corrected_count, 1U);
  EXPECT_EQ(world_.rows(series)[0].row.increase_edited, 1'700 - 1'475);
  world_.telemetry.edit(series, EditKind::withdrawal, world_.at(day_, 15 * 96), 0);
  world_.telemetry.edit(silent, EditKind::withdrawal, world_.at(day_, 600), 0);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.rows(series)[0].row.corrected_count, 0U);
  EXPECT_TRUE(world_.rows(silent).empty());
  expect_in_step(day_ + 2);
}

TEST_F(Keeper, SweepsManySeriesInSlicesAndNewOnesJoin) {
  for (int i = 0; i < 2'500; ++i) {
    const SeriesId series = world_.telemetry.add_series(i % 2 == 0 ? "energy_active_import_total" : "voltage_a");
    world_.telemetry.add(series, world_.at(day_, i % 1'440 + 1), i);
    world_.telemetry.add(series, world_.at(day_ + 1, 5), i + 3);
  }
  world_.set_now(day_ + 2, 10 * 60);
  ASSERT_TRUE(world_.run());
  EXPECT_LE(world_.telemetry.largest_scan(), 2'500U);
  expect_in_step(day_ + 1);
  const SeriesId late = world_.telemetry.add_series();
  world_.telemetry.add(late, world_.at(day_, 9), 5);
  world_.telemetry.add(late, world_.at(day_ + 1, 9), 8);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.rows(late).size(), 2U);
  EXPECT_EQ(world_.rows(late)[1].row.increase, 3);
}

TEST_F(Keeper, CatchesUpOverEmptyYearsQuickly) {
  world_.options.first_day = world_.day("2010-01-01");
  world_.restart();
  const SeriesId series = world_.telemetry.add_series();
  fill(series, day_, 1'000, 5);
  world_.set_now(day_ + 5, 0);
  const auto steps = world_.run();
  ASSERT_TRUE(steps);
  EXPECT_LT(*steps, 16 * 12 + 30);
  expect_in_step(day_ + 4);
}

TEST_F(Keeper, MakesEverythingAgainWhenTheTelemetryStoreWasRebuilt) {
  const SeriesId series = world_.telemetry.add_series();
  fill(series, day_, 1'000, 5);
  world_.set_now(day_ + 3, 0);
  ASSERT_TRUE(world_.run());
  // Late data that was noted as a change, and forgotten by the rebuild.
  world_.telemetry.add(series, world_.at(day_, 3), 1'001);
  world_.telemetry.rebuild();
  world_.restart();
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.rows(series)[0].row.value_count, 97U);
  expect_in_step(day_ + 2);
}

TEST_F(Keeper, WorksInAZoneWithSummerTime) {
  World berlin("Europe/Berlin");
  berlin.options.first_day = berlin.day("2026-03-01");
  berlin.restart();
  const SeriesId series = berlin.telemetry.add_series();
  const std::int32_t change = berlin.day("2026-03-29");
  for (std::int64_t minute = 15; minute <= 3 * 1'440; minute += 15)
    berlin.telemetry.add(series, berlin.at(change - 1, minute), 100 + minute);
  berlin.set_now(change + 5, 0);
  ASSERT_TRUE(berlin.run());
  const auto rows = berlin.rows(series);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[1].row.slots_expected, 92U);
  EXPECT_EQ(rows[1].row.value_count, 92U);
  EXPECT_EQ(rows, berlin.expected(series, berlin.options.first_day, change + 4));
}

TEST_F(Keeper, AStoppedClockOrAnEmptyStoreIsNoWork) {
  world_.set_now(world_.options.first_day - 5, 0);
  EXPECT_EQ(world_.run(), 0);
  world_.set_now(world_.options.first_day + 40, 0);
  ASSERT_TRUE(world_.run());
  EXPECT_EQ(world_.run(), 0);
}

// --- ended anywhere ------------------------------------------------------------------------------------------------

/// Work of every kind: settling, changes, hours.
void prepare(World& world, std::int32_t day) {
  world.options.retention = {{"voltage_*", 3, 0}};
  world.options.days_per_sweep = 2;
  world.restart();
  for (int i = 0; i < 3; ++i) {
    const SeriesId series = world.telemetry.add_series(i == 1 ? "voltage_a" : "energy_active_import_total");
    for (int minute = 20 * i; minute < 4 * 1'440; minute += 45)
      world.telemetry.add(series, world.at(day, minute), 1'000 + 3 * minute);
  }
  world.set_now(day + 3, 15 * 60);
  ASSERT_TRUE(world.run());
  world.telemetry.add(SeriesId{1}, world.at(day + 1, 7), 1'000 + 3 * 1'447);
  world.telemetry.add(SeriesId{2}, world.at(day, 7), 4);
  world.telemetry.edit(SeriesId{3}, EditKind::correction, world.at(day + 1, 40), 9'000);
  world.set_now(day + 9, 15 * 60);
}

struct Outcome {
  std::vector<std::vector<DayRow>> rows;
  std::vector<HourRows> hours;
  KeeperState state;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
Outcome outcome_of(const World& world) {
  Outcome out;
  for (std::int64_t id = 1; id <= 3; ++id) out.rows.push_back(world.rows(SeriesId{id}));
  out.hours = *world.aggregates.hours(SeriesId{2}, world.options.first_day, world.options.first_day + 1'000);
  out.state = *world.aggregates.state();
  return out;
}

class KeeperEnded : public ::testing::Test {
 protected:
  static Outcome undisturbed(std::int32_t day) {
    World world;
    prepare(world, day);
    EXPECT_TRUE(world.run());
    EXPECT_TRUE(world.telemetry.changes(5)->days.empty());
    return outcome_of(world);
  }
  const std::int32_t day_ = *CivilCalendar::parse_day("2026-03-10");
};

TEST_F(KeeperEnded, AtAnyCallOfTheTelemetryStoreItMakesTheSameRows) {
  const Outcome expected = undisturbed(day_);
  EXPECT_FALSE(expected.hours.empty());
  std::uint64_t call = 0;
  for (bool failed = true; failed; ++call) {
    World world;
    prepare(world, day_);
    world.telemetry.fail_from_call(call);
    failed = !world.run();
    world.telemetry.fail_from_call(std::nullopt);
    world.restart();
    ASSERT_TRUE(world.run());
    ASSERT_EQ(outcome_of(world), expected) << "ended at call " << call;
  }
  EXPECT_GT(call, 30U);
}

TEST_F(KeeperEnded, AtAnyWriteBeforeOrAfterItMakesTheSameRows) {
  const Outcome expected = undisturbed(day_);
  for (const bool after : {false, true}) {
    std::uint64_t write = 0;
    for (bool failed = true; failed; ++write) {
      World world;
      prepare(world, day_);
      world.failing.fail_from_write(write, after);
      failed = !world.run();
      world.failing.fail_from_write(std::nullopt, false);
      world.restart();
      ASSERT_TRUE(world.run());
      ASSERT_EQ(outcome_of(world), expected) << "ended at write " << write;
    }
    EXPECT_GE(write, 6U);  // the empty months before are one
  }
}

RC_GTEST_PROP(KeeperProperty, IsInStepWhateverComesWhenever, ()) {
  World world;
  const std::int32_t begin = world.options.first_day + 20;
  for (int i = 0; i < 2; ++i) static_cast<void>(world.telemetry.add_series());
  std::int64_t now_minute = 0;
  for (int round = *rc::gen::inRange(1, 6); round > 0; --round) {
    for (int i = *rc::gen::inRange(0, 12); i > 0; --i) {
      const SeriesId series{*rc::gen::inRange<std::int64_t>(1, 3)};
      const std::int64_t minute = now_minute - *rc::gen::inRange(0, 12'000);
      if (begin * 1'440 + minute < (world.options.first_day + 1) * 1'440) continue;
      const std::int64_t time = world.at(begin, minute);
      const auto quality = *rc::gen::element(Quality::good, Quality::good, Quality::good, Quality::no_value,
                                             Quality::time_implausible, Quality::rate_exceeded);
      const auto mantissa = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          world.telemetry.edit(series, EditKind::correction, time, mantissa);
          break;
        case 1:
          world.telemetry.edit(series, EditKind::estimate, time, mantissa);
          break;
        case 2:
          world.telemetry.edit(series, EditKind::withdrawal, time, 0);
          break;
        default:
          world.telemetry.add(series, time, mantissa, quality);
      }
    }
    now_minute += *rc::gen::inRange(0, 6'000);
    world.set_now(begin, now_minute);
    if (*rc::gen::inRange(0, 4) == 0) world.telemetry.rebuild();
    if (*rc::gen::inRange(0, 2) == 0) world.restart();
    RC_ASSERT(world.run().has_value());
    const std::int32_t settled = world.aggregates.state()->settled_through;
    for (const SeriesId series : {SeriesId{1}, SeriesId{2}}) {
      const auto kept = world.aggregates.days(series, world.options.first_day, settled);
      RC_ASSERT(*kept == world.expected(series, world.options.first_day, settled));
      // And what is asked for is in step at every moment, open days included.
      const std::int32_t today = world.calendar.day_of(world.clock.utc_ms());
      const auto asked = world.questions().days(series, world.options.first_day, today, {});
      RC_ASSERT(asked.has_value());
      RC_ASSERT(*asked == world.expected(series, world.options.first_day, today));
    }
  }
}

TEST(AggregateKeeperEmptyYears, ArePassedOverInAFewSteps) {
  World world;
  world.options.first_day = aggregate_limits::first_day_min;
  world.restart();
  const std::int32_t day = world.day("2026-03-10");
  const SeriesId series = world.telemetry.add_series();
  world.telemetry.add(series, world.at(day, 60), 100);
  world.telemetry.add(series, world.at(day, 120), 130);
  world.set_now(day + 5, 0);
  const auto steps = world.run();
  ASSERT_TRUE(steps);
  EXPECT_LT(*steps, 40);
  EXPECT_EQ(world.aggregates.state()->settled_through, day + 3);
  EXPECT_EQ(world.rows(series), world.expected(series, day, day));
  // One reading of a clock that stood at 2001: what lies between is passed over too.
  World old;
  old.options.first_day = aggregate_limits::first_day_min;
  old.restart();
  const SeriesId early = old.telemetry.add_series();
  const std::int32_t first = old.day("2001-02-03");
  old.telemetry.add(early, old.at(first, 60), 10);
  old.telemetry.add(early, old.at(day, 60), 100);
  old.set_now(day + 5, 0);
  const auto more = old.run();
  ASSERT_TRUE(more);
  EXPECT_LT(*more, 60);
  EXPECT_EQ(old.rows(early), old.expected(early, first, day));
}

}  // namespace
}  // namespace duheng::store
