#pragma once
#include <memory>

#include "base/clock.hpp"
#include "store/clickhouse/clickhouse_transport.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

struct ClickHouseTelemetryOptions {
  std::string database = "duheng";
  /// Drops what is there and begins at record 0.
  bool discard_existing = false;
  std::size_t readings_per_step_max = 500'000;  ///< a larger request is applied in several steps
  std::size_t rows_per_question_max = 500'000;  ///< of one answer while scanning: bounds the memory
  std::int64_t write_timeout_ms = 60'000;
  std::int64_t load_timeout_ms = 600'000;  ///< of each statement while opening
};

/// Telemetry in a ClickHouse server. The server knows no transactions, so exactly-once comes from three things:
///  - every row carries the record and place it came from and is the same whenever it is written again; what stands
///    there twice is read once;
///  - a step (some whole records) is visible only when its row in `position` is there, which is written last; until
///    then every question leaves out rows of later records, and opening removes them;
///  - the row in `position` says how many rows the step has and their sum, so that opening finds out whether the latest
///    steps are all there (the server does not synchronise its files before it answers); if not, next_record() goes
///    back to before them and the owner applies again.
///
/// durable_record() is what the server has acknowledged: it survives the end of this program and of the server. After a
/// power failure of the server's machine, opening may go back by some minutes.
/// One program at a time may write to a database; a second one that opens it takes it over, and the first one's writing
/// ends with must_reopen().
class ClickHouseTelemetryStore final : public TelemetryStore {
 public:
  /// `transport` and `clock` must outlive the store. Errors: invalid_argument - the database's name; storage_failed -
  /// the server is away or refuses; unauthenticated, forbidden; storage_corrupt - open again with discard_existing;
  /// unsupported - tables of a newer release.
  [[nodiscard]] static Result<std::unique_ptr<TelemetryStore>> open(const ClickHouseTelemetryOptions& options,
                                                                    ClickHouseTransport& transport, const Clock& clock);
  ~ClickHouseTelemetryStore() override;

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
  [[nodiscard]] Result<bool> maintain(const std::stop_token& cancel) override;
  [[nodiscard]] Result<bool> checkpoint_if_due() override;
  [[nodiscard]] Result<void> checkpoint() override;
  [[nodiscard]] TelemetryStatistics statistics() const override;
  [[nodiscard]] Result<std::string> digest() override;

 private:
  struct State;
  explicit ClickHouseTelemetryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace duheng::store
