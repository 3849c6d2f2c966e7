#include <algorithm>
#include <thread>

#include "base/log.hpp"
#include "store/clickhouse/clickhouse_dialect.hpp"
#include "store/clickhouse/clickhouse_telemetry_state.hpp"

// Opening: finds out up to where everything is there, takes the database over, removes what is behind, and makes the
// tables the index.

namespace duheng::store {
namespace {

// What a server that does not synchronise its files may lose with its machine: the kernel writes after half a minute at
// most, and parts that were merged are kept for some minutes after.
constexpr std::int64_t looked_over_s = 900;
constexpr std::size_t positions_looked_over_max = 10'000;
// Above it a step counted twice is not looked at row by row, but applied again.
constexpr std::uint64_t rows_looked_at_one_by_one_max = 20'000'000;
constexpr auto mutation_poll = std::chrono::milliseconds(20);
constexpr std::int64_t small_timeout_ms = 30'000;

constexpr std::string_view position_columns =
    "sequence, format, first_record, next_record, rows, row_sum, readings, sources, series, edit_records, "
    "settled_before, forgotten, last_change";

std::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::storage_corrupt, "ClickHouse telemetry: " + std::move(what));
}

ClickHousePosition read_position(ByteReader& in) {
  ClickHousePosition out;
  out.sequence = in.u64();
  out.format = in.u32();
  for (std::uint64_t* const value : {&out.first_record, &out.next_record, &out.rows, &out.row_sum, &out.readings,
                                     &out.sources, &out.series, &out.edit_records})
    *value = in.u64();
  out.settled_before = static_cast<std::int32_t>(in.u32());
  out.forgotten = in.u64();
  out.last_change = in.u64();
  return out;
}

std::int64_t frame_of(std::uint64_t record) { return FrameReference::make(record, 0).value; }

/// The steps that hold, newest first: each begins where the one behind it ends. What was tried and given up lies
/// between them.
std::vector<ClickHousePosition> chain_of(const std::vector<ClickHousePosition>& newest_first) {
  std::vector<ClickHousePosition> out;
  for (const ClickHousePosition& position : newest_first) {
    if (out.empty() || position.next_record == out.back().first_record) out.push_back(position);
  }
  return out;
}

}  // namespace

Result<void> ClickHouseTelemetryStore::State::prepare_tables() const {
  DUHENG_TRY(const Bytes answer, answer_of("SELECT version()", small_timeout_ms));
  ByteReader in(answer);
  DUHENG_TRY(const auto version, parse_clickhouse_version(in.sized_text()));
  if (version < first_supported_clickhouse)
    return fail(ErrorCode::unsupported, "the ClickHouse server is older than 18.16.1");
  DUHENG_CHECK(execute("CREATE DATABASE IF NOT EXISTS " + options.database, small_timeout_ms));
  if (options.discard_existing) {
    for (const std::string_view name : table_names())
      DUHENG_CHECK(execute("DROP TABLE IF EXISTS " + table(name), options.load_timeout_ms));
  }
  for (const std::string& statement : create_table_statements(version, options.database))
    DUHENG_CHECK(execute(statement, small_timeout_ms));
  return {};
}

Result<std::vector<ClickHousePosition>> ClickHouseTelemetryStore::State::positions(std::string_view condition,
                                                                                   std::size_t rows_max) const {
  DUHENG_TRY(const Bytes answer, answer_of(fmt::format("SELECT {} FROM {} WHERE {} ORDER BY sequence DESC LIMIT {}",
                                                       position_columns, table("position"), condition, rows_max),
                                           options.load_timeout_ms));
  std::vector<ClickHousePosition> out;
  ByteReader in(answer);
  while (in.ok() && !in.at_end()) out.push_back(read_position(in));
  if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a position");
  return out;
}

Result<bool> ClickHouseTelemetryStore::State::names_complete(const ClickHousePosition& at) const {
  DUHENG_TRY(
      const Bytes answer,
      answer_of(
          fmt::format("SELECT (SELECT uniqExact(id) FROM {} WHERE id <= {}), (SELECT uniqExact(id) FROM {} "
                      "WHERE id <= {}), (SELECT uniqExact(record) FROM {} WHERE record < {})",
                      table("source"), at.sources, table("series"), at.series, table("edit_record"), at.next_record),
          options.load_timeout_ms));
  ByteReader in(answer);
  const bool complete = in.u64() == at.sources && in.u64() == at.series && in.u64() == at.edit_records;
  return in.ok() && complete;
}

