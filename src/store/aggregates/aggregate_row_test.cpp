#include "store/aggregates/aggregate_row.hpp"

#include <bit>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"

namespace duheng::store {
namespace {

using testing::hour_ms;
using testing::minute_ms;

Point point(std::int64_t minute, std::int64_t mantissa, Quality quality = Quality::good) {
  Point out;
  out.time_utc_ms = minute * minute_ms;
  out.mantissa = mantissa;
  out.quality = quality;
  out.frame = FrameReference::make(static_cast<std::uint64_t>(minute + 1), 0);
  return out;
}

const std::vector<ConsumptionInterval> two_hours{{0, hour_ms}, {hour_ms, 2 * hour_ms}};
const SeriesPolicy counting{.counts_up = true, .rule = {.modulus = 1'000'000}, .interval_ms = 15 * minute_ms};

std::vector<BucketRow> rows_of(const std::vector<Point>& points, SeriesKind kind = SeriesKind::decimal,
                               SeriesPolicy policy = counting, std::optional<AggregateMark> previous = {}) {
  BucketBuilder builder(kind, policy, two_hours, previous);
  builder.add(points);
  return std::move(builder).finish();
}

TEST(AggregateRow, HoldsWhatWasReadInItsBucket) {
  const auto rows =
      rows_of({point(0, 99), point(15, 130), point(30, 120), point(45, 140), point(60, 120), point(75, 7)},
              SeriesKind::decimal, {.counts_up = false, .interval_ms = 15 * minute_ms});
  ASSERT_EQ(rows.size(), 2U);
  const AggregateRow& row = rows[0].row;
  EXPECT_EQ(row.value_count, 4U);
  EXPECT_EQ(row.first.mantissa, 130);
  EXPECT_EQ(row.last.time_utc_ms, hour_ms);
  EXPECT_EQ(row.minimum.time_utc_ms, 30 * minute_ms);
  EXPECT_EQ(row.maximum.mantissa, 140);
  EXPECT_EQ(row.maximum.frame, FrameReference::make(46, 0));
  EXPECT_EQ(row.sum, 510);
  EXPECT_EQ(row.increase, 0);
  EXPECT_EQ(row.slots_expected, 4U);
  EXPECT_EQ(row.slots_present, 4U);
  EXPECT_EQ(row.longest_silence_ms, 15 * minute_ms);
  EXPECT_EQ(rows[1].bucket, 1U);
  EXPECT_EQ(rows[1].row.longest_silence_ms, 45 * minute_ms);
}

TEST(AggregateRow, IncreasesStartFromTheLastValueBefore) {
  const auto rows = rows_of({point(-5, 90), point(15, 130), point(75, 150)}, SeriesKind::decimal, counting,
                            AggregateMark{-5 * minute_ms, 100, {}, Quality::good});
  EXPECT_EQ(rows[0].row.increase, 30);
  EXPECT_EQ(rows[1].row.increase, 20);
  EXPECT_EQ(rows[0].row.findings, 0);
  EXPECT_EQ(rows_of({point(15, 130)})[0].row.findings, aggregate_findings::no_start_value);
}

TEST(AggregateRow, NamesWhatWasUsedInAGap) {
  using aggregate_findings::over_gap;
  constexpr ConsumptionInterval hour{0, hour_ms};
  const auto over = [&](std::int64_t from_minute, std::int64_t to_minute) {
    return is_over_gap(hour, {from_minute * minute_ms, to_minute * minute_ms});
  };
  EXPECT_FALSE(over(-59, 15));  // the hour before has a value
  EXPECT_TRUE(over(-60, 1));    // a value at the end of the hour before that belongs to that one
  EXPECT_FALSE(over(-40, 50));  // as far apart as an hour and a half
  EXPECT_TRUE(over(-40, 51));
  // Days are taken to be 24 h long, also when the clock is changed.
  EXPECT_FALSE(is_over_gap({0, 23 * hour_ms}, {-23 * hour_ms - 45 * minute_ms, 15 * minute_ms}));
  EXPECT_TRUE(is_over_gap({0, 25 * hour_ms}, {-24 * hour_ms, 15 * minute_ms}));
  const AggregateMark before{-3 * hour_ms, 100, {}, Quality::good};
  const auto rows = rows_of({point(15, 130), point(75, 150)}, SeriesKind::decimal, counting, before);
  EXPECT_EQ(rows[0].row.findings, over_gap);
  EXPECT_EQ(rows[0].row.increase_since_utc_ms, -3 * hour_ms);
  EXPECT_EQ(rows[1].row.findings, 0);
  // An hour without a value in between.
  EXPECT_EQ(rows_of({point(75, 130)}, SeriesKind::decimal, counting, AggregateMark{0, 100, {}, Quality::good})[0]
                .row.findings,
            over_gap);
  // What does not count has no increase to doubt.
  EXPECT_EQ(rows_of({point(15, 130)}, SeriesKind::decimal, {}, before)[0].row.findings, 0);
}

TEST(AggregateRow, AGapInsideAMonthIsNoneForTheMonth) {
  AggregateRow month;
  month.after_utc_ms = month.through_utc_ms = 0;
  const auto day_of = [](int day, std::int64_t since_hour, std::int64_t first_hour) {
    AggregateRow row;
    row.after_utc_ms = day * 24 * hour_ms;
    row.through_utc_ms = (day + 1) * 24 * hour_ms;
    if (first_hour == 0) return row;
    row.value_count = 1;
    row.increase_since_utc_ms = since_hour * hour_ms;
    row.first = row.last = row.minimum = row.maximum = {first_hour * hour_ms, 1, {}, Quality::good};
    if (is_over_gap({row.after_utc_ms, row.through_utc_ms}, {since_hour * hour_ms, first_hour * hour_ms}))
      row.findings = aggregate_findings::over_gap;
    return row;
  };
  join_next(month, day_of(0, -6, 12), SeriesKind::decimal);
  for (int day = 1; day < 9; ++day) join_next(month, day_of(day, 0, 0), SeriesKind::decimal);
  const AggregateRow late = day_of(9, 12, 9 * 24 + 3);
  EXPECT_EQ(late.findings, aggregate_findings::over_gap);
  join_next(month, late, SeriesKind::decimal);
  EXPECT_EQ(month.findings, 0);
  // Ten days, and the value before them lies 30 days before the first one within.
  AggregateRow other;
  other.after_utc_ms = other.through_utc_ms = 0;
  join_next(other, day_of(0, -30 * 24, 12), SeriesKind::decimal);
  for (int day = 1; day < 10; ++day) join_next(other, day_of(day, 0, 0), SeriesKind::decimal);
  EXPECT_EQ(other.findings, aggregate_findings::over_gap);
}

TEST(AggregateRow, NamesStepsThatAreNoPlainIncrease) {
  const AggregateMark before{0, 999'990, {}, Quality::good};
  const auto turned = rows_of({point(15, 5)}, SeriesKind::decimal, counting, before);
  EXPECT_EQ(turned[0].row.increase, 15);
  EXPECT_EQ(turned[0].row.findings, aggregate_findings::roll_over);
  const auto fell = rows_of({point(15, 500'000)}, SeriesKind::decimal, counting, before);
  EXPECT_EQ(fell[0].row.increase, 0);
  EXPECT_EQ(fell[0].row.findings, aggregate_findings::decrease_unexplained);
  const auto flagged = rows_of({point(15, 999'999, Quality::rate_exceeded)}, SeriesKind::decimal, counting, before);
  EXPECT_EQ(flagged[0].row.findings, aggregate_findings::increase_implausible);
}

TEST(AggregateRow, LeavesOutImpossibleTimesAndCountsAnswersWithoutValue) {
  const auto rows = rows_of({point(10, 1, Quality::time_implausible), point(20, 2, Quality::no_value),
                             point(30, 3, Quality::invalid_content), point(40, 4)});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].row.value_count, 1U);
  EXPECT_EQ(rows[0].row.without_value_count, 2U);
  EXPECT_FALSE(has(static_cast<Quality>(rows[0].row.quality_union), Quality::time_implausible));
  EXPECT_TRUE(has(static_cast<Quality>(rows[0].row.quality_union), Quality::no_value));
  EXPECT_TRUE(rows_of({point(10, 1, Quality::time_implausible)}).empty());
}

TEST(AggregateRow, CountsEditsAndConflicts) {
  const auto rows = rows_of({point(10, 100), point(20, 110, Quality::estimated), point(30, 120), point(30, 125),
                             point(40, 130, Quality::corrected)});
  const AggregateRow& row = rows[0].row;
  EXPECT_EQ(row.value_count, 4U);
  EXPECT_EQ(row.estimated_count, 1U);
  EXPECT_EQ(row.corrected_count, 1U);
  EXPECT_EQ(row.increase, 30);
  EXPECT_EQ(row.increase_edited, 30);
  EXPECT_NE(row.findings & aggregate_findings::conflict, 0);
  EXPECT_EQ(row.sum, 100 + 110 + 120 + 130);
}

TEST(AggregateRow, OrdersFloatsAsNumbersAndBitSetsNotAtAll) {
  const auto bits = [](double value) { return std::bit_cast<std::int64_t>(value); };
  const auto floats =
      rows_of({point(10, bits(-2.5)), point(20, bits(1.5)), point(25, bits(std::nan(""))), point(30, bits(-7.0))},
              SeriesKind::ieee_bits, {});
  EXPECT_EQ(floats[0].row.minimum.mantissa, bits(-7.0));
  EXPECT_EQ(floats[0].row.maximum.mantissa, bits(1.5));
  EXPECT_EQ(floats[0].row.without_value_count, 1U);
  EXPECT_EQ(floats[0].row.sum, 0);
  const auto status = rows_of({point(10, 8), point(20, 1), point(30, 9)}, SeriesKind::bit_set, {});
  EXPECT_EQ(status[0].row.minimum, status[0].row.first);
  EXPECT_EQ(status[0].row.last.mantissa, 9);
  EXPECT_EQ(status[0].row.sum, 0);
}

TEST(AggregateRow, SumsBeyond64Bits) {
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  const auto rows = rows_of({point(10, high), point(20, high), point(30, high)}, SeriesKind::decimal, {});
  EXPECT_EQ(digits_of(rows[0].row.sum), "27670116110564327421");
}

TEST(AggregateRow, EqualValuesOfOneTimeAreOnePoint) {
  std::vector<Point> points;
  const std::vector<ReadingRow> rows{
      {1, 10, 5, 0, 0, 100, 11}, {1, 10, 5, 0, 0, 101, 12}, {1, 10, 6, 0, 0, 102, 13}, {1, 20, 5, 0, 0, 103, 21}};
  points_of_rows(rows, points);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].evidence_count, 2U);
  EXPECT_EQ(points[0].frame.value, 100);
  EXPECT_EQ(points[1].mantissa, 6);
  EXPECT_EQ(points[2].time_utc_ms, 20);
}

TEST(AggregateRow, CountsWhatIsKnownToCount) {
  const auto counts = [](std::string_view name, SeriesKind kind = SeriesKind::decimal) {
    Series series;
    series.register_name = name;
    series.kind = kind;
    return default_series_policy(series).counts_up;
  };
  EXPECT_TRUE(counts("energy_active_import_total"));
  EXPECT_TRUE(counts("volume_total"));
  EXPECT_FALSE(counts("voltage_a"));
  EXPECT_FALSE(counts("energy_active_import_total", SeriesKind::ieee_bits));
}

// --- properties ----------------------------------------------------------------------------------------------------

std::vector<Point> any_points() {
  std::vector<Point> out;
  std::int64_t minute = *rc::gen::inRange(-60, 60);
  const int count = *rc::gen::inRange(0, 60);
  for (int i = 0; i < count; ++i) {
    minute += *rc::gen::inRange(0, 40);
    const auto quality =
        *rc::gen::inRange(0, 5) == 0 ? static_cast<Quality>(1U << *rc::gen::inRange(0, 9)) : Quality::good;
    const auto mantissa = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
    if (!out.empty() && out.back().time_utc_ms == minute * minute_ms && out.back().mantissa == mantissa) continue;
    out.push_back(point(minute, mantissa, quality));
  }
  return out;
}

RC_GTEST_PROP(AggregateRowProperty, JoinedBucketsAreTheOneBucketOverThem, ()) {
  const auto points = any_points();
  const SeriesKind kind = *rc::gen::element(SeriesKind::decimal, SeriesKind::bit_set, SeriesKind::event);
  std::vector<ConsumptionInterval> hours;
  for (int hour = 0; hour < 24; ++hour) hours.push_back({hour * hour_ms, (hour + 1) * hour_ms});
  const std::vector<ConsumptionInterval> whole{{0, 24 * hour_ms}};
  std::optional<AggregateMark> before;
  if (*rc::gen::inRange(0, 3) > 0)
    before = AggregateMark{*rc::gen::inRange<std::int64_t>(-3'000, 1) * minute_ms, 10, {}, Quality::good};
  BucketBuilder fine(kind, counting, hours, before);
  fine.add(points);
  auto parts = std::move(fine).finish();
  BucketBuilder coarse(kind, counting, whole, before);
  // In pages, cut between times.
  std::size_t cut = points.size() / 3;
  while (cut > 0 && cut < points.size() && points[cut].time_utc_ms == points[cut - 1].time_utc_ms) ++cut;
  coarse.add(std::span(points).first(cut));
  coarse.add(std::span(points).subspan(cut));
  const auto expected = std::move(coarse).finish();
  AggregateRow joined;
  auto next = parts.begin();
  for (std::size_t hour = 0; hour < 24; ++hour) {
    AggregateRow row;
    row.after_utc_ms = hours[hour].after_utc_ms;
    row.through_utc_ms = hours[hour].through_utc_ms;
    row.slots_expected = 4;
    if (next != parts.end() && next->bucket == hour) row = (next++)->row;
    join_next(joined, row, kind);
  }
  if (expected.empty()) {
    RC_ASSERT(joined.value_count + joined.without_value_count == 0U);
  } else {
    RC_ASSERT(joined == expected[0].row);
  }
}

RC_GTEST_PROP(AggregateRowProperty, IncreasesAreTheConsumption, ()) {
  const auto points = any_points();
  const std::int64_t end = 40 * hour_ms;
  std::vector<ConsumptionInterval> hours;
  for (std::int64_t begin = -2 * hour_ms; begin < end; begin += hour_ms) hours.push_back({begin, begin + hour_ms});
  BucketBuilder builder(SeriesKind::decimal, counting, hours, std::nullopt);
  builder.add(points);
  Int128 sum = 0;
  std::uint16_t findings = 0;
  for (const BucketRow& row : std::move(builder).finish()) {
    sum += row.row.increase;
    findings |= row.row.findings;
  }
  ChainLink link;
  link.series = SeriesId{1};
  link.from_utc_ms = -2 * hour_ms;
  link.register_digits = 6;
  const std::vector<std::vector<Point>> values{points};
  const auto whole = consumption_over(values, {"kWh", {link}}, {-2 * hour_ms, end}, {});
  RC_ASSERT(whole.has_value());
  RC_ASSERT(whole->amount == sum);
  RC_ASSERT((whole->count(RemarkKind::roll_over) > 0) == ((findings & aggregate_findings::roll_over) != 0));
  RC_ASSERT((whole->count(RemarkKind::decrease_unexplained) > 0) ==
            ((findings & aggregate_findings::decrease_unexplained) != 0));
}

}  // namespace
}  // namespace duheng::store
