#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "store/telemetry/duckdb_telemetry_state.hpp"

// From memory to runs: what is recent is written with everything that belongs to it, in one transaction.

namespace duheng::store {
namespace {
constexpr std::string_view area = "telemetry";
}

Result<void> RunWriter::create(DuckDbSession& session, const CurveRun& run) {
  // Blocks are as small as they get; the engine need not try to pack them again.
  return session.run(
      fmt::format("CREATE TABLE {} (series UINTEGER NOT NULL, day BIGINT NOT NULL, count UINTEGER NOT NULL, "
                  "curve BLOB NOT NULL USING COMPRESSION uncompressed, evidence BLOB NOT NULL USING COMPRESSION "
                  "uncompressed)",
                  run.table()));
}

Result<RunWriter> RunWriter::open(DuckDbSession& session, CurveRun& run) {
  const std::string table = fmt::format("run_{}", run.id);
  DUHENG_TRY(auto appender, DuckDbRowAppender::open(session.handle(), table.c_str(), run.place.c_str()));
  return RunWriter(std::move(appender), run);
}

void RunWriter::block(std::uint32_t series, std::int64_t day, std::uint32_t count, ByteView values, ByteView evidence) {
  appender_->set(0, series);
  appender_->set(1, day);
  appender_->set(2, count);
  appender_->set_blob(3, values);
  appender_->set_blob(4, evidence);
  appender_->next_row();
  CurveRun& run = *run_;
  const bool first = run.blocks++ == 0;
  run.series_min = first ? series : std::min(run.series_min, series);
  run.series_max = first ? series : std::max(run.series_max, series);
  run.day_min = first ? day : std::min(run.day_min, day);
  run.day_max = first ? day : std::max(run.day_max, day);
  run.readings += count;
  run.value_bytes += values.size();
  run.evidence_bytes += evidence.size();
}

void RunWriter::rows(std::span<const ReadingRow> ordered) {
  while (!ordered.empty()) {
    const std::int64_t day = utc_day_of(ordered.front().time_utc_ms);
    std::size_t count = 1;
    while (count < ordered.size() && count < curve_limits::rows_max && utc_day_of(ordered[count].time_utc_ms) == day)
      ++count;
    encode_curve(ordered.first(count), scratch_);
    block(ordered.front().series, day, static_cast<std::uint32_t>(count), scratch_.values, scratch_.evidence);
    ordered = ordered.subspan(count);
  }
}

bool DuckDbTelemetryStore::State::flush_due() const {
  if (recent.empty() && staged_edit_records.empty()) return false;
  return recent.size() + staged_edit_records.size() >= options.flush_readings ||
         clock.monotonic_ns() - oldest_recent_ns >= options.flush_age_ms * 1'000'000;
}

Result<void> DuckDbTelemetryStore::State::write_names() {
  const auto new_sources = index.sources_after(sources_written);
  if (!new_sources.empty()) {
    DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "source"));
    for (const Source& source : new_sources) {
      rows->set(0, source.id.value);
      rows->set(1, source.gateway.value);
      rows->set_blob(2, std::string_view{source.device_uid});
      rows->next_row();
    }
    DUHENG_CHECK(rows->finish());
  }
  const auto new_series = index.series_after(series_written);
  if (new_series.empty()) return {};
  DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "series"));
  for (const Series& series : new_series) {
    rows->set(0, static_cast<std::uint32_t>(series.id.value));
    rows->set(1, series.source.value);
    rows->set_blob(2, std::string_view{series.register_name});
    rows->set_blob(3, std::string_view{series.unit});
    rows->set(4, series.exponent);
    rows->set(5, static_cast<std::uint8_t>(series.kind));
    rows->next_row();
  }
  return rows->finish();
}

