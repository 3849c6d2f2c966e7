#include <algorithm>
#include <gtest/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"
#include "store/aggregates/series_aggregates.hpp"

namespace duheng::store {
namespace {

using Standing = CheckedDay::Standing;
using testing::World;

/// Twenty days of hourly values, all but the last two settled.
class SeriesCheck : public ::testing::Test {
 protected:
  SeriesCheck() {
    for (std::int32_t day = first_; day <= last_; ++day) {
      for (int hour = 1; hour <= 24; ++hour) world_.telemetry.add(series_, world_.at(day, 60 * hour), value_ += 10);
    }
    world_.set_now(last_, 20 * 60);
    EXPECT_TRUE(world_.run());
  }
  [[nodiscard]] std::vector<CheckedDay> check(std::int32_t first, std::int32_t last) {
    const auto got = world_.questions().check_days(series_, first, last, {});
    EXPECT_TRUE(got);
    return got.value_or(std::vector<CheckedDay>{});
  }
  [[nodiscard]] CheckedDay check(std::int32_t day) {
    const auto got = check(day, day);
    EXPECT_EQ(got.size(), 1U);
    return got.empty() ? CheckedDay{} : got.front();
  }
  /// As somebody would who writes into the file.
  void alter(std::int32_t day, Int128 increase) {
    auto rows = *world_.aggregates.days(series_, day, day);
    ASSERT_EQ(rows.size(), 1U);
    rows[0].row.increase = increase;
    AggregateWrite change;
    change.rows = rows;
    ASSERT_TRUE(world_.aggregates.write(change));
  }
  World world_;
  const std::int32_t first_ = world_.day("2026-01-28");
  const std::int32_t last_ = first_ + 19;
  const SeriesId series_ = world_.telemetry.add_series();
  std::int64_t value_ = 0;
};

TEST_F(SeriesCheck, RowsAreWhatTheirReadingsSay) {
  const auto days = check(first_ - 5, last_ + 5);
  ASSERT_EQ(days.size(), 20U);
  for (const CheckedDay& day : days) {
    EXPECT_FALSE(day.differs()) << day.day;
    EXPECT_FALSE(day.change_waiting);
    ASSERT_TRUE(day.anew);
    EXPECT_EQ(day.anew->value_count, 24U);
    EXPECT_EQ(day.stored.has_value(), day.standing != Standing::open);
  }
  EXPECT_EQ(days.front().standing, Standing::settled);
  EXPECT_EQ(days.back().standing, Standing::open) << "today";
}

TEST_F(SeriesCheck, ADayTellsWhenItsRowWasMadeAndOfWhat) {
  const CheckedDay settled = check(first_ + 3);
  ASSERT_FALSE(settled.makings.empty());
  const RowMaking& making = settled.makings.back();
  EXPECT_EQ(making.kind, RowMaking::Kind::settled);
  EXPECT_EQ(making.made_utc_ms, world_.clock.utc_ms());
  EXPECT_EQ(making.next_record, world_.telemetry.next_record());
  EXPECT_LE(making.first_day, first_ + 3);
  EXPECT_TRUE(check(last_).makings.empty()) << "nothing is kept of today";
}

TEST_F(SeriesCheck, AnAlteredRowIsFoundAndNoOther) {
  alter(first_ + 3, 1);
  for (const CheckedDay& day : check(first_, last_)) {
    EXPECT_EQ(day.is_wrong(), day.day == first_ + 3) << day.day;
    EXPECT_EQ(day.differs(), day.day == first_ + 3) << day.day;
  }
  const CheckedDay wrong = check(first_ + 3);
  EXPECT_EQ(wrong.stored->increase, 1);
  EXPECT_EQ(wrong.anew->increase, 240);
  // A row that is there of nothing, and one that is gone, are wrong, too.
  AggregateWrite change;
  change.removed.push_back({series_, first_ + 4});
  ASSERT_TRUE(world_.aggregates.write(change));
  EXPECT_TRUE(check(first_ + 4).is_wrong());
}

TEST_F(SeriesCheck, WhatCameLateExplainsADifferenceUntilTheKeeperHasDealtWithIt) {
  const std::int32_t day = first_ + 6;
  world_.telemetry.add(series_, world_.at(day, 24 * 60 - 30), 7 * 240 - 3);
  const CheckedDay late = check(day);
  EXPECT_TRUE(late.change_waiting);
  EXPECT_TRUE(late.differs());
  EXPECT_FALSE(late.is_wrong());
  EXPECT_TRUE(check(day + 1).change_waiting) << "the UTC day reaches into it";
  EXPECT_TRUE(check(day + 2).change_waiting) << "its increase starts from a day that may change";
  EXPECT_FALSE(check(day + 3).change_waiting);
  world_.clock.advance_ms(1'000);
  ASSERT_TRUE(world_.run());
  const CheckedDay made = check(day);
  EXPECT_FALSE(made.change_waiting);
  EXPECT_FALSE(made.differs());
  EXPECT_EQ(made.stored->value_count, 25U);
  ASSERT_FALSE(made.makings.empty());
  EXPECT_EQ(made.makings.back().kind, RowMaking::Kind::changed);
  EXPECT_EQ(made.makings.back().made_utc_ms, world_.clock.utc_ms());
}

TEST_F(SeriesCheck, ARowOfAnOlderReleaseIsNotHeldToWhatItDoesNotTell) {
  auto rows = *world_.aggregates.days(series_, first_ + 3, first_ + 3);
  rows.at(0).row.increase_since_utc_ms = AggregateRow::no_time;
  AggregateWrite change;
  change.rows = rows;
  ASSERT_TRUE(world_.aggregates.write(change));
  EXPECT_FALSE(check(first_ + 3).differs());
}

TEST_F(SeriesCheck, FrozenDaysStandAsTheyAre) {
  AggregateWrite change;
  change.hour_states.push_back({series_, first_ + 10, first_ + 8});
  ASSERT_TRUE(world_.aggregates.write(change));
  world_.telemetry.drop_before(series_, world_.at(first_ + 8, 1));
  const auto days = check(first_, last_);
  ASSERT_EQ(days.size(), 20U);
  for (const CheckedDay& day : days) {
    EXPECT_EQ(day.standing == Standing::frozen, day.day < first_ + 8) << day.day;
    EXPECT_EQ(day.anew.has_value(), day.day >= first_ + 8) << day.day;
    EXPECT_FALSE(day.differs()) << day.day;
  }
}

}  // namespace
}  // namespace duheng::store
