#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <tuple>

#include "store/telemetry/duckdb_telemetry_state.hpp"
#include "store/telemetry/series_questions.hpp"

// Questions. Numbers stand in the statements as literals, not as parameters: only literals let the engine skip row
// groups by their minimum and maximum. No text from outside ever gets into a statement.

namespace duheng::store {
namespace {

constexpr std::size_t series_per_scan_step = 512;
constexpr std::size_t rows_per_scan_step = 1'000'000;
constexpr std::size_t rows_per_piece = 65'536;

void keep_range(std::vector<ReadingRow>& rows, TimeRange range) {
  std::erase_if(rows, [&](const ReadingRow& row) {
    return row.time_utc_ms < range.from_utc_ms || row.time_utc_ms >= range.to_utc_ms;
  });
}

void put_in_order(std::vector<ReadingRow>& rows) {
  if (!std::ranges::is_sorted(rows, {}, &ReadingRow::order)) std::ranges::sort(rows, {}, &ReadingRow::order);
}

Result<void> decode_into(std::span<const StoredBlock> blocks, std::vector<ReadingRow>& rows) {
  for (const StoredBlock& block : blocks) DUHENG_CHECK(decode_curve(block.series, block.values, block.evidence, rows));
  return {};
}

}  // namespace

Result<std::vector<StoredBlock>> DuckDbTelemetryStore::State::blocks_of(DuckDbSession& session, const RunList& runs,
                                                                        SeriesSpan span, DaySpan days,
                                                                        const Deadline& deadline) {
  std::string sql;
  const auto last_series = std::min<std::int64_t>(span.last.value, std::numeric_limits<std::uint32_t>::max());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i]->meets(span, days.first, days.last)) continue;
    if (!sql.empty()) sql += " UNION ALL ";
    const std::string series =
        span.first == span.last
            ? fmt::format("series = {}::UINTEGER", span.first.value)
            : fmt::format("series >= {}::UINTEGER AND series <= {}::UINTEGER", span.first.value, last_series);
    sql += fmt::format("SELECT {}::UINTEGER AS run, series, day, count, curve, evidence FROM {} WHERE {}", i,
                       runs[i]->table(), series);
    if (runs[i]->day_min < days.first) sql += fmt::format(" AND day >= {}::BIGINT", days.first);
    if (runs[i]->day_max > days.last) sql += fmt::format(" AND day <= {}::BIGINT", days.last);
  }
  std::vector<StoredBlock> out;
  if (sql.empty()) return out;
  std::vector<std::uint32_t> run_of;
  DUHENG_CHECK(session.ask(sql, deadline, [&](const Chunk& chunk) -> Result<void> {
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      const ByteView values = as_bytes(chunk.blob(4, i));
      const ByteView evidence = as_bytes(chunk.blob(5, i));
      run_of.push_back(chunk.column<std::uint32_t>(0)[i]);
      out.push_back({chunk.column<std::uint32_t>(1)[i], chunk.column<std::int64_t>(2)[i],
                     chunk.column<std::uint32_t>(3)[i], Bytes(values.begin(), values.end()),
                     Bytes(evidence.begin(), evidence.end())});
    }
    return {};
  }));
  std::vector<std::uint32_t> order(out.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto place = [&](std::uint32_t i) { return std::tuple(out[i].series, out[i].day, run_of[i], i); };
  if (std::ranges::is_sorted(order, {}, place)) return out;
  std::ranges::sort(order, {}, place);
  std::vector<StoredBlock> sorted;
  sorted.reserve(out.size());
  for (const std::uint32_t i : order) sorted.push_back(std::move(out[i]));
  return sorted;
}

