#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <tuple>

#include "store/telemetry/duckdb_telemetry_state.hpp"

// Opening: the tables become the index.

namespace duheng::store {
namespace {

// 1: readings in one table in order of arrival. 2: runs of curve blocks and sealed files.
constexpr int format_version = 2;
constexpr std::int64_t series_per_step = 4'096;  // of the tail, so that memory stays bounded

Result<void> corrupt(std::string what) {
  return fail(ErrorCode::storage_corrupt, "telemetry engine: " + std::move(what));
}

/// A statement that failed while the file was being opened is damage, unless the machine is at fault.
Result<void> as_damage(Result<void> done) {
  if (!done && (done.error().code == ErrorCode::internal || done.error().code == ErrorCode::storage_failed))
    return corrupt(done.error().message);
  return done;
}

/// Calls row(chunk, index) for every row until one fails.
template <class Row>
OnChunk each(Row&& row) {
  return [row = std::forward<Row>(row)](const Chunk& chunk) mutable -> Result<void> {
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (auto taken = row(chunk, i); !taken) return taken;
    }
    return {};
  };
}

}  // namespace

Result<void> DuckDbTelemetryStore::State::create_tables() {
  for (
      const char* statement : {
          "BEGIN TRANSACTION",
          "CREATE TABLE hot.position (next_record UBIGINT NOT NULL, readings UBIGINT NOT NULL, removed UBIGINT NOT "
          "NULL)",
          "CREATE TABLE hot.latest_position (next_record UBIGINT NOT NULL)",
          "CREATE TABLE hot.source (id BIGINT NOT NULL, gateway BIGINT NOT NULL, device_uid BLOB NOT NULL)",
          "CREATE TABLE hot.series (id UINTEGER NOT NULL, source BIGINT NOT NULL, register_name BLOB NOT NULL, "
          "unit BLOB NOT NULL, exponent TINYINT NOT NULL, kind UTINYINT NOT NULL)",
          // What is in here is there; a run's table that is not listed is left over from a crash.
          "CREATE TABLE hot.run (id UBIGINT NOT NULL, place BLOB NOT NULL, day_min BIGINT NOT NULL, day_max BIGINT NOT "
          "NULL, series_min UINTEGER NOT NULL, series_max UINTEGER NOT NULL, blocks UBIGINT NOT NULL, readings UBIGINT "
          "NOT NULL, value_bytes UBIGINT NOT NULL, evidence_bytes UBIGINT NOT NULL, level UTINYINT NOT NULL, "
          "next_record UBIGINT NOT NULL)",
          "CREATE TABLE hot.year_file (place BLOB NOT NULL, year INTEGER NOT NULL, generation UINTEGER NOT NULL, "
          "key_version UINTEGER NOT NULL)",
          "CREATE TABLE hot.edit (record UBIGINT NOT NULL, body BLOB NOT NULL)",
          "CREATE TABLE hot.settled (utc_day INTEGER NOT NULL)",
          "CREATE TABLE hot.change (number UBIGINT NOT NULL, series UINTEGER NOT NULL, utc_day INTEGER NOT NULL)",
          "CREATE TABLE hot.latest (series UINTEGER NOT NULL, time_utc_ms BIGINT NOT NULL, mantissa BIGINT NOT NULL, "
          "quality USMALLINT NOT NULL, time_source UTINYINT NOT NULL, frame BIGINT NOT NULL, received_utc_ms BIGINT "
          "NOT NULL, "
          "evidence_count UINTEGER NOT NULL, conflict UTINYINT NOT NULL, received_utc_ms_max BIGINT NOT NULL)",
          "INSERT INTO hot.position VALUES (0, 0, 0)",
          "INSERT INTO hot.latest_position VALUES (0)",
      })
    DUHENG_CHECK(writer->run(statement));
  DUHENG_CHECK(writer->run(fmt::format("CREATE TABLE hot.format AS SELECT {}::INTEGER AS version", format_version)));
  return writer->run("COMMIT");
}

Result<void> DuckDbTelemetryStore::State::load() {
  DUHENG_TRY(writer, engine->connect());
  std::int64_t tables = 0;
  DUHENG_CHECK(as_damage(writer->stream("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'hot'",
                                        [&](const Chunk& chunk) -> Result<void> {
                                          tables = chunk.column<std::int64_t>(0)[0];
                                          return {};
                                        })));
  // A process killed between making the file and its tables leaves an empty file, which is as good as a new one.
  if (tables == 0) DUHENG_CHECK(create_tables());
  DUHENG_CHECK(as_damage(load_tables()));
  for (std::size_t i = 0; i < options.read_connections; ++i) {
    DUHENG_TRY(auto session, engine->connect());
    readers.add(std::move(session));
  }
  return {};
}

