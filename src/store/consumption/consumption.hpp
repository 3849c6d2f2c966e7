#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/consumption/exact_amount.hpp"
#include "store/consumption/point_chain.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// (after, through]: a value stamped at the end of an interval belongs to it.
struct ConsumptionInterval {
  std::int64_t after_utc_ms = 0;
  std::int64_t through_utc_ms = 0;
};

struct ConsumptionOptions {
  /// A step over a longer time is named a gap (its amount is exact, its course unknown), and so is the time from the
  /// last value to the interval's end; 0: gaps are not named.
  std::int64_t gap_ms = 0;
  std::size_t remarks_max = 1'000;       ///< remarks told one by one; all are counted
  std::size_t points_per_page = 20'000;  ///< memory of a question
};

/// A value that consumption stands on.
struct ChainValue {
  enum class Origin : std::uint8_t {
    reading,       ///< of the series, `frame` leads to the evidence (or to the edit)
    installation,  ///< ChainLink::start_mantissa
    removal,       ///< ChainLink::end_mantissa
  };
  std::size_t link = 0;  ///< index into the chain
  SeriesId series;
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  Quality quality = Quality::good;
  FrameReference frame;  ///< none for what a person read
  Origin origin = Origin::reading;
  friend bool operator==(const ChainValue&, const ChainValue&) = default;
};

/// What a bill's reader has to know. The numbers are sent over the API: append, never renumber.
enum class RemarkKind : std::uint8_t {
  roll_over = 0,                ///< the register turned over: taken as such
  exchange = 1,                 ///< another register took over
  ratio_change = 2,             ///< same register, another ratio
  reset = 3,                    ///< same register, taken up again from another value, as the chain says
  gap = 4,                      ///< nothing was read for longer than ConsumptionOptions::gap_ms
  conflict = 5,                 ///< different values at one time: the first that arrived was taken
  corrected = 6,                ///< a correction is in force at this time
  estimated = 7,                ///< an estimate is in force at this time
  decrease_unexplained = 8,     ///< the register went back: the step counts as 0
  increase_implausible = 9,     ///< a step too fast, or to a flagged value: counts as it is
  no_start_value = 10,          ///< nothing good at or before the interval's start: counted from the first value
  not_read_to_end = 11,         ///< the last value is older than the interval's end by more than gap_ms
  no_removal_value = 12,        ///< a register was removed unread: what it counted after its last reading is missing
  no_installation_value = 13,   ///< a register began unread: what it counted before its first reading is missing
  ratio_change_not_split = 14,  ///< no value at the change of the ratio: the step over it was taken by the new ratio
  no_register = 15,             ///< nothing stood at the point
};
inline constexpr std::size_t remark_kinds = 16;
/// e.g. "decrease_unexplained".
[[nodiscard]] std::string_view to_string(RemarkKind kind) noexcept;
/// Whether a remark of this kind makes the amount a partial or doubtful one.
[[nodiscard]] constexpr bool is_doubt(RemarkKind kind) noexcept { return kind >= RemarkKind::decrease_unexplained; }

struct Remark {
  RemarkKind kind = RemarkKind::gap;
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;
  std::optional<ChainValue> from;  ///< the value before
  std::optional<ChainValue> to;    ///< the value at the end of the step, or the one the remark is about
  Int128 amount = 0;               ///< of the step, in the numerators of Consumption
};

enum class ConsumptionStatus : std::uint8_t {
  complete,          ///< start and end are known and every step is explained
  partly,            ///< the amount stands, but doubts name what is missing or not explained: do not bill unseen
  not_determinable,  ///< no amount; `reason` says why
};
[[nodiscard]] std::string_view to_string(ConsumptionStatus status) noexcept;

