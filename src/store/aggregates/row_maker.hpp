#pragma once
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "store/aggregates/aggregate_row.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

using Buckets = std::span<const ConsumptionInterval>;  // one after the other, without a break
/// The last good value of a series before the buckets; asked for only when the series has something in them.
using PreviousOf = std::function<Result<std::optional<AggregateMark>>(SeriesId)>;
/// Rows of one series; never empty.
using OnBucketRows = std::function<Result<void>(SeriesId, std::vector<BucketRow>)>;

/// Makes aggregate rows out of the telemetry store: what is there now, edits in force applied. Holds nothing.
class RowMaker {
 public:
  RowMaker(const TelemetryStore& telemetry, PolicyOf policy) : telemetry_(telemetry), policy_(std::move(policy)) {}

  /// Rows of one series; none for an unknown one. Memory: a page of points. Errors: the store's.
  [[nodiscard]] Result<std::vector<BucketRow>> of_series(SeriesId series, Buckets buckets,
                                                         const PreviousOf& previous_of,
                                                         const QueryOptions& options) const;
  /// Rows of every series of the span that has any, in no order. Memory: a page of points and the rows of a series.
  /// Errors: the store's, the sink's.
  [[nodiscard]] Result<void> of_span(SeriesSpan span, Buckets buckets, const PreviousOf& previous_of,
                                     const OnBucketRows& sink, const QueryOptions& options) const;
  /// The last good value at or before a moment, from the readings themselves.
  [[nodiscard]] Result<std::optional<AggregateMark>> last_good(SeriesId series, std::int64_t through_utc_ms,
                                                               const QueryOptions& options) const;

  [[nodiscard]] const TelemetryStore& telemetry() const noexcept { return telemetry_; }
  [[nodiscard]] SeriesPolicy policy(const Series& series) const { return policy_(series); }

 private:
  [[nodiscard]] Result<BucketBuilder> builder_for(const Series& series, Buckets buckets,
                                                  const PreviousOf& previous_of) const;
  const TelemetryStore& telemetry_;
  PolicyOf policy_;
};

}  // namespace duheng::store
