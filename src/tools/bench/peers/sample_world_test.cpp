// The same values for everybody: checked for what the figures rely on.
#include "tools/bench/peers/sample_world.hpp"

#include <gtest/gtest.h>
#include <map>

namespace duheng::tools {
namespace {

const SampleSize small{.meters = 50,
                       .meter_days = 9,
                       .sensors = 12,
                       .sensor_days = 2,
                       .ten_year_meters = 8,
                       .ten_year_days = 365,
                       .fleet_meters = 250,
                       .fleet_days = 12};

TEST(SampleWorld, GivesWhatItsSizeSays) {
  SampleFeed feed(small);
  std::uint64_t readings = 0;
  while (const auto block = feed.next()) {
    ASSERT_EQ(block->mantissas.size(), block->readings());
    readings += block->readings();
  }
  EXPECT_EQ(readings, small.readings());
  EXPECT_EQ(readings, 50U * 9 * 96 + 12U * 2 * 1'440);
  DailyFeed daily(small);
  std::uint64_t values = 0;
  while (const auto block = daily.next()) values += block->readings();
  EXPECT_EQ(values, small.daily_values());
}

TEST(SampleWorld, IsTheSameEveryTime) {
  SampleFeed one(small);
  SampleFeed other(small);
  while (const auto block = one.next()) {
    const auto again = other.next();
    ASSERT_TRUE(again);
    EXPECT_EQ(block->mantissas, again->mantissas);
    EXPECT_EQ(block->first_utc_ms, again->first_utc_ms);
  }
  EXPECT_FALSE(other.next());
}

TEST(SampleWorld, EachSeriesGoesOnInTimeWithoutHoles) {
  SampleFeed feed(small);
  std::map<SampleKind, std::int64_t> next_utc_ms;
  while (const auto block = feed.next()) {
    const auto [it, first] = next_utc_ms.try_emplace(block->kind, block->first_utc_ms);
    EXPECT_EQ(it->second, block->first_utc_ms);
    it->second = block->time_utc_ms(block->steps);
  }
  const std::int64_t end = sample_times::start_utc_ms + small.meter_days * sample_times::day_ms;
  EXPECT_EQ(next_utc_ms.at(SampleKind::energy), end);
  EXPECT_EQ(next_utc_ms.at(SampleKind::analogue), end);
}

TEST(SampleWorld, RegistersCountUpAndFitTheirDigits) {
  SampleFeed feed(small);
  std::vector<std::int32_t> last(small.meters, -1);
  std::uint64_t still = 0;
  std::uint64_t moved = 0;
  while (const auto block = feed.next()) {
    if (block->kind != SampleKind::energy) continue;
    for (std::uint32_t step = 0; step < block->steps; ++step) {
      for (std::uint32_t i = 0; i < block->series_count; ++i) {
        const std::int32_t now = block->mantissa(step, i);
        ASSERT_GE(now, last[i]);
        ASSERT_LE(now, 99'999'999);
        (now == last[i] ? still : moved) += 1;
        last[i] = now;
      }
    }
  }
  EXPECT_GT(still, 0U);  // roofs in the sun
  EXPECT_GT(moved, still * 10);
}

TEST(SampleWorld, AnalogueValuesFitTheirFramesAndVary) {
  SampleFeed feed(small);
  constexpr std::array<std::int32_t, 4> greatest{9'999, 999'999, 999'999, 9'999};
  std::map<std::uint32_t, std::map<std::int32_t, int>> seen;
  while (const auto block = feed.next()) {
    if (block->kind != SampleKind::analogue) continue;
    for (std::uint32_t step = 0; step < block->steps; ++step) {
      for (std::uint32_t i = 0; i < block->series_count; ++i) {
        ASSERT_GE(block->mantissa(step, i), 0);
        ASSERT_LE(block->mantissa(step, i), greatest[i % 4]);
        ++seen[i][block->mantissa(step, i)];
      }
    }
  }
  for (const auto& [series, values] : seen) EXPECT_GT(values.size(), 5U) << series;
}

TEST(SampleWorld, TruthAddsUp) {
  SampleFeed feed(small);
  std::map<std::uint32_t, SampleTruth> counted;
  while (const auto block = feed.next()) {
    if (block->kind != SampleKind::energy) continue;
    for (std::uint32_t step = 0; step < block->steps; ++step) {
      for (std::uint32_t i = 0; i < block->series_count; ++i) {
        ++counted[i].count;
        counted[i].mantissa_sum += block->mantissa(step, i);
      }
    }
  }
  for (const auto& [series, truth] : counted) EXPECT_EQ(feed.truth(SampleKind::energy, series), truth);
  EXPECT_EQ(feed.truth(SampleKind::energy, small.meters), SampleTruth{});
}

TEST(SampleWorld, DailyBlocksHoldTheDailyTotals) {
  DailyFeed feed(small);
  while (const auto block = feed.next()) {
    const bool ten_years = block->first_series == 0;
    const std::int64_t start = ten_years ? sample_times::ten_years_start_utc_ms : sample_times::start_utc_ms;
    const auto first_day = static_cast<std::uint32_t>((block->first_utc_ms - start) / sample_times::day_ms);
    EXPECT_EQ(block->mantissa(0, 0), daily_total(block->first_series, first_day));
    const std::uint32_t last = block->series_count - 1;
    EXPECT_EQ(block->mantissa(block->steps - 1, last),
              daily_total(block->first_series + last, first_day + block->steps - 1));
  }
}

}  // namespace
}  // namespace duheng::tools
