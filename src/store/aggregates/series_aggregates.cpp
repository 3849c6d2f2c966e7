#include "store/aggregates/series_aggregates.hpp"

#include <algorithm>
#include <utility>

#include "store/aggregates/day_repair.hpp"

namespace duheng::store {
namespace {

Result<void> check_order(std::int32_t first, std::int32_t last) {
  if (first > last) return fail(ErrorCode::invalid_argument, "the range ends before it begins");
  return {};
}

}  // namespace

Result<std::vector<DayRow>> SeriesAggregates::days(SeriesId series, std::int32_t first, std::int32_t last,
                                                   const QueryOptions& options) const {
  DUHENG_CHECK(check_order(first, last));
  first = std::max(first, first_day_);
  last = std::min(last, today());
  std::vector<DayRow> rows;
  if (first > last) return rows;
  // The position first: rows that become settled while we read are made from readings, which is as right.
  DUHENG_TRY(const KeeperState state, aggregates_.state());
  const std::int32_t settled = std::max(state.settled_through, first_day_ - 1);
  if (first <= settled) {
    DUHENG_TRY(rows, aggregates_.days(series, first, std::min(last, settled)));
    DUHENG_CHECK(repair(series, settled, first, last, rows, options));
  }
  if (last > settled) DUHENG_CHECK(add_open_days(series, std::max(first, settled + 1), last, rows, options));
  return rows;
}

/// Puts days with changes waiting in the place of their rows.
Result<void> SeriesAggregates::repair(SeriesId series, std::int32_t settled_through, std::int32_t first,
                                      std::int32_t last, std::vector<DayRow>& rows, const QueryOptions& options) const {
  DUHENG_TRY(const ChangePage page, maker_.telemetry().changes(changes_looked_at_max));
  std::vector<ChangedDay> own;
  std::ranges::copy_if(page.days, std::back_inserter(own),
                       [&](const ChangedDay& changed) { return changed.series == series; });
  if (own.empty()) return {};
  DUHENG_TRY(const HourState hours, aggregates_.hour_state(series));
  const DayRepair repair(aggregates_, maker_, calendar_, first_day_);
  const auto touched = civil_days_of(own, calendar_);
  DUHENG_TRY(const auto outcome,
             repair.remake(series, touched.at(series), {settled_through, hours.raw_free_before}, options));
  for (const auto& [day, remade] : outcome.days) {
    if (day < first || day > last) continue;
    const auto place = std::ranges::lower_bound(rows, day, {}, &DayRow::day);
    const bool there = place != rows.end() && place->day == day;
    if (there && !remade.row) {
      rows.erase(place);
    } else if (there) {
      place->row = *remade.row;
    } else if (remade.row) {
      rows.insert(place, {series, day, *remade.row});
    }
  }
  return {};
}

Result<void> SeriesAggregates::add_open_days(SeriesId series, std::int32_t first, std::int32_t last,
                                             std::vector<DayRow>& rows, const QueryOptions& options) const {
  const auto buckets = calendar_.days(first, last);
  const auto previous_of = [&](SeriesId id) { return mark_before(id, first, options); };
  DUHENG_TRY(const auto made, maker_.of_series(series, buckets, previous_of, options));
  for (const BucketRow& row : made) rows.push_back({series, first + static_cast<std::int32_t>(row.bucket), row.row});
  return {};
}

/// The last good value before a day. Readings know best; where they were let go, the rows do.
Result<std::optional<AggregateMark>> SeriesAggregates::mark_before(SeriesId series, std::int32_t day,
                                                                   const QueryOptions& options) const {
  DUHENG_TRY(const auto read, maker_.last_good(series, calendar_.day(day).after_utc_ms, options));
  DUHENG_TRY(const HourState hours, aggregates_.hour_state(series));
  if (hours.raw_free_before == HourState::none) return read;
  const bool from_frozen_day = !read || calendar_.day_of(read->time_utc_ms) < hours.raw_free_before;
  if (!from_frozen_day) return read;
  DUHENG_TRY(const auto row, aggregates_.last_before(series, std::min(day, hours.raw_free_before)));
  return row ? std::optional(row->row.last) : read;
}

Result<std::vector<SpanRow>> SeriesAggregates::spans(SeriesId series, std::span<const DaySpan> wanted,
                                                     const QueryOptions& options) const {
  std::vector<SpanRow> out;
  if (wanted.empty()) return out;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].first > wanted[i].last || (i > 0 && wanted[i].first <= wanted[i - 1].last))
      return fail(ErrorCode::invalid_argument, "stretches of days must follow one another");
  }
  const std::int32_t first_day = std::max(wanted.front().first, first_day_);
  const std::int32_t last_day = std::min(wanted.back().last, today());
  if (first_day > last_day) return out;
  DUHENG_TRY(const auto rows, days(series, first_day, last_day, options));
  const auto description = maker_.telemetry().find_series(series);
  if (rows.empty() || !description) return out;
  for (const DaySpan& span : wanted) {
    const DaySpan cut{std::max(first_day, span.first), std::min(last_day, span.last)};
    const auto begin = std::ranges::lower_bound(rows, cut.first, {}, &DayRow::day);
    const auto end = std::ranges::upper_bound(begin, rows.end(), cut.last, {}, &DayRow::day);
    if (cut.first > cut.last || begin == end) continue;
    SpanRow joined = join(*description, cut, {begin, end});
    joined.days = span;
    out.push_back(joined);
  }
  return out;
}