Result<void> DuckDbTelemetryStore::State::each_day(SeriesId series, TimeRange range, const Deadline& deadline,
                                                   const OnDay& on_day) const {
  const DaySpan days = DaySpan::of(range);
  if (days.first > days.last) return {};
  const SeriesSpan span{series, series};
  std::vector<ReadingRow> fresh;
  RunList seen;
  {
    const std::shared_lock lock(rows_mutex);
    recent.collect(static_cast<std::uint32_t>(series.value), range, fresh);
    for (const auto& run : runs) {
      if (run->meets(span, days.first, days.last)) seen.push_back(run);
    }
  }
  put_in_order(fresh);
  std::vector<StoredBlock> blocks;
  if (!seen.empty()) {
    // Sessions are lent for the time of a statement, so that what is done with the rows holds nobody up.
    DUHENG_TRY(const auto session, readers.take(deadline));
    DUHENG_TRY(blocks, blocks_of(*session.operator->(), seen, span, days, deadline));
  }
  std::vector<ReadingRow> rows;
  std::size_t block = 0;
  std::size_t row = 0;
  while (block < blocks.size() || row < fresh.size()) {
    DUHENG_CHECK(deadline.check());
    const std::int64_t block_day = block < blocks.size() ? blocks[block].day : std::numeric_limits<std::int64_t>::max();
    const std::int64_t row_day =
        row < fresh.size() ? utc_day_of(fresh[row].time_utc_ms) : std::numeric_limits<std::int64_t>::max();
    const std::int64_t day = std::min(block_day, row_day);
    rows.clear();
    for (; block < blocks.size() && blocks[block].day == day; ++block)
      DUHENG_CHECK(decode_into({&blocks[block], 1}, rows));
    for (; row < fresh.size() && utc_day_of(fresh[row].time_utc_ms) == day; ++row) rows.push_back(fresh[row]);
    if (day == days.first || day == days.last) keep_range(rows, range);
    put_in_order(rows);
    if (rows.empty()) continue;
    DUHENG_TRY(const bool more, on_day(rows));
    if (!more) break;
  }
  return {};
}

/// How many series can be read at once without holding more than rows_per_scan_step rows, judged by the mean.
std::size_t DuckDbTelemetryStore::State::scan_step(const RunList& seen, DaySpan days) const {
  double rows = 1;
  for (const auto& run : seen) {
    const double all_days = static_cast<double>(run->day_max - run->day_min) + 1;
    const double wanted_days = static_cast<double>(std::min(run->day_max, days.last)) -
                               static_cast<double>(std::max(run->day_min, days.first)) + 1;
    rows += static_cast<double>(run->readings) * std::clamp(wanted_days / all_days, 0.0, 1.0);
  }
  const double per_series = rows / static_cast<double>(std::max<std::size_t>(index.series_count(), 1));
  const double fit = static_cast<double>(rows_per_scan_step) / std::max(per_series, 1.0);
  return static_cast<std::size_t>(std::clamp(fit, 1.0, static_cast<double>(series_per_scan_step)));
}

Result<void> DuckDbTelemetryStore::State::scan_one(SeriesId series, TimeRange range, const OnSeriesRows& sink,
                                                   const Deadline& deadline) const {
  // A day's rows are never torn, so neither is a time.
  std::vector<ReadingRow> piece;
  DUHENG_CHECK(each_day(series, range, deadline, [&](std::vector<ReadingRow>& rows) -> Result<bool> {
    piece.insert(piece.end(), rows.begin(), rows.end());
    if (piece.size() < rows_per_piece) return true;
    auto taken = sink(series, piece);
    piece.clear();
    if (!taken) return std::unexpected(std::move(taken).error());
    return true;
  }));
  return piece.empty() ? Result<void>{} : sink(series, piece);
}

Result<void> DuckDbTelemetryStore::State::scan_together(SeriesSpan step, TimeRange range, const OnSeriesRows& sink,
                                                        const Deadline& deadline) const {
  std::vector<std::vector<ReadingRow>> fresh(static_cast<std::size_t>(step.last.value - step.first.value + 1));
  RunList seen;
  {
    const std::shared_lock lock(rows_mutex);
    for (std::size_t i = 0; i < fresh.size(); ++i)
      recent.collect(static_cast<std::uint32_t>(step.first.value) + static_cast<std::uint32_t>(i), range, fresh[i]);
    seen = runs;
  }
  std::vector<StoredBlock> blocks;
  {
    DUHENG_TRY(const auto session, readers.take(deadline));
    DUHENG_TRY(blocks, blocks_of(*session.operator->(), seen, step, DaySpan::of(range), deadline));
  }
  std::vector<ReadingRow> rows;
  std::size_t block = 0;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    DUHENG_CHECK(deadline.check());
    const SeriesId series{step.first.value + static_cast<std::int64_t>(i)};
    rows.clear();
    for (; block < blocks.size() && blocks[block].series == series.value; ++block)
      DUHENG_CHECK(decode_into({&blocks[block], 1}, rows));
    rows.insert(rows.end(), fresh[i].begin(), fresh[i].end());
    keep_range(rows, range);
    put_in_order(rows);
    if (!rows.empty()) DUHENG_CHECK(sink(series, rows));
  }
  return {};
}

