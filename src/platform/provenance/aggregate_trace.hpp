#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/provenance/figure_trace.hpp"
#include "store/aggregates/bucket_listing.hpp"

namespace duheng::platform {

namespace aggregate_trace_limits {
inline constexpr std::size_t readings_max = 1'000;  ///< listed one by one; all are counted
inline constexpr std::size_t records_max = 500;     ///< journal records whose hashes are computed again
}  // namespace aggregate_trace_limits

/// A rule by which a figure was made, in words.
struct FigureRule {
  std::string code;  ///< e.g. "good_values"
  std::string english;
  std::string chinese;
};

/// One thing that a row tells, as text: "increase" = "3.42".
using RowField = std::pair<std::string, std::string>;
/// All that a row tells, in a fixed order; increases only of registers that count up.
[[nodiscard]] std::vector<RowField> row_fields(const store::Series& series, const store::AggregateRow& row,
                                               bool counts_up);
struct FieldDifference {
  std::string field;
  std::string stored;
  std::string anew;
};
/// What two rows do not say alike.
[[nodiscard]] std::vector<FieldDifference> row_differences(const store::Series& series,
                                                           const store::AggregateRow& stored,
                                                           const store::AggregateRow& anew, bool counts_up);

/// A point of the bucket, and whether it is in the figure.
struct UsedReading {
  store::Point point;  ///< `frame` leads to the frame, or with an edit in force to the edit's record
  bool counted = false;
};

/// The journal records behind a figure, each hash computed again.
struct RecordsBehind {
  std::uint64_t count = 0;
  std::uint64_t verified = 0;
  std::uint64_t not_looked_at = 0;        ///< beyond aggregate_trace_limits::records_max
  std::vector<std::uint64_t> unverified;  ///< damaged, or removed by retention
};

/// Which bucket of which series.
struct AggregateQuestion {
  SeriesId series;
  store::BucketSize size = store::BucketSize::day;
  std::int32_t day = 0;                            ///< any day of the bucket
  std::optional<std::int32_t> last_day{};          ///< in the place of a bucket: all days from `day` to this one
  std::int64_t hour_after_utc_ms = 0;              ///< of BucketSize::hour: where the hour begins
  store::TimeRange visible{INT64_MIN, INT64_MAX};  ///< points and values outside are not told
};

/// An hour, day, week, month or year of a series: the row as it is answered, as it is kept, what it was made of, by
/// which rules and when, and what comes out when it is made again now.
struct TracedAggregate {
  store::Source source;
  store::Series series;
  std::string time_zone;
  store::BucketSize size = store::BucketSize::day;
  bool is_stretch = false;  ///< any days, joined: no bucket of a calendar
  store::SeriesPolicy policy;
  store::ListedBucket bucket;           ///< as it is answered
  store::AggregateRow anew;             ///< made now, of the readings (frozen days: of their rows)
  std::vector<store::CheckedDay> days;  ///< the rows it is joined of; none for an hour
  std::vector<UsedReading> readings;    ///< by time, at most aggregate_trace_limits::readings_max
  std::uint64_t reading_count = 0;      ///< all of them
  RecordsBehind records;
  std::vector<TracedValue> values;  ///< the whole way of what it starts from, first, last, least, greatest
  std::vector<FigureRule> rules;

  /// "hour", "day" ... or "days".
  [[nodiscard]] std::string_view word() const noexcept { return is_stretch ? "days" : store::to_string(size); }
  /// Whether making it again gives the same.
  [[nodiscard]] bool same() const;
  /// Same, every row behind it as its readings say, and all evidence there and whole.
  [[nodiscard]] bool verified() const;
};
/// Errors: not_found - no such series, or nothing in that bucket; otherwise as store::SeriesAggregates.
[[nodiscard]] Result<TracedAggregate> trace_aggregate(const store::Journal& journal,
                                                      const store::TelemetryStore& telemetry,
                                                      const store::SeriesAggregates& aggregates,
                                                      const store::CivilCalendar& calendar,
                                                      const AggregateQuestion& question);

}  // namespace duheng::platform
