#pragma once
#include <string>
#include <vector>

#include "store/aggregates/bucket_listing.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// Buckets of one series, as they are now.
struct BucketPage {
  std::vector<store::ListedBucket> buckets{};
  std::int32_t settled_through = 0;  ///< buckets that end after this day may still change
  std::uint64_t version = 0;         ///< everything journalled before this number is in them
  std::string zone{};                ///< whose days they are
};

/// Where the rows of exports come from: of the telemetry store, what an export needs.
class ExportSource {
 public:
  virtual ~ExportSource() = default;
  /// As TelemetryStore::next_record(). An export waits until everything journalled before it was asked for is applied.
  [[nodiscard]] virtual std::uint64_t next_record() const = 0;
  /// As TelemetryStore::range().
  [[nodiscard]] virtual Result<store::PointPage> range(SeriesId series, store::TimeRange range, std::size_t points_max,
                                                       const store::QueryOptions& options) const = 0;
  /// As TelemetryStore::edits().
  [[nodiscard]] virtual std::vector<Edit> edits(SeriesId series, store::TimeRange range) const = 0;
  /// As store::list_buckets(). Errors besides: unavailable - aggregates are being made anew, or none are kept.
  [[nodiscard]] virtual Result<BucketPage> buckets(SeriesId series, store::BucketSize size, store::DaySpan days,
                                                   const store::QueryOptions& options) const = 0;
};

/// Without aggregates: whoever keeps them adds buckets().
class TelemetryExportSource : public ExportSource {
 public:
  explicit TelemetryExportSource(const store::TelemetryStore& telemetry) : telemetry_(telemetry) {}
  [[nodiscard]] std::uint64_t next_record() const override { return telemetry_.next_record(); }
  [[nodiscard]] Result<store::PointPage> range(SeriesId series, store::TimeRange range, std::size_t points_max,
                                               const store::QueryOptions& options) const override {
    return telemetry_.range(series, range, points_max, options);
  }
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, store::TimeRange range) const override {
    return telemetry_.edits(series, range);
  }

  [[nodiscard]] Result<BucketPage> buckets(SeriesId /*series*/, store::BucketSize /*size*/, store::DaySpan /*days*/,
                                           const store::QueryOptions& /*options*/) const override {
    return fail(ErrorCode::unavailable, "no aggregates are kept here");
  }

 private:
  const store::TelemetryStore& telemetry_;
};

}  // namespace duheng::platform
