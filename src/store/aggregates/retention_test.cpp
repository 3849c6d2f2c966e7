// Hours are durable before raw readings may go, and what they were made of may be gone afterwards.
#include <gtest/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"

namespace duheng::store {
namespace {

using testing::World;

class Retention : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.options.retention = {{"voltage_*", 10, 60}};
    world_.restart();
    for (const SeriesId series : {voltage_, energy_}) {
      for (std::int32_t day = first_; day < first_ + 30; ++day) {
        for (int half = 1; half <= 48; ++half)
          world_.telemetry.add(series, world_.at(day, 30 * half), 2'000 + half + 100 * (day - first_));
      }
    }
  }
  void run_at(std::int32_t day, std::int64_t minute) {
    world_.set_now(day, minute);
    ASSERT_TRUE(world_.run());
  }
  [[nodiscard]] std::optional<std::int32_t> allowed(SeriesId series) {
    const auto got = world_.keeper->removable_days();
    EXPECT_TRUE(got);
    for (const RemovableDays& days : got.value_or(std::vector<RemovableDays>{})) {
      if (days.series == series) return days.utc_day;
    }
    return std::nullopt;
  }
  World world_;
  const std::int32_t first_ = world_.day("2026-03-01");
  const SeriesId voltage_ = world_.telemetry.add_series("voltage_a", -1, "V");
  const SeriesId energy_ = world_.telemetry.add_series();
};

TEST_F(Retention, NothingMayGoBeforeItsHoursAreDurable) {
  EXPECT_EQ(allowed(voltage_), std::nullopt);
  run_at(first_ + 20, 15 * 60);
  const auto before = allowed(voltage_);
  ASSERT_TRUE(before);
  // Days before the 10th before today; as UTC days, none of which reaches into a day that must stay.
  EXPECT_EQ(*before, first_ + 9);
  EXPECT_EQ(allowed(energy_), std::nullopt);
  EXPECT_LE((*before) * utc_day_ms, world_.calendar.day(first_ + 10).after_utc_ms);
  const HourState state = *world_.aggregates.hour_state(voltage_);
  EXPECT_GE(state.through_day, first_ + 9);
  EXPECT_EQ(world_.aggregates.hours(voltage_, first_, first_ + 9)->size(), 10U);
}

TEST_F(Retention, AFailedWriteAllowsNothing) {
  world_.set_now(first_ + 20, 15 * 60);
  ASSERT_TRUE(world_.run());
  world_.failing.fail_from_write(0, false);
  EXPECT_FALSE(world_.keeper->removable_days());
  world_.failing.fail_from_write(std::nullopt, false);
  EXPECT_EQ(world_.aggregates.hour_state(voltage_)->raw_free_before, HourState::none);
}

TEST_F(Retention, AWaitingChangeHoldsRawReadingsBack) {
  run_at(first_ + 20, 15 * 60);
  world_.telemetry.add(voltage_, world_.at(first_, 7), 2'345);
  EXPECT_EQ(allowed(voltage_), std::nullopt);
  run_at(first_ + 20, 16 * 60);
  EXPECT_TRUE(allowed(voltage_));
  EXPECT_EQ(world_.aggregates.hours(voltage_, first_, first_)->front().hours[0].value_count, 3U);
}

TEST_F(Retention, HoursAndDaysAnswerWhenRawReadingsAreGone) {
  run_at(first_ + 30, 15 * 60);
  const auto hours = *world_.questions().hours(voltage_, first_, first_ + 25, {});
  const auto days = *world_.questions().days(voltage_, first_, first_ + 29, {});
  const auto before = allowed(voltage_);
  ASSERT_TRUE(before);
  world_.telemetry.allow_removal(*world_.keeper->removable_days());
  EXPECT_EQ(*world_.questions().hours(voltage_, first_, first_ + 25, {}), hours);
  EXPECT_EQ(*world_.questions().days(voltage_, first_, first_ + 29, {}), days);
  // Also when the telemetry store is rebuilt and every day is swept anew.
  world_.telemetry.rebuild();
  world_.restart();
  run_at(first_ + 31, 15 * 60);
  EXPECT_EQ(*world_.questions().days(voltage_, first_, first_ + 29, {}), days);
}

TEST_F(Retention, WhatComesForADayThatIsGoneLeavesItsRowAlone) {
  run_at(first_ + 30, 15 * 60);
  const auto before = allowed(voltage_);
  ASSERT_TRUE(before);
  world_.telemetry.allow_removal(*world_.keeper->removable_days());
  const auto days = world_.rows(voltage_);
  world_.telemetry.add(voltage_, world_.at(first_ + 2, 7), 9'999);
  run_at(first_ + 30, 16 * 60);
  EXPECT_EQ(world_.rows(voltage_), days);
  EXPECT_GT(world_.keeper->frozen_changes(), 0U);
}

TEST_F(Retention, OldHoursGoInTheirTurn) {
  run_at(first_ + 30, 15 * 60);
  EXPECT_FALSE(world_.aggregates.hours(voltage_, first_, first_)->empty());
  run_at(first_ + 75, 15 * 60);
  EXPECT_TRUE(world_.aggregates.hours(voltage_, first_, first_ + 14)->empty());
  EXPECT_FALSE(world_.aggregates.hours(voltage_, first_ + 15, first_ + 15)->empty());
}

TEST_F(Retention, MatchesNamesAndBeginnings) {
  EXPECT_TRUE(matches({.register_name = "voltage_*"}, "voltage_a"));
  EXPECT_TRUE(matches({.register_name = "*"}, "anything"));
  EXPECT_TRUE(matches({.register_name = "frequency"}, "frequency"));
  EXPECT_FALSE(matches({.register_name = "frequency"}, "frequency_2"));
  EXPECT_FALSE(matches({.register_name = "voltage_*"}, "volt"));
}

}  // namespace
}  // namespace duheng::store