Result<void> DuckDbTelemetryStore::State::scan(SeriesSpan span, TimeRange range, const OnSeriesRows& sink,
                                               const Deadline& deadline) const {
  constexpr std::size_t worth_together = 4;
  const DaySpan days = DaySpan::of(range);
  if (days.first > days.last) return {};
  RunList seen;
  {
    const std::shared_lock lock(rows_mutex);
    for (const auto& run : runs) {
      if (run->meets(span, days.first, days.last)) seen.push_back(run);
    }
  }
  const std::size_t step = scan_step(seen, days);
  const auto last = std::min(span.last.value, static_cast<std::int64_t>(index.series_count()));
  for (std::int64_t first = std::max<std::int64_t>(span.first.value, 1); first <= last;) {
    const auto end = step < worth_together ? first : std::min(first + static_cast<std::int64_t>(step) - 1, last);
    if (end == first) {
      DUHENG_CHECK(scan_one(SeriesId{first}, range, sink, deadline));
    } else {
      DUHENG_CHECK(scan_together({SeriesId{first}, SeriesId{end}}, range, sink, deadline));
    }
    first = end + 1;
  }
  return {};
}

std::uint64_t DuckDbTelemetryStore::next_record() const { return state_->index.next_record(); }
std::uint64_t DuckDbTelemetryStore::durable_record() const { return state_->durable_record; }
bool DuckDbTelemetryStore::must_reopen() const { return state_->must_reopen; }
std::vector<Source> DuckDbTelemetryStore::sources() const { return state_->index.sources(); }
std::vector<Source> DuckDbTelemetryStore::sources_of(GatewayId gateway) const {
  return state_->index.sources_of(gateway);
}
std::optional<Source> DuckDbTelemetryStore::find_source(GatewayId gateway, std::string_view device_uid) const {
  return state_->index.find_source(gateway, device_uid);
}
std::vector<Series> DuckDbTelemetryStore::series_of(SourceId source) const { return state_->index.series_of(source); }
std::optional<Series> DuckDbTelemetryStore::find_series(SeriesId series) const {
  return state_->index.find_series(series);
}
std::vector<std::optional<Point>> DuckDbTelemetryStore::latest(std::span<const SeriesId> series) const {
  return state_->index.latest(series);
}
std::vector<Edit> DuckDbTelemetryStore::edits(SeriesId series, TimeRange range) const {
  return state_->index.edits().edits(series, range);
}

namespace {

Result<Series> known_series(const TelemetryIndex& index, SeriesId series) {
  auto known = index.find_series(series);
  if (!known) return fail(ErrorCode::not_found, fmt::format("there is no series {}", series.value));
  return std::move(*known);
}

}  // namespace

Result<PointPage> DuckDbTelemetryStore::range(SeriesId series, TimeRange range, std::size_t points_max,
                                              const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, points_max, telemetry_limits::points_per_page_max));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  DUHENG_CHECK(known_series(state_->index, series));
  PointPage page;
  std::optional<std::int64_t> behind;  // where the days looked at end, when they are not all
  DUHENG_CHECK(state_->each_day(series, range, deadline, [&](std::vector<ReadingRow>& rows) -> Result<bool> {
    const auto points = points_of(rows);
    page.points.insert(page.points.end(), points.begin(), points.end());
    if (page.points.size() <= points_max) return true;
    behind = (utc_day_of(rows.back().time_utc_ms) + 1) * utc_day_ms;
    return false;
  }));
  const TimeRange looked_at{range.from_utc_ms, std::min(range.to_utc_ms, behind.value_or(range.to_utc_ms))};
  state_->index.edits().apply_to(series, looked_at, page.points);
  if (looked_at.to_utc_ms < range.to_utc_ms) page.next_from_utc_ms = looked_at.to_utc_ms;
  cut_page(page, points_max);
  return page;
}

Result<std::vector<PointVersion>> DuckDbTelemetryStore::versions(SeriesId series, std::int64_t time_utc_ms,
                                                                 const QueryOptions& options) const {
  DUHENG_CHECK(check_range({time_utc_ms, time_utc_ms}, 1, 1));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  DUHENG_CHECK(known_series(state_->index, series));
  std::vector<Point> read;
  DUHENG_CHECK(state_->each_day(series, {time_utc_ms, time_utc_ms + 1}, deadline,
                                [&](std::vector<ReadingRow>& rows) -> Result<bool> {
                                  read = points_of(rows);
                                  return true;
                                }));
  return versions_of(read, state_->index.edits().edits_at(series, time_utc_ms));
}

