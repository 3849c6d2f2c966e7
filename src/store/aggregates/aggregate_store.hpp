#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "store/aggregates/aggregate_row.hpp"

namespace duheng::store {

struct DayRow {
  SeriesId series;
  std::int32_t day = 0;  ///< CivilCalendar
  AggregateRow row;
  friend bool operator==(const DayRow&, const DayRow&) = default;
};

struct SeriesDay {
  SeriesId series;
  std::int32_t day = 0;
  friend auto operator<=>(const SeriesDay&, const SeriesDay&) = default;
};

/// What questions about a whole fleet need of a day row, kept apart so that a fleet's day is read in one go.
struct DayFigure {
  SeriesId series;
  std::int32_t day = 0;
  std::uint16_t findings = 0;
  std::uint32_t value_count = 0;
  std::uint32_t slots_expected = 0;
  std::uint32_t slots_present = 0;
  Int128 increase = 0;
  Int128 increase_edited = 0;
  /// The step into the day, told only with aggregate_findings::over_gap (0 and 0 otherwise): whether it reaches over a
  /// gap in a stretch of days is for the stretch to judge.
  std::int64_t entry_from_utc_ms = 0;
  std::int64_t entry_to_utc_ms = 0;
  friend bool operator==(const DayFigure&, const DayFigure&) = default;
};
[[nodiscard]] DayFigure figure_of(const DayRow& row);

/// The hours of one series' day, empty ones left out.
struct HourRows {
  SeriesId series;
  std::int32_t day = 0;
  std::vector<AggregateRow> hours;
  friend bool operator==(const HourRows&, const HourRows&) = default;
};

/// How far the hours of a series are kept, and from where its raw readings may be gone.
struct HourState {
  static constexpr std::int32_t none = std::numeric_limits<std::int32_t>::min();
  SeriesId series;
  std::int32_t through_day = none;      ///< hours of all days up to here are durable
  std::int32_t raw_free_before = none;  ///< raw readings of days before this may have been removed: rows are frozen
  friend bool operator==(const HourState&, const HourState&) = default;
};

/// How far the days have come. Moves in the same transaction as the rows it speaks of.
struct KeeperState {
  static constexpr std::int32_t none = std::numeric_limits<std::int32_t>::min();
  std::int32_t settled_through = none;      ///< final but for what changes() names
  std::int32_t provisional_through = none;  ///< made once, to be made again when settled; not below settled_through
  // The sweep that is running: none when next_series is 0.
  std::int32_t sweep_first = 0;
  std::int32_t sweep_last = 0;
  bool sweep_settles = false;
  std::int64_t sweep_next_series = 0;
  std::int64_t sweep_last_series = 0;
  friend bool operator==(const KeeperState&, const KeeperState&) = default;
};

/// When rows of some series and days were made, and of what. A row is as the latest making says that names its series
/// and day, unless it is frozen.
struct RowMaking {
  /// Stored: append, never renumber.
  enum class Kind : std::uint8_t {
    provisional = 1,  ///< soon after the day had ended
    settled = 2,      ///< when the UTC days it touches were over
    changed = 3,      ///< again, because something late or an edit came to it
  };
  SeriesSpan series{};
  std::int32_t first_day = 0;
  std::int32_t last_day = 0;
  Kind kind = Kind::provisional;
  std::int64_t made_utc_ms = 0;
  std::uint64_t next_record = 0;  ///< journal records before this one were in the telemetry it was made of
  friend bool operator==(const RowMaking& a, const RowMaking& b) noexcept {
    return a.series.first == b.series.first && a.series.last == b.series.last && a.first_day == b.first_day &&
           a.last_day == b.last_day && a.kind == b.kind && a.made_utc_ms == b.made_utc_ms &&
           a.next_record == b.next_record;
  }
};
[[nodiscard]] std::string_view to_string(RowMaking::Kind kind) noexcept;

/// One unit of change: everything or nothing. In this order: clear, remove, write.
struct AggregateWrite {
  struct Cleared {
    SeriesSpan series;
    std::int32_t first_day = 0;
    std::int32_t last_day = 0;
  };
  std::optional<Cleared> cleared{};
  std::vector<SeriesDay> removed{};
  std::vector<DayRow> rows{};
  std::vector<HourRows> hours{};  ///< in the place of what stood there; empty hours: removed
  std::vector<HourState> hour_states{};
  /// In the place of one of the same series, days and kind. At most aggregate_limits::making_days_max days each.
  std::vector<RowMaking> makings{};
  std::optional<KeeperState> state{};
};

/// Gets a day's figures in the order of series, day after day, in parts.
using OnFigures = std::function<Result<void>(std::span<const DayFigure>)>;

namespace aggregate_limits {
inline constexpr std::int64_t series_per_slice = 1'024;  ///< of figures; a sweep's step
inline constexpr std::int64_t series_max = std::int64_t{1} << 31;
inline constexpr std::int32_t first_day_min = 10'957;  ///< 2000-01-01
inline constexpr std::int32_t day_max = 1 << 18;
inline constexpr std::int32_t making_days_max = 366;
}  // namespace aggregate_limits

/// Where day rows (and the hours that outlive raw readings) are kept. Derived from telemetry: may be deleted, except
/// where raw readings were removed under a retention rule. Thread-safe; one writer at a time by itself.
/// Errors of every call: storage_full, storage_failed - nothing was written; storage_corrupt - delete and let the
/// keeper start anew; unavailable - too many at once, try again; invalid_argument - a series or day out of limits.
class AggregateStore {
 public:
  virtual ~AggregateStore() = default;

  [[nodiscard]] virtual Result<void> write(const AggregateWrite& change) = 0;
  [[nodiscard]] virtual Result<KeeperState> state() const = 0;

  /// Rows of one series, by day, first and last included.
  [[nodiscard]] virtual Result<std::vector<DayRow>> days(SeriesId series, std::int32_t first,
                                                         std::int32_t last) const = 0;
  /// The nearest row with a good value before / after a day.
  [[nodiscard]] virtual Result<std::optional<DayRow>> last_before(SeriesId series, std::int32_t day) const = 0;
  [[nodiscard]] virtual Result<std::optional<DayRow>> first_after(SeriesId series, std::int32_t day) const = 0;
  /// Figures of all series, by day, then series.
  [[nodiscard]] virtual Result<void> figures(std::int32_t first, std::int32_t last, const OnFigures& sink) const = 0;

  [[nodiscard]] virtual Result<std::vector<HourRows>> hours(SeriesId series, std::int32_t first,
                                                            std::int32_t last) const = 0;
  /// The makings that name a series and a day, by time. Rows of releases before there were makings have none.
  [[nodiscard]] virtual Result<std::vector<RowMaking>> makings(SeriesDay of) const = 0;

  /// HourState::none twice for a series without any.
  [[nodiscard]] virtual Result<HourState> hour_state(SeriesId series) const = 0;
  /// Those of a span of series that have any, by series.
  [[nodiscard]] virtual Result<std::vector<HourState>> hour_states(SeriesSpan span) const = 0;
  /// Removes hours of days before this one.
  [[nodiscard]] virtual Result<void> drop_hours(SeriesId series, std::int32_t before_day) = 0;
};

/// Errors: invalid_argument - something in it is out of limits.
[[nodiscard]] Result<void> check_write(const AggregateWrite& change);

}  // namespace duheng::store
