// Hourly rows for series whose raw readings a retention rule will remove.
#include <algorithm>
#include <iterator>
#include <utility>

#include "store/aggregates/aggregate_keeper.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t series_per_step = 256;
constexpr std::int32_t days_per_step = 31;
constexpr std::int32_t raw_keep_days_min = 2;

std::int32_t raw_keep_days(const RetentionRule& rule) { return std::max(rule.raw_keep_days, raw_keep_days_min); }

}  // namespace

bool matches(const RetentionRule& rule, std::string_view register_name) noexcept {
  const std::string_view wanted = rule.register_name;
  if (wanted.ends_with('*')) return register_name.starts_with(wanted.substr(0, wanted.size() - 1));
  return register_name == wanted;
}

const RetentionRule* AggregateKeeper::rule_for(SeriesId series) const {
  if (options_.retention.empty()) return nullptr;
  const auto description = telemetry_.find_series(series);
  if (!description) return nullptr;
  const auto found = std::ranges::find_if(
      options_.retention, [&](const RetentionRule& rule) { return matches(rule, description->register_name); });
  return found == options_.retention.end() ? nullptr : &*found;
}

/// Looks after some series, all in one write; true when there may be more to do. Every series once a day.
Result<bool> AggregateKeeper::keep_hours(const KeeperState& state) {
  const std::int32_t now = today();
  if (options_.retention.empty() || state.settled_through == KeeperState::none || hours_done_on_ == now) return false;
  const std::int64_t last = std::min(last_series(), hours_next_series_ + series_per_step - 1);
  AggregateWrite change;
  for (; hours_next_series_ <= last; ++hours_next_series_) {
    const SeriesId series{hours_next_series_};
    const RetentionRule* rule = rule_for(series);
    if (rule == nullptr) continue;
    DUHENG_TRY(const bool more, keep_hours_of(series, *rule, state.settled_through, change));
    if (more) break;  // the same series again, from where it stands
    DUHENG_CHECK(drop_old_hours(series, *rule));
  }
  if (!change.hour_states.empty()) DUHENG_CHECK(aggregates_.write(change));
  if (hours_next_series_ <= last_series()) return true;
  hours_next_series_ = 1;
  hours_done_on_ = now;
  return !change.hour_states.empty();
}

/// Adds the next stretch of hours of one series; false when that is the last there is.
Result<bool> AggregateKeeper::keep_hours_of(SeriesId series, const RetentionRule& rule, std::int32_t settled_through,
                                            AggregateWrite& change) {
  DUHENG_TRY(HourState hours, aggregates_.hour_state(series));
  const std::int32_t target = std::min(settled_through, today() - raw_keep_days(rule));
  if (hours.through_day >= target) return false;
  const std::int32_t from = std::max(hours.through_day, options_.first_day - 1);
  DUHENG_TRY(const auto next, aggregates_.first_after(series, from));
  if (!next || next->day > target) {
    hours.through_day = target;
  } else {
    const std::int32_t last = std::min(target, next->day + days_per_step - 1);
    const auto previous_of = [&](SeriesId id) { return repair_.mark_before(id, next->day, query()); };
    DUHENG_TRY(auto made, make_hours(series, next->day, last, previous_of));
    change.hours.insert(change.hours.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    hours.through_day = last;
  }
  change.hour_states.push_back(hours);
  return hours.through_day < target;
}

Result<void> AggregateKeeper::drop_old_hours(SeriesId series, const RetentionRule& rule) {
  if (rule.hourly_keep_days <= 0) return {};
  const std::int32_t before = today() - rule.hourly_keep_days;
  // Looking first: most days there is one day to drop, or none, and a write costs a disk synchronisation.
  DUHENG_TRY(const auto old, aggregates_.hours(series, options_.first_day, before - 1));
  return old.empty() ? Result<void>{} : aggregates_.drop_hours(series, before);
}

Result<std::vector<HourRows>> AggregateKeeper::make_hours(SeriesId series, std::int32_t first, std::int32_t last,
                                                          const PreviousOf& previous_of) const {
  std::vector<ConsumptionInterval> buckets;
  std::vector<std::int32_t> day_of_bucket;
  for (std::int32_t day = first; day <= last; ++day) {
    for (const ConsumptionInterval& hour : calendar_.hours(day)) {
      buckets.push_back(hour);
      day_of_bucket.push_back(day);
    }
  }
  DUHENG_TRY(const auto rows, maker_.of_series(series, buckets, previous_of, query()));
  std::vector<HourRows> out;
  for (const BucketRow& row : rows) {
    const std::int32_t day = day_of_bucket[row.bucket];
    if (out.empty() || out.back().day != day) out.push_back({series, day, {}});
    out.back().hours.push_back(row.row);
  }
  return out;
}

Result<std::vector<RemovableDays>> AggregateKeeper::removable_days() {
  std::vector<RemovableDays> out;
  DUHENG_TRY(const ChangePage waiting, telemetry_.changes(1));
  const std::int64_t last = last_series();
  for (std::int64_t first = 1; first <= last; first += aggregate_limits::series_per_slice) {
    const SeriesSpan span{SeriesId{first}, SeriesId{std::min(last, first + aggregate_limits::series_per_slice - 1)}};
    DUHENG_CHECK(add_removable(span, waiting.days.empty(), out));
  }
  return out;
}

/// What is allowed of a slice of series; new permissions are written down before anybody hears of them.
Result<void> AggregateKeeper::add_removable(SeriesSpan span, bool may_advance, std::vector<RemovableDays>& out) {
  DUHENG_TRY(auto states, aggregates_.hour_states(span));
  AggregateWrite change;
  for (HourState& hours : states) {
    const RetentionRule* rule = rule_for(hours.series);
    if (!may_advance || rule == nullptr || hours.through_day == HourState::none) continue;
    const std::int32_t wanted = std::min(today() - raw_keep_days(*rule), hours.through_day + 1);
    if (wanted <= hours.raw_free_before) continue;
    hours.raw_free_before = wanted;
    change.hour_states.push_back(hours);
  }
  if (!change.hour_states.empty()) DUHENG_CHECK(aggregates_.write(change));
  for (const HourState& hours : states) {
    if (hours.raw_free_before == HourState::none) continue;
    // Whole UTC days only, none of which reaches into a day that must stay.
    const std::int64_t utc_day = utc_day_of(calendar_.day(hours.raw_free_before).after_utc_ms);
    out.push_back({hours.series, static_cast<std::int32_t>(utc_day)});
  }
  return {};
}

}  // namespace duheng::store
