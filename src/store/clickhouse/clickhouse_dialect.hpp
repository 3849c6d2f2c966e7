#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::store {

/// What differs between ClickHouse servers, and how one is spoken to in SQL. Pure.

struct ClickHouseVersion {
  unsigned major = 0;  ///< the year, from 18 on
  unsigned minor = 0;
  unsigned patch = 0;
  friend auto operator<=>(const ClickHouseVersion&, const ClickHouseVersion&) = default;
};

/// Older ones were never tried; before 18.12 rows could not be removed at all.
inline constexpr ClickHouseVersion first_supported_clickhouse{18, 16, 1};

/// Reads what `SELECT version()` says, e.g. "18.16.1" or "24.8.4.13-stable". Errors: unsupported - not a version.
[[nodiscard]] Result<ClickHouseVersion> parse_clickhouse_version(std::string_view text);

/// What stands in a column, as far as its compression is concerned.
enum class ColumnUse : std::uint8_t { series, time, value, flags, reference };

/// " CODEC(...)" for a column, or nothing when the server is too old for it. Only names every server of that age knows:
/// none before 19.3; Delta and ZSTD from then on; DoubleDelta and T64 from 20.1. Gorilla is left out: it is made for
/// floating point, and our values are integers.
[[nodiscard]] std::string codec_clause(ClickHouseVersion version, ColumnUse use);

/// Whether the server can be told to synchronise each part with its disk before it answers (from 20.12 on).
[[nodiscard]] bool can_fsync_inserts(ClickHouseVersion version) noexcept;

/// A name that may stand in SQL without quotes: a letter or underscore, then letters, digits, underscores; at most 63.
/// Errors: invalid_argument.
[[nodiscard]] Result<void> check_database_name(std::string_view name);

/// The tables of the store, in the order in which they are made.
[[nodiscard]] const std::vector<std::string_view>& table_names();
/// CREATE TABLE IF NOT EXISTS for each of them, in a database whose name has been checked.
[[nodiscard]] std::vector<std::string> create_table_statements(ClickHouseVersion version, std::string_view database);

/// What an answer that is not "200" means to us. The server's own text is kept to its first sentence and 300 octets.
[[nodiscard]] Error clickhouse_error(long http_status, std::string_view body);

}  // namespace duheng::store
