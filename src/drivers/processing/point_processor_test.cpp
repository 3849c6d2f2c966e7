#include "drivers/processing/point_processor.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <rapidcheck/gtest.h>
#include <vector>

namespace duheng::drivers {
namespace {

using Filter = ProcessingRule::Filter;

ProcessingRule rule(std::int8_t exponent, Filter filter = Filter::none, std::uint32_t window = 1) {
  ProcessingRule out;
  out.from = "raw";
  out.into = "result";
  out.exponent = exponent;
  out.filter = filter;
  out.window = window;
  return out;
}

/// What comes of values in `exponent`, as mantissas.
std::vector<std::int64_t> run(PointProcessor& point, std::int8_t exponent, const std::vector<std::int64_t>& values) {
  std::vector<std::int64_t> out;
  for (const std::int64_t value : values)
    if (const auto made = point.take({value, exponent}, Quality::good)) {
      EXPECT_EQ(made->quality, Quality::good);
      out.push_back(made->mantissa);
    }
  return out;
}
using Mantissas = std::vector<std::int64_t>;

TEST(PointProcessor, ACurrentLoopBecomesAPressure) {
  auto loop = rule(-4);
  loop.line = ProcessingRule::Line{{4, 0}, {20, 0}, {0, 0}, {16, -1}};
  loop.fail_below = Decimal{36, -1};
  loop.fail_above = Decimal{21, 0};
  PointProcessor point(loop);
  // 4, 20, 12, 5.3, 7.777, 3.6, 21 mA. By hand: (mA - 4) / 16 x 1.6 MPa.
  EXPECT_EQ(run(point, -3, {4'000, 20'000, 12'000, 5'300, 7'777, 3'600, 21'000}),
            (Mantissas{0, 16'000, 8'000, 1'300, 3'777, -400, 17'000}));
  const ProcessedValue broken{0, Quality::out_of_range | Quality::no_value};
  EXPECT_EQ(point.take({3'599, -3}, Quality::good), broken);
  EXPECT_EQ(point.take({21'001, -3}, Quality::good), broken);
}

TEST(PointProcessor, ALineThatDoesNotDivideEvenlyIsRoundedOnce) {
  auto third = rule(-2);
  third.line = ProcessingRule::Line{{0, 0}, {3, 0}, {-50, 0}, {150, 0}};
  PointProcessor point(third);
  // -50 + 200/3 = 16.666..., -50 + 400/3 = 83.333...
  EXPECT_EQ(run(point, 0, {0, 1, 2, 3}), (Mantissas{-5'000, 1'667, 8'333, 15'000}));
}

TEST(PointProcessor, GainAndOffsetAreExact) {
  auto fahrenheit = rule(-2);
  fahrenheit.gain = {18, -1};
  fahrenheit.offset = {32, 0};
  PointProcessor point(fahrenheit);
  EXPECT_EQ(run(point, -1, {215, 0, -400, 1'000}), (Mantissas{7'070, 3'200, -4'000, 21'200}));
  auto tenth = rule(0);
  tenth.gain = {1, -1};
  PointProcessor halves(tenth);
  EXPECT_EQ(run(halves, 0, {5, -5, 4, -4, 15, -15}), (Mantissas{1, -1, 0, 0, 2, -2}));  // halves away from zero
}

TEST(PointProcessor, MeanOverWhatThereIsUntilTheWindowIsFull) {
  PointProcessor point(rule(-1, Filter::mean, 3));
  // 10; 15; 70/3 = 23.33; 65/3 = 21.67; 15.
  EXPECT_EQ(run(point, 0, {10, 20, 40, 5, 0}), (Mantissas{100, 150, 233, 217, 150}));
  PointProcessor negative(rule(0, Filter::mean, 2));
  EXPECT_EQ(run(negative, 0, {-1, -2, 1}), (Mantissas{-1, -2, -1}));  // -1.5, -0.5
}

TEST(PointProcessor, MedianTakesSpikesOut) {
  PointProcessor point(rule(0, Filter::median, 5));
  EXPECT_EQ(run(point, 0, {20, 21, 900, 22, 21, -500, 23}), (Mantissas{20, 21, 21, 22, 21, 21, 22}));
}

TEST(PointProcessor, FirstOrderFollowsItsCoefficient) {
  auto quarter = rule(-4, Filter::first_order);
  quarter.coefficient = {25, 100};
  PointProcessor point(quarter);
  // From 0 towards 100: 25, 43.75, 57.8125, 68.359375.
  EXPECT_EQ(run(point, 0, {0, 100, 100, 100, 100}), (Mantissas{0, 250'000, 437'500, 578'125, 683'594}));
  auto third = rule(-2, Filter::first_order);
  third.coefficient = {1, 3};
  PointProcessor thirds(third);
  // 0, 3, 5, 6 1/3, 7 2/9.
  EXPECT_EQ(run(thirds, 0, {0, 9, 9, 9, 9}), (Mantissas{0, 300, 500, 633, 722}));
}

TEST(PointProcessor, TheDeadBandHoldsSmallChangesBack) {
  auto banded = rule(-1);
  banded.dead_band = Decimal{50, -2};
  PointProcessor point(banded);
  EXPECT_EQ(run(point, -1, {200, 205, 195, 206, 201, 200, 201}), (Mantissas{200, 206, 200}));
}

TEST(PointProcessor, DoubtfulValuesDoNotEnterTheFilter) {
  PointProcessor point(rule(0, Filter::mean, 2));
  EXPECT_EQ(point.take({10, 0}, Quality::good)->mantissa, 10);
  const auto spike = point.take({9'999, 0}, Quality::rate_exceeded);
  EXPECT_EQ(spike->quality, Quality::rate_exceeded | Quality::no_value);
  EXPECT_EQ(point.take({20, 0}, Quality::good)->mantissa, 15);
  const auto suspect = point.take({30, 0}, Quality::clock_suspect);
  EXPECT_EQ(suspect->mantissa, 25);
  EXPECT_EQ(suspect->quality, Quality::clock_suspect);
}

TEST(PointProcessor, WithADeadBandAFailureIsToldOnceAndTheReturnAtOnce) {
  auto banded = rule(0);
  banded.dead_band = Decimal{5, 0};
  PointProcessor point(banded);
  EXPECT_TRUE(point.take({100, 0}, Quality::good));
  EXPECT_TRUE(point.take({0, 0}, Quality::no_value));
  EXPECT_FALSE(point.take({0, 0}, Quality::no_value));
  EXPECT_EQ(point.take({101, 0}, Quality::good)->mantissa, 101);
}

TEST(PointProcessor, WhatDoesNotFitIsNoValue) {
  auto large = rule(-9);
  PointProcessor point(large);
  EXPECT_EQ(point.take({INT64_MAX, 0}, Quality::good)->quality, Quality::out_of_range | Quality::no_value);
}

/// Against plain fractions: with a denominator of 1 nothing is rounded.
RC_GTEST_PROP(PointProcessorProperty, MeanAndMedianEqualTheirDefinitions, ()) {
  const auto window = *rc::gen::inRange<std::uint32_t>(2, 12);
  const auto values =
      *rc::gen::nonEmpty(rc::gen::container<Mantissas>(rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000)));
  PointProcessor mean(rule(0, Filter::mean, window));
  PointProcessor median(rule(0, Filter::median, window));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t first = i + 1 > window ? i + 1 - window : 0;
    Mantissas last(values.begin() + static_cast<std::ptrdiff_t>(first),
                   values.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    const auto count = static_cast<std::int64_t>(last.size());
    const std::int64_t sum = std::accumulate(last.begin(), last.end(), std::int64_t{0});
    const std::int64_t got = mean.take({values[i], 0}, Quality::good)->mantissa;
    RC_ASSERT(std::abs(2 * (got * count - sum)) <= count);
    std::ranges::sort(last);
    const std::int64_t twice = last[(last.size() - 1) / 2] + last[last.size() / 2];
    const std::int64_t middle = median.take({values[i], 0}, Quality::good)->mantissa;
    RC_ASSERT(std::abs(2 * middle - twice) <= 1);
  }
}

RC_GTEST_PROP(PointProcessorProperty, FirstOrderStaysBetweenAndArrives, ()) {
  auto smooth = rule(0, Filter::first_order);
  smooth.coefficient = {*rc::gen::inRange<std::int64_t>(1, 100), 100};
  PointProcessor point(smooth);
  const auto begin = *rc::gen::inRange<std::int64_t>(-1'000, 1'000);
  const auto end = *rc::gen::inRange<std::int64_t>(-1'000, 1'000);
  std::int64_t before = point.take({begin, 0}, Quality::good)->mantissa;
  for (int i = 0; i < 3'000; ++i) {
    const std::int64_t now = point.take({end, 0}, Quality::good)->mantissa;
    RC_ASSERT(std::abs(end - now) <= std::abs(end - before));
    before = now;
  }
  RC_ASSERT(before == end);
}

}  // namespace
}  // namespace duheng::drivers
