#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "store/aggregates/aggregate_store.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/row_maker.hpp"

namespace duheng::store {

/// From a day on a series counts for another group.
struct GroupChange {
  std::int32_t from_day = 0;
  std::uint32_t group = 0;
};

/// One series of a question about many: who may see what is decided by the caller, who lists what is to be counted.
struct FleetSeries {
  SeriesId series;
  std::uint32_t group = 0;             ///< the caller's own: organisation, site, model, tariff …
  std::int8_t exponent = 0;            ///< the series'
  Ratio ratio{};                       ///< of the transformers, from the register to the point
  std::int64_t interval_ms = 0;        ///< at which readings are due, for days without a row; 0: not known
  std::vector<GroupChange> changes{};  ///< each later than the one before; `group` holds before the first
};

/// A set of series, sorted, with exact common units: amount = mantissa x factor, in 10^exponent / denominator.
class FleetScope {
 public:
  /// `unit` is common to all; that is the caller's to see to. Errors: invalid_argument - a series twice, or none of
  /// that id, or changes of its group out of order; limit_exceeded - no exact common representation.
  [[nodiscard]] static Result<FleetScope> make(std::vector<FleetSeries> series);

  [[nodiscard]] std::span<const FleetSeries> series() const noexcept { return series_; }
  /// For which group the series of that place counts on a day.
  [[nodiscard]] std::uint32_t group_on(std::size_t index, std::int32_t day) const noexcept;
  [[nodiscard]] std::int8_t exponent() const noexcept { return exponent_; }
  [[nodiscard]] std::int64_t denominator() const noexcept { return denominator_; }
  /// Errors: limit_exceeded.
  [[nodiscard]] Result<Int128> amount(std::size_t index, Int128 mantissa) const;
  [[nodiscard]] ExactAmount exact(Int128 amount) const { return {amount, exponent_, denominator_}; }

 private:
  std::vector<FleetSeries> series_;
  std::vector<Int128> factors_;
  std::int8_t exponent_ = 0;
  std::int64_t denominator_ = 1;
};

/// How far an answer can be relied on.
struct FleetStanding {
  std::int32_t settled_through = KeeperState::none;      ///< days after this one may still grow
  std::int32_t provisional_through = KeeperState::none;  ///< days after this one were made from readings just now
  bool changes_waiting = false;                          ///< late data has come that the rows do not show yet
};

/// Of one series, and of one group where the series changes its group: then each group has its own days.
struct FleetAmount {
  SeriesId series;
  std::uint32_t group = 0;  ///< as the scope has it
  Int128 amount = 0;
  Int128 edited = 0;  ///< of it resting on estimates or corrections
  std::uint16_t findings = 0;
  std::uint32_t days_with_values = 0;
};
struct FleetTop {
  std::vector<FleetAmount> series;  ///< largest first; of equal ones the lower id first. Without values: left out
  FleetStanding standing;
};

/// A series that changes its group counts in each for its own days.
struct FleetTotal {
  std::uint32_t group = 0;
  Int128 amount = 0;
  Int128 edited = 0;
  std::uint16_t findings = 0;
  std::uint32_t series_count = 0;        ///< in the scope
  std::uint32_t series_with_values = 0;  ///< with a value on any day
  std::uint32_t series_in_doubt = 0;     ///< with aggregate_findings::doubts
  std::uint32_t series_over_gap = 0;     ///< with aggregate_findings::over_gap over the days asked for
};
struct FleetTotals {
  std::vector<FleetTotal> groups;  ///< by group
  FleetTotal whole;                ///< of all groups; each series counted once
  FleetStanding standing;
};

struct FleetCompleteness {
  std::int32_t day = 0;
  std::uint32_t group = 0;
  std::uint64_t slots_expected = 0;
  std::uint64_t slots_present = 0;
  std::uint32_t series_count = 0;
  std::uint32_t series_with_values = 0;
  friend bool operator==(const FleetCompleteness&, const FleetCompleteness&) = default;
};
struct FleetCompletenessTable {
  std::vector<FleetCompleteness> rows;  ///< by day, then group
  FleetStanding standing;
};

/// Neighbouring days of a series on none of which everything came. Where inside the days: TelemetryStore::completeness.
struct FleetGap {
  SeriesId series;
  std::int32_t first_day = 0;
  std::int32_t last_day = 0;
  std::uint64_t slots_missing = 0;  ///< 0 when the interval is not known: then whole days are missing
  friend bool operator==(const FleetGap&, const FleetGap&) = default;
};
struct FleetGaps {
  std::vector<FleetGap> gaps;  ///< by series, then day
  bool truncated = false;      ///< there are more than asked for
  FleetStanding standing;
};

/// Questions about many series and some days, answered from day rows; days without rows yet are made from readings
/// while the question runs, which takes as long as a scan of them. Thread-safe.
/// Errors of every call: those of both stores; timed_out, cancelled; limit_exceeded - an amount beyond 127 bits;
/// invalid_argument - days out of order.
class FleetQuestions {
 public:
  FleetQuestions(const TelemetryStore& telemetry, const AggregateStore& aggregates, const CivilCalendar& calendar,
                 const Clock& clock, PolicyOf policy)
      : aggregates_(aggregates), calendar_(calendar), clock_(clock), maker_(telemetry, std::move(policy)) {}

  /// The `count` largest increases over the days, whatever their groups.
  [[nodiscard]] Result<FleetTop> top(const FleetScope& scope, std::int32_t first, std::int32_t last, std::size_t count,
                                     const QueryOptions& options) const;
  /// The `count` largest increases of each group: by group, then the largest first.
  [[nodiscard]] Result<FleetTop> top_by_group(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                              std::size_t count, const QueryOptions& options) const;
  [[nodiscard]] Result<FleetTotals> totals(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                           const QueryOptions& options) const;
  [[nodiscard]] Result<FleetCompletenessTable> completeness(const FleetScope& scope, std::int32_t first,
                                                            std::int32_t last, const QueryOptions& options) const;
  [[nodiscard]] Result<FleetGaps> gaps(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                       std::size_t gaps_max, const QueryOptions& options) const;

 private:
  using OnFigure = std::function<Result<void>(std::size_t index, const DayFigure&)>;
  class Deadline;
  class Amounts;
  [[nodiscard]] Result<std::int32_t> checked_last(std::int32_t first, std::int32_t last) const;
  [[nodiscard]] Result<FleetStanding> each_figure(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                                  const QueryOptions& options, const OnFigure& sink) const;
  [[nodiscard]] Result<void> each_open_figure(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                              const Deadline& deadline, const OnFigure& sink) const;
  [[nodiscard]] Result<FleetStanding> gather(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                             const QueryOptions& options, Amounts& amounts) const;

  const AggregateStore& aggregates_;
  const CivilCalendar& calendar_;
  const Clock& clock_;
  RowMaker maker_;
};

}  // namespace duheng::store