/// What a point consumed in an interval. All amounts are numerators of one representation: amount x 10^exponent /
/// denominator in `unit`; exact.
struct Consumption {
  ConsumptionStatus status = ConsumptionStatus::not_determinable;
  std::string reason;  ///< of not_determinable
  std::string unit;
  std::int8_t exponent = 0;
  std::int64_t denominator = 1;
  Int128 amount = 0;
  Int128 estimated = 0;             ///< in steps that begin or end on an estimate
  Int128 corrected = 0;             ///< in steps that begin or end on a correction and on no estimate
  Int128 over_gaps = 0;             ///< in steps longer than gap_ms
  std::optional<ChainValue> start;  ///< the last good value at or before the interval's start, or the first inside
  std::optional<ChainValue> end;    ///< the last good one of the interval, or `start` when nothing came
  std::uint64_t value_count = 0;    ///< good values inside the interval
  std::vector<Remark> remarks;      ///< in order of time, at most remarks_max
  std::array<std::uint64_t, remark_kinds> remark_counts{};  ///< of all remarks

  [[nodiscard]] ExactAmount exact() const { return {amount, exponent, denominator}; }
  [[nodiscard]] std::uint64_t count(RemarkKind kind) const { return remark_counts[static_cast<std::size_t>(kind)]; }
};

/// The computation without a store: fed with values in the order of chain and time, in pages of any size; memory does
/// not grow with them. One thread.
class ConsumptionWalk {
 public:
  /// `first_link`: where the values that will be fed begin. Errors: as check_chain(), scale_of(); invalid_argument -
  /// the interval ends before it begins.
  [[nodiscard]] static Result<ConsumptionWalk> begin(const PointChain& chain, ConsumptionInterval interval,
                                                     const ConsumptionOptions& options, std::size_t first_link = 0);
  ConsumptionWalk(ConsumptionWalk&&) noexcept;
  ConsumptionWalk& operator=(ConsumptionWalk&&) noexcept;
  ~ConsumptionWalk();

  /// Points of the series of link `link` by time, then arrival, whole times only. Values before the interval serve as
  /// its start; those outside the link or after the interval are left out. Errors: invalid_argument - a link or time
  /// before what was fed already; limit_exceeded - an amount beyond 127 bits.
  [[nodiscard]] Result<void> add(std::size_t link, std::span<const Point> points);
  /// Errors: limit_exceeded.
  [[nodiscard]] Result<Consumption> finish() &&;

 private:
  struct State;
  explicit ConsumptionWalk(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The same for values at hand: `points_of_links[i]` are all points of link i's series.
[[nodiscard]] Result<Consumption> consumption_over(std::span<const std::vector<Point>> points_of_links,
                                                   const PointChain& chain, ConsumptionInterval interval,
                                                   const ConsumptionOptions& options);

/// What the point consumed in the interval, out of the store, edits in force applied. Rules: README.md of this folder.
/// Reads back as far as it must for the value at the interval's start (never before the year 2000) and holds one page
/// of points at a time. Errors: as ConsumptionWalk; not_found - a series is not there; invalid_argument - exponent or
/// unit of a link are not its series'; timed_out; cancelled; storage_failed, storage_corrupt.
[[nodiscard]] Result<Consumption> consumption(const TelemetryStore& store, const PointChain& chain,
                                              ConsumptionInterval interval, const ConsumptionOptions& options,
                                              const QueryOptions& query);

/// Calls on_points for every page of points with a time in (after, through]. Errors: the store's, the sink's.
[[nodiscard]] Result<void> each_page(const TelemetryStore& store, SeriesId series, ConsumptionInterval interval,
                                     std::size_t points_per_page, const QueryOptions& query,
                                     const std::function<Result<void>(std::span<const Point>)>& on_points);
/// The last good value with a time in (after, through]; looks back in windows that double. Errors: the store's.
[[nodiscard]] Result<std::optional<Point>> last_good_value(const TelemetryStore& store, SeriesId series,
                                                           ConsumptionInterval interval, std::size_t points_per_page,
                                                           const QueryOptions& query);

}  // namespace duheng::store