Result<bool> ClickHouseTelemetryStore::State::rows_complete(const ClickHousePosition& from,
                                                            const ClickHousePosition& to, std::uint64_t rows,
                                                            std::uint64_t row_sum) const {
  const auto condition =
      fmt::format("frame >= {} AND frame < {}", frame_of(from.first_record), frame_of(to.next_record));
  DUHENG_TRY(const Bytes answer,
             answer_of(fmt::format("SELECT count(), {} FROM {} WHERE {}", row_sum_sql, table("reading"), condition),
                       options.load_timeout_ms));
  ByteReader in(answer);
  const std::uint64_t rows_there = in.u64();
  const std::uint64_t sum_there = in.u64();
  if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse did not count");
  if (rows_there == rows && sum_there == row_sum) return true;
  if (rows_there < rows || rows_there > rows_looked_at_one_by_one_max) return false;
  // More than was written: a step whose answer was lost was written again. Then every reading is looked at once.
  DUHENG_TRY(const Bytes distinct,
             answer_of(fmt::format("SELECT count(), {} FROM (SELECT DISTINCT series, time_utc_ms, frame, place FROM {} "
                                   "WHERE {})",
                                   row_sum_sql, table("reading"), condition),
                       options.load_timeout_ms));
  ByteReader once(distinct);
  const bool same_rows = once.u64() == rows;
  const bool same_sum = once.u64() == row_sum;
  return once.ok() && same_rows && same_sum;
}

Result<void> ClickHouseTelemetryStore::State::find_position() {
  DUHENG_TRY(const auto newest, positions("1", 1));
  if (newest.empty()) return {};
  position = newest.front();
  if (position.format > ClickHousePosition::format_known)
    return fail(ErrorCode::unsupported, fmt::format("the ClickHouse tables have format {}, this release knows {}",
                                                    position.format, ClickHousePosition::format_known));
  DUHENG_TRY(const auto recent,
             positions(fmt::format("toUnixTimestamp(written) + {} >= (SELECT max(toUnixTimestamp(written)) FROM {})",
                                   looked_over_s, table("position")),
                       positions_looked_over_max));
  const auto chain = chain_of(recent);
  if (chain.empty()) return corrupt("the position was there and is there no more");
  std::uint64_t rows = 0;
  std::uint64_t row_sum = 0;
  for (const ClickHousePosition& step : chain) {
    rows += step.rows;
    row_sum += step.row_sum;
  }
  const ClickHousePosition& oldest = chain.back();
  DUHENG_TRY(bool complete, names_complete(position));
  if (complete) {
    DUHENG_TRY(complete, rows_complete(oldest, position, rows, row_sum));
  }
  if (complete) return {};

  ClickHousePosition back;  // the beginning
  if (oldest.first_record > 0) {
    DUHENG_TRY(const auto before,
               positions(fmt::format("sequence < {} AND next_record = {}", oldest.sequence, oldest.first_record), 1));
    if (before.empty()) return corrupt("the latest steps are not whole, and nothing is known of those before them");
    back = before.front();
    DUHENG_TRY(const bool names, names_complete(back));
    if (!names) return corrupt("sources, series or edits are missing");
  }
  log::warning("telemetry", "ClickHouse lacks rows it had acknowledged; the journal is applied again from before them",
               {{"acknowledged_record", position.next_record}, {"next_record", back.next_record}});
  // What was said about settled days stays said.
  back.sequence = position.sequence;
  back.settled_before = position.settled_before;
  back.forgotten = position.forgotten;
  back.last_change = position.last_change;
  position = back;
  return {};
}

Result<void> ClickHouseTelemetryStore::State::take_over() {
  next_sequence = ((position.sequence >> 32) + 1) << 32;
  ClickHousePosition next = position;
  next.format = ClickHousePosition::format_known;
  next.first_record = next.next_record;
  next.rows = next.row_sum = 0;
  return write_position(next);
}

