#pragma once
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "crypto/key_provider.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

struct DuckDbTelemetryOptions {
  std::string directory;                                   ///< made when missing; nothing else may stand in it
  std::size_t threads = 2;                                 ///< worker threads of the engine, the caller's included
  std::size_t memory_bytes_max = std::size_t{1} << 30;     ///< of the engine's buffers; spills (encrypted) beyond
  std::size_t temporary_bytes_max = std::size_t{8} << 30;  ///< on disk
  std::size_t read_connections = 4;                        ///< questions that run at once; more wait for a free one
  std::size_t readings_per_step_max = 500'000;             ///< of a larger request that become visible at once
  std::size_t flush_readings = 1'000'000;                  ///< held in memory at most before a run is written
  std::int64_t flush_age_ms = 120'000;                     ///< and so long at most
  std::size_t merge_runs = 8;                              ///< so many runs of one level become one
  std::size_t merge_readings_at_once = 500'000;            ///< in memory while merging
  std::int64_t seal_delay_ms = 2 * 3'600'000;              ///< after the end of a UTC day, for late readings
  std::uint64_t seal_readings = 16'000'000;                ///< of closed days that are sealed without waiting longer
  std::uint64_t log_bytes_due = std::uint64_t{64} << 20;   ///< a checkpoint is due
  std::uint64_t log_bytes_ceiling = std::uint64_t{256} << 20;  ///< a checkpoint is forced: new questions wait
  std::uint64_t readings_due = 20'000'000;  ///< a checkpoint is due after so many readings, whatever the log
  bool discard_existing = false;            ///< move the present file aside and start afresh
};

/// DuckDB behind the seam, used as a log-structured store: the journal is the log, recent readings lie in memory, then
/// in runs of curve blocks in the hot file, at last in one sealed file for each calendar year. Every file is encrypted
/// (AES-256-GCM; key purpose "telemetry"). Source and series tables and the latest point of every series also in
/// memory.
///
/// Files in `directory`: telemetry.duckdb, telemetry.duckdb.wal, telemetry.key (key version and check value, no
/// secret), telemetry-<year>-<generation>.duckdb, temporary/. Only this process may open them while the store is open.
class DuckDbTelemetryStore final : public TelemetryStore {
 public:
  enum class Origin : std::uint8_t {
    opened,            ///< the file was there and whole
    created,           ///< no file was there
    replaced_damaged,  ///< the file was damaged (or discarded); it stands beside as telemetry.duckdb.damaged-<utc ms>
  };
  struct Opened {
    std::unique_ptr<DuckDbTelemetryStore> store;
    Origin origin = Origin::opened;
    std::string damage;    ///< why the old file was refused
    std::string moved_to;  ///< where it is now
    /// True unless the file was opened: next_record() is 0, the owner applies the journal from its start.
    [[nodiscard]] bool needs_rebuild() const noexcept { return origin != Origin::opened; }
  };
  /// Errors: key_missing - the file is whole but the provider's key does not open it (the file stays); unavailable -
  /// another process has it open; storage_full, storage_failed; unsupported - written by a newer release. `disk` makes
  /// and renames files; the engine itself reads and writes through the operating system.
  [[nodiscard]] static Result<Opened> open(const DuckDbTelemetryOptions& options, Disk& disk, const Clock& clock,
                                           crypto::KeyProvider& keys);
  ~DuckDbTelemetryStore() override;

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
  [[nodiscard]] TelemetryStatistics statistics() const override;
  [[nodiscard]] Result<std::string> digest() override;
  [[nodiscard]] Result<void> checkpoint() override;

  /// What the readings take, in octets of blocks before the engine's own pages; for benchmarks and the status page.
  struct Sizes {
    std::uint64_t readings = 0;
    std::uint64_t blocks = 0;
    std::uint64_t value_bytes = 0;
    std::uint64_t evidence_bytes = 0;
    std::size_t runs = 0;
    std::size_t sealed_runs = 0;
  };
  [[nodiscard]] Sizes sizes() const;
  /// How many runs' tables the files hold, left over ones included. Errors: as a question.
  [[nodiscard]] Result<std::size_t> stored_tables() const;

 private:
  struct State;
  explicit DuckDbTelemetryStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace duheng::store
