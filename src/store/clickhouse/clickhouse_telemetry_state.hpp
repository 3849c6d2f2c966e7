#pragma once
#include <atomic>
#include <fmt/format.h>
#include <mutex>

#include "store/clickhouse/clickhouse_telemetry_store.hpp"
#include "store/clickhouse/reading_rows.hpp"
#include "store/telemetry/change_log.hpp"
#include "store/telemetry/telemetry_index.hpp"

namespace duheng::store {

/// A row of the table `position`: up to where everything is there. The one with the greatest sequence holds.
struct ClickHousePosition {
  static constexpr std::uint32_t format_known = 1;
  std::uint64_t sequence = 0;  // (how often the store was opened << 32) + attempts since
  std::uint32_t format = format_known;
  std::uint64_t first_record = 0;  // of the step that this row ends
  std::uint64_t next_record = 0;
  std::uint64_t rows = 0;      // of the step
  std::uint64_t row_sum = 0;   // of the step; see row_sum_of()
  std::uint64_t readings = 0;  // of all steps
  std::uint64_t sources = 0;
  std::uint64_t series = 0;
  std::uint64_t edit_records = 0;
  std::int32_t settled_before = std::numeric_limits<std::int32_t>::min();
  std::uint64_t forgotten = 0;
  std::uint64_t last_change = 0;
};

/// Some whole records on their way to the server.
struct ClickHouseStep {
  Bytes readings;
  Bytes edits;
  std::uint64_t rows = 0;
  std::uint64_t row_sum = 0;
  std::uint64_t edit_records = 0;
  std::uint64_t records = 0;
  std::uint64_t unreadable = 0;
};

struct ClickHouseTelemetryStore::State {
  State(ClickHouseTelemetryOptions o, ClickHouseTransport& t, const Clock& c)
      : options(std::move(o)), transport(t), clock(c) {}

  ClickHouseTelemetryOptions options;
  ClickHouseTransport& transport;
  const Clock& clock;
  TelemetryIndex index;
  std::mutex apply_mutex;  // and what follows, up to the changes
  ClickHousePosition position;
  std::uint64_t next_sequence = 1;
  std::int64_t server_started_s = 0;  // by the server's clock
  mutable std::mutex changes_mutex;
  ChangeLog changes;
  std::uint64_t changes_written = 0;
  std::atomic<bool> reopen = false;
  std::atomic<std::uint64_t> records_unreadable = 0;
  std::atomic<std::uint64_t> file_bytes = 0;

  // --- statements ---
  /// Everything that is not a question of somebody else. Errors: storage_failed and what the server says.
  [[nodiscard]] Result<void> execute(std::string sql, std::int64_t timeout_ms) const;
  /// The whole answer, for answers known to be small.
  [[nodiscard]] Result<Bytes> answer_of(std::string sql, std::int64_t timeout_ms) const;
  [[nodiscard]] Result<void> insert(std::string_view table, std::string_view columns, const Bytes& rows) const;
  [[nodiscard]] std::string table(std::string_view name) const { return fmt::format("{}.{}", options.database, name); }

  // --- opening (clickhouse_telemetry_load.cpp) ---
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> prepare_tables() const;
  [[nodiscard]] Result<std::vector<ClickHousePosition>> positions(std::string_view condition,
                                                                  std::size_t rows_max) const;
  [[nodiscard]] Result<void> find_position();
  [[nodiscard]] Result<bool> names_complete(const ClickHousePosition& at) const;
  [[nodiscard]] Result<bool> rows_complete(const ClickHousePosition& from, const ClickHousePosition& to,
                                           std::uint64_t rows, std::uint64_t row_sum) const;
  [[nodiscard]] Result<void> take_over();
  [[nodiscard]] Result<void> remove_later_rows() const;
  [[nodiscard]] Result<void> remove(std::string_view name, const std::string& condition) const;
  [[nodiscard]] Result<void> load_names();
  [[nodiscard]] Result<void> load_edits_and_changes();
  [[nodiscard]] Result<void> load_latest();

  // --- writing (clickhouse_telemetry_store.cpp) ---
  /// Whether the server is still the one we wrote to, with what we wrote, and nobody else writes.
  [[nodiscard]] Result<void> check_server();
  /// What the server says of itself, as check_server() compares it.
  [[nodiscard]] Result<std::pair<std::uint64_t, std::int64_t>> server_state() const;
  [[nodiscard]] Result<void> take_record(const TelemetryRecord& record, ClickHouseStep& step);
  [[nodiscard]] Result<void> write_step(const ClickHouseStep& step);
  [[nodiscard]] Result<void> write_names();
  /// Writes the row and makes it ours. `next.sequence` is set here.
  [[nodiscard]] Result<void> write_position(ClickHousePosition next);

  // --- questions (clickhouse_telemetry_questions.cpp) ---
  struct Rows {
    std::vector<ReadingRow> rows;  // in ReadingRow::order() within each time
    bool complete = true;          // false: as many as asked for came, there may be more
  };
  [[nodiscard]] Result<void> check_question(SeriesId series, const QueryOptions& options) const;
  [[nodiscard]] std::string condition_of(TimeRange range) const;
  [[nodiscard]] Result<std::uint64_t> stream_rows(const std::string& condition, std::size_t rows_max,
                                                  const QueryOptions& options,
                                                  const ReadingRowReader::OnRow& on_row) const;
  [[nodiscard]] Result<Rows> rows_of(SeriesId series, TimeRange range, std::size_t rows_max,
                                     const QueryOptions& options) const;
  /// Whole times only: the rows from the range's start on, about `rows_max`; `covered` is how far they go.
  [[nodiscard]] Result<std::vector<ReadingRow>> whole_times(SeriesId series, TimeRange range, std::size_t rows_max,
                                                            TimeRange& covered, const QueryOptions& options) const;
  [[nodiscard]] Result<void> scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                  const QueryOptions& options) const;
  [[nodiscard]] Result<void> scan_chunk(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                        const QueryOptions& options) const;
  [[nodiscard]] Result<void> scan_long_series(SeriesId series, TimeRange range, const OnSeriesRows& sink,
                                              const QueryOptions& options) const;
};

/// The same question with the time that is left. Errors: timed_out; cancelled.
class QuestionTime {
 public:
  QuestionTime(const Clock& clock, const QueryOptions& options)
      : clock_(clock), options_(options), end_ms_(clock.monotonic_ms() + options.timeout_ms) {}
  [[nodiscard]] Result<QueryOptions> left() const {
    if (options_.cancel.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
    const std::int64_t left_ms = end_ms_ - clock_.monotonic_ms();
    if (left_ms <= 0) return fail(ErrorCode::timed_out, "the question had no more time");
    return QueryOptions{left_ms, options_.cancel};
  }

 private:
  const Clock& clock_;
  QueryOptions options_;
  std::int64_t end_ms_;
};

}  // namespace duheng::store