Result<std::vector<CurveBucket>> DuckDbTelemetryStore::curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                             const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, buckets, telemetry_limits::curve_buckets_max));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  DUHENG_TRY(const auto known, known_series(state_->index, series));
  const EditBook& edits = state_->index.edits();
  CurveBuilder builder(range, buckets, known.kind);
  std::vector<ReadingRow> edited_rows;  // only when there are edits, which can stand on days without readings
  const bool edited = !edits.edits(series, range).empty();
  std::size_t count = 0;
  DUHENG_CHECK(state_->each_day(series, range, deadline, [&](std::vector<ReadingRow>& rows) -> Result<bool> {
    count += rows.size();
    if (edited) {
      edited_rows.insert(edited_rows.end(), rows.begin(), rows.end());
    } else {
      for (const ReadingRow& row : rows) builder.add(row);
    }
    return count <= telemetry_limits::curve_readings_max;
  }));
  if (count > telemetry_limits::curve_readings_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} readings in the range", telemetry_limits::curve_readings_max));
  if (edited) {
    edits.apply_to_rows(series, range, edited_rows);
    for (const ReadingRow& row : edited_rows) builder.add(row);
  }
  return std::move(builder).finish();
}

Result<Completeness> DuckDbTelemetryStore::completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                        const QueryOptions& options) const {
  DUHENG_TRY(const std::uint64_t expected, completeness_slots(range, interval_ms));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  DUHENG_CHECK(known_series(state_->index, series));
  std::vector<std::uint64_t> slots;
  DUHENG_CHECK(state_->each_day(series, range, deadline, [&](std::vector<ReadingRow>& rows) -> Result<bool> {
    for (const ReadingRow& row : rows) {
      if ((row.quality & without_value_mask) != 0) continue;
      const auto slot = static_cast<std::uint64_t>((row.time_utc_ms - range.from_utc_ms) / interval_ms);
      if (slots.empty() || slots.back() != slot) slots.push_back(slot);
    }
    return true;
  }));
  return completeness_of(range, interval_ms, expected, slots);
}

Result<void> DuckDbTelemetryStore::scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                        const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, 1, 1));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  return state_->scan(series, range, sink, deadline);
}

Result<std::string> DuckDbTelemetryStore::digest() {
  const std::lock_guard applying(state_->apply_mutex);
  const TelemetryIndex& index = state_->index;
  ContentDigest digest;
  digest.position(index.next_record());
  for (const Source& source : index.sources()) digest.source(source);
  for (const Series& series : index.series_after(0)) digest.series(series);
  for (const Edit& edit : index.edits().all()) digest.edit(edit);
  constexpr TimeRange all{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  const Deadline deadline(state_->clock, std::numeric_limits<std::int32_t>::max(), {});
  DUHENG_CHECK(state_->scan(
      {SeriesId{1}, SeriesId{static_cast<std::int64_t>(index.series_count())}}, all,
      [&](SeriesId, std::span<const ReadingRow> rows) -> Result<void> {
        for (const ReadingRow& row : rows) digest.row(row);
        return {};
      },
      deadline));
  return std::move(digest).finish();
}

Result<void> DuckDbTelemetryStore::settle_before(std::int32_t utc_day) {
  State& s = *state_;
  // What is recent was applied before and is part of what is settled now, so it is not noted: the caller derives from
  // all that was applied. The applier must not note in between.
  const std::lock_guard applying(s.apply_mutex);
  DUHENG_CHECK(s.check_writable());
  const std::lock_guard writing(s.write_mutex);
  if (utc_day <= s.changes.settled_before()) return {};
  auto written = s.writer->run("BEGIN TRANSACTION");
  if (written) written = s.writer->run("DELETE FROM hot.settled");
  if (written) written = s.writer->run(fmt::format("INSERT INTO hot.settled VALUES ({})", utc_day));
  if (written) written = s.writer->run("COMMIT");
  if (!written) {
    s.abandon(written.error());
    return written;
  }
  const std::unique_lock lock(s.rows_mutex);
  s.changes.settle_before(utc_day);
  return {};
}

std::int32_t DuckDbTelemetryStore::settled_before() const {
  const std::shared_lock lock(state_->rows_mutex);
  return state_->changes.settled_before();
}

Result<ChangePage> DuckDbTelemetryStore::changes(std::size_t days_max) const {
  const std::lock_guard writing(state_->write_mutex);
  const std::unique_lock lock(state_->rows_mutex);
  return state_->changes.tell(days_max, state_->changes_written);
}

Result<void> DuckDbTelemetryStore::forget_changes(std::uint64_t through) {
  State& s = *state_;
  DUHENG_CHECK(s.check_writable());
  const std::lock_guard writing(s.write_mutex);
  if (auto done = s.writer->run(fmt::format("DELETE FROM hot.change WHERE number <= {}::UBIGINT", through)); !done) {
    s.abandon(done.error());
    return done;
  }
  const std::unique_lock lock(s.rows_mutex);
  s.changes.forget(through);
  return {};
}

}  // namespace duheng::store
