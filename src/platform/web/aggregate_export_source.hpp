#pragma once
#include "platform/exports/export_source.hpp"
#include "platform/web/aggregate_answers.hpp"

namespace duheng::platform::web {

/// What exports are made of, aggregates included: the same that getAggregates answers.
class AggregateExportSource final : public TelemetryExportSource {
 public:
  AggregateExportSource(const store::TelemetryStore& telemetry, AggregateSource aggregates)
      : TelemetryExportSource(telemetry), aggregates_(std::move(aggregates)) {}
  [[nodiscard]] Result<BucketPage> buckets(SeriesId series, store::BucketSize size, store::DaySpan days,
                                           const store::QueryOptions& options) const override;

 private:
  AggregateSource aggregates_;
};

}  // namespace duheng::platform::web
