#include "store/aggregates/day_repair.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace duheng::store {
namespace {

bool has_value(const std::optional<AggregateRow>& row) { return row && row->value_count > 0; }

}  // namespace

std::map<SeriesId, std::vector<std::int32_t>> civil_days_of(std::span<const ChangedDay> changes,
                                                            const CivilCalendar& calendar) {
  std::map<SeriesId, std::vector<std::int32_t>> out;
  for (const ChangedDay& changed : changes) {
    const std::int64_t begin = changed.utc_day * utc_day_ms;
    const std::int32_t last = calendar.day_of(begin + utc_day_ms - 1);
    for (std::int32_t day = calendar.day_of(begin); day <= last; ++day) out[changed.series].push_back(day);
  }
  return out;
}

Result<std::optional<AggregateMark>> DayRepair::mark_before(SeriesId series, std::int32_t day,
                                                            const QueryOptions& options) const {
  DUHENG_TRY(const auto row, aggregates_.last_before(series, day));
  if (row && row->day >= first_day_) return row->row.last;
  if (first_day_ <= aggregate_limits::first_day_min) return std::nullopt;
  return maker_.last_good(series, calendar_.day(first_day_).after_utc_ms, options);
}

Result<std::optional<AggregateMark>> DayRepair::mark_before(SeriesId series, const Remade& remade, std::int32_t day,
                                                            const QueryOptions& options) const {
  // The nearest of what was made again just now, and of what the store has and was not made again.
  std::optional<std::int32_t> again;
  for (const auto& [made, outcome] : remade) {
    if (made < day && has_value(outcome.row)) again = made;
  }
  for (std::int32_t before = day;;) {
    DUHENG_TRY(const auto stored, aggregates_.last_before(series, before));
    if (!stored || (again && stored->day <= *again)) break;
    if (!remade.contains(stored->day)) return stored->row.last;
    before = stored->day;
  }
  if (again) return remade.at(*again).row->last;
  return mark_before(series, first_day_, options);
}

/// Returns whether the day's last value changed, from which the next day's increase starts.
Result<bool> DayRepair::remake_day(SeriesId series, Remade& remade, std::int32_t day,
                                   const QueryOptions& options) const {
  RemadeDay outcome;
  DUHENG_TRY(outcome.previous, mark_before(series, remade, day, options));
  const std::array bucket{calendar_.day(day)};
  const auto previous_of = [&](SeriesId) { return Result<std::optional<AggregateMark>>(outcome.previous); };
  DUHENG_TRY(const auto rows, maker_.of_series(series, bucket, previous_of, options));
  if (!rows.empty()) outcome.row = rows.front().row;
  DUHENG_TRY(const auto stored, aggregates_.days(series, day, day));
  const std::optional<AggregateRow> before = stored.empty() ? std::nullopt : std::optional(stored.front().row);
  const bool had = has_value(before);
  const bool has = has_value(outcome.row);
  const bool ends_otherwise = had != has || (had && before->last != outcome.row->last);
  remade.insert_or_assign(day, outcome);
  return ends_otherwise;
}

Result<DayRepair::Outcome> DayRepair::remake(SeriesId series, const std::vector<std::int32_t>& days, Bounds bounds,
                                             const QueryOptions& options) const {
  Outcome out;
  std::set<std::int32_t> waiting(days.begin(), days.end());
  while (!waiting.empty()) {
    const std::int32_t day = *waiting.begin();
    waiting.erase(waiting.begin());
    if (day < first_day_ || day > bounds.settled_through) continue;
    if (day < bounds.frozen_before) {
      ++out.frozen;
      continue;
    }
    DUHENG_TRY(const bool ends_otherwise, remake_day(series, out.days, day, options));
    if (!ends_otherwise) continue;
    DUHENG_TRY(const auto next, aggregates_.first_after(series, day));
    if (next) waiting.insert(next->day);
  }
  return out;
}

}  // namespace duheng::store
