#include <algorithm>

#include "store/clickhouse/clickhouse_telemetry_state.hpp"
#include "store/telemetry/series_questions.hpp"

// Questions: the server finds the rows, series_questions.hpp says what they mean.

namespace duheng::store {
namespace {

constexpr std::int64_t series_counted_at_once = 100'000;
constexpr std::size_t page_rows_min = 1'000;
constexpr std::int64_t digest_timeout_ms = 24LL * 3'600'000;
// Without ends, for there are times that no half-open range holds.
constexpr TimeRange everything{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};

/// Whoever asks is told that the server is away as any other failure of the store.
Error for_reader(Error error) {
  if (error.code == ErrorCode::unavailable) error.code = ErrorCode::storage_failed;
  return error;
}

void put_in_order(std::vector<ReadingRow>& rows) { std::ranges::sort(rows, {}, &ReadingRow::order); }

/// Hands the rows of one series after another to the sink, as they come.
class SeriesSplitter {
 public:
  explicit SeriesSplitter(const OnSeriesRows& sink) : sink_(sink) {}
  Result<void> add(const ReadingRow& row) {
    if (!rows_.empty() && rows_.front().series != row.series) DUHENG_CHECK(flush());
    rows_.push_back(row);
    return {};
  }
  Result<void> flush() {
    if (rows_.empty()) return {};
    put_in_order(rows_);
    auto taken = sink_(SeriesId{rows_.front().series}, rows_);
    rows_.clear();
    return taken;
  }

 private:
  const OnSeriesRows& sink_;
  std::vector<ReadingRow> rows_;
};

}  // namespace

Result<void> ClickHouseTelemetryStore::State::check_question(SeriesId series, const QueryOptions& question) const {
  if (question.cancel.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
  if (question.timeout_ms <= 0) return fail(ErrorCode::timed_out, "the question had no time");
  if (!index.find_series(series)) return fail(ErrorCode::not_found, fmt::format("there is no series {}", series.value));
  return {};
}

std::string ClickHouseTelemetryStore::State::condition_of(TimeRange range) const {
  // What is being written lies behind.
  auto out = fmt::format("frame < {}", FrameReference::make(index.next_record(), 0).value);
  if (range.from_utc_ms != everything.from_utc_ms) out += fmt::format(" AND time_utc_ms >= {}", range.from_utc_ms);
  if (range.to_utc_ms != everything.to_utc_ms) out += fmt::format(" AND time_utc_ms < {}", range.to_utc_ms);
  return out;
}

Result<std::uint64_t> ClickHouseTelemetryStore::State::stream_rows(const std::string& condition, std::size_t rows_max,
                                                                   const QueryOptions& question,
                                                                   const ReadingRowReader::OnRow& on_row) const {
  ReadingRowReader reader(on_row);
  ClickHouseCall call;
  call.sql = fmt::format("SELECT {} FROM {} WHERE {} ORDER BY series, time_utc_ms, frame, place{} FORMAT RowBinary",
                         reading_columns, table("reading"), condition,
                         rows_max == 0 ? std::string() : fmt::format(" LIMIT {}", rows_max));
  call.timeout_ms = question.timeout_ms;
  call.cancel = question.cancel;
  call.on_octets = [&](ByteView octets) { return reader.feed(octets); };
  if (auto done = transport.run(call); !done) return std::unexpected(for_reader(std::move(done).error()));
  DUHENG_CHECK(reader.finish());
  return reader.rows_seen();
}

Result<ClickHouseTelemetryStore::State::Rows> ClickHouseTelemetryStore::State::rows_of(
    SeriesId series, TimeRange range, std::size_t rows_max, const QueryOptions& question) const {
  Rows out;
  const auto condition = fmt::format("series = {} AND {}", series.value, condition_of(range));
  DUHENG_TRY(const std::uint64_t seen,
             stream_rows(condition, rows_max, question, [&](const ReadingRow& row) -> Result<void> {
               out.rows.push_back(row);
               return {};
             }));
  out.complete = rows_max == 0 || seen < rows_max;
  put_in_order(out.rows);
  return out;
}

Result<std::vector<ReadingRow>> ClickHouseTelemetryStore::State::whole_times(SeriesId series, TimeRange range,
                                                                             std::size_t rows_max, TimeRange& covered,
                                                                             const QueryOptions& question) const {
  const QuestionTime time(clock, question);
  DUHENG_TRY(auto got, rows_of(series, range, rows_max, question));
  covered = range;
  if (got.complete) return std::move(got.rows);
  const std::int64_t cut_utc_ms = got.rows.back().time_utc_ms;
  if (got.rows.front().time_utc_ms != cut_utc_ms) {
    covered.to_utc_ms = cut_utc_ms;
    const auto first_cut = std::ranges::lower_bound(got.rows, cut_utc_ms, {}, &ReadingRow::time_utc_ms);
    got.rows.erase(first_cut, got.rows.end());
    return std::move(got.rows);
  }
  // More readings of one time than fit: that time alone, all of it.
  DUHENG_TRY(const QueryOptions left, time.left());
  covered.to_utc_ms = cut_utc_ms == everything.to_utc_ms ? cut_utc_ms : cut_utc_ms + 1;
  DUHENG_TRY(auto whole, rows_of(series, {cut_utc_ms, covered.to_utc_ms}, telemetry_limits::curve_readings_max, left));
  if (!whole.complete)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} readings at one time", telemetry_limits::curve_readings_max));
  return std::move(whole.rows);
}

Result<PointPage> ClickHouseTelemetryStore::range(SeriesId series, TimeRange range, std::size_t points_max,
                                                  const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, points_max, telemetry_limits::points_per_page_max));
  DUHENG_CHECK(state_->check_question(series, options));
  const QuestionTime time(state_->clock, options);
  PointPage page;
  TimeRange rest = range;
  while (rest.from_utc_ms < rest.to_utc_ms && page.points.size() <= points_max) {
    DUHENG_TRY(const QueryOptions left, time.left());
    TimeRange covered;
    DUHENG_TRY(const auto rows,
               state_->whole_times(series, rest, std::max(page_rows_min, 2 * points_max), covered, left));
    auto points = points_of(rows);
    state_->index.edits().apply_to(series, covered, points);
    page.points.insert(page.points.end(), points.begin(), points.end());
    rest.from_utc_ms = covered.to_utc_ms;
  }
  cut_page(page, points_max);
  if (!page.next_from_utc_ms && rest.from_utc_ms < rest.to_utc_ms) page.next_from_utc_ms = rest.from_utc_ms;
  return page;
}

