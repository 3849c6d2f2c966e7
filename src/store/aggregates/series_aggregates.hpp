#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "store/aggregates/aggregate_store.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/row_maker.hpp"

namespace duheng::store {

struct MonthRow {
  std::int32_t month = 0;  ///< CivilCalendar
  std::int32_t days_with_values = 0;
  AggregateRow row;
  friend bool operator==(const MonthRow&, const MonthRow&) = default;
};

/// First to last, both included.
struct DaySpan {
  std::int32_t first = 0;
  std::int32_t last = 0;
  friend bool operator==(const DaySpan&, const DaySpan&) = default;
};
struct SpanRow {
  DaySpan days;  ///< as asked for
  std::int32_t days_with_values = 0;
  AggregateRow row;
  friend bool operator==(const SpanRow&, const SpanRow&) = default;
};

/// A day's row held against what its readings say now.
struct CheckedDay {
  enum class Standing : std::uint8_t {
    open,         ///< no row is kept yet: it is made of the readings whenever somebody asks
    provisional,  ///< a row is kept and will be made again when the day settles; series' questions look at the readings
    settled,      ///< the row kept is what is answered
    frozen,       ///< the raw readings may be gone: the row stands as it is
  };
  std::int32_t day = 0;
  Standing standing = Standing::open;
  bool change_waiting = false;         ///< something came after the row was made; the keeper makes it again
  std::optional<AggregateRow> stored;  ///< as it is kept; nothing: the day held nothing, or is open
  std::optional<AggregateRow> anew;    ///< made of the readings now; nothing: they say nothing, or the day is frozen
  std::vector<RowMaking> makings;      ///< by time

  /// Whether what is kept is not what the readings say.
  [[nodiscard]] bool differs() const noexcept;
  /// ... and nothing explains it: somebody or something has altered the row, or a rule is broken.
  [[nodiscard]] bool is_wrong() const noexcept { return standing == Standing::settled && !change_waiting && differs(); }
};
[[nodiscard]] std::string_view to_string(CheckedDay::Standing standing) noexcept;
/// Whether two rows say the same; what a row of an older release does not tell is not held against it.
[[nodiscard]] bool says_the_same(const AggregateRow& stored, const AggregateRow& anew) noexcept;

/// Hours, days and months of one series, in step with the telemetry store: settled days come from rows, days that are
/// open, or have changes waiting, are made from readings while the question runs. Thread-safe; the stores, calendar and
/// clock must outlive it.
///
/// Days without anything are left out; days that have not begun and days before the keeper's first day do not exist.
/// Errors of every call: those of both stores; timed_out, cancelled; invalid_argument - the range ends before it
/// begins.
class SeriesAggregates {
 public:
  SeriesAggregates(const TelemetryStore& telemetry, const AggregateStore& aggregates, const CivilCalendar& calendar,
                   const Clock& clock, PolicyOf policy, std::int32_t first_day = aggregate_limits::first_day_min)
      : aggregates_(aggregates),
        calendar_(calendar),
        clock_(clock),
        first_day_(first_day),
        maker_(telemetry, std::move(policy)) {}

  [[nodiscard]] Result<std::vector<DayRow>> days(SeriesId series, std::int32_t first, std::int32_t last,
                                                 const QueryOptions& options) const;
  /// Whole civil months, the present one up to now. Months without anything are left out.
  [[nodiscard]] Result<std::vector<MonthRow>> months(SeriesId series, std::int32_t first_month, std::int32_t last_month,
                                                     const QueryOptions& options) const;
  /// Any stretches of days that follow one another: weeks, years. Those without anything are left out; the row of one
  /// that reaches before the keeper's first day or beyond today begins and ends there.
  [[nodiscard]] Result<std::vector<SpanRow>> spans(SeriesId series, std::span<const DaySpan> wanted,
                                                   const QueryOptions& options) const;
  /// From readings; where a retention rule has let them go, the hours kept.
  [[nodiscard]] Result<std::vector<HourRows>> hours(SeriesId series, std::int32_t first_day, std::int32_t last_day,
                                                    const QueryOptions& options) const;

  /// The days that hold or held anything, each as it is kept and as it comes out now.
  [[nodiscard]] Result<std::vector<CheckedDay>> check_days(SeriesId series, std::int32_t first, std::int32_t last,
                                                           const QueryOptions& options) const;
  /// Days joined to one stretch, as spans() does; days that are not there are empty.
  [[nodiscard]] SpanRow join_days(const Series& series, DaySpan span, std::span<const DayRow> rows) const {
    return join(series, span, rows);
  }
  [[nodiscard]] SeriesPolicy policy(const Series& series) const { return maker_.policy(series); }
  /// The last good value at or before a moment.
  [[nodiscard]] Result<std::optional<AggregateMark>> last_good(SeriesId series, std::int64_t through_utc_ms,
                                                               const QueryOptions& options) const {
    return maker_.last_good(series, through_utc_ms, options);
  }

  /// Changes looked at while a question runs; with more waiting than this an answer may be behind until the keeper has
  /// caught up.
  static constexpr std::size_t changes_looked_at_max = 1'000;

 private:
  [[nodiscard]] Result<std::vector<CheckedDay>> check_days_once(SeriesId series, std::int32_t first, std::int32_t last,
                                                                const QueryOptions& options) const;
  [[nodiscard]] Result<void> repair(SeriesId series, std::int32_t settled_through, std::int32_t first,
                                    std::int32_t last, std::vector<DayRow>& rows, const QueryOptions& options) const;
  [[nodiscard]] Result<void> add_open_days(SeriesId series, std::int32_t first, std::int32_t last,
                                           std::vector<DayRow>& rows, const QueryOptions& options) const;
  [[nodiscard]] Result<std::optional<AggregateMark>> mark_before(SeriesId series, std::int32_t day,
                                                                 const QueryOptions& options) const;
  [[nodiscard]] SpanRow join(const Series& series, DaySpan cut, std::span<const DayRow> rows) const;
  [[nodiscard]] std::int32_t today() const { return calendar_.day_of(clock_.utc_ms()); }

  const AggregateStore& aggregates_;
  const CivilCalendar& calendar_;
  const Clock& clock_;
  std::int32_t first_day_;
  RowMaker maker_;
};

}  // namespace duheng::store
