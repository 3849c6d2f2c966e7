#include "gateway/polling/timing_histogram.hpp"

#include <gtest/gtest.h>

namespace duheng::gateway {
namespace {

TEST(TimingHistogram, NothingIsKnownBeforeTwoReadings) {
  RoundTiming timing;
  EXPECT_EQ(timing.note(5'000, 1'000), std::nullopt);
  EXPECT_EQ(timing.histogram.figures().samples, 0U);
  EXPECT_EQ(timing.note(6'010, 1'000), 1'010);
  EXPECT_EQ(timing.histogram.figures().samples, 1U);
}

TEST(TimingHistogram, PercentilesAreTheBoundsOfTheirClasses) {
  TimingHistogram histogram;
  for (int i = 0; i < 94; ++i) histogram.add(1'000, 1'000);
  for (int i = 0; i < 5; ++i) histogram.add(1'040, 1'000);
  histogram.add(1'400, 1'000);
  const auto figures = histogram.figures();
  EXPECT_EQ(figures.samples, 100U);
  EXPECT_EQ(figures.p50_per_mille, 1'000U);
  EXPECT_EQ(figures.p95_per_mille, 1'050U);
  EXPECT_EQ(figures.p99_per_mille, 1'050U);
  EXPECT_EQ(figures.max_per_mille, 1'400U);
  EXPECT_EQ(figures.missed, 0U);
}

TEST(TimingHistogram, WholePeriodsWithoutAReadingAreMissed) {
  TimingHistogram histogram;
  histogram.add(1'499, 1'000);  // late
  EXPECT_EQ(histogram.figures().missed, 0U);
  histogram.add(1'500, 1'000);
  EXPECT_EQ(histogram.figures().missed, 1U);
  histogram.add(60'000, 1'000);
  EXPECT_EQ(histogram.figures().missed, 60U);
  EXPECT_EQ(histogram.figures().max_per_mille, 60'000U);
}

TEST(TimingHistogram, TakesAnyNumber) {
  TimingHistogram histogram;
  histogram.add(INT64_MAX, 1);
  histogram.add(-5, 1'000);
  histogram.add(5, 0);
  histogram.add(0, 1'000);
  const auto figures = histogram.figures();
  EXPECT_EQ(figures.samples, 2U);
  EXPECT_EQ(figures.p50_per_mille, 250U);
}

}  // namespace
}  // namespace duheng::gateway
