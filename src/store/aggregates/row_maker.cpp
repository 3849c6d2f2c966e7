#include "store/aggregates/row_maker.hpp"

#include <algorithm>
#include <unordered_set>

namespace duheng::store {
namespace {

constexpr std::size_t points_per_page = 20'000;

TimeRange range_of(Buckets buckets) { return {buckets.front().after_utc_ms + 1, buckets.back().through_utc_ms + 1}; }

/// Rows of the series being scanned, which come in one or several calls.
struct OpenSeries {
  SeriesId series;
  std::optional<BucketBuilder> builder;
};

}  // namespace

Result<std::optional<AggregateMark>> RowMaker::last_good(SeriesId series, std::int64_t through_utc_ms,
                                                         const QueryOptions& options) const {
  DUHENG_TRY(const auto point,
             last_good_value(telemetry_, series, {-open_end_utc_ms, through_utc_ms}, points_per_page, options));
  if (!point) return std::nullopt;
  return AggregateMark{point->time_utc_ms, point->mantissa, point->frame, point->quality};
}

Result<BucketBuilder> RowMaker::builder_for(const Series& series, Buckets buckets,
                                            const PreviousOf& previous_of) const {
  const SeriesPolicy policy = policy_(series);
  std::optional<AggregateMark> previous;
  if (policy.counts_up) {
    DUHENG_TRY(previous, previous_of(series.id));
  }
  return BucketBuilder(series.kind, policy, buckets, previous);
}

Result<std::vector<BucketRow>> RowMaker::of_series(SeriesId series, Buckets buckets, const PreviousOf& previous_of,
                                                   const QueryOptions& options) const {
  const auto description = telemetry_.find_series(series);
  if (!description || buckets.empty()) return std::vector<BucketRow>{};
  std::optional<BucketBuilder> builder;
  const auto add = [&](std::span<const Point> points) -> Result<void> {
    if (points.empty()) return {};
    if (!builder) {
      DUHENG_TRY(builder, builder_for(*description, buckets, previous_of));
    }
    builder->add(points);
    return {};
  };
  DUHENG_CHECK(each_page(telemetry_, series, {buckets.front().after_utc_ms, buckets.back().through_utc_ms},
                         points_per_page, options, add));
  if (!builder) return std::vector<BucketRow>{};
  return std::move(*builder).finish();
}

Result<void> RowMaker::of_span(SeriesSpan span, Buckets buckets, const PreviousOf& previous_of,
                               const OnBucketRows& sink, const QueryOptions& options) const {
  if (buckets.empty()) return {};
  const TimeRange range = range_of(buckets);
  // Edited series are few; range() knows which edits are in force, scan() does not.
  std::unordered_set<SeriesId> edited;
  for (std::int64_t id = span.first.value; id <= span.last.value; ++id) {
    if (!telemetry_.edits(SeriesId{id}, range).empty()) edited.insert(SeriesId{id});
  }
  OpenSeries open;
  std::vector<Point> points;
  const auto close = [&]() -> Result<void> {
    if (!open.builder) return {};
    auto rows = std::move(*open.builder).finish();
    open.builder.reset();
    return rows.empty() ? Result<void>{} : sink(open.series, std::move(rows));
  };
  const auto add = [&](SeriesId series, std::span<const ReadingRow> rows) -> Result<void> {
    if (rows.empty() || edited.contains(series)) return {};
    if (!open.builder || open.series != series) {
      DUHENG_CHECK(close());
      const auto description = telemetry_.find_series(series);
      if (!description) return fail(ErrorCode::internal, "a scan gave readings of a series that is not there");
      open.series = series;
      DUHENG_TRY(open.builder, builder_for(*description, buckets, previous_of));
    }
    points_of_rows(rows, points);
    open.builder->add(points);
    return {};
  };
  DUHENG_CHECK(telemetry_.scan(span, range, add, options));
  DUHENG_CHECK(close());
  for (const SeriesId series : edited) {
    DUHENG_TRY(auto rows, of_series(series, buckets, previous_of, options));
    if (!rows.empty()) DUHENG_CHECK(sink(series, std::move(rows)));
  }
  return {};
}

}  // namespace duheng::store
