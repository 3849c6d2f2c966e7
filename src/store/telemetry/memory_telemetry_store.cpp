#include "store/telemetry/memory_telemetry_store.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "store/telemetry/change_log.hpp"
#include "store/telemetry/series_questions.hpp"
#include "store/telemetry/telemetry_index.hpp"

namespace duheng::store {

struct MemoryTelemetryStore::State {
  TelemetryIndex index;
  std::mutex apply_mutex;
  mutable std::shared_mutex rows_mutex;
  std::vector<std::vector<ReadingRow>> rows;  // by series number - 1, in order of arrival
  std::uint64_t records_unreadable = 0;
  ChangeLog changes;  // under rows_mutex too, like the rest
  std::vector<RemovableDays> removable;
  std::uint64_t removed = 0;

  [[nodiscard]] Result<std::vector<ReadingRow>> rows_in(SeriesId series, TimeRange range,
                                                        const QueryOptions& options) const {
    if (options.cancel.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
    if (options.timeout_ms <= 0) return fail(ErrorCode::timed_out, "the question had no time");
    if (!index.find_series(series))
      return fail(ErrorCode::not_found, fmt::format("there is no series {}", series.value));
    std::vector<ReadingRow> out;
    {
      const std::shared_lock lock(rows_mutex);
      const auto at = static_cast<std::size_t>(series.value) - 1;
      if (at >= rows.size()) return out;  // known by an edit alone
      for (const ReadingRow& row : rows[at]) {
        if (row.time_utc_ms >= range.from_utc_ms && row.time_utc_ms < range.to_utc_ms) out.push_back(row);
      }
    }
    std::ranges::sort(out, {}, &ReadingRow::order);
    return out;
  }
};

MemoryTelemetryStore::MemoryTelemetryStore() : state_(std::make_unique<State>()) {}
MemoryTelemetryStore::~MemoryTelemetryStore() = default;

std::uint64_t MemoryTelemetryStore::next_record() const { return state_->index.next_record(); }

Result<ApplyResult> MemoryTelemetryStore::apply(std::span<const TelemetryRecord> records) {
  const std::lock_guard applying(state_->apply_mutex);
  ApplyResult result;
  result.next_record = state_->index.next_record();
  for (const TelemetryRecord& record : records) {
    if (record.record_number < result.next_record) {
      ++result.records_skipped;
      continue;
    }
    if (record.record_number > result.next_record)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("record {} was handed over where {} is next", record.record_number, result.next_record));
    std::vector<ReadingRow> added;
    const auto readable = state_->index.walk(record, [&](const ReadingRow& row) { added.push_back(row); });
    if (!readable) {
      state_->index.roll_back();
      return std::unexpected(readable.error());
    }
    {
      const std::unique_lock lock(state_->rows_mutex);
      for (const ReadingRow& row : added) {
        if (state_->rows.size() < row.series) state_->rows.resize(row.series);
        state_->rows[row.series - 1].push_back(row);
        state_->changes.note(SeriesId{row.series}, row.time_utc_ms);
      }
      if (!*readable) {
        ++state_->records_unreadable;
        ++result.records_unreadable;
      }
    }
    ++result.next_record;
    ++result.records_applied;
    result.readings += added.size();
    for (const auto& [series, time_utc_ms] : state_->index.staged_edit_times()) {
      const std::unique_lock lock(state_->rows_mutex);
      state_->changes.note(series, time_utc_ms);
    }
    state_->index.publish(result.next_record, added.size());
  }
  return result;
}

Result<void> MemoryTelemetryStore::checkpoint() { return {}; }
bool MemoryTelemetryStore::must_reopen() const { return false; }
std::vector<Source> MemoryTelemetryStore::sources() const { return state_->index.sources(); }
std::vector<Source> MemoryTelemetryStore::sources_of(GatewayId gateway) const {
  return state_->index.sources_of(gateway);
}
std::optional<Source> MemoryTelemetryStore::find_source(GatewayId gateway, std::string_view device_uid) const {
  return state_->index.find_source(gateway, device_uid);
}
std::vector<Series> MemoryTelemetryStore::series_of(SourceId source) const { return state_->index.series_of(source); }
std::optional<Series> MemoryTelemetryStore::find_series(SeriesId series) const {
  return state_->index.find_series(series);
}
std::vector<std::optional<Point>> MemoryTelemetryStore::latest(std::span<const SeriesId> series) const {
  return state_->index.latest(series);
}

Result<PointPage> MemoryTelemetryStore::range(SeriesId series, TimeRange range, std::size_t points_max,
                                              const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, points_max, telemetry_limits::points_per_page_max));
  DUHENG_TRY(const auto rows, state_->rows_in(series, range, options));
  PointPage page{points_of(rows), std::nullopt};
  state_->index.edits().apply_to(series, range, page.points);
  cut_page(page, points_max);
  return page;
}

Result<std::vector<CurveBucket>> MemoryTelemetryStore::curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                             const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, buckets, telemetry_limits::curve_buckets_max));
  DUHENG_TRY(auto rows, state_->rows_in(series, range, options));
  if (rows.size() > telemetry_limits::curve_readings_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} readings in the range", telemetry_limits::curve_readings_max));
  state_->index.edits().apply_to_rows(series, range, rows);
  CurveBuilder builder(range, buckets, find_series(series)->kind);
  for (const ReadingRow& row : rows) builder.add(row);
  return std::move(builder).finish();
}