Result<std::vector<CurveBucket>> ClickHouseTelemetryStore::curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                                 const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, buckets, telemetry_limits::curve_buckets_max));
  DUHENG_CHECK(state_->check_question(series, options));
  DUHENG_TRY(auto got, state_->rows_of(series, range, telemetry_limits::curve_readings_max + 1, options));
  if (!got.complete)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} readings in the range", telemetry_limits::curve_readings_max));
  state_->index.edits().apply_to_rows(series, range, got.rows);
  CurveBuilder builder(range, buckets, find_series(series)->kind);
  for (const ReadingRow& row : got.rows) builder.add(row);
  return std::move(builder).finish();
}

Result<Completeness> ClickHouseTelemetryStore::completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                            const QueryOptions& options) const {
  DUHENG_TRY(const std::uint64_t expected, completeness_slots(range, interval_ms));
  DUHENG_CHECK(state_->check_question(series, options));
  std::vector<std::uint64_t> slots;
  Bytes answer;
  ClickHouseCall call;
  call.sql = fmt::format(
      "SELECT DISTINCT toUInt64(intDiv(time_utc_ms - ({}), {})) AS slot FROM {} WHERE series = {} AND {} AND "
      "bitAnd(quality, {}) = 0 ORDER BY slot FORMAT RowBinary",
      range.from_utc_ms, interval_ms, state_->table("reading"), series.value, state_->condition_of(range),
      without_value_mask);
  call.timeout_ms = options.timeout_ms;
  call.cancel = options.cancel;
  call.on_octets = [&](ByteView octets) -> Result<void> {
    answer.insert(answer.end(), octets.begin(), octets.end());
    return {};
  };
  if (auto done = state_->transport.run(call); !done) return std::unexpected(for_reader(std::move(done).error()));
  ByteReader in(answer);
  while (!in.at_end() && in.ok()) slots.push_back(in.u64());
  if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a slot");
  return completeness_of(range, interval_ms, expected, slots);
}

Result<std::vector<PointVersion>> ClickHouseTelemetryStore::versions(SeriesId series, std::int64_t time_utc_ms,
                                                                     const QueryOptions& options) const {
  DUHENG_CHECK(check_range({time_utc_ms, time_utc_ms}, 1, 1));
  DUHENG_CHECK(state_->check_question(series, options));
  DUHENG_TRY(const auto got,
             state_->rows_of(series, {time_utc_ms, time_utc_ms + 1}, telemetry_limits::curve_readings_max, options));
  if (!got.complete)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} readings at one time", telemetry_limits::curve_readings_max));
  return versions_of(points_of(got.rows), state_->index.edits().edits_at(series, time_utc_ms));
}

Result<void> ClickHouseTelemetryStore::State::scan_chunk(SeriesSpan span, TimeRange range, const OnSeriesRows& sink,
                                                         const QueryOptions& question) const {
  SeriesSplitter splitter(sink);
  const auto condition =
      fmt::format("series >= {} AND series <= {} AND {}", span.first.value, span.last.value, condition_of(range));
  DUHENG_CHECK(stream_rows(condition, 0, question, [&](const ReadingRow& row) { return splitter.add(row); }));
  return splitter.flush();
}