Result<void> DuckDbTelemetryStore::State::load_tables() {
  int version = -1;
  DUHENG_CHECK(writer->stream("SELECT version FROM hot.format", [&](const Chunk& chunk) -> Result<void> {
    version = chunk.column<std::int32_t>(0)[0];
    return {};
  }));
  if (version > format_version)
    return fail(ErrorCode::unsupported,
                fmt::format("the telemetry file has format {}, this release knows {}", version, format_version));
  if (version != format_version)
    return corrupt(fmt::format("the telemetry file has the older format {} and is made anew", version));

  std::uint64_t next_record = 0;
  std::uint64_t readings = 0;
  std::uint64_t latest_next_record = 0;
  const auto take_position = [&](const Chunk& chunk) -> Result<void> {
    next_record = chunk.column<std::uint64_t>(0)[0];
    readings = chunk.column<std::uint64_t>(1)[0];
    latest_next_record = chunk.column<std::uint64_t>(2)[0];
    readings_removed = chunk.column<std::uint64_t>(3)[0];
    return {};
  };
  DUHENG_CHECK(writer->stream(
      "SELECT next_record, readings, (SELECT next_record FROM hot.latest_position), removed FROM hot.position",
      take_position));
  if (latest_next_record > next_record) return corrupt("the latest points are ahead of the readings");
  DUHENG_CHECK(load_names());
  DUHENG_CHECK(load_year_files());
  DUHENG_CHECK(load_runs(readings));
  DUHENG_CHECK(load_latest());
  DUHENG_CHECK(load_edits());
  DUHENG_CHECK(load_changes());
  DUHENG_CHECK(drop_unknown_tables());
  index.publish(next_record, readings);
  if (latest_next_record < next_record) {
    DUHENG_CHECK(load_tail(latest_next_record));
    index.publish(next_record, 0);
  }
  sources_written = index.source_count();
  series_written = index.series_count();
  readings_at_flush = readings;
  durable_record = next_record;
  return {};
}

Result<void> DuckDbTelemetryStore::State::load_names() {
  DUHENG_CHECK(writer->stream(
      "SELECT id, gateway, device_uid FROM hot.source ORDER BY id", each([&](const Chunk& c, std::size_t i) {
        return index.load_source({SourceId{c.column<std::int64_t>(0)[i]}, GatewayId{c.column<std::int64_t>(1)[i]},
                                  std::string(c.blob(2, i)), 0});
      })));
  return writer->stream(
      "SELECT id, source, register_name, unit, exponent, kind FROM hot.series ORDER BY id",
      each([&](const Chunk& c, std::size_t i) {
        return index.load_series({SeriesId{c.column<std::uint32_t>(0)[i]}, SourceId{c.column<std::int64_t>(1)[i]},
                                  std::string(c.blob(2, i)), std::string(c.blob(3, i)), c.column<std::int8_t>(4)[i],
                                  static_cast<SeriesKind>(c.column<std::uint8_t>(5)[i])});
      }));
}

Result<void> DuckDbTelemetryStore::State::load_latest() {
  return writer->stream(
      "SELECT series, time_utc_ms, mantissa, quality, time_source, frame, received_utc_ms, evidence_count, conflict, "
      "received_utc_ms_max FROM hot.latest",
      each([&](const Chunk& c, std::size_t i) {
        TelemetryIndex::LatestEntry entry;
        entry.present = true;
        entry.point = {c.column<std::int64_t>(1)[i],
                       c.column<std::int64_t>(2)[i],
                       static_cast<Quality>(c.column<std::uint16_t>(3)[i]),
                       static_cast<TimeSource>(c.column<std::uint8_t>(4)[i]),
                       FrameReference{c.column<std::int64_t>(5)[i]},
                       c.column<std::int64_t>(6)[i],
                       c.column<std::uint32_t>(7)[i],
                       c.column<std::uint8_t>(8)[i] != 0,
                       0};
        entry.received_utc_ms_max = c.column<std::int64_t>(9)[i];
        return index.load_latest(SeriesId{c.column<std::uint32_t>(0)[i]}, entry);
      }));
}

Result<void> DuckDbTelemetryStore::State::load_year_files() {
  std::vector<YearFile> named;
  DUHENG_CHECK(writer->stream("SELECT place, year, generation, key_version FROM hot.year_file ORDER BY generation",
                              each([&](const Chunk& c, std::size_t i) -> Result<void> {
                                named.push_back({std::string(c.blob(0, i)), c.column<std::int32_t>(1)[i],
                                                 c.column<std::uint32_t>(2)[i], c.column<std::uint32_t>(3)[i]});
                                return {};
                              })));
  years = std::make_unique<YearFiles>(disk, keys, options.directory);
  DUHENG_CHECK(years->attach_all(*writer, named));
  sealed_bytes = years->bytes();
  return {};
}