Result<std::vector<PointVersion>> MemoryTelemetryStore::versions(SeriesId series, std::int64_t time_utc_ms,
                                                                 const QueryOptions& options) const {
  DUHENG_CHECK(check_range({time_utc_ms, time_utc_ms}, 1, 1));
  DUHENG_TRY(const auto rows, state_->rows_in(series, {time_utc_ms, time_utc_ms + 1}, options));
  return versions_of(points_of(rows), state_->index.edits().edits_at(series, time_utc_ms));
}

std::vector<Edit> MemoryTelemetryStore::edits(SeriesId series, TimeRange range) const {
  return state_->index.edits().edits(series, range);
}

Result<void> MemoryTelemetryStore::scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                        const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, 1, 1));
  const auto last = std::min(series.last.value, static_cast<std::int64_t>(state_->index.series_count()));
  for (std::int64_t number = std::max<std::int64_t>(series.first.value, 1); number <= last; ++number) {
    DUHENG_TRY(const auto rows, state_->rows_in(SeriesId{number}, range, options));
    if (!rows.empty()) DUHENG_CHECK(sink(SeriesId{number}, rows));
  }
  return {};
}

Result<void> MemoryTelemetryStore::settle_before(std::int32_t utc_day) {
  const std::unique_lock lock(state_->rows_mutex);
  state_->changes.settle_before(utc_day);
  return {};
}
std::int32_t MemoryTelemetryStore::settled_before() const {
  const std::shared_lock lock(state_->rows_mutex);
  return state_->changes.settled_before();
}
Result<ChangePage> MemoryTelemetryStore::changes(std::size_t days_max) const {
  const std::unique_lock lock(state_->rows_mutex);
  return state_->changes.tell(days_max, state_->changes.last_number());
}
Result<void> MemoryTelemetryStore::forget_changes(std::uint64_t through) {
  const std::unique_lock lock(state_->rows_mutex);
  state_->changes.forget(through);
  return {};
}
void MemoryTelemetryStore::allow_removal(std::vector<RemovableDays> removable) {
  const std::unique_lock lock(state_->rows_mutex);
  state_->removable = std::move(removable);
}
Result<bool> MemoryTelemetryStore::maintain(const std::stop_token& /*cancel*/) {
  const std::unique_lock lock(state_->rows_mutex);
  for (const RemovableDays& entry : state_->removable) {
    if (entry.series.value < 1 || static_cast<std::size_t>(entry.series.value) > state_->rows.size()) continue;
    state_->removed +=
        std::erase_if(state_->rows[static_cast<std::size_t>(entry.series.value) - 1],
                      [&](const ReadingRow& row) { return utc_day_of(row.time_utc_ms) < entry.utc_day; });
  }
  return false;
}
std::uint64_t MemoryTelemetryStore::durable_record() const { return next_record(); }

Result<Completeness> MemoryTelemetryStore::completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                        const QueryOptions& options) const {
  DUHENG_TRY(const std::uint64_t expected, completeness_slots(range, interval_ms));
  DUHENG_TRY(const auto rows, state_->rows_in(series, range, options));
  std::set<std::uint64_t> slots;
  for (const ReadingRow& row : rows) {
    if ((row.quality & without_value_mask) != 0) continue;
    slots.insert(static_cast<std::uint64_t>((row.time_utc_ms - range.from_utc_ms) / interval_ms));
  }
  return completeness_of(range, interval_ms, expected, {slots.begin(), slots.end()});
}

Result<bool> MemoryTelemetryStore::checkpoint_if_due() { return false; }

TelemetryStatistics MemoryTelemetryStore::statistics() const {
  TelemetryStatistics out;
  out.next_record = state_->index.next_record();
  out.readings = state_->index.reading_count();
  out.sources = state_->index.source_count();
  out.series = state_->index.series_count();
  const std::shared_lock lock(state_->rows_mutex);
  out.readings -= state_->removed;
  out.readings_removed = state_->removed;
  out.records_unreadable = state_->records_unreadable;
  out.durable_record = out.next_record;
  out.edits = state_->index.edits().size();
  return out;
}

Result<std::string> MemoryTelemetryStore::digest() {
  const std::lock_guard applying(state_->apply_mutex);
  ContentDigest digest;
  digest.position(state_->index.next_record());
  for (const Source& source : state_->index.sources()) digest.source(source);
  for (std::size_t i = 1; i <= state_->index.series_count(); ++i)
    digest.series(*state_->index.find_series(SeriesId{static_cast<std::int64_t>(i)}));
  for (const Edit& edit : state_->index.edits().all()) digest.edit(edit);
  for (const auto& arrived : state_->rows) {
    auto rows = arrived;
    std::ranges::sort(rows, {}, &ReadingRow::order);
    for (const ReadingRow& row : rows) digest.row(row);
  }
  return std::move(digest).finish();
}

}  // namespace duheng::store
