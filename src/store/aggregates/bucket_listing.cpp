#include "store/aggregates/bucket_listing.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace duheng::store {
namespace {

constexpr std::array<std::pair<BucketSize, std::string_view>, 5> words{{{BucketSize::hour, "hour"},
                                                                        {BucketSize::day, "day"},
                                                                        {BucketSize::week, "week"},
                                                                        {BucketSize::month, "month"},
                                                                        {BucketSize::year, "year"}}};

DaySpan span_of(BucketSize size, std::int32_t day) {
  const std::int32_t month = CivilCalendar::month_of(day);
  switch (size) {
    case BucketSize::hour:
    case BucketSize::day:
      break;
    case BucketSize::week:
      return {CivilCalendar::week_begin(day), CivilCalendar::week_begin(day) + 6};
    case BucketSize::month:
      return {CivilCalendar::first_day_of(month), CivilCalendar::last_day_of(month)};
    case BucketSize::year:
      return {CivilCalendar::first_day_of(month / 12 * 12), CivilCalendar::last_day_of(month / 12 * 12 + 11)};
  }
  return {day, day};
}

std::string label_of(BucketSize size, std::int32_t first_day) {
  if (size == BucketSize::week) return CivilCalendar::format_week(first_day);
  std::string label = CivilCalendar::format_day(first_day);
  if (size == BucketSize::month) label.resize(7);
  if (size == BucketSize::year) label.resize(4);
  return label;
}

Result<std::vector<ListedBucket>> list_hours(const SeriesAggregates& aggregates, SeriesId series, DaySpan days,
                                             const QueryOptions& options) {
  DUHENG_TRY(const std::vector<HourRows> found, aggregates.hours(series, days.first, days.last, options));
  std::vector<ListedBucket> out;
  for (const HourRows& day : found) {
    for (const AggregateRow& row : day.hours) out.push_back({label_of(BucketSize::hour, day.day), day.day, {}, row});
  }
  return out;
}

Result<std::vector<ListedBucket>> list_days(const SeriesAggregates& aggregates, SeriesId series, DaySpan days,
                                            const QueryOptions& options) {
  DUHENG_TRY(const std::vector<DayRow> found, aggregates.days(series, days.first, days.last, options));
  std::vector<ListedBucket> out;
  for (const DayRow& one : found) out.push_back({label_of(BucketSize::day, one.day), one.day, {}, one.row});
  return out;
}

}  // namespace

std::string_view to_string(BucketSize size) noexcept {
  const auto* const found = std::ranges::find(words, size, &decltype(words)::value_type::first);
  return found == words.end() ? "unknown" : found->second;
}

std::optional<BucketSize> bucket_size_of(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(words, name, &decltype(words)::value_type::second);
  return found == words.end() ? std::nullopt : std::optional{found->first};
}

std::vector<DaySpan> bucket_spans(BucketSize size, std::int32_t first, std::int32_t last, std::size_t spans_max) {
  std::vector<DaySpan> out;
  for (std::int32_t day = first; day <= last && out.size() < spans_max; day = out.back().last + 1)
    out.push_back(span_of(size, day));
  return out;
}

Result<std::vector<ListedBucket>> list_buckets(const SeriesAggregates& series_aggregates, SeriesId series,
                                               BucketSize size, DaySpan days, const QueryOptions& options) {
  if (size == BucketSize::hour) return list_hours(series_aggregates, series, days, options);
  if (size == BucketSize::day) return list_days(series_aggregates, series, days, options);
  const std::vector<DaySpan> wanted = bucket_spans(size, days.first, days.last, SIZE_MAX);
  DUHENG_TRY(const std::vector<SpanRow> found, series_aggregates.spans(series, wanted, options));
  std::vector<ListedBucket> out;
  for (const SpanRow& one : found)
    out.push_back({label_of(size, one.days.first), one.days.last, one.days_with_values, one.row});
  return out;
}

std::vector<std::string_view> finding_words(std::uint16_t findings) {
  namespace flag = aggregate_findings;
  static constexpr std::array<std::pair<std::uint16_t, std::string_view>, 6> names{
      {{flag::roll_over, "roll_over"},
       {flag::decrease_unexplained, "decrease_unexplained"},
       {flag::increase_implausible, "increase_implausible"},
       {flag::no_start_value, "no_start_value"},
       {flag::conflict, "conflict"},
       {flag::over_gap, "over_gap"}}};
  std::vector<std::string_view> out;
  for (const auto& [bit, name] : names) {
    if ((findings & bit) != 0) out.push_back(name);
  }
  return out;
}

std::optional<std::uint32_t> values_expected(const AggregateRow& row, std::int64_t interval_ms) noexcept {
  const ConsumptionInterval bucket{row.after_utc_ms, row.through_utc_ms};
  if (interval_ms <= 0 || interval_ms > bucket.through_utc_ms - bucket.after_utc_ms) return std::nullopt;
  return slots_in(bucket, interval_ms);
}

std::optional<std::int64_t> completeness_basis_points(const AggregateRow& row, std::int64_t interval_ms) noexcept {
  const auto expected = values_expected(row, interval_ms);
  if (!expected) return std::nullopt;
  return std::int64_t{std::min(row.value_count, *expected)} * 10'000 / *expected;
}

std::optional<std::int64_t> estimated_basis_points(const AggregateRow& row) noexcept {
  if (row.value_count == 0) return std::nullopt;
  return (std::int64_t{row.estimated_count} * 10'000 + row.value_count - 1) / row.value_count;
}

}  // namespace duheng::store
