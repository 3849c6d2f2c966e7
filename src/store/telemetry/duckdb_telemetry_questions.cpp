#include <algorithm>
#include <fmt/format.h>

#include "store/telemetry/duckdb_telemetry_state.hpp"
#include "store/telemetry/series_questions.hpp"

// Questions. Numbers stand in the statements as literals, not as parameters: only literals let the engine skip row
// groups by their minimum and maximum. No text from outside ever gets into a statement.

namespace duheng::store {
namespace {

constexpr std::string_view columns = "series, time_utc_ms, mantissa, quality, time_source, frame, received_utc_ms";

std::string where(SeriesId series, TimeRange range) {
  return fmt::format(
      "FROM hot.reading WHERE series = {}::UINTEGER AND time_utc_ms >= {}::BIGINT AND time_utc_ms < {}::BIGINT",
      series.value, range.from_utc_ms, range.to_utc_ms);
}

template <class Sink>
OnChunk each_row(Sink&& sink) {
  return [sink = std::forward<Sink>(sink)](const Chunk& chunk) mutable -> Result<void> {
    const auto* series = chunk.column<std::uint32_t>(0);
    const auto* time_utc_ms = chunk.column<std::int64_t>(1);
    const auto* mantissa = chunk.column<std::int64_t>(2);
    const auto* quality = chunk.column<std::uint16_t>(3);
    const auto* time_source = chunk.column<std::uint8_t>(4);
    const auto* frame = chunk.column<std::int64_t>(5);
    const auto* received_utc_ms = chunk.column<std::int64_t>(6);
    for (std::size_t i = 0; i < chunk.size(); ++i)
      sink(
          ReadingRow{series[i], time_utc_ms[i], mantissa[i], quality[i], time_source[i], frame[i], received_utc_ms[i]});
    return {};
  };
}

/// The versions of one time that has more readings than a page holds: folded by the engine.
Result<std::vector<Point>> versions_of(DuckDbSession& session, SeriesId series, std::int64_t time_utc_ms,
                                       const Deadline& deadline) {
  std::vector<Point> points;
  const auto sql = fmt::format(
      "SELECT arg_min(mantissa, frame), arg_min(quality, frame), arg_min(time_source, frame), min(frame), "
      "arg_min(received_utc_ms, frame), "
      "count(*)::UINTEGER {} GROUP BY quality & {}, CASE WHEN quality & {} = 0 THEN mantissa ELSE 0 END ORDER BY 4, 1 "
      "LIMIT {}",
      where(series, {time_utc_ms, time_utc_ms + 1}), without_value_mask, without_value_mask,
      telemetry_limits::versions_of_one_time_max + 1);
  DUHENG_CHECK(session.ask(sql, deadline, [&](const Chunk& chunk) -> Result<void> {
    for (std::size_t i = 0; i < chunk.size(); ++i)
      points.push_back(
          {time_utc_ms, chunk.column<std::int64_t>(0)[i], static_cast<Quality>(chunk.column<std::uint16_t>(1)[i]),
           static_cast<TimeSource>(chunk.column<std::uint8_t>(2)[i]), FrameReference{chunk.column<std::int64_t>(3)[i]},
           chunk.column<std::int64_t>(4)[i], chunk.column<std::uint32_t>(5)[i], false});
    return {};
  }));
  const bool conflict = points.size() > 1;
  for (Point& point : points) point.conflict = conflict;
  if (points.size() > telemetry_limits::versions_of_one_time_max)
    points.resize(telemetry_limits::versions_of_one_time_max);
  return points;
}

}  // namespace

std::uint64_t DuckDbTelemetryStore::next_record() const { return state_->index.next_record(); }
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

Result<PointPage> DuckDbTelemetryStore::range(SeriesId series, TimeRange range, std::size_t points_max,
                                              const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, points_max, telemetry_limits::points_per_page_max));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  if (!find_series(series)) return fail(ErrorCode::not_found, fmt::format("there is no series {}", series.value));
  DUHENG_TRY(const auto session, state_->readers.take(deadline));

  const std::size_t rows_max = std::max<std::size_t>(points_max + 1, 1'024);
  std::vector<ReadingRow> rows;
  DUHENG_CHECK(session->ask(
      fmt::format("SELECT {} {} ORDER BY time_utc_ms, frame, mantissa, quality, time_source, received_utc_ms LIMIT {}",
                  columns, where(series, range), rows_max),
      deadline, each_row([&](const ReadingRow& row) { rows.push_back(row); })));
  PointPage page;
  if (rows.size() == rows_max) {
    // There may be more of the last time than came along, so it belongs to the next page.
    const std::int64_t last_time = rows.back().time_utc_ms;
    if (rows.front().time_utc_ms == last_time) {
      DUHENG_TRY(page.points, versions_of(*session.operator->(), series, last_time, deadline));
      if (last_time + 1 < range.to_utc_ms) page.next_from_utc_ms = last_time + 1;
      return page;
    }
    while (rows.back().time_utc_ms == last_time) rows.pop_back();
    page.next_from_utc_ms = last_time;
  }
  page.points = points_of(rows);
  cut_page(page, points_max);
  return page;
}

