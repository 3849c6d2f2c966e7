#include "store/telemetry/downsampling.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <rapidcheck/gtest.h>

#include "store/telemetry/series_questions.hpp"

namespace duheng::store {
namespace {

using ::testing::ElementsAre;
constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto greatest = std::numeric_limits<std::int64_t>::max();

std::vector<Point> every_second(const std::vector<std::int64_t>& mantissas) {
  std::vector<Point> points;
  for (const std::int64_t mantissa : mantissas) {
    Point point;
    point.time_utc_ms = static_cast<std::int64_t>(points.size()) * 1'000;
    point.mantissa = mantissa;
    points.push_back(point);
  }
  return points;
}
std::int64_t bits(double value) { return std::bit_cast<std::int64_t>(value); }

// --- Largest-Triangle-Three-Buckets --------------------------------------------------------------------------------

TEST(Lttb, KeepsAllWhenThereAreNoMore) {
  const auto points = every_second({3, 1, 4});
  EXPECT_THAT(lttb(points, SeriesKind::decimal, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(lttb(points, SeriesKind::decimal, 100), ElementsAre(0, 1, 2));
  EXPECT_TRUE(lttb({}, SeriesKind::decimal, 5).empty());
}

TEST(Lttb, OfVeryFewTheEndsStand) {
  const auto points = every_second({3, 1, 4, 1, 5});
  EXPECT_TRUE(lttb(points, SeriesKind::decimal, 0).empty());
  EXPECT_THAT(lttb(points, SeriesKind::decimal, 1), ElementsAre(0));
  EXPECT_THAT(lttb(points, SeriesKind::decimal, 2), ElementsAre(0, 4));
}

// By hand: buckets {1, 2} and {3, 4}. First triangle: (0,0), candidate, mean (3.5, 5): areas x2 of (1,8) and (2,1) are
// |3.5*8 - 1*5| = 23 and |3.5*1 - 2*5| = 6.5, so index 1. Then (1,8), candidate, last (5,0): with (3,0)
// |4*(0-8) - 2*(0-8)| = 16, with (4,10) |4*2 - 3*(-8)| = 32, so index 4.
TEST(Lttb, ChoosesTheLargestTrianglesAsWorkedOutByHand) {
  EXPECT_THAT(lttb(every_second({0, 8, 1, 0, 10, 0}), SeriesKind::decimal, 4), ElementsAre(0, 1, 4, 5));
}

TEST(Lttb, ASpikeAmongThousandsStays) {
  for (const std::int64_t spike : {std::int64_t{1}, std::int64_t{-1}, greatest, least}) {
    std::vector<std::int64_t> mantissas(10'000, 0);
    mantissas[7'321] = spike;
    EXPECT_THAT(lttb(every_second(mantissas), SeriesKind::decimal, 50), ::testing::Contains(7'321)) << spike;
  }
}

TEST(Lttb, LeavesOutWhatHasNoValue) {
  auto points = every_second({5, greatest, 6, least, 7, 8});
  points[1].quality = Quality::no_value;
  points[3].quality = Quality::invalid_content | Quality::clock_suspect;
  points[4].quality = Quality::corrected;
  EXPECT_THAT(lttb(points, SeriesKind::decimal, 10), ElementsAre(0, 2, 4, 5));
  EXPECT_THAT(lttb(points, SeriesKind::decimal, 2), ElementsAre(0, 5));
  for (Point& point : points) point.quality = Quality::no_value;
  EXPECT_TRUE(lttb(points, SeriesKind::decimal, 4).empty());
}

TEST(Lttb, ReadsDoublesAsDoubles) {
  const std::vector<double> values{0, 8, 1, 0, 10, 0};
  std::vector<std::int64_t> mantissas;
  for (const double value : values) mantissas.push_back(bits(value / 1'000));
  EXPECT_THAT(lttb(every_second(mantissas), SeriesKind::ieee_bits, 4), ElementsAre(0, 1, 4, 5));
  mantissas[2] = bits(std::numeric_limits<double>::quiet_NaN());
  mantissas[3] = bits(std::numeric_limits<double>::infinity());
  EXPECT_THAT(lttb(every_second(mantissas), SeriesKind::ieee_bits, 9), ElementsAre(0, 1, 4, 5));
  const double huge = std::numeric_limits<double>::max();
  EXPECT_EQ(lttb(every_second({bits(huge), bits(-huge), bits(huge), bits(0)}), SeriesKind::ieee_bits, 3).size(), 3U);
}

TEST(Lttb, EqualTrianglesLeaveTheEarliest) {
  EXPECT_THAT(lttb(every_second({5, 5, 5, 5, 5, 5}), SeriesKind::decimal, 3), ElementsAre(0, 1, 5));
}

RC_GTEST_PROP(LttbProperty, IsAnAscendingChoiceOfTheRightSizeWithBothEnds, ()) {
  const auto mantissas = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::arbitrary<std::int64_t>());
  auto points = every_second(mantissas);
  for (Point& point : points)
    if (*rc::gen::inRange(0, 8) == 0) point.quality = Quality::no_value;
  const auto count = *rc::gen::inRange<std::size_t>(2, 30);
  std::vector<std::size_t> with_value;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (points[i].quality == Quality::good) with_value.push_back(i);
  const auto chosen = lttb(points, SeriesKind::decimal, count);
  RC_ASSERT(chosen.size() == std::min(count, with_value.size()));
  RC_ASSERT(std::ranges::is_sorted(chosen, std::less_equal<>()));  // ascending without repetition
  RC_ASSERT(std::ranges::includes(with_value, chosen));
  if (with_value.empty()) return;
  RC_ASSERT(chosen.front() == with_value.front());
  RC_ASSERT(chosen.back() == with_value.back());
}

// The definition again, told differently: integers, all buckets cut beforehand, means as sums scaled by their count.
RC_GTEST_PROP(LttbProperty, EveryChoiceHasTheLargestTriangleOfItsBucket, ()) {
  const auto mantissas =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000));
  const auto count = *rc::gen::inRange<std::size_t>(3, 12);
  if (mantissas.size() <= count) return;
  const auto points = every_second(mantissas);
  const auto chosen = lttb(points, SeriesKind::decimal, count);
  const std::size_t inner = points.size() - 2;
  std::vector<std::vector<std::size_t>> buckets(count);
  buckets[0] = {0};
  buckets[count - 1] = {points.size() - 1};
  for (std::size_t bucket = 0; bucket + 2 < count; ++bucket)
    for (std::size_t i = bucket * inner / (count - 2); i < (bucket + 1) * inner / (count - 2); ++i)
      buckets[bucket + 1].push_back(i + 1);
  for (std::size_t bucket = 1; bucket + 1 < count; ++bucket) {
    const Point& left = points[chosen[bucket - 1]];
    const auto& next = buckets[bucket + 1];
    const auto scale = static_cast<__int128>(next.size());
    __int128 time_sum = 0;
    __int128 value_sum = 0;
    for (const std::size_t i : next) {
      time_sum += points[i].time_utc_ms;
      value_sum += points[i].mantissa;
    }
    const auto area = [&](std::size_t i) {
      const __int128 twice = (left.time_utc_ms * scale - time_sum) * (points[i].mantissa - left.mantissa) -
                             (left.time_utc_ms - points[i].time_utc_ms) * (value_sum - left.mantissa * scale);
      return static_cast<double>(twice < 0 ? -twice : twice);
    };
    RC_ASSERT(std::ranges::find(buckets[bucket], chosen[bucket]) != buckets[bucket].end());
    for (const std::size_t i : buckets[bucket]) RC_ASSERT(area(i) <= area(chosen[bucket]) * (1 + 1e-9) + 1e-3);
  }
}

// --- Sums and means ------------------------------------------------------------------------------------------------

CurveBucket bucket_of(const std::vector<std::int64_t>& mantissas, SeriesKind kind) {
  CurveBuilder builder({0, 1'000}, 1, kind);
  for (std::size_t i = 0; i < mantissas.size(); ++i)
    builder.add({1, static_cast<std::int64_t>(i), mantissas[i], 0, 0, 1, 0});
  auto buckets = std::move(builder).finish();
  return buckets.empty() ? CurveBucket{} : buckets.front();
}

TEST(Mean, IsExactWhereADoubleIsNot) {
  const CurveBucket bucket = bucket_of({greatest, greatest - 1, greatest}, SeriesKind::decimal);
  EXPECT_EQ(mean_of(bucket), (ExactMean{greatest - 1, 2, 3}));
  EXPECT_EQ(mean_of(bucket)->rounded(), greatest);
  EXPECT_EQ(mean_of(bucket_of({least, least}, SeriesKind::decimal)), (ExactMean{least, 0, 2}));
  EXPECT_EQ(mean_of(CurveBucket{}), std::nullopt);
}

TEST(Mean, RoundsHalvesAwayFromZero) {
  EXPECT_EQ(mean_of(bucket_of({2, 3}, SeriesKind::decimal))->rounded(), 3);
  EXPECT_EQ(mean_of(bucket_of({-2, -3}, SeriesKind::decimal))->rounded(), -3);
  EXPECT_EQ(mean_of(bucket_of({0, -1}, SeriesKind::decimal))->rounded(), -1);
  EXPECT_EQ(mean_of(bucket_of({0, 0, -1}, SeriesKind::decimal))->rounded(), 0);
  EXPECT_EQ(mean_of(bucket_of({0, 1, 1}, SeriesKind::decimal))->rounded(), 1);
}

TEST(Mean, LeavesOutWhatHasNoValue) {
  CurveBuilder builder({0, 1'000}, 1, SeriesKind::decimal);
  builder.add({1, 1, 10, 0, 0, 1, 0});
  builder.add({1, 2, 999, static_cast<std::uint16_t>(Quality::no_value), 0, 1, 0});
  builder.add({1, 3, 21, 0, 0, 1, 0});
  const auto buckets = std::move(builder).finish();
  ASSERT_EQ(buckets.size(), 1U);
  EXPECT_EQ(mean_of(buckets[0]), (ExactMean{15, 1, 2}));
}

TEST(Mean, OfDoublesIsTheSumRoundedOnce) {
  const CurveBucket bucket = bucket_of({bits(1e16), bits(1.0), bits(1.0), bits(-1e16)}, SeriesKind::ieee_bits);
  EXPECT_EQ(bucket.floating_sum, 2.0);
  EXPECT_EQ(floating_mean_of(bucket), 0.5);
  EXPECT_EQ(bucket.value_sum, 0);
  EXPECT_EQ(floating_mean_of(CurveBucket{}), std::nullopt);
}

TEST(FloatingSum, RoundsOnceAndKnowsItsLimits) {
  FloatingSum tenths;
  for (int i = 0; i < 10; ++i) tenths.add(0.1);
  EXPECT_EQ(tenths.rounded(), 1.0);
  FloatingSum half_way;  // half a step above 1, and the least above that: up
  for (const double number : {1.0, 0x1p-53, 0x1p-1000}) half_way.add(number);
  EXPECT_EQ(half_way.rounded(), 1.0 + 0x1p-52);
  FloatingSum infinite;
  infinite.add(std::numeric_limits<double>::infinity());
  infinite.add(1);
  EXPECT_EQ(infinite.rounded(), std::numeric_limits<double>::infinity());
  infinite.add(-std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(infinite.rounded()));
  EXPECT_EQ(FloatingSum{}.rounded(), 0);
}

RC_GTEST_PROP(FloatingSumProperty, IsTheSameInEveryOrder, ()) {
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  std::vector<double> numbers(*rc::gen::inRange<std::size_t>(1, 60));
  for (double& number : numbers)
    number =
        std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), static_cast<int>(random() % 200) - 100);
  FloatingSum forward;
  for (const double number : numbers) forward.add(number);
  std::ranges::shuffle(numbers, random);
  FloatingSum shuffled;
  for (const double number : numbers) shuffled.add(number);
  RC_ASSERT(bits(forward.rounded()) == bits(shuffled.rounded()));
}

RC_GTEST_PROP(MeanProperty, IsTheSumDividedWithItsRemainder, ()) {
  const auto mantissas =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(rc::gen::arbitrary<std::int64_t>()));
  const auto kept = std::min<std::size_t>(mantissas.size(), 1'000);
  __int128 sum = 0;
  for (std::size_t i = 0; i < kept; ++i) sum += mantissas[i];
  const auto mean = mean_of(bucket_of(mantissas, SeriesKind::decimal));
  RC_ASSERT(mean.has_value());
  RC_ASSERT(mean->remainder < mean->count);
  const __int128 again = static_cast<__int128>(mean->quotient) * static_cast<__int128>(mean->count) + mean->remainder;
  RC_ASSERT(again == sum);
}

}  // namespace
}  // namespace duheng::store