Result<void> DuckDbTelemetryStore::State::load_runs(std::uint64_t readings) {
  std::uint64_t held = 0;
  DUHENG_CHECK(writer->stream(
      "SELECT id, place, day_min, day_max, series_min, series_max, blocks, readings, value_bytes, evidence_bytes, "
      "level, next_record FROM hot.run ORDER BY id",
      each([&](const Chunk& c, std::size_t i) -> Result<void> {
        CurveRun run;
        run.id = c.column<std::uint64_t>(0)[i];
        run.place = std::string(c.blob(1, i));
        run.day_min = c.column<std::int64_t>(2)[i];
        run.day_max = c.column<std::int64_t>(3)[i];
        run.series_min = c.column<std::uint32_t>(4)[i];
        run.series_max = c.column<std::uint32_t>(5)[i];
        run.blocks = c.column<std::uint64_t>(6)[i];
        run.readings = c.column<std::uint64_t>(7)[i];
        run.value_bytes = c.column<std::uint64_t>(8)[i];
        run.evidence_bytes = c.column<std::uint64_t>(9)[i];
        run.level = c.column<std::uint8_t>(10)[i];
        run.next_record = c.column<std::uint64_t>(11)[i];
        held += run.readings;
        next_run_id = run.id + 1;
        runs.push_back(std::make_shared<const CurveRun>(std::move(run)));
        return {};
      })));
  if (held + readings_removed != readings)
    return corrupt(fmt::format("{} readings are there where {} were written and {} removed", held, readings,
                               readings_removed.load()));
  for (const auto& run : runs) {
    std::int64_t blocks = -1;
    DUHENG_CHECK(
        writer->stream(fmt::format("SELECT count(*) FROM {}", run->table()), [&](const Chunk& chunk) -> Result<void> {
          blocks = chunk.column<std::int64_t>(0)[0];
          return {};
        }));
    if (blocks != static_cast<std::int64_t>(run->blocks))
      return corrupt(fmt::format("{} holds {} blocks where {} were written", run->table(), blocks, run->blocks));
  }
  return {};
}

Result<void> DuckDbTelemetryStore::State::load_edits() {
  return writer->stream("SELECT record, body FROM hot.edit ORDER BY record",
                        each([&](const Chunk& c, std::size_t i) -> Result<void> {
                          const std::uint64_t record = c.column<std::uint64_t>(0)[i];
                          const auto edits = parse_edits(as_bytes(c.blob(1, i)), record);
                          if (!edits) return corrupt(fmt::format("the edits of record {} do not parse", record));
                          return index.load_edits(*edits);
                        }));
}

Result<void> DuckDbTelemetryStore::State::load_changes() {
  DUHENG_CHECK(writer->stream("SELECT utc_day FROM hot.settled", each([&](const Chunk& c, std::size_t i) {
                                changes.settle_before(c.column<std::int32_t>(0)[i]);
                                return Result<void>{};
                              })));
  DUHENG_CHECK(writer->stream("SELECT number, series, utc_day FROM hot.change ORDER BY number",
                              each([&](const Chunk& c, std::size_t i) -> Result<void> {
                                changes.load({c.column<std::uint64_t>(0)[i],
                                              {SeriesId{c.column<std::uint32_t>(1)[i]}, c.column<std::int32_t>(2)[i]}});
                                return {};
                              })));
  changes_written = changes.last_number();
  return {};
}

Result<void> DuckDbTelemetryStore::State::drop_unknown_tables() {
  std::vector<std::string> unknown;
  DUHENG_CHECK(writer->stream(
      "SELECT database_name::BLOB, table_name::BLOB FROM duckdb_tables() WHERE starts_with(table_name, 'run_')",
      each([&](const Chunk& c, std::size_t i) -> Result<void> {
        std::string name = fmt::format("{}.{}", c.blob(0, i), c.blob(1, i));
        next_run_id =
            std::max<std::uint64_t>(next_run_id, std::strtoull(std::string(c.blob(1, i)).c_str() + 4, nullptr, 10) + 1);
        if (std::ranges::none_of(runs, [&](const auto& run) { return run->table() == name; }))
          unknown.push_back(std::move(name));
        return {};
      })));
  for (const std::string& table : unknown) DUHENG_CHECK(writer->run("DROP TABLE " + table));
  return {};
}

Result<void> DuckDbTelemetryStore::State::load_tail(std::uint64_t from_record) {
  RunList newer;
  for (const auto& run : runs) {
    if (run->next_record > from_record) newer.push_back(run);
  }
  const std::int64_t from_frame = FrameReference::make(from_record, 0).value;
  const Deadline deadline(clock, std::numeric_limits<std::int32_t>::max(), {});
  constexpr DaySpan all_days{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  std::vector<ReadingRow> rows;
  for (std::int64_t first = 1; first <= static_cast<std::int64_t>(index.series_count()); first += series_per_step) {
    DUHENG_TRY(const auto blocks,
               blocks_of(*writer, newer, {SeriesId{first}, SeriesId{first + series_per_step - 1}}, all_days, deadline));
    rows.clear();
    for (const StoredBlock& block : blocks)
      DUHENG_CHECK(decode_curve(block.series, block.values, block.evidence, rows));
    std::erase_if(rows, [&](const ReadingRow& row) { return row.frame < from_frame; });
    // By series in order of arrival.
    std::ranges::sort(rows, {}, [](const ReadingRow& row) {
      return std::tuple(row.series, row.frame, row.time_utc_ms, row.mantissa);
    });
    for (const ReadingRow& row : rows) {
      ++readings_since_checkpoint;
      DUHENG_CHECK(index.load_reading(row));
    }
  }
  return {};
}

}  // namespace duheng::store
