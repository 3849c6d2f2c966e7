#pragma once
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

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
};

class TelemetryExportSource final : public ExportSource {
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

 private:
  const store::TelemetryStore& telemetry_;
};

}  // namespace duheng::platform
