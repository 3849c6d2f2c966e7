#include "gateway/polling/poll_schedule.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

namespace duheng::gateway {
namespace {

TEST(PollSchedule, SpreadsAThousandMetersOverTheInterval) {
  PollSchedule schedule;
  for (std::uint64_t i = 0; i < 1'000; ++i) schedule.add(10'000, i * 0x9E3779B97F4A7C15ULL, 0);
  std::map<std::int64_t, int> per_second;
  for (std::int64_t now = 0; now < 10'000; now = schedule.next_due_ms())
    while (schedule.pop_due(now)) ++per_second[now / 1'000];
  for (const auto& [second, count] : per_second) {
    EXPECT_GT(count, 50) << second;
    EXPECT_LT(count, 150) << second;
  }
  EXPECT_EQ(schedule.skipped_rounds(), 0U);
}

TEST(PollSchedule, SkipsMissedRoundsAndKeepsItsPhase) {
  PollSchedule schedule;
  schedule.add(1'000, 300, 0);
  EXPECT_FALSE(schedule.pop_due(299));
  EXPECT_TRUE(schedule.pop_due(300));
  EXPECT_EQ(schedule.next_due_ms(), 1'300);
  EXPECT_TRUE(schedule.pop_due(60'000));  // asleep for a minute
  EXPECT_FALSE(schedule.pop_due(60'000));
  EXPECT_EQ(schedule.next_due_ms(), 60'300);
  EXPECT_EQ(schedule.skipped_rounds(), 58U);
}

RC_GTEST_PROP(PollScheduleProperty, EveryEntryComesOncePerRoundWhateverTheClockDoes,
              (std::vector<std::uint16_t> steps)) {
  PollSchedule schedule;
  constexpr std::int64_t interval_ms = 1'000;
  for (std::uint64_t i = 0; i < 20; ++i) schedule.add(interval_ms, i * 37, 0);
  std::map<std::uint32_t, std::int64_t> last_round;
  std::int64_t now = 0;
  for (const std::uint16_t step : steps) {
    now += step;
    while (const auto entry = schedule.pop_due(now)) {
      const std::int64_t round = (now - static_cast<std::int64_t>(*entry) * 37) / interval_ms;
      if (last_round.contains(*entry)) RC_ASSERT(round > last_round[*entry]);
      last_round[*entry] = round;
    }
    RC_ASSERT(schedule.next_due_ms() > now);
    RC_ASSERT(schedule.next_due_ms() <= now + interval_ms);
  }
}

TEST(PollSchedule, WhatWasRemovedIsNeverDueAndItsNumberServesAgain) {
  PollSchedule schedule;
  const auto first = schedule.add(1'000, 0, 0);
  const auto second = schedule.add(1'000, 0, 0);
  schedule.remove(first);
  EXPECT_EQ(schedule.pop_due(0), second);
  EXPECT_FALSE(schedule.pop_due(0));
  schedule.remove(first);  // twice is once
  schedule.remove(second);
  EXPECT_FALSE(schedule.pop_due(1'000'000));
  EXPECT_EQ(schedule.next_due_ms(), INT64_MAX);
  EXPECT_LT(schedule.add(1'000, 0, 0), 2U);
}

RC_GTEST_PROP(PollScheduleProperty, OnlyWhatIsThereIsDueWhateverComesAndGoes, (std::vector<std::uint8_t> steps)) {
  PollSchedule schedule;
  std::map<std::uint32_t, bool> present;
  std::size_t most = 0;
  std::int64_t now = 0;
  for (const std::uint8_t step : steps) {
    now += step % 7 * 100;
    const auto living = std::ranges::count_if(present, [](const auto& entry) { return entry.second; });
    if (step % 3 != 0) {
      const auto entry = schedule.add(1'000, step * 37U, now);
      RC_ASSERT(!present[entry]);
      present[entry] = true;
      most = std::max(most, static_cast<std::size_t>(living) + 1);
    } else if (!present.empty()) {
      const auto entry = std::next(present.begin(), step % static_cast<std::ptrdiff_t>(present.size()))->first;
      schedule.remove(entry);
      present[entry] = false;
    }
    while (const auto entry = schedule.pop_due(now)) RC_ASSERT(present[*entry]);
  }
  std::map<std::uint32_t, int> heard;
  while (const auto entry = schedule.pop_due(now + 1'000)) ++heard[*entry];
  for (const auto& [entry, is_there] : present) RC_ASSERT(heard[entry] == (is_there ? 1 : 0));
  RC_ASSERT(present.size() <= 2 * most + 2);  // numbers do not grow for ever
}

}  // namespace
}  // namespace duheng::gateway