Result<void> ClickHouseTelemetryStore::State::remove(std::string_view name, const std::string& condition) const {
  DUHENG_TRY(const Bytes answer, answer_of(fmt::format("SELECT count() FROM {} WHERE {}", table(name), condition),
                                           options.load_timeout_ms));
  if (ByteReader(answer).u64() == 0) return {};
  DUHENG_CHECK(execute(fmt::format("ALTER TABLE {} DELETE WHERE {}", table(name), condition), options.load_timeout_ms));
  // The server only notes it; were it done later, it would still spare what is written from now on, but what is to go
  // would be seen meanwhile.
  const std::int64_t end_ms = clock.monotonic_ms() + options.load_timeout_ms;
  while (clock.monotonic_ms() < end_ms) {
    DUHENG_TRY(const Bytes left, answer_of(fmt::format("SELECT count() FROM system.mutations WHERE database = '{}' AND "
                                                       "table = '{}' AND is_done = 0",
                                                       options.database, name),
                                           small_timeout_ms));
    if (ByteReader(left).u64() == 0) return {};
    std::this_thread::sleep_for(mutation_poll);
  }
  return fail(ErrorCode::storage_failed, "ClickHouse did not remove unfinished rows in time");
}

Result<void> ClickHouseTelemetryStore::State::remove_later_rows() const {
  DUHENG_CHECK(remove("reading", fmt::format("frame >= {}", frame_of(position.next_record))));
  DUHENG_CHECK(remove("source", fmt::format("id > {}", position.sources)));
  DUHENG_CHECK(remove("series", fmt::format("id > {}", position.series)));
  DUHENG_CHECK(remove("edit_record", fmt::format("record >= {}", position.next_record)));
  return remove("change", fmt::format("number > {}", position.last_change));
}

Result<void> ClickHouseTelemetryStore::State::load_names() {
  DUHENG_TRY(const Bytes source_rows,
             answer_of(fmt::format("SELECT id, gateway, device_uid FROM {} WHERE id <= {} ORDER BY id", table("source"),
                                   position.sources),
                       options.load_timeout_ms));
  std::int64_t last = 0;
  for (ByteReader in(source_rows); !in.at_end();) {
    Source source;
    source.id = SourceId{static_cast<std::int64_t>(in.u64())};
    source.gateway = GatewayId{static_cast<std::int64_t>(in.u64())};
    source.device_uid = in.sized_text();
    if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a source");
    if (source.id.value == last) continue;  // written twice, not merged yet
    last = source.id.value;
    DUHENG_CHECK(index.load_source(source));
  }
  DUHENG_TRY(const Bytes series_rows,
             answer_of(fmt::format("SELECT id, source, register_name, unit, exponent, kind FROM {} WHERE id <= {} "
                                   "ORDER BY id",
                                   table("series"), position.series),
                       options.load_timeout_ms));
  last = 0;
  for (ByteReader in(series_rows); !in.at_end();) {
    Series series;
    series.id = SeriesId{static_cast<std::int64_t>(in.u32())};
    series.source = SourceId{static_cast<std::int64_t>(in.u64())};
    series.register_name = in.sized_text();
    series.unit = in.sized_text();
    series.exponent = static_cast<std::int8_t>(in.u8());
    series.kind = static_cast<SeriesKind>(in.u8());
    if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a series");
    if (series.id.value == last) continue;
    last = series.id.value;
    DUHENG_CHECK(index.load_series(series));
  }
  return {};
}

