#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "store/consumption/consumption.hpp"
#include "store/consumption/exact_amount.hpp"
#include "store/consumption/step_rule.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// One value that stands in an aggregate, traceable to its frame (or to the edit in force).
struct AggregateMark {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  FrameReference frame;
  Quality quality = Quality::good;
  friend bool operator==(const AggregateMark&, const AggregateMark&) = default;
};

/// What the increase of a bucket rests on. Stored as bits: append, never renumber.
namespace aggregate_findings {
inline constexpr std::uint16_t roll_over = 1U << 0;
inline constexpr std::uint16_t decrease_unexplained = 1U << 1;
inline constexpr std::uint16_t increase_implausible = 1U << 2;
inline constexpr std::uint16_t no_start_value = 1U << 3;  ///< no value of the series before: counted from the first
inline constexpr std::uint16_t conflict = 1U << 4;        ///< different values at one time, the first taken
inline constexpr std::uint16_t over_gap = 1U << 5;        ///< holds what was used in a time without values before
/// These make an increase doubtful.
inline constexpr std::uint16_t doubts = decrease_unexplained | increase_implausible | no_start_value;
}  // namespace aggregate_findings

/// The values of one series in one bucket (after, through]. Good values only (see consumption/README.md): one for each
/// time. Exact: sums and increases are integers in units of the series' mantissa.
struct AggregateRow {
  std::int64_t after_utc_ms = 0;
  std::int64_t through_utc_ms = 0;
  std::uint32_t value_count = 0;          ///< times with a good value; marks mean something when above 0
  std::uint32_t without_value_count = 0;  ///< times at which the device answered without a usable value
  std::uint32_t estimated_count = 0;      ///< of value_count
  std::uint32_t corrected_count = 0;      ///< of value_count
  std::uint16_t quality_union = 0;        ///< every finding on any of them
  std::uint16_t findings = 0;             ///< aggregate_findings
  AggregateMark first, last;
  AggregateMark minimum, maximum;  ///< the earliest of equal ones; of bit sets and events: as first
  Int128 sum = 0;                  ///< of decimals only
  Int128 increase = 0;             ///< of counting registers: from the last value before the bucket to its last
  Int128 increase_edited = 0;      ///< of it in steps that begin or end on an estimate or a correction
  /// When the last value before the bucket was, from which the increase starts; no_time: there was none, the series
  /// does not count, or the row was stored by a release that did not keep it.
  static constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();
  std::int64_t increase_since_utc_ms = no_time;
  std::uint32_t slots_expected = 0;  ///< 0 when the series' interval is not known
  std::uint32_t slots_present = 0;
  std::int64_t longest_silence_ms = 0;  ///< the longest stretch of the bucket without a good value, its ends included
  friend bool operator==(const AggregateRow&, const AggregateRow&) = default;
};

/// What has to be known of a series to aggregate it.
struct SeriesPolicy {
  bool counts_up = false;  ///< a cumulative register: increases are made
  StepRule rule{};
  std::int64_t interval_ms = 0;  ///< at which readings are due; 0: not known
};
/// Must give the same answer for the same series as long as the aggregates live; a change of mind is a rebuild.
using PolicyOf = std::function<SeriesPolicy(const Series&)>;
/// Energies and volumes count up; nothing else is known.
[[nodiscard]] SeriesPolicy default_series_policy(const Series& series);

/// A step into a bucket, from the last value before it to its first.
struct EntryStep {
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;
};
/// Whether such a step brings what was used in a gap: the bucket before (taken to be as long, a day to be 24 h) holds
/// no value, or the two values are more than one and a half buckets apart. Inside a bucket no step is that long, so the
/// first one alone decides, for a month as for an hour.
[[nodiscard]] bool is_over_gap(ConsumptionInterval bucket, EntryStep step) noexcept;

/// How many slots of `interval_ms` a bucket has; 0 when the interval is not known.
[[nodiscard]] std::uint32_t slots_in(ConsumptionInterval bucket, std::int64_t interval_ms) noexcept;

/// Joins the row of the bucket that follows to `total`: days to a month. Increases telescope, since each begins where
/// the one before ended. Whether the whole is over a gap is judged by the whole.
void join_next(AggregateRow& total, const AggregateRow& next, SeriesKind kind);

/// A bucket's row, by its place among the buckets.
struct BucketRow {
  std::size_t bucket = 0;
  AggregateRow row;
  friend bool operator==(const BucketRow&, const BucketRow&) = default;
};

/// Makes rows of one series from its points, page by page, without holding them.
class BucketBuilder {
 public:
  /// `buckets` follow one another and outlive this object. `previous`: the last good value before them.
  BucketBuilder(SeriesKind kind, const SeriesPolicy& policy, std::span<const ConsumptionInterval> buckets,
                std::optional<AggregateMark> previous);
  /// Points by time, then arrival, whole times only; those outside the buckets are left out.
  void add(std::span<const Point> points);
  /// Rows of the buckets that hold anything, in order.
  [[nodiscard]] std::vector<BucketRow> finish() &&;
  /// The last good value so far, `previous` included.
  [[nodiscard]] const std::optional<AggregateMark>& last() const noexcept { return previous_; }

 private:
  [[nodiscard]] AggregateRow* row_at(std::int64_t time_utc_ms);
  void close_row();
  void add_value(AggregateRow& row, const Point& point, bool conflict);
  void add_increase(AggregateRow& row, const AggregateMark& mark);
  void add_extremes(AggregateRow& row, const AggregateMark& mark) const;

  SeriesKind kind_;
  SeriesPolicy policy_;
  std::span<const ConsumptionInterval> buckets_;
  std::optional<AggregateMark> previous_;
  std::size_t bucket_ = 0;
  std::int64_t last_slot_ = -1;
  std::int64_t silent_since_utc_ms_ = 0;
  std::vector<BucketRow> rows_;
};

/// Points of readings as they were read (by time, then arrival): equal values of one time are one point. Clears and
/// fills `out`.
void points_of_rows(std::span<const ReadingRow> rows, std::vector<Point>& out);

}  // namespace duheng::store
