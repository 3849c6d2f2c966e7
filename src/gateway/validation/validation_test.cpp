#include "gateway/validation/validation.hpp"

#include <gtest/gtest.h>

namespace duheng::gateway {
namespace {

TEST(Validation, Range) {
  const ValidationRule rule{.minimum = 0, .maximum = 3'000};
  LastValue last;
  EXPECT_EQ(validate(rule, -1, 0, 0, last), Quality::good);
  EXPECT_EQ(validate(rule, -1, 3'000, 1'000, last), Quality::good);
  EXPECT_EQ(validate(rule, -1, 3'001, 2'000, last), Quality::out_of_range);
  EXPECT_EQ(validate(rule, -1, -1, 3'000, last), Quality::out_of_range);
}

TEST(Validation, CountsUp) {
  const ValidationRule rule{.counts_up = true};
  LastValue last;
  EXPECT_EQ(validate(rule, -2, 99'999'999, 0, last), Quality::good);
  EXPECT_EQ(validate(rule, -2, 99'999'999, 1, last), Quality::good);
  EXPECT_EQ(validate(rule, -2, 3, 2, last), Quality::decreased);  // a roll-over too: the platform's matter
  EXPECT_EQ(validate(rule, -2, 4, 3, last), Quality::good);
}

TEST(Validation, RateIsExactAtTheLimitInEveryScale) {
  // 0.5 kW/s at a last digit of 0.0001 kW: 5000 in a second, and one for rounding.
  const ValidationRule rule{.rate_max_per_s = Decimal{5, -1}};
  LastValue last{0, 0};
  EXPECT_EQ(validate(rule, -4, 5'001, 1'000, last), Quality::good);
  last = {0, 0};
  EXPECT_EQ(validate(rule, -4, 5'002, 1'000, last), Quality::rate_exceeded);
  last = {0, 0};
  EXPECT_EQ(validate(rule, -4, -5'002, 1'000, last), Quality::rate_exceeded);
  // 0.00125 kWh/s on a register of 0.01 kWh: 4.5 in 36 s.
  const ValidationRule slow{.rate_max_per_s = Decimal{125, -5}};
  last = {100, 0};
  EXPECT_EQ(validate(slow, -2, 105, 36'000, last), Quality::good);
  last = {100, 0};
  EXPECT_EQ(validate(slow, -2, 106, 36'000, last), Quality::rate_exceeded);
}

TEST(Validation, ExtremesDoNotOverflow) {
  const ValidationRule rule{
      .minimum = INT64_MIN, .maximum = INT64_MAX, .rate_max_per_s = Decimal{1, 18}, .counts_up = true};
  LastValue last{INT64_MIN, 0};
  EXPECT_EQ(validate(rule, -18, INT64_MAX, 1, last), Quality::good);
  EXPECT_EQ(validate(rule, 18, INT64_MIN, 2, last), Quality::decreased);
  EXPECT_EQ(validate(rule, 18, INT64_MAX, 3, last), Quality::rate_exceeded);
}

TEST(Validation, FirstValueHasNothingToBeComparedWith) {
  const ValidationRule rule{.rate_max_per_s = Decimal{1, 0}, .counts_up = true};
  LastValue last;
  EXPECT_EQ(validate(rule, 0, 1'000'000, 5, last), Quality::good);
}

TEST(ClockWatch, SuspectUntilTheClockHasCaughtUp) {
  ClockWatch watch;
  EXPECT_FALSE(watch.suspect(1'000'000, 0));
  EXPECT_FALSE(watch.suspect(999'500, 500));  // within the tolerance
  EXPECT_TRUE(watch.suspect(900'000, 1'000));
  EXPECT_TRUE(watch.suspect(999'999, 100'000));
  EXPECT_FALSE(watch.suspect(1'000'000, 100'001));
  EXPECT_EQ(watch.jumps_back(), 1U);
}

TEST(ClockWatch, TakesTheNewTimeForTrueAfterAnHour) {
  ClockWatch watch(10'000'000'000);  // somebody once set the clock far ahead
  EXPECT_TRUE(watch.suspect(1'000'000, 0));
  EXPECT_TRUE(watch.suspect(1'000'000 + ClockWatch::distrust_ms - 1, ClockWatch::distrust_ms - 1));
  EXPECT_FALSE(watch.suspect(1'000'000 + ClockWatch::distrust_ms, ClockWatch::distrust_ms));
  EXPECT_FALSE(watch.suspect(1'000'000 + ClockWatch::distrust_ms + 5, ClockWatch::distrust_ms + 5));
}

}  // namespace
}  // namespace duheng::gateway
