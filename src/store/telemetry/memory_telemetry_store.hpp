#pragma once
#include <memory>

#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// Everything in memory: for the seeded simulation and as the plain-spoken reference the contract suite holds other
/// engines against. Time-outs are never reached.
class MemoryTelemetryStore final : public TelemetryStore {
 public:
  MemoryTelemetryStore();
  ~MemoryTelemetryStore() override;

  [[nodiscard]] std::uint64_t next_record() const override;
  [[nodiscard]] Result<ApplyResult> apply(std::span<const TelemetryRecord> records) override;
  [[nodiscard]] std::uint64_t durable_record() const override;
  [[nodiscard]] bool must_reopen() const override;
  [[nodiscard]] std::vector<Source> sources() const override;
  [[nodiscard]] std::vector<Source> sources_of(GatewayId gateway) const override;
  [[nodiscard]] std::optional<Source> find_source(GatewayId gateway, std::string_view device_uid) const override;
  [[nodiscard]] std::vector<Series> series_of(SourceId source) const override;
  [[nodiscard]] std::optional<Series> find_series(SeriesId series) const override;
  [[nodiscard]] std::vector<std::optional<Point>> latest(std::span<const SeriesId> series) const override;
  [[nodiscard]] Result<PointPage> range(SeriesId series, TimeRange range, std::size_t points_max,
                                        const QueryOptions& options) const override;
  [[nodiscard]] Result<std::vector<CurveBucket>> curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                       const QueryOptions& options) const override;
  [[nodiscard]] Result<Completeness> completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                  const QueryOptions& options) const override;
  [[nodiscard]] Result<std::vector<PointVersion>> versions(SeriesId series, std::int64_t time_utc_ms,
                                                           const QueryOptions& options) const override;
  [[nodiscard]] Result<void> scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                  const QueryOptions& options) const override;
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, TimeRange range) const override;
  [[nodiscard]] Result<void> settle_before(std::int32_t utc_day) override;
  [[nodiscard]] std::int32_t settled_before() const override;
  [[nodiscard]] Result<ChangePage> changes(std::size_t days_max) const override;
  [[nodiscard]] Result<void> forget_changes(std::uint64_t through) override;
  void allow_removal(std::vector<RemovableDays> removable) override;
  [[nodiscard]] Result<bool> maintain(const std::stop_token& cancel) override;
  [[nodiscard]] Result<bool> checkpoint_if_due() override;
  [[nodiscard]] Result<void> checkpoint() override;
  [[nodiscard]] TelemetryStatistics statistics() const override;
  [[nodiscard]] Result<std::string> digest() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::store
