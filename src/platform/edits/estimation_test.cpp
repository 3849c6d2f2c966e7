#include "platform/edits/estimation.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t quarter = 900'000;
constexpr std::int64_t week = estimation_limits::week_ms;
constexpr std::int64_t start = 1'000 * week;

std::vector<std::int64_t> mantissas(const Result<std::vector<EstimatedValue>>& estimated) {
  std::vector<std::int64_t> out;
  for (const EstimatedValue& value : estimated.value()) out.push_back(value.mantissa);
  return out;
}
ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

TEST(MissingTimes, AreOnTheGridWhereNoValueIsNear) {
  const std::vector<std::int64_t> present{start, start + quarter + 300'000, start + 4 * quarter - 450'000};
  EXPECT_THAT(missing_times(present, start, start + 6 * quarter, quarter).value(),
              ElementsAre(start + 2 * quarter, start + 3 * quarter, start + 5 * quarter));
  EXPECT_THAT(missing_times({}, start + 1, start + quarter + 1, quarter).value(), ElementsAre(start + quarter));
  EXPECT_THAT(missing_times(present, start, start + 1, quarter).value(), IsEmpty());
  EXPECT_EQ(code(missing_times({}, start, start, quarter)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(missing_times({}, start, start + 1, 0)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(missing_times({}, start, start + 10'001, 1)), ErrorCode::limit_exceeded);
}

TEST(Estimate, LinearIsExactAndRoundsHalvesUp) {
  const std::vector<KnownValue> known{{start, 100}, {start + 4 * quarter, 110}};
  const std::vector<std::int64_t> times{start + quarter, start + 2 * quarter, start + 3 * quarter};
  EXPECT_THAT(mantissas(estimate(EstimateMethod::linear, {known, times, quarter, true})), ElementsAre(103, 105, 108));
  const std::vector<KnownValue> falling{{start, 110}, {start + 4 * quarter, 100}};
  EXPECT_THAT(mantissas(estimate(EstimateMethod::linear, {falling, times, quarter, false})),
              ElementsAre(108, 105, 103));
  EXPECT_EQ(code(estimate(EstimateMethod::linear, {falling, times, quarter, true})), ErrorCode::conflict)
      << "a register that went back is settled first";
}

TEST(Estimate, EachGapHasItsOwnNeighbours) {
  const std::vector<KnownValue> known{{start, 0}, {start + 2 * quarter, 20}, {start + 4 * quarter, 100}};
  const std::vector<std::int64_t> times{start + quarter, start + 3 * quarter};
  const auto made = estimate(EstimateMethod::linear, {known, times, quarter, true});
  EXPECT_THAT(mantissas(made), ElementsAre(10, 60));
  EXPECT_EQ((*made)[0].before, known[0]);
  EXPECT_EQ((*made)[0].after, known[1]);
  EXPECT_EQ((*made)[1].before, known[1]);
}

TEST(Estimate, SaysWhichNeighbourIsMissing) {
  const std::vector<KnownValue> known{{start, 7}};
  const std::vector<std::int64_t> after{start + quarter}, before{start - quarter};
  EXPECT_EQ(code(estimate(EstimateMethod::linear, {known, after, quarter, true})), ErrorCode::not_found);
  EXPECT_EQ(code(estimate(EstimateMethod::linear, {known, before, quarter, true})), ErrorCode::not_found);
  EXPECT_THAT(mantissas(estimate(EstimateMethod::last_value, {known, after, quarter, true})), ElementsAre(7));
  EXPECT_EQ(code(estimate(EstimateMethod::last_value, {known, before, quarter, true})), ErrorCode::not_found);
  EXPECT_EQ(code(estimate(EstimateMethod::same_weekdays, {known, after, quarter, true})), ErrorCode::not_found);
}

/// Four weeks in which the register counts 1, then 3, in the two quarters of an hour that will be missing.
std::vector<KnownValue> four_weeks() {
  std::vector<KnownValue> known;
  for (int back = 4; back >= 1; --back) {
    const std::int64_t at = start - back * week;
    const std::int64_t base = (4 - back) * 1'000;
    known.insert(known.end(),
                 {{at, base}, {at + quarter, base + 1}, {at + 2 * quarter, base + 4}, {at + 3 * quarter, base + 8}});
  }
  return known;
}

TEST(Estimate, WeekdaysGiveACounterTheirCourseAndMeetItsEnd) {
  std::vector<KnownValue> known = four_weeks();
  known.insert(known.end(), {{start, 5'000}, {start + 3 * quarter, 5'080}});
  const std::vector<std::int64_t> times{start + quarter, start + 2 * quarter};
  const auto made = estimate(EstimateMethod::same_weekdays, {known, times, quarter, true});
  EXPECT_THAT(mantissas(made), ElementsAre(5'010, 5'040)) << "80 in the proportion 1 : 3 : 4";
  EXPECT_EQ((*made)[0].weeks, 4);
  known.pop_back();
  EXPECT_THAT(mantissas(estimate(EstimateMethod::same_weekdays, {known, times, quarter, true})),
              ElementsAre(5'001, 5'004))
      << "without an end their mean goes on";
}

TEST(Estimate, WeekdaysGiveAQuantityTheirMeanAndUseWholeWeeksOnly) {
  const std::vector<KnownValue> known{{start - 3 * week, 2'300}, {start - 2 * week, 2'311}, {start - week, 2'310}};
  const std::vector<std::int64_t> times{start};
  const auto made = estimate(EstimateMethod::same_weekdays, {known, times, quarter, false});
  EXPECT_THAT(mantissas(made), ElementsAre(2'307));
  EXPECT_EQ((*made)[0].weeks, 3);
}

TEST(Estimate, ACounterThatStoodStillHasNoCourse) {
  std::vector<KnownValue> known;
  for (int back = 4; back >= 0; --back) {
    known.push_back({start - back * week, 10});
    known.push_back({start - back * week + 2 * quarter, back == 0 ? 20 : 10});
  }
  const std::vector<std::int64_t> times{start + quarter};
  EXPECT_EQ(code(estimate(EstimateMethod::same_weekdays, {known, times, quarter, true})), ErrorCode::not_found);
}

TEST(Estimate, NamesAreStable) {
  for (const char* name : {"linear", "last_value", "same_weekdays"})
    EXPECT_EQ(to_string(estimate_method_of(name).value()), name);
  EXPECT_FALSE(estimate_method_of("guess"));
}

RC_GTEST_PROP(EstimateProperty, ACounterNeverGoesBackNorPastItsEnd, ()) {
  const auto first = *rc::gen::inRange<std::int64_t>(0, INT64_MAX / 4);
  const auto rise = *rc::gen::inRange<std::int64_t>(0, INT64_MAX / 4);
  const int count = *rc::gen::inRange(1, 60);
  const std::vector<KnownValue> known{{start, first}, {start + (count + 1) * quarter, first + rise}};
  std::vector<std::int64_t> times;
  for (int i = 1; i <= count; ++i) times.push_back(start + i * quarter);
  const auto made = mantissas(estimate(EstimateMethod::linear, {known, times, quarter, true}));
  RC_ASSERT(std::ranges::is_sorted(made));
  RC_ASSERT(made.front() >= first);
  RC_ASSERT(made.back() <= first + rise);
}

RC_GTEST_PROP(EstimateProperty, WeekdaysStayBetweenTheNeighbours, ()) {
  const auto steps = *rc::gen::container<std::vector<int>>(12, rc::gen::inRange(0, 1'000));
  std::vector<KnownValue> known;
  for (int back = 2; back >= 1; --back) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      known.push_back({start - back * week + static_cast<std::int64_t>(i) * quarter, value});
      value += steps[i] + 1;
    }
  }
  const auto rise = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  known.push_back({start, 500});
  known.push_back({start + static_cast<std::int64_t>(steps.size() - 1) * quarter, 500 + rise});
  std::vector<std::int64_t> times;
  for (std::size_t i = 1; i + 1 < steps.size(); ++i) times.push_back(start + static_cast<std::int64_t>(i) * quarter);
  const auto made = mantissas(estimate(EstimateMethod::same_weekdays, {known, times, quarter, true}));
  RC_ASSERT(std::ranges::is_sorted(made));
  RC_ASSERT(made.front() >= 500);
  RC_ASSERT(made.back() <= 500 + rise);
}

}  // namespace
}  // namespace duheng::platform
