#include "store/aggregates/aggregate_keeper.hpp"

#include <algorithm>
#include <utility>

namespace duheng::store {
namespace {

KeeperOptions sound(KeeperOptions options) {
  options.first_day = std::max(options.first_day, aggregate_limits::first_day_min);
  options.days_per_sweep = std::clamp(options.days_per_sweep, 1, 366);
  options.changes_per_step = std::max<std::size_t>(1, options.changes_per_step);
  return options;
}

/// Ends a scan or a question at its first row.
std::unexpected<Error> found_one() { return fail(ErrorCode::already_exists, "there is something"); }

/// Whether the question met a row; its other errors stay errors.
Result<bool> met_a_row(Result<void> outcome) {
  if (outcome) return false;
  if (outcome.error().code == ErrorCode::already_exists) return true;
  return std::unexpected(std::move(outcome).error());
}

}  // namespace

AggregateKeeper::AggregateKeeper(TelemetryStore& telemetry, AggregateStore& aggregates, const CivilCalendar& calendar,
                                 const Clock& clock, PolicyOf policy, KeeperOptions options)
    : telemetry_(telemetry),
      aggregates_(aggregates),
      calendar_(calendar),
      clock_(clock),
      options_(sound(std::move(options))),
      maker_(telemetry, std::move(policy)),
      repair_(aggregates, maker_, calendar, options_.first_day) {}

Result<AggregateKeeper::Work> AggregateKeeper::step() {
  DUHENG_TRY(const KeeperState state, aggregates_.state());
  DUHENG_TRY(const bool forgotten, forget_what_was_rebuilt(state));
  if (forgotten) return Work::settle;
  if (state.sweep_next_series > 0) {
    DUHENG_CHECK(sweep_slice(state));
    return Work::sweep;
  }
  DUHENG_TRY(const bool changed, handle_changes(state));
  if (changed) return Work::changes;
  DUHENG_TRY(const bool begun, begin_sweep(state));
  if (begun) return Work::settle;
  DUHENG_TRY(const bool kept, keep_hours(state));
  return kept ? Work::hours : Work::none;
}

// --- what can be settled -------------------------------------------------------------------------------------------

std::int32_t AggregateKeeper::last_ended(std::int64_t grace_ms) const {
  const std::int64_t until = clock_.utc_ms() - grace_ms;
  const std::int32_t day = calendar_.day_of(until);
  return calendar_.day(day).through_utc_ms <= until ? day : day - 1;
}

/// The first UTC day that no part of the civil day falls into; its last reading is stamped at its end.
std::int32_t AggregateKeeper::utc_day_after(std::int32_t day) const {
  return static_cast<std::int32_t>(utc_day_of(calendar_.day(day).through_utc_ms)) + 1;
}

std::int32_t AggregateKeeper::last_settleable() const {
  std::int32_t day = last_ended(options_.settle_grace_ms);
  while (utc_day_after(day) * utc_day_ms + options_.settle_grace_ms > clock_.utc_ms()) --day;
  return day;
}

std::int64_t AggregateKeeper::last_series() const { return static_cast<std::int64_t>(telemetry_.statistics().series); }

/// A telemetry store that was rebuilt no longer knows what was settled, so it has not noted what came late meanwhile:
/// every day has to be made again.
Result<bool> AggregateKeeper::forget_what_was_rebuilt(const KeeperState& state) {
  const bool sweep_settles = state.sweep_next_series > 0 && state.sweep_settles;
  const std::int32_t settled = sweep_settles ? state.sweep_last : state.settled_through;
  if (settled == KeeperState::none || telemetry_.settled_before() >= utc_day_after(settled)) return false;
  AggregateWrite change;
  change.state = KeeperState{};
  DUHENG_CHECK(aggregates_.write(change));
  return true;
}

Result<bool> AggregateKeeper::begin_sweep(KeeperState state) {
  const std::int32_t settleable = last_settleable();
  const std::int32_t settled = std::max(state.settled_through, options_.first_day - 1);
  if (settled < settleable) return begin_settling(state, settleable);
  const std::int32_t first = std::max(settled, state.provisional_through) + 1;
  const std::int32_t last = std::min(last_ended(options_.close_grace_ms), first + options_.days_per_sweep - 1);
  if (first > last) return false;
  DUHENG_CHECK(start_sweep(state, first, last, false));
  return true;
}

Result<bool> AggregateKeeper::begin_settling(KeeperState state, std::int32_t through) {
  const std::int32_t first = std::max(state.settled_through, options_.first_day - 1) + 1;
  // Not over a month's end: a sweep writes each tile once.
  const std::int32_t month_end = CivilCalendar::last_day_of(CivilCalendar::month_of(first));
  std::int32_t last = std::min({through, first + options_.days_per_sweep - 1, month_end});
  // First the store notes what comes late, then the days are read: nothing falls between.
  DUHENG_CHECK(telemetry_.settle_before(utc_day_after(last)));
  DUHENG_TRY(const bool anything, has_anything(first, last));
  if (anything) {
    DUHENG_CHECK(start_sweep(state, first, last, true));
    return true;
  }
  DUHENG_TRY(last, end_of_emptiness(last, through));
  state.settled_through = last;
  state.provisional_through = std::max(state.provisional_through, last);
  AggregateWrite change;
  change.state = state;
  DUHENG_CHECK(aggregates_.write(change));
  return true;
}

/// How far nothing is known to be after `last`, in strides that double: years before the first meter, or between an old
/// reading and the next, are passed over in a few steps and not month by month.
Result<std::int32_t> AggregateKeeper::end_of_emptiness(std::int32_t last, std::int32_t through) {
  constexpr std::int32_t first_stride = 31;
  for (std::int32_t stride = first_stride; last < through; stride *= 2) {
    const std::int32_t next = std::min(through, last + std::min(stride, through - last));
    DUHENG_CHECK(telemetry_.settle_before(utc_day_after(next)));
    DUHENG_TRY(const bool anything, has_anything(last + 1, next));
    if (anything) break;
    last = next;
  }
  return last;
}

Result<void> AggregateKeeper::start_sweep(KeeperState state, std::int32_t first, std::int32_t last, bool settles) {
  state.sweep_first = first;
  state.sweep_last = last;
  state.sweep_settles = settles;
  state.sweep_next_series = 1;
  state.sweep_last_series = last_series();
  AggregateWrite change;
  change.state = state;
  return aggregates_.write(change);
}

/// Whether there are readings, edits or rows in these days: years before the first meter are passed over quickly.
Result<bool> AggregateKeeper::has_anything(std::int32_t first, std::int32_t last) const {
  const std::int64_t series = last_series();
  const TimeRange range{calendar_.day(first).after_utc_ms + 1, calendar_.day(last).through_utc_ms + 1};
  const auto stop_at_row = [](SeriesId, std::span<const ReadingRow> rows) -> Result<void> {
    if (rows.empty()) return {};
    return found_one();
  };
  if (series > 0) {
    DUHENG_TRY(const bool readings,
               met_a_row(telemetry_.scan({SeriesId{1}, SeriesId{series}}, range, stop_at_row, query())));
    if (readings) return true;
  }
  for (std::int64_t id = 1; id <= series; ++id) {
    if (!telemetry_.edits(SeriesId{id}, range).empty()) return true;
  }
  return met_a_row(aggregates_.figures(first, last, [](std::span<const DayFigure> figures) -> Result<void> {
    if (figures.empty()) return {};
    return found_one();
  }));
}

// --- sweep ---------------------------------------------------------------------------------------------------------

Result<void> AggregateKeeper::sweep_slice(KeeperState state) {
  AggregateWrite change;
  const std::uint64_t next_record = telemetry_.next_record();  // before anything is read
  const SeriesId first{state.sweep_next_series};
  // Slices are those of the figures, so that each is written once.
  const std::int64_t slice = (first.value - 1) / aggregate_limits::series_per_slice;
  const SeriesId last{std::min((slice + 1) * aggregate_limits::series_per_slice, state.sweep_last_series)};
  if (first <= last) {
    const SeriesSpan span{first, last};
    const auto buckets = calendar_.days(state.sweep_first, state.sweep_last);
    change.cleared = AggregateWrite::Cleared{span, state.sweep_first, state.sweep_last};
    const auto keep = [&](SeriesId series, std::vector<BucketRow> rows) -> Result<void> {
      for (BucketRow& row : rows)
        change.rows.push_back({series, state.sweep_first + static_cast<std::int32_t>(row.bucket), row.row});
      return {};
    };
    DUHENG_CHECK(maker_.of_span(
        span, buckets, [&](SeriesId series) { return repair_.mark_before(series, state.sweep_first, query()); }, keep,
        query()));
    DUHENG_CHECK(keep_frozen(span, state, change));
    const auto kind = state.sweep_settles ? RowMaking::Kind::settled : RowMaking::Kind::provisional;
    change.makings.push_back({span, state.sweep_first, state.sweep_last, kind, clock_.utc_ms(), next_record});
  }
  state.sweep_next_series = last.value + 1;
  if (state.sweep_next_series > state.sweep_last_series) {
    state.sweep_next_series = 0;
    state.provisional_through = std::max(state.provisional_through, state.sweep_last);
    if (state.sweep_settles) state.settled_through = state.sweep_last;
  }
  change.state = state;
  return aggregates_.write(change);
}

/// Rows of days whose raw readings may be gone stay as they are.
Result<void> AggregateKeeper::keep_frozen(SeriesSpan span, const KeeperState& state, AggregateWrite& change) const {
  DUHENG_TRY(const auto states, aggregates_.hour_states(span));
  for (const HourState& hours : states) {
    if (hours.raw_free_before <= state.sweep_first) continue;
    std::erase_if(change.rows,
                  [&](const DayRow& row) { return row.series == hours.series && row.day < hours.raw_free_before; });
    DUHENG_TRY(const auto frozen, aggregates_.days(hours.series, state.sweep_first,
                                                   std::min(state.sweep_last, hours.raw_free_before - 1)));
    change.rows.insert(change.rows.end(), frozen.begin(), frozen.end());
  }
  return {};
}

// --- changes -------------------------------------------------------------------------------------------------------

Result<bool> AggregateKeeper::handle_changes(const KeeperState& state) {
  DUHENG_TRY(const ChangePage page, telemetry_.changes(options_.changes_per_step));
  if (page.days.empty()) return false;
  AggregateWrite change;
  for (const auto& [series, days] : civil_days_of(page.days, calendar_))
    DUHENG_CHECK(remake(series, days, state.settled_through, change));
  DUHENG_CHECK(aggregates_.write(change));
  // Only now: if this does not happen, the same days are made again, and come out the same.
  DUHENG_CHECK(telemetry_.forget_changes(page.through));
  return true;
}

Result<void> AggregateKeeper::remake(SeriesId series, const std::vector<std::int32_t>& days,
                                     std::int32_t settled_through, AggregateWrite& change) {
  DUHENG_TRY(const HourState hour_state, aggregates_.hour_state(series));
  const std::uint64_t next_record = telemetry_.next_record();  // before anything is read
  DUHENG_TRY(const auto outcome, repair_.remake(series, days, {settled_through, hour_state.raw_free_before}, query()));
  frozen_changes_ += outcome.frozen;
  for (const auto& [day, remade] : outcome.days) {
    change.makings.push_back({{series, series}, day, day, RowMaking::Kind::changed, clock_.utc_ms(), next_record});
    if (remade.row) {
      change.rows.push_back({series, day, *remade.row});
    } else {
      change.removed.push_back({series, day});
    }
    if (day > hour_state.through_day) continue;
    const auto previous_of = [&](SeriesId) { return Result<std::optional<AggregateMark>>(remade.previous); };
    DUHENG_TRY(auto hours, make_hours(series, day, day, previous_of));
    if (hours.empty()) hours.push_back({series, day, {}});
    change.hours.insert(change.hours.end(), hours.begin(), hours.end());
  }
  return {};
}

}  // namespace duheng::store