/// Days to a longer stretch; those without a row are empty.
SpanRow SeriesAggregates::join(const Series& series, DaySpan cut, std::span<const DayRow> rows) const {
  const SeriesPolicy policy = maker_.policy(series);
  const auto buckets = calendar_.days(cut.first, cut.last);
  SpanRow joined{.days = cut, .row = {}};
  joined.row.after_utc_ms = joined.row.through_utc_ms = buckets.front().after_utc_ms;
  auto next = rows.begin();
  for (std::int32_t day = cut.first; day <= cut.last; ++day) {
    const ConsumptionInterval& bucket = buckets[static_cast<std::size_t>(day - cut.first)];
    AggregateRow of_day;
    if (next != rows.end() && next->day == day) {
      of_day = (next++)->row;
    } else {
      of_day.after_utc_ms = bucket.after_utc_ms;
      of_day.through_utc_ms = bucket.through_utc_ms;
      of_day.slots_expected = slots_in(bucket, policy.interval_ms);
    }
    joined.days_with_values += of_day.value_count > 0 ? 1 : 0;
    join_next(joined.row, of_day, series.kind);
  }
  return joined;
}

Result<std::vector<MonthRow>> SeriesAggregates::months(SeriesId series, std::int32_t first_month,
                                                       std::int32_t last_month, const QueryOptions& options) const {
  DUHENG_CHECK(check_order(first_month, last_month));
  std::vector<DaySpan> wanted;
  // Months that cannot hold anything are not even counted through.
  first_month = std::max(first_month, CivilCalendar::month_of(first_day_));
  last_month = std::min(last_month, CivilCalendar::month_of(today()));
  for (std::int32_t month = first_month; month <= last_month; ++month)
    wanted.push_back({CivilCalendar::first_day_of(month), CivilCalendar::last_day_of(month)});
  DUHENG_TRY(const auto joined, spans(series, wanted, options));
  std::vector<MonthRow> out;
  for (const SpanRow& one : joined)
    out.push_back({CivilCalendar::month_of(one.days.first), one.days_with_values, one.row});
  return out;
}

Result<std::vector<HourRows>> SeriesAggregates::hours(SeriesId series, std::int32_t first_day, std::int32_t last_day,
                                                      const QueryOptions& options) const {
  DUHENG_CHECK(check_order(first_day, last_day));
  first_day = std::max(first_day, first_day_);
  last_day = std::min(last_day, today());
  std::vector<HourRows> out;
  if (first_day > last_day) return out;
  DUHENG_TRY(const HourState kept, aggregates_.hour_state(series));
  if (first_day < kept.raw_free_before) {
    DUHENG_TRY(out, aggregates_.hours(series, first_day, std::min(last_day, kept.raw_free_before - 1)));
    first_day = kept.raw_free_before;
  }
  std::vector<ConsumptionInterval> buckets;
  std::vector<std::int32_t> day_of_bucket;
  for (std::int32_t day = first_day; day <= last_day; ++day) {
    for (const ConsumptionInterval& hour : calendar_.hours(day)) {
      buckets.push_back(hour);
      day_of_bucket.push_back(day);
    }
  }
  const auto previous_of = [&](SeriesId id) { return mark_before(id, first_day, options); };
  DUHENG_TRY(const auto rows, maker_.of_series(series, buckets, previous_of, options));
  for (const BucketRow& row : rows) {
    const std::int32_t day = day_of_bucket[row.bucket];
    if (out.empty() || out.back().day != day) out.push_back({series, day, {}});
    out.back().hours.push_back(row.row);
  }
  return out;
}

}  // namespace duheng::store
