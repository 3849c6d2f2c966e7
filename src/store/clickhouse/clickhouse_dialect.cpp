#include "store/clickhouse/clickhouse_dialect.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr ClickHouseVersion first_with_codecs{19, 3, 0};
constexpr ClickHouseVersion first_with_time_series_codecs{20, 1, 0};
constexpr ClickHouseVersion first_with_fsync{20, 12, 0};

/// The number behind "Code: ", or 0.
int code_of(std::string_view body) {
  constexpr std::string_view label = "Code: ";
  const auto at = body.find(label);
  if (at == std::string_view::npos) return 0;
  int code = 0;
  std::from_chars(body.data() + at + label.size(), body.data() + body.size(), code);
  return code;
}

std::string shortened(std::string_view body) {
  constexpr std::size_t size_max = 300;
  std::string_view text = body.substr(0, std::min(body.find(", e.what()"), size_max));
  std::string out(text);
  // What the server quotes may be anything; a log line stays one line.
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
  while (!out.empty() && (out.back() == '?' || out.back() == ' ')) out.pop_back();
  return out;
}

// Numbers of the server's src/Common/ErrorCodes, which it never renumbers.
ErrorCode meaning_of(int code, long http_status) {
  switch (code) {
    case 159:
      return ErrorCode::timed_out;  // TIMEOUT_EXCEEDED
    case 394:
      return ErrorCode::cancelled;  // QUERY_WAS_CANCELLED
    case 243:
      return ErrorCode::storage_full;  // NOT_ENOUGH_SPACE
    case 60:                           // UNKNOWN_TABLE
    case 81:                           // UNKNOWN_DATABASE
    case 40:                           // CHECKSUM_DOESNT_MATCH
    case 33:                           // CANNOT_READ_ALL_DATA
    case 246:
      return ErrorCode::storage_corrupt;  // CORRUPTED_DATA
    case 192:                             // UNKNOWN_USER
    case 193:                             // WRONG_PASSWORD
    case 194:                             // REQUIRED_PASSWORD
    case 195:                             // IP_ADDRESS_NOT_ALLOWED
    case 516:
      return ErrorCode::unauthenticated;  // AUTHENTICATION_FAILED
    case 164:                             // READONLY
    case 291:                             // DATABASE_ACCESS_DENIED
    case 497:
      return ErrorCode::forbidden;  // ACCESS_DENIED
    default:
      break;
  }
  return http_status == 401 || http_status == 403 ? ErrorCode::unauthenticated : ErrorCode::storage_failed;
}

}  // namespace

Result<ClickHouseVersion> parse_clickhouse_version(std::string_view text) {
  ClickHouseVersion version;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  unsigned* const parts[] = {&version.major, &version.minor, &version.patch};
  for (std::size_t i = 0; i < 3; ++i) {
    const bool separated = i == 0 || (at != end && *at == '.');
    if (separated && i > 0) ++at;
    const auto read = std::from_chars(at, end, *parts[i]);
    if (!separated || read.ec != std::errc())
      return fail(ErrorCode::unsupported, "the server does not name a version that this release understands");
    at = read.ptr;
  }
  return version;
}

std::string codec_clause(ClickHouseVersion version, ColumnUse use) {
  if (version < first_with_codecs) return {};
  if (version < first_with_time_series_codecs) return use == ColumnUse::flags ? " CODEC(ZSTD)" : " CODEC(Delta, ZSTD)";
  switch (use) {
    case ColumnUse::series:
      return " CODEC(Delta, ZSTD)";
    case ColumnUse::time:
      return " CODEC(DoubleDelta, ZSTD)";
    case ColumnUse::value:
      return " CODEC(Delta, ZSTD)";
    case ColumnUse::flags:
      return " CODEC(T64, ZSTD)";
    case ColumnUse::reference:
      return " CODEC(DoubleDelta, ZSTD)";
  }
  return {};
}

bool can_fsync_inserts(ClickHouseVersion version) noexcept { return version >= first_with_fsync; }

Result<void> check_database_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto rest = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 63 || !letter(name[0]) || !std::ranges::all_of(name, rest))
    return fail(ErrorCode::invalid_argument,
                "the ClickHouse database must be named with letters, digits and underscores, at most 63");
  return {};
}

const std::vector<std::string_view>& table_names() {
  static const std::vector<std::string_view> names{"source", "series", "edit_record", "reading", "change", "position"};
  return names;
}

std::vector<std::string> create_table_statements(ClickHouseVersion version, std::string_view database) {
  const auto codec = [&](ColumnUse use) { return codec_clause(version, use); };
  const std::string settings = can_fsync_inserts(version) ? " SETTINGS fsync_after_insert = 1" : "";
  const auto statement = [&](std::string_view table, const std::string& columns, std::string_view engine) {
    return fmt::format("CREATE TABLE IF NOT EXISTS {}.{} ({}) ENGINE = {}{}", database, table, columns, engine,
                       settings);
  };
  // Wrong clocks stamp anything, so years outside this century share two partitions. The second part of the key is
  // always 0: it is there because the server keeps the lowest and highest value of the columns in the key for each
  // part, and so finds rows by record number without reading them.
  constexpr std::string_view reading_engine =
      "ReplacingMergeTree PARTITION BY (multiIf(time_utc_ms < 946684800000, 0, time_utc_ms >= 4102444800000, 1, "
      "toYear(toDateTime(toUInt32(intDiv(time_utc_ms, 1000)), 'UTC'))), intDiv(frame, 4611686018427387904)) "
      "ORDER BY (series, time_utc_ms, frame, place)";
  return {
      statement("source", "id UInt64, gateway Int64, device_uid String", "ReplacingMergeTree ORDER BY id"),
      statement("series", "id UInt32, source UInt64, register_name String, unit String, exponent Int8, kind UInt8",
                "ReplacingMergeTree ORDER BY id"),
      statement("edit_record", "record UInt64, body String", "ReplacingMergeTree ORDER BY record"),
      statement("reading",
                fmt::format("series UInt32{}, time_utc_ms Int64{}, mantissa Int64{}, quality UInt16{}, time_source "
                            "UInt8{}, frame Int64{}, place UInt32{}, received_utc_ms Int64{}",
                            codec(ColumnUse::series), codec(ColumnUse::time), codec(ColumnUse::value),
                            codec(ColumnUse::flags), codec(ColumnUse::flags), codec(ColumnUse::reference),
                            codec(ColumnUse::value), codec(ColumnUse::time)),
                reading_engine),
      statement("change", "number UInt64, series UInt32, utc_day Int32", "ReplacingMergeTree ORDER BY number"),
      statement("position",
                "sequence UInt64, format UInt32, first_record UInt64, next_record UInt64, rows UInt64, row_sum UInt64, "
                "readings UInt64, sources UInt64, series UInt64, edit_records UInt64, settled_before Int32, "
                "forgotten UInt64, last_change UInt64, written DateTime DEFAULT now()",
                "MergeTree ORDER BY sequence"),
  };
}

Error clickhouse_error(long http_status, std::string_view body) {
  return {meaning_of(code_of(body), http_status),
          fmt::format("ClickHouse answered {}: {}", http_status, shortened(body))};
}

}  // namespace duheng::store
