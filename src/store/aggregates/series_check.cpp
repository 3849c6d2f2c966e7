// Rows held against the readings that they were made of.
#include <algorithm>
#include <set>
#include <utility>

#include "store/aggregates/day_repair.hpp"
#include "store/aggregates/series_aggregates.hpp"

namespace duheng::store {
namespace {

using Standing = CheckedDay::Standing;

Standing standing_of(std::int32_t day, const KeeperState& state, std::int32_t frozen_before) {
  if (day < frozen_before) return Standing::frozen;
  if (day <= state.settled_through) return Standing::settled;
  return day <= state.provisional_through ? Standing::provisional : Standing::open;
}

/// The civil days of one series with changes waiting, and the day after each with a value: its increase starts there.
Result<std::set<std::int32_t>> waiting_days(const TelemetryStore& telemetry, const CivilCalendar& calendar,
                                            SeriesId series) {
  DUHENG_TRY(const ChangePage page, telemetry.changes(SeriesAggregates::changes_looked_at_max));
  std::vector<ChangedDay> own;
  std::ranges::copy_if(page.days, std::back_inserter(own),
                       [&](const ChangedDay& changed) { return changed.series == series; });
  std::set<std::int32_t> out;
  for (const auto& [id, days] : civil_days_of(own, calendar)) out.insert(days.begin(), days.end());
  return out;
}

/// Whether the increase of the day `first`, or of the next with a value, starts from a day that waits.
Result<bool> waits_before(const AggregateStore& aggregates, SeriesId series, const std::set<std::int32_t>& waiting,
                          std::int32_t first) {
  const auto next = waiting.lower_bound(first);
  if (next == waiting.begin()) return false;
  DUHENG_TRY(const auto row, aggregates.last_before(series, first));
  return !row || row->day <= *std::prev(next);
}

/// A row whose day did not change itself may still wait: its increase starts from one that did.
void mark_followers(std::vector<CheckedDay>& days, bool previous_waits) {
  for (CheckedDay& day : days) {
    const bool own = day.change_waiting;
    day.change_waiting = own || previous_waits;
    const bool holds_value = (day.stored && day.stored->value_count > 0) || (day.anew && day.anew->value_count > 0);
    previous_waits = own || (previous_waits && !holds_value);
  }
}

}  // namespace

std::string_view to_string(CheckedDay::Standing standing) noexcept {
  switch (standing) {
    case Standing::open:
      return "open";
    case Standing::provisional:
      return "provisional";
    case Standing::settled:
      return "settled";
    case Standing::frozen:
      return "frozen";
  }
  return "unknown";
}

bool says_the_same(const AggregateRow& stored, const AggregateRow& anew) noexcept {
  if (stored.increase_since_utc_ms != AggregateRow::no_time) return stored == anew;
  AggregateRow comparable = anew;
  comparable.increase_since_utc_ms = AggregateRow::no_time;
  return stored == comparable;
}

bool CheckedDay::differs() const noexcept {
  if (standing == Standing::open || standing == Standing::frozen) return false;
  if (stored.has_value() != anew.has_value()) return true;
  return stored && !says_the_same(*stored, *anew);
}

Result<std::vector<CheckedDay>> SeriesAggregates::check_days(SeriesId series, std::int32_t first, std::int32_t last,
                                                             const QueryOptions& options) const {
  DUHENG_TRY(std::vector<CheckedDay> checked, check_days_once(series, first, last, options));
  // Something may have come, and the keeper may have dealt with it, between one look and the next: look again.
  if (std::ranges::any_of(checked, &CheckedDay::is_wrong)) return check_days_once(series, first, last, options);
  return checked;
}

Result<std::vector<CheckedDay>> SeriesAggregates::check_days_once(SeriesId series, std::int32_t first,
                                                                  std::int32_t last,
                                                                  const QueryOptions& options) const {
  std::vector<CheckedDay> out;
  first = std::max(first, first_day_);
  last = std::min(last, today());
  if (first > last) return out;
  DUHENG_TRY(const KeeperState state, aggregates_.state());
  DUHENG_TRY(const HourState hours, aggregates_.hour_state(series));
  DUHENG_TRY(const auto waiting, waiting_days(maker_.telemetry(), calendar_, series));
  for (std::int32_t day = first; day <= last; ++day)
    out.push_back({.day = day,
                   .standing = standing_of(day, state, hours.raw_free_before),
                   .change_waiting = waiting.contains(day),
                   .stored = {},
                   .anew = {},
                   .makings = {}});
  DUHENG_TRY(const auto stored, aggregates_.days(series, first, last));
  for (const DayRow& row : stored) {
    CheckedDay& day = out[static_cast<std::size_t>(row.day - first)];
    if (day.standing != Standing::open) day.stored = row.row;
  }
  const std::int32_t first_raw = std::max(first, hours.raw_free_before);
  if (first_raw <= last) {
    const auto buckets = calendar_.days(first_raw, last);
    const auto previous_of = [&](SeriesId id) { return mark_before(id, first_raw, options); };
    DUHENG_TRY(const auto made, maker_.of_series(series, buckets, previous_of, options));
    for (const BucketRow& row : made) out[static_cast<std::size_t>(first_raw - first) + row.bucket].anew = row.row;
  }
  DUHENG_TRY(const bool waits, waits_before(aggregates_, series, waiting, first));
  mark_followers(out, waits);
  std::erase_if(out, [](const CheckedDay& day) { return !day.stored && !day.anew; });
  for (CheckedDay& day : out) {
    DUHENG_TRY(day.makings, aggregates_.makings({series, day.day}));
  }
  return out;
}

}  // namespace duheng::store
