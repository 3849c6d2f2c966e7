#pragma once
#include <atomic>
#include <limits>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

#include "store/telemetry/change_log.hpp"
#include "store/telemetry/curve_block.hpp"
#include "store/telemetry/curve_run.hpp"
#include "store/telemetry/duckdb_engine.hpp"
#include "store/telemetry/duckdb_row_appender.hpp"
#include "store/telemetry/telemetry_index.hpp"
#include "store/telemetry/year_files.hpp"

namespace duheng::store {

/// Keeps one directory from being opened twice by this process: the engine's file lock only tells processes apart.
class DirectoryClaim {
 public:
  [[nodiscard]] static std::optional<DirectoryClaim> make(const std::string& directory);
  DirectoryClaim(DirectoryClaim&& other) noexcept : directory_(std::move(other.directory_)) {
    other.directory_.clear();
  }
  DirectoryClaim& operator=(DirectoryClaim&&) = delete;
  ~DirectoryClaim();

 private:
  explicit DirectoryClaim(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

/// A block as it lies in a run.
struct StoredBlock {
  std::uint32_t series = 0;
  std::int64_t day = 0;
  std::uint32_t count = 0;
  Bytes values;
  Bytes evidence;
};

/// Writes blocks in order of series and day into the table of a new run.
class RunWriter {
 public:
  /// Within the transaction open on `session`.
  [[nodiscard]] static Result<void> create(DuckDbSession& session, const CurveRun& run);
  [[nodiscard]] static Result<RunWriter> open(DuckDbSession& session, CurveRun& run);
  void block(std::uint32_t series, std::int64_t day, std::uint32_t count, ByteView values, ByteView evidence);
  /// Rows of one series in their order, of one or more days.
  void rows(std::span<const ReadingRow> ordered);
  [[nodiscard]] Result<void> finish() { return appender_->finish(); }
  [[nodiscard]] bool failed() const noexcept { return appender_->failed(); }

 private:
  RunWriter(std::unique_ptr<DuckDbRowAppender> appender, CurveRun& run) : appender_(std::move(appender)), run_(&run) {}
  std::unique_ptr<DuckDbRowAppender> appender_;
  CurveRun* run_;
  CurveBlock scratch_;
};

/// Runs that become others with the same content.
struct MergePlan {
  enum class Target : std::uint8_t {
    hot,       ///< one run of the hot file
    seal,      ///< days before `closed_before` into their years' files, the rest stays hot
    in_place,  ///< one run of the same year's file
    new_file,  ///< one run of a new file of the same year
  };
  RunList inputs;
  Target target = Target::hot;
  std::uint8_t level = 0;  ///< of what is made
  std::int64_t closed_before = 0;
};

/// Threads. Applying (`apply_mutex`): walks, adds to the recent rows, flushes. Maintaining (`maintain_mutex`): merges,
/// seals. Whoever writes into a file takes `write_mutex` for one transaction: a flush, a slice of a merge, a
/// checkpoint. Questions take a session from `readers`, which keeps them out during a checkpoint, and look at
/// `recent` and `runs` under `rows_mutex`, which writers hold only to exchange them. `index` guards itself.
/// Order of locks: apply_mutex or maintain_mutex, write_mutex, rows_mutex.
struct DuckDbTelemetryStore::State {
  State(DuckDbTelemetryOptions opts, Disk& d, const Clock& c, crypto::KeyProvider& k, DirectoryClaim claimed)
      : options(std::move(opts)), disk(d), clock(c), keys(k), claim(std::move(claimed)), readers(gate) {}

  DuckDbTelemetryOptions options;
  Disk& disk;
  const Clock& clock;
  crypto::KeyProvider& keys;
  DirectoryClaim claim;
  std::string file;
  std::unique_ptr<DuckDbEngine> engine;  // declared before the sessions, which must end first
  TelemetryIndex index;
  ReaderGate gate;
  mutable SessionPool readers;  // guards itself

  std::mutex apply_mutex;
  std::vector<ReadingRow> staging;         // the applier's
  std::vector<Bytes> staged_edit_records;  // the applier's: bodies not yet written, with their record numbers
  std::vector<std::uint64_t> staged_edit_numbers;
  std::size_t sources_written = 0;
  std::size_t series_written = 0;
  std::int64_t oldest_recent_ns = 0;
  std::uint64_t readings_since_checkpoint = 0;
  std::uint64_t readings_at_flush = 0;

  mutable std::mutex removable_mutex;
  std::unordered_map<std::uint32_t, std::int64_t> removable;  // by series: days before may go
  bool removable_news = false;                                // since sealed runs were last searched for them
  std::atomic<std::uint64_t> readings_removed = 0;

  std::mutex maintain_mutex;
  RunList retired;  // the maintainer's: out of the catalogue, table not dropped yet

  mutable std::mutex write_mutex;
  std::unique_ptr<DuckDbSession> writer;
  std::unique_ptr<YearFiles> years;
  std::uint64_t next_run_id = 1;
  std::uint64_t changes_written = 0;

  mutable std::shared_mutex rows_mutex;
  RecentRows recent;
  RunList runs;  // by id
  ChangeLog changes;

  std::atomic<std::uint64_t> durable_record = 0;
  std::atomic<std::uint64_t> sealed_bytes = 0;
  std::atomic<std::uint64_t> records_unreadable = 0;
  std::atomic<std::uint64_t> checkpoints = 0;
  // A write failed inside the engine. Its rows in memory and on disk are right, but what it would append to its log
  // after that is not (seen with 1.4.4: after a commit that found no space and later ones that succeeded, the reopened
  // file had the right number of rows with wrong content). So nothing more is written until the file is opened again,
  // which was right every time.
  std::atomic<bool> must_reopen = false;

  // --- opening (duckdb_telemetry_load.cpp) ---
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> create_tables();
  [[nodiscard]] Result<void> load_tables();
  [[nodiscard]] Result<void> load_names();
  [[nodiscard]] Result<void> load_latest();
  [[nodiscard]] Result<void> load_year_files();
  [[nodiscard]] Result<void> load_runs(std::uint64_t readings);
  [[nodiscard]] Result<void> load_edits();
  [[nodiscard]] Result<void> load_changes();
  [[nodiscard]] Result<void> load_tail(std::uint64_t from_record);
  [[nodiscard]] Result<void> drop_unknown_tables();

  // --- applying and flushing (duckdb_telemetry_store.cpp, duckdb_telemetry_flush.cpp) ---
  [[nodiscard]] Result<void> walk_record(const TelemetryRecord& record, ApplyResult& result);
  void publish_staged(std::uint64_t next_record);
  [[nodiscard]] std::uint64_t log_bytes() const;
  [[nodiscard]] Result<void> check_writable() const;
  [[nodiscard]] bool flush_due() const;
  /// Writes what is recent as a run, with everything noted meanwhile and the position; nothing to do is no error.
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] Result<void> write_flush(CurveRun& run);
  [[nodiscard]] Result<void> write_names();
  [[nodiscard]] Result<void> write_changes();
  [[nodiscard]] Result<void> enter_run(const CurveRun& run);
  /// Takes back a transaction that ended in `error`, which leaves the store unfit to write.
  void abandon(const Error& error);
  [[nodiscard]] Result<bool> checkpoint_when_gate_closes(bool wait);
  [[nodiscard]] Result<void> write_latest();
  [[nodiscard]] Result<void> checkpoint_with_gate_closed();

  // --- questions (duckdb_telemetry_questions.cpp) ---
  /// Blocks of the runs that meet span and days, by series, day and run. Within a leased session.
  [[nodiscard]] static Result<std::vector<StoredBlock>> blocks_of(DuckDbSession& session, const RunList& runs,
                                                                  SeriesSpan span, DaySpan days,
                                                                  const Deadline& deadline);
  /// Hands over the rows of a series day by day, in their order, until the sink returns false.
  using OnDay = std::function<Result<bool>(std::vector<ReadingRow>& ordered)>;
  [[nodiscard]] Result<void> each_day(SeriesId series, TimeRange range, const Deadline& deadline,
                                      const OnDay& on_day) const;
  [[nodiscard]] Result<void> scan(SeriesSpan span, TimeRange range, const OnSeriesRows& sink,
                                  const Deadline& deadline) const;
  [[nodiscard]] std::size_t scan_step(const RunList& seen, DaySpan days) const;
  [[nodiscard]] Result<void> scan_one(SeriesId series, TimeRange range, const OnSeriesRows& sink,
                                      const Deadline& deadline) const;
  [[nodiscard]] Result<void> scan_together(SeriesSpan step, TimeRange range, const OnSeriesRows& sink,
                                           const Deadline& deadline) const;

  // --- maintaining (duckdb_telemetry_maintenance.cpp, duckdb_telemetry_merge.cpp) ---
  /// First UTC day that is not closed yet: late readings are still awaited.
  [[nodiscard]] std::int64_t closed_before() const { return utc_day_of(clock.utc_ms() - options.seal_delay_ms); }
  [[nodiscard]] std::optional<MergePlan> choose_merge();
  [[nodiscard]] std::optional<MergePlan> choose_sealing(const RunList& hot);
  [[nodiscard]] std::optional<MergePlan> choose_rewriting(const RunList& sealed);
  class Merger;
  [[nodiscard]] Result<void> carry_out(const MergePlan& plan, const std::stop_token& cancel);
  [[nodiscard]] Result<void> take_over(const MergePlan& plan, const RunList& made,
                                       const std::vector<YearFile>& new_files, std::uint64_t removed);
  /// Sealed runs of one file of which a part worth the work may be removed; nothing when there is none.
  [[nodiscard]] Result<std::optional<MergePlan>> choose_removal(const std::stop_token& cancel);
  [[nodiscard]] Result<void> drop_retired();
  [[nodiscard]] Result<bool> checkpoint_years();
  std::int64_t last_sealed_before = std::numeric_limits<std::int64_t>::min();  // the maintainer's
  std::uint32_t checkpoints_put_off = 0;                                       // in a row, of sealed files
};

}  // namespace duheng::store
