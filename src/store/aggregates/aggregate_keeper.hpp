#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/aggregates/aggregate_store.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/day_repair.hpp"
#include "store/aggregates/row_maker.hpp"

namespace duheng::store {

/// Raw readings of registers that match are removed after some days; their hourly rows stay longer. `register_name`
/// may end in "*". The first rule that matches a register is its rule; without one everything is kept.
struct RetentionRule {
  std::string register_name;
  std::int32_t raw_keep_days = 0;     ///< at least 2
  std::int32_t hourly_keep_days = 0;  ///< 0: for good
};

struct KeeperOptions {
  /// Days before this one are not kept as rows: readings before it belong to no day row.
  std::int32_t first_day = aggregate_limits::first_day_min;
  std::int64_t close_grace_ms = 15 * 60'000;     ///< after a civil day's end, before its provisional rows are made
  std::int64_t settle_grace_ms = 2 * 3'600'000;  ///< after the end of the last UTC day it touches, before it settles
  std::size_t changes_per_step = 1'000;
  std::int32_t days_per_sweep = 31;
  std::int64_t step_timeout_ms = 600'000;  ///< of each question to the telemetry store
  std::vector<RetentionRule> retention{};
};

/// Keeps the day rows in step with the telemetry store. Sans-I/O in the sense that matters: time, both stores and the
/// policy come in, step() does one bounded piece of work. Every piece is one transaction that holds the new position,
/// and gives the same rows when it is done again: ended anywhere, the next step() goes on. One thread.
///
/// A civil day has provisional rows soon after it ended and is settled once the UTC days it touches are over, because
/// the store notes what comes late by UTC days. What comes after that is named by changes(): the days are made again,
/// and so is the next day with a value, whose increase starts from them.
class AggregateKeeper {
 public:
  /// All must outlive the keeper.
  AggregateKeeper(TelemetryStore& telemetry, AggregateStore& aggregates, const CivilCalendar& calendar,
                  const Clock& clock, PolicyOf policy, KeeperOptions options);

  enum class Work : std::uint8_t { none, sweep, changes, settle, hours };
  /// Does the most urgent piece of work. `none`: nothing to do before something changes or time goes on. Errors: those
  /// of the stores; call again after what they say.
  [[nodiscard]] Result<Work> step();
  /// Changes of days whose raw readings may be gone: their rows were left as they are. Since this object was made.
  [[nodiscard]] std::uint64_t frozen_changes() const noexcept { return frozen_changes_; }

  /// What TelemetryStore::allow_removal() may be told now: readings that a rule lets go, of days whose rows and hours
  /// are durable with no change waiting. What was once allowed stays allowed and is remembered: from then on the rows
  /// of those days are not made again. Costs a look at every series; once a day is enough. Errors: of the stores.
  [[nodiscard]] Result<std::vector<RemovableDays>> removable_days();

 private:
  [[nodiscard]] Result<bool> forget_what_was_rebuilt(const KeeperState& state);
  [[nodiscard]] Result<void> sweep_slice(KeeperState state);
  [[nodiscard]] Result<void> keep_frozen(SeriesSpan span, const KeeperState& state, AggregateWrite& change) const;
  [[nodiscard]] Result<bool> handle_changes(const KeeperState& state);
  [[nodiscard]] Result<void> remake(SeriesId series, const std::vector<std::int32_t>& days,
                                    std::int32_t settled_through, AggregateWrite& change);
  [[nodiscard]] Result<bool> begin_sweep(KeeperState state);
  [[nodiscard]] Result<bool> begin_settling(KeeperState state, std::int32_t through);
  [[nodiscard]] Result<std::int32_t> end_of_emptiness(std::int32_t last, std::int32_t through);
  [[nodiscard]] Result<void> start_sweep(KeeperState state, std::int32_t first, std::int32_t last, bool settles);
  [[nodiscard]] Result<bool> has_anything(std::int32_t first, std::int32_t last) const;
  [[nodiscard]] Result<bool> keep_hours(const KeeperState& state);
  [[nodiscard]] Result<bool> keep_hours_of(SeriesId series, const RetentionRule& rule, std::int32_t settled_through,
                                           AggregateWrite& change);
  [[nodiscard]] Result<void> drop_old_hours(SeriesId series, const RetentionRule& rule);
  [[nodiscard]] Result<std::vector<HourRows>> make_hours(SeriesId series, std::int32_t first, std::int32_t last,
                                                         const PreviousOf& previous_of) const;
  [[nodiscard]] std::int32_t last_ended(std::int64_t grace_ms) const;
  [[nodiscard]] std::int32_t last_settleable() const;
  [[nodiscard]] std::int32_t utc_day_after(std::int32_t day) const;
  [[nodiscard]] std::int64_t last_series() const;
  [[nodiscard]] std::int32_t today() const { return calendar_.day_of(clock_.utc_ms()); }
  [[nodiscard]] QueryOptions query() const { return {.timeout_ms = options_.step_timeout_ms, .cancel = {}}; }
  [[nodiscard]] Result<void> add_removable(SeriesSpan span, bool may_advance, std::vector<RemovableDays>& out);
  [[nodiscard]] const RetentionRule* rule_for(SeriesId series) const;

  TelemetryStore& telemetry_;
  AggregateStore& aggregates_;
  const CivilCalendar& calendar_;
  const Clock& clock_;
  KeeperOptions options_;
  RowMaker maker_;
  DayRepair repair_;
  std::uint64_t frozen_changes_ = 0;
  std::int32_t hours_done_on_ = KeeperState::none;  // the day on which all series' hours were looked after
  std::int64_t hours_next_series_ = 1;
};

/// Whether `register_name` matches a rule's, which may end in "*".
[[nodiscard]] bool matches(const RetentionRule& rule, std::string_view register_name) noexcept;

}  // namespace duheng::store