Result<void> DuckDbTelemetryStore::State::write_changes() {
  if (!staged_edit_records.empty()) {
    DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "edit"));
    for (std::size_t i = 0; i < staged_edit_records.size(); ++i) {
      rows->set(0, staged_edit_numbers[i]);
      rows->set_blob(1, ByteView{staged_edit_records[i]});
      rows->next_row();
    }
    DUHENG_CHECK(rows->finish());
  }
  // Only the applier notes changes, and it is here now; whoever forgets them holds write_mutex, as we do.
  if (changes.entries().empty() || changes.entries().back().number <= changes_written) return {};
  DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "change"));
  for (const ChangeLog::Entry& entry : changes.entries()) {
    if (entry.number <= changes_written) continue;
    rows->set(0, entry.number);
    rows->set(1, static_cast<std::uint32_t>(entry.day.series.value));
    rows->set(2, entry.day.utc_day);
    rows->next_row();
  }
  return rows->finish();
}

Result<void> DuckDbTelemetryStore::State::enter_run(const CurveRun& run) {
  DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "run"));
  rows->set(0, run.id);
  rows->set_blob(1, std::string_view{run.place});
  rows->set(2, run.day_min);
  rows->set(3, run.day_max);
  rows->set(4, run.series_min);
  rows->set(5, run.series_max);
  rows->set(6, run.blocks);
  rows->set(7, run.readings);
  rows->set(8, run.value_bytes);
  rows->set(9, run.evidence_bytes);
  rows->set(10, run.level);
  rows->set(11, run.next_record);
  rows->next_row();
  return rows->finish();
}

Result<void> DuckDbTelemetryStore::State::write_flush(CurveRun& run) {
  DUHENG_CHECK(writer->run("BEGIN TRANSACTION"));
  if (!recent.empty()) {
    DUHENG_CHECK(RunWriter::create(*writer, run));
    DUHENG_TRY(auto rows, RunWriter::open(*writer, run));
    std::vector<ReadingRow> ordered;
    for (std::uint32_t series = 1; series < recent.series_end() && !rows.failed(); ++series) {
      recent.ordered(series, ordered);
      rows.rows(ordered);
    }
    DUHENG_CHECK(rows.finish());
    DUHENG_CHECK(enter_run(run));
  }
  DUHENG_CHECK(write_names());
  DUHENG_CHECK(write_changes());
  DUHENG_CHECK(writer->run(fmt::format("UPDATE hot.position SET next_record = {}, readings = {}", index.next_record(),
                                       index.reading_count())));
  return writer->run("COMMIT");
}

Result<void> DuckDbTelemetryStore::State::flush() {
  DUHENG_CHECK(check_writable());
  if (index.next_record() == durable_record) return {};
  const std::lock_guard writing(write_mutex);
  auto run = std::make_shared<CurveRun>();
  run->id = next_run_id;
  run->place = "hot";
  run->next_record = index.next_record();
  if (auto written = write_flush(*run); !written) {
    abandon(written.error());
    return written;
  }
  readings_since_checkpoint += index.reading_count() - readings_at_flush;
  readings_at_flush = index.reading_count();
  sources_written = index.source_count();
  series_written = index.series_count();
  staged_edit_records.clear();
  staged_edit_numbers.clear();
  const std::unique_lock lock(rows_mutex);
  changes_written = changes.last_number();
  if (!recent.empty()) {
    ++next_run_id;
    runs.push_back(std::move(run));
    recent.clear();
  }
  durable_record = index.next_record();
  return {};
}

void DuckDbTelemetryStore::State::abandon(const Error& error) {
  (void)writer->run("ROLLBACK");  // fails when the engine has rolled back by itself
  must_reopen = true;
  log::error(area, "telemetry cannot be written and must be opened again", {{"reason", error}});
}

Result<void> DuckDbTelemetryStore::State::check_writable() const {
  if (!must_reopen) return {};
  return fail(ErrorCode::storage_failed, "telemetry must be opened again after an earlier failure to write");
}

}  // namespace duheng::store
