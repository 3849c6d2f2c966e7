#pragma once
#include <memory>
#include <utility>

#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store::testing {

/// For tests: a store that is brought to its final shape (flushed, merged, sealed) after every request, so that every
/// answer comes from there.
class MaintainedStore final : public TelemetryStore {
 public:
  explicit MaintainedStore(std::unique_ptr<TelemetryStore> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] Result<ApplyResult> apply(std::span<const TelemetryRecord> records) override {
    auto applied = inner_->apply(records);
    DUHENG_CHECK(inner_->checkpoint());
    bool more = true;
    while (more) {
      DUHENG_TRY(more, inner_->maintain({}));
    }
    return applied;
  }
  [[nodiscard]] std::uint64_t next_record() const override { return inner_->next_record(); }
  [[nodiscard]] std::uint64_t durable_record() const override { return inner_->durable_record(); }
  [[nodiscard]] bool must_reopen() const override { return inner_->must_reopen(); }
  [[nodiscard]] std::vector<Source> sources() const override { return inner_->sources(); }
  [[nodiscard]] std::vector<Source> sources_of(GatewayId gateway) const override { return inner_->sources_of(gateway); }
  [[nodiscard]] std::optional<Source> find_source(GatewayId gateway, std::string_view uid) const override {
    return inner_->find_source(gateway, uid);
  }
  [[nodiscard]] std::vector<Series> series_of(SourceId source) const override { return inner_->series_of(source); }
  [[nodiscard]] std::optional<Series> find_series(SeriesId series) const override {
    return inner_->find_series(series);
  }
  [[nodiscard]] std::vector<std::optional<Point>> latest(std::span<const SeriesId> series) const override {
    return inner_->latest(series);
  }
  [[nodiscard]] Result<PointPage> range(SeriesId series, TimeRange range, std::size_t points_max,
                                        const QueryOptions& options) const override {
    return inner_->range(series, range, points_max, options);
  }
  [[nodiscard]] Result<std::vector<CurveBucket>> curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                       const QueryOptions& options) const override {
    return inner_->curve(series, range, buckets, options);
  }
  [[nodiscard]] Result<Completeness> completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                  const QueryOptions& options) const override {
    return inner_->completeness(series, range, interval_ms, options);
  }
  [[nodiscard]] Result<std::vector<PointVersion>> versions(SeriesId series, std::int64_t time_utc_ms,
                                                           const QueryOptions& options) const override {
    return inner_->versions(series, time_utc_ms, options);
  }
  [[nodiscard]] Result<void> scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                  const QueryOptions& options) const override {
    return inner_->scan(series, range, sink, options);
  }
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, TimeRange range) const override {
    return inner_->edits(series, range);
  }
  [[nodiscard]] Result<void> settle_before(std::int32_t utc_day) override { return inner_->settle_before(utc_day); }
  [[nodiscard]] std::int32_t settled_before() const override { return inner_->settled_before(); }
  [[nodiscard]] Result<ChangePage> changes(std::size_t days_max) const override { return inner_->changes(days_max); }
  [[nodiscard]] Result<void> forget_changes(std::uint64_t through) override { return inner_->forget_changes(through); }
  void allow_removal(std::vector<RemovableDays> removable) override { inner_->allow_removal(std::move(removable)); }
  [[nodiscard]] Result<bool> maintain(const std::stop_token& cancel) override { return inner_->maintain(cancel); }
  [[nodiscard]] Result<bool> checkpoint_if_due() override { return inner_->checkpoint_if_due(); }
  [[nodiscard]] Result<void> checkpoint() override { return inner_->checkpoint(); }
  [[nodiscard]] TelemetryStatistics statistics() const override { return inner_->statistics(); }
  [[nodiscard]] Result<std::string> digest() override { return inner_->digest(); }

 private:
  std::unique_ptr<TelemetryStore> inner_;
};

}  // namespace duheng::store::testing