Result<void> ClickHouseTelemetryStore::State::load_edits_and_changes() {
  DUHENG_TRY(const Bytes edit_rows,
             answer_of(fmt::format("SELECT record, body FROM {} WHERE record < {} ORDER BY record",
                                   table("edit_record"), position.next_record),
                       options.load_timeout_ms));
  std::optional<std::uint64_t> last;
  for (ByteReader in(edit_rows); !in.at_end();) {
    const std::uint64_t record = in.u64();
    const ByteView body = in.sized();
    if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within an edit");
    if (record == last) continue;
    last = record;
    const auto edits = parse_edits(body, record);
    if (!edits) return corrupt("an edit cannot be read: " + edits.error().message);
    DUHENG_CHECK(index.load_edits(*edits));
  }
  DUHENG_TRY(const Bytes change_rows,
             answer_of(fmt::format("SELECT number, series, utc_day FROM {} WHERE number > {} AND number <= {} "
                                   "ORDER BY number",
                                   table("change"), position.forgotten, position.last_change),
                       options.load_timeout_ms));
  changes.settle_before(position.settled_before);
  // Numbers go on where they were, also when everything has been forgotten.
  changes.load({position.last_change, {}});
  changes.forget(position.last_change);
  for (ByteReader in(change_rows); !in.at_end();) {
    ChangeLog::Entry entry;
    entry.number = in.u64();
    entry.day.series = SeriesId{static_cast<std::int64_t>(in.u32())};
    entry.day.utc_day = static_cast<std::int32_t>(in.u32());
    if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a change");
    changes.load(entry);
  }
  changes_written = position.last_change;
  return {};
}

Result<void> ClickHouseTelemetryStore::State::load_latest() {
  // The latest points are those of the greatest time that can be believed; of all times where none can.
  const auto believed = fmt::format("bitAnd(quality, {}) = 0", static_cast<std::uint16_t>(Quality::time_implausible));
  const auto tops = fmt::format(
      "SELECT series, if(countIf({0}) > 0, maxIf(time_utc_ms, {0}), max(time_utc_ms)) AS top_ms, countIf({0}) > 0 AS "
      "believed, max(received_utc_ms) AS received_max FROM {1} WHERE frame < {2} GROUP BY series",
      believed, table("reading"), frame_of(position.next_record));
  struct Top {
    bool believed = false;
    std::int64_t received_utc_ms_max = 0;
  };
  std::vector<Top> by_series(index.staged_series().size());
  DUHENG_TRY(const Bytes top_rows,
             answer_of(fmt::format("SELECT series, believed, received_max FROM ({})", tops), options.load_timeout_ms));
  for (ByteReader in(top_rows); !in.at_end();) {
    const std::uint32_t series = in.u32();
    const bool has_believed = in.u8() != 0;
    const auto received_utc_ms_max = static_cast<std::int64_t>(in.u64());
    if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a latest value");
    if (series < 1 || series > by_series.size()) return corrupt("readings of a series that is not there");
    by_series[series - 1] = {has_believed, received_utc_ms_max};
  }
  QueryOptions question;
  question.timeout_ms = options.load_timeout_ms;
  const auto condition = fmt::format("frame < {} AND (series, time_utc_ms) IN (SELECT series, top_ms FROM ({}))",
                                     frame_of(position.next_record), tops);
  DUHENG_TRY(const std::uint64_t seen, stream_rows(condition, 0, question, [&](const ReadingRow& row) -> Result<void> {
               const bool plausible = (row.quality & static_cast<std::uint16_t>(Quality::time_implausible)) == 0;
               if (row.series < 1 || row.series > by_series.size())
                 return corrupt("a reading of a series that is not there");
               return plausible == by_series[row.series - 1].believed ? index.load_reading(row) : Result<void>{};
             }));
  (void)seen;
  index.publish(position.next_record, position.readings);
  const auto entries = index.all_latest();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].present) continue;
    auto entry = entries[i];
    entry.received_utc_ms_max = by_series[i].received_utc_ms_max;
    DUHENG_CHECK(index.load_latest(SeriesId{static_cast<std::int64_t>(i) + 1}, entry));
  }
  return {};
}

Result<void> ClickHouseTelemetryStore::State::load() {
  DUHENG_CHECK(prepare_tables());
  DUHENG_CHECK(find_position());
  DUHENG_CHECK(take_over());
  DUHENG_CHECK(remove_later_rows());
  DUHENG_CHECK(load_names());
  DUHENG_CHECK(load_edits_and_changes());
  DUHENG_CHECK(load_latest());
  DUHENG_TRY(const auto state, server_state());
  server_started_s = state.second;
  return {};
}

}  // namespace duheng::store
