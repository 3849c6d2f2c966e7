#include <algorithm>
#include <fmt/format.h>

#include "store/telemetry/duckdb_telemetry_state.hpp"

// Opening: the tables become the index.

namespace duheng::store {
namespace {

constexpr int format_version = 1;
constexpr std::uint64_t records_per_step = 64;  // of the tail, so that memory stays bounded

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
  for (const char* statement : {
           "BEGIN TRANSACTION",
           "CREATE TABLE hot.position (next_record UBIGINT NOT NULL, readings UBIGINT NOT NULL)",
           "CREATE TABLE hot.latest_position (next_record UBIGINT NOT NULL)",
           "CREATE TABLE hot.source (id BIGINT NOT NULL, gateway BIGINT NOT NULL, device_uid BLOB NOT NULL)",
           "CREATE TABLE hot.series (id UINTEGER NOT NULL, source BIGINT NOT NULL, register_name BLOB NOT NULL, "
           "unit BLOB NOT NULL, exponent TINYINT NOT NULL, kind UTINYINT NOT NULL)",
           // In order of arrival and without a key: an index would cost more than three quarters of the speed.
           "CREATE TABLE hot.reading (series UINTEGER NOT NULL, time_utc_ms BIGINT NOT NULL, mantissa BIGINT NOT NULL, "
           "quality USMALLINT NOT NULL, time_source UTINYINT NOT NULL, frame BIGINT NOT NULL, received_utc_ms BIGINT "
           "NOT NULL)",
           "CREATE TABLE hot.latest (series UINTEGER NOT NULL, time_utc_ms BIGINT NOT NULL, mantissa BIGINT NOT NULL, "
           "quality USMALLINT NOT NULL, time_source UTINYINT NOT NULL, frame BIGINT NOT NULL, received_utc_ms BIGINT "
           "NOT NULL, "
           "evidence_count UINTEGER NOT NULL, conflict UTINYINT NOT NULL, received_utc_ms_max BIGINT NOT NULL)",
           "INSERT INTO hot.position VALUES (0, 0)",
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
  if (version != format_version) return corrupt("the telemetry file names no format");

  std::uint64_t next_record = 0;
  std::uint64_t readings = 0;
  std::uint64_t latest_next_record = 0;
  std::uint64_t rows_there = 0;
  const auto take_position = [&](const Chunk& chunk) -> Result<void> {
    next_record = chunk.column<std::uint64_t>(0)[0];
    readings = chunk.column<std::uint64_t>(1)[0];
    latest_next_record = chunk.column<std::uint64_t>(2)[0];
    rows_there = chunk.column<std::uint64_t>(3)[0];
    return {};
  };
  DUHENG_CHECK(
      writer->stream("SELECT next_record, readings, (SELECT next_record FROM hot.latest_position), (SELECT "
                     "count(*)::UBIGINT FROM hot.reading) "
                     "FROM hot.position",
                     take_position));
  if (readings != rows_there)
    return corrupt(fmt::format("{} readings are there where {} were written", rows_there, readings));
  if (latest_next_record > next_record) return corrupt("the latest points are ahead of the readings");

  DUHENG_CHECK(writer->stream(
      "SELECT id, gateway, device_uid FROM hot.source ORDER BY id", each([&](const Chunk& c, std::size_t i) {
        return index.load_source({SourceId{c.column<std::int64_t>(0)[i]}, GatewayId{c.column<std::int64_t>(1)[i]},
                                  std::string(c.blob(2, i)), 0});
      })));
  DUHENG_CHECK(writer->stream("SELECT id, source, register_name, unit, exponent, kind FROM hot.series ORDER BY id",
                              each([&](const Chunk& c, std::size_t i) {
                                return index.load_series(
                                    {SeriesId{c.column<std::uint32_t>(0)[i]}, SourceId{c.column<std::int64_t>(1)[i]},
                                     std::string(c.blob(2, i)), std::string(c.blob(3, i)), c.column<std::int8_t>(4)[i],
                                     static_cast<SeriesKind>(c.column<std::uint8_t>(5)[i])});
                              })));
  DUHENG_CHECK(writer->stream(
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
                       c.column<std::uint8_t>(8)[i] != 0};
        entry.received_utc_ms_max = c.column<std::int64_t>(9)[i];
        return index.load_latest(SeriesId{c.column<std::uint32_t>(0)[i]}, entry);
      })));
  DUHENG_CHECK(load_tail(latest_next_record, next_record));
  index.publish(next_record, readings);
  return {};
}

Result<void> DuckDbTelemetryStore::State::load_tail(std::uint64_t from_record, std::uint64_t to_record) {
  for (std::uint64_t from = from_record; from < to_record; from += records_per_step) {
    const std::uint64_t to = std::min(from + records_per_step, to_record);
    const auto sql = fmt::format(
        "SELECT series, time_utc_ms, mantissa, quality, time_source, frame, received_utc_ms FROM hot.reading "
        "WHERE frame >= {} AND frame < {}",
        FrameReference::make(from, 0).value, FrameReference::make(to, 0).value);
    DUHENG_CHECK(writer->stream(sql, each([&](const Chunk& c, std::size_t i) {
                                  ++readings_since_checkpoint;
                                  return index.load_reading({c.column<std::uint32_t>(0)[i],
                                                             c.column<std::int64_t>(1)[i], c.column<std::int64_t>(2)[i],
                                                             c.column<std::uint16_t>(3)[i],
                                                             c.column<std::uint8_t>(4)[i], c.column<std::int64_t>(5)[i],
                                                             c.column<std::int64_t>(6)[i]});
                                })));
  }
  return {};
}

}  // namespace duheng::store