Result<void> ClickHouseTelemetryStore::State::scan_long_series(SeriesId series, TimeRange range,
                                                               const OnSeriesRows& sink,
                                                               const QueryOptions& question) const {
  const QuestionTime time(clock, question);
  while (range.from_utc_ms < range.to_utc_ms) {
    DUHENG_TRY(const QueryOptions left, time.left());
    TimeRange covered;
    DUHENG_TRY(const auto rows, whole_times(series, range, options.rows_per_question_max, covered, left));
    if (!rows.empty()) DUHENG_CHECK(sink(series, rows));
    range.from_utc_ms = covered.to_utc_ms;
  }
  return {};
}

Result<void> ClickHouseTelemetryStore::State::scan(SeriesSpan span, TimeRange range, const OnSeriesRows& sink,
                                                   const QueryOptions& question) const {
  const QuestionTime time(clock, question);
  // Which series have how many rows, so that each answer can be sorted by the server in bounded memory.
  DUHENG_TRY(const QueryOptions counting, time.left());
  ClickHouseCall call;
  Bytes counts;
  call.sql = fmt::format(
      "SELECT series, count() FROM {} WHERE series >= {} AND series <= {} AND {} GROUP BY series ORDER BY series "
      "FORMAT "
      "RowBinary",
      table("reading"), span.first.value, span.last.value, condition_of(range));
  call.timeout_ms = counting.timeout_ms;
  call.cancel = counting.cancel;
  call.on_octets = [&](ByteView octets) -> Result<void> {
    counts.insert(counts.end(), octets.begin(), octets.end());
    return {};
  };
  if (auto done = transport.run(call); !done) return std::unexpected(for_reader(std::move(done).error()));

  ByteReader in(counts);
  std::optional<SeriesSpan> gathered;
  std::uint64_t gathered_rows = 0;
  const auto flush = [&]() -> Result<void> {
    if (!gathered) return {};
    DUHENG_TRY(const QueryOptions left, time.left());
    const SeriesSpan now = *gathered;
    const bool is_long = gathered_rows > options.rows_per_question_max;
    gathered.reset();
    gathered_rows = 0;
    return is_long ? scan_long_series(now.first, range, sink, left) : scan_chunk(now, range, sink, left);
  };
  while (!in.at_end()) {
    const SeriesId series{static_cast<std::int64_t>(in.u32())};
    const std::uint64_t rows = in.u64();
    if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a count");
    if (gathered && gathered_rows + rows > options.rows_per_question_max) DUHENG_CHECK(flush());
    gathered = gathered ? SeriesSpan{gathered->first, series} : SeriesSpan{series, series};
    gathered_rows += rows;
  }
  return flush();
}

Result<void> ClickHouseTelemetryStore::scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                            const QueryOptions& options) const {
  DUHENG_CHECK(check_range(range, 1, 1));
  const QuestionTime time(state_->clock, options);
  const auto last = std::min(series.last.value, static_cast<std::int64_t>(state_->index.series_count()));
  for (std::int64_t first = std::max<std::int64_t>(series.first.value, 1); first <= last;
       first += series_counted_at_once) {
    DUHENG_TRY(const QueryOptions left, time.left());
    const SeriesSpan part{SeriesId{first}, SeriesId{std::min(last, first + series_counted_at_once - 1)}};
    DUHENG_CHECK(state_->scan(part, range, sink, left));
  }
  return {};
}

Result<std::string> ClickHouseTelemetryStore::digest() {
  const std::lock_guard applying(state_->apply_mutex);
  ContentDigest digest;
  digest.position(state_->index.next_record());
  for (const Source& source : state_->index.sources()) digest.source(source);
  const auto count = static_cast<std::int64_t>(state_->index.series_count());
  for (std::int64_t i = 1; i <= count; ++i) digest.series(*state_->index.find_series(SeriesId{i}));
  for (const Edit& edit : state_->index.edits().all()) digest.edit(edit);
  QueryOptions patient;
  patient.timeout_ms = digest_timeout_ms;
  const OnSeriesRows add = [&](SeriesId, std::span<const ReadingRow> rows) -> Result<void> {
    for (const ReadingRow& row : rows) digest.row(row);
    return {};
  };
  for (std::int64_t first = 1; first <= count; first += series_counted_at_once) {
    const SeriesSpan part{SeriesId{first}, SeriesId{std::min(count, first + series_counted_at_once - 1)}};
    DUHENG_CHECK(state_->scan(part, everything, add, patient));
  }
  return std::move(digest).finish();
}

}  // namespace duheng::store
