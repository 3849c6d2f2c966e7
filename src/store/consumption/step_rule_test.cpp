#include "store/consumption/step_rule.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace duheng::store {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t six_digits = 1'000'000;

Step step(std::int64_t from, std::int64_t to, StepRule rule, std::int64_t hours = 1, Quality quality = Quality::good) {
  return judge_step({0, from, Quality::good}, {hours * hour_ms, to, quality}, rule);
}

TEST(StepRule, ForwardIsTheDifference) {
  EXPECT_EQ(step(100, 130, {}).kind, StepKind::increase);
  EXPECT_EQ(step(100, 130, {}).amount, 30);
  EXPECT_EQ(step(100, 100, {}).kind, StepKind::increase);
  EXPECT_EQ(step(-50, 20, {}).amount, 70);
}

TEST(StepRule, BackwardsWithoutDigitsCountsNothing) {
  EXPECT_EQ(step(999'990, 5, {}).kind, StepKind::decrease_unexplained);
  EXPECT_EQ(step(999'990, 5, {}).amount, 0);
}

TEST(StepRule, TurnsOverThroughZero) {
  const auto taken = step(999'990, 5, {.modulus = six_digits});
  EXPECT_EQ(taken.kind, StepKind::roll_over);
  EXPECT_EQ(taken.amount, 15);
}

TEST(StepRule, AllowsAModulusIn1500HoursWhenNoRateIsKnown) {
  // One hour: 1,000,000 / 1,500 = 666.7, rounded up, and one unit.
  EXPECT_EQ(step(999'400, 68, {.modulus = six_digits}).kind, StepKind::roll_over);
  EXPECT_EQ(step(999'400, 69, {.modulus = six_digits}).kind, StepKind::decrease_unexplained);
}

TEST(StepRule, HoldsARollOverAgainstTheRateKnown) {
  const StepRule rule{.modulus = six_digits, .rate_max_per_hour = 10};
  EXPECT_EQ(step(999'995, 6, rule).kind, StepKind::roll_over);
  EXPECT_EQ(step(999'995, 7, rule).kind, StepKind::decrease_unexplained);
  EXPECT_EQ(step(999'995, 7, rule, 2).kind, StepKind::roll_over);
}

TEST(StepRule, NeverTakesMoreThanATenthOfTheModulus) {
  EXPECT_EQ(step(900'000, 0, {.modulus = six_digits}, 100'000).kind, StepKind::roll_over);
  EXPECT_EQ(step(899'999, 0, {.modulus = six_digits}, 100'000).kind, StepKind::decrease_unexplained);
}

TEST(StepRule, ASmallSlipBackIsNoRollOver) {
  EXPECT_EQ(step(500'000, 499'999, {.modulus = six_digits}, 100'000).kind, StepKind::decrease_unexplained);
}

TEST(StepRule, ValuesBeyondTheRegisterAreNoRollOver) {
  EXPECT_EQ(step(1'000'000, 5, {.modulus = six_digits}).kind, StepKind::decrease_unexplained);
  EXPECT_EQ(step(999'999, -1, {.modulus = six_digits}).kind, StepKind::decrease_unexplained);
}

TEST(StepRule, NamesWhatIsTooFastButCountsIt) {
  const StepRule rule{.rate_max_per_hour = 10};
  EXPECT_EQ(step(0, 11, rule).kind, StepKind::increase);
  EXPECT_EQ(step(0, 12, rule).kind, StepKind::increase_implausible);
  EXPECT_EQ(step(0, 12, rule).amount, 12);
  EXPECT_EQ(step(0, 5, {}, 1, Quality::rate_exceeded).kind, StepKind::increase_implausible);
  EXPECT_EQ(step(5, 5, {}, 1, Quality::out_of_range).kind, StepKind::increase);
}

TEST(StepRule, HoldsAtTheEndsOfTheNumberRange) {
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  const auto taken = judge_step({low, low, Quality::good}, {high, high, Quality::good}, {});
  EXPECT_EQ(digits_of(taken.amount), "18446744073709551615");
  EXPECT_EQ(judge_step({high, high, Quality::good}, {low, low, Quality::good}, {.modulus = high}).kind,
            StepKind::decrease_unexplained);
}

}  // namespace
}  // namespace duheng::store