Result<std::vector<CurveBucket>> DuckDbTelemetryStore::curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                             const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, buckets, telemetry_limits::curve_buckets_max));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  const auto known = find_series(series);
  if (!known) return fail(ErrorCode::not_found, fmt::format("there is no series {}", series.value));
  DUHENG_TRY(const auto session, state_->readers.take(deadline));
  CurveBuilder builder(range, buckets, known->kind);
  std::size_t count = 0;
  DUHENG_CHECK(session->ask(
      fmt::format("SELECT {} {} LIMIT {}", columns, where(series, range), telemetry_limits::curve_readings_max + 1),
      deadline, each_row([&](const ReadingRow& row) {
        builder.add(row);
        ++count;
      })));
  if (count > telemetry_limits::curve_readings_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} readings in the range", telemetry_limits::curve_readings_max));
  return std::move(builder).finish();
}

Result<Completeness> DuckDbTelemetryStore::completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                        const QueryOptions& options) const {
  DUHENG_TRY(const std::uint64_t expected, completeness_slots(range, interval_ms));
  const Deadline deadline(state_->clock, options.timeout_ms, options.cancel);
  DUHENG_CHECK(deadline.check());
  if (!find_series(series)) return fail(ErrorCode::not_found, fmt::format("there is no series {}", series.value));
  DUHENG_TRY(const auto session, state_->readers.take(deadline));
  std::vector<std::uint64_t> slots;
  const auto sql = fmt::format(
      "SELECT DISTINCT ((time_utc_ms - {}::BIGINT) // {}::BIGINT) AS slot {} AND (quality & {}) = 0 ORDER BY slot",
      range.from_utc_ms, interval_ms, where(series, range), without_value_mask);
  DUHENG_CHECK(session->ask(sql, deadline, [&](const Chunk& chunk) -> Result<void> {
    for (std::size_t i = 0; i < chunk.size(); ++i)
      slots.push_back(static_cast<std::uint64_t>(chunk.column<std::int64_t>(0)[i]));
    return {};
  }));
  return completeness_of(range, interval_ms, expected, slots);
}

Result<std::string> DuckDbTelemetryStore::digest() {
  const std::lock_guard applying(state_->apply_mutex);
  ContentDigest digest;
  digest.position(state_->index.next_record());
  for (const Source& source : state_->index.sources()) digest.source(source);
  const auto count = static_cast<std::int64_t>(state_->index.series_count());
  for (std::int64_t i = 1; i <= count; ++i) digest.series(*state_->index.find_series(SeriesId{i}));
  DUHENG_CHECK(state_->writer->stream(fmt::format("SELECT {} FROM hot.reading ORDER BY series, time_utc_ms, frame, "
                                                  "mantissa, quality, time_source, received_utc_ms",
                                                  columns),
                                      each_row([&](const ReadingRow& row) { digest.row(row); })));
  return std::move(digest).finish();
}

}  // namespace duheng::store
