// Parquet files from outside, read by DuckDB. The file is given to it as an anonymous file in memory, so that nothing
// lies unencrypted on a disk; it runs with one thread and little memory, and rows are taken as they come, so that a
// small file that unpacks to billions of rows ends at the reader's own limits.
#include <array>
#include <cerrno>
#include <cstring>
#include <duckdb.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "base/time.hpp"
#include "store/table_files/foreign_tables.hpp"
#include "store/table_files/xlsx_cells.hpp"

namespace duheng::store::table_files {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 8> settings{{
    {"threads", "1"},
    {"memory_limit", "268435456B"},
    {"temp_directory", ""},
    {"max_temp_directory_size", "0B"},
    {"autoload_known_extensions", "false"},
    {"autoinstall_known_extensions", "false"},
    {"allow_community_extensions", "false"},
    {"preserve_insertion_order", "true"},
}};

/// A file without a name, gone with this object.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView content) : descriptor_(::memfd_create("table", MFD_CLOEXEC)) {
    while (descriptor_ >= 0 && !content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      content = content.subspan(static_cast<std::size_t>(written));
    }
    is_whole_ = descriptor_ >= 0 && content.empty();
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
  bool is_whole_ = false;
};

enum class Conversion : std::uint8_t { text, floating, utc, local, none };

Conversion conversion_of(duckdb_type type) noexcept {
  switch (type) {
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return Conversion::floating;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return Conversion::utc;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return Conversion::local;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_UNION:
      return Conversion::none;
    default:
      return Conversion::text;
  }
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string expression(const std::string& name, Conversion conversion) {
  switch (conversion) {
    case Conversion::utc:
      return fmt::format("CAST(epoch_ms({}) AS VARCHAR)", quoted(name));
    case Conversion::local:
      return fmt::format("CAST(epoch_ms(CAST({} AS TIMESTAMP)) AS VARCHAR)", quoted(name));
    default:
      return fmt::format("CAST({} AS VARCHAR)", quoted(name));
  }
}

struct Engine {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  duckdb_result result{};
  bool has_result = false;
  duckdb_data_chunk chunk = nullptr;

  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    forget_result();
    if (connection != nullptr) duckdb_disconnect(&connection);
    if (database != nullptr) duckdb_close(&database);
  }
  void forget_result() {
    if (chunk != nullptr) duckdb_destroy_data_chunk(&chunk);
    if (has_result) duckdb_destroy_result(&result);
    has_result = false;
  }
  Result<void> open() {
    duckdb_config config = nullptr;
    if (duckdb_create_config(&config) != DuckDBSuccess) return fail(ErrorCode::internal, "DuckDB has no configuration");
    bool good = true;
    for (const auto& [name, value] : settings) good = good && duckdb_set_config(config, name, value) == DuckDBSuccess;
    char* message = nullptr;
    good = good && duckdb_open_ext(nullptr, &database, config, &message) == DuckDBSuccess;
    duckdb_free(message);
    duckdb_destroy_config(&config);
    if (!good || duckdb_connect(database, &connection) != DuckDBSuccess)
      return fail(ErrorCode::internal, "DuckDB does not start");
    return {};
  }
  /// Rows come as they are fetched.
  Result<void> ask(const std::string& sql) {
    forget_result();
    duckdb_prepared_statement statement = nullptr;
    duckdb_pending_result pending = nullptr;
    std::string failure;
    if (duckdb_prepare(connection, sql.c_str(), &statement) != DuckDBSuccess) {
      failure = text(duckdb_prepare_error(statement));
    } else if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess) {
      failure = text(duckdb_pending_error(pending));
    } else {
      has_result = true;
      if (duckdb_execute_pending(pending, &result) != DuckDBSuccess) failure = text(duckdb_result_error(&result));
    }
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    if (!failure.empty()) return std::unexpected(refused(failure));
    return {};
  }
  static std::string text(const char* message) { return message == nullptr ? "unknown" : message; }
  static Error refused(const std::string& message) {
    if (message.starts_with("Out of Memory"))
      return {ErrorCode::limit_exceeded, "the Parquet file unpacks to more than is taken"};
    return {ErrorCode::malformed, "the file is no Parquet file, or damaged"};
  }
};

class ParquetTable final : public TableReader {
 public:
  explicit ParquetTable(ByteView content) : file_(content) {}

  Result<void> open() {
    if (!file_.is_whole()) return fail(ErrorCode::unavailable, "there is no memory to read the file in");
    DUHENG_CHECK(engine_.open());
    const std::string from = fmt::format(" FROM read_parquet('{}', binary_as_string = true)", file_.path());
    DUHENG_CHECK(engine_.ask("SELECT *" + from));
    const idx_t count = duckdb_column_count(&engine_.result);
    if (count > table_read_limits::fields_max)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("the file has more than {} columns", table_read_limits::fields_max));
    std::string sql = "SELECT ";
    for (idx_t i = 0; i < count; ++i) {
      const std::string name = Engine::text(duckdb_column_name(&engine_.result, i));
      const Conversion conversion = conversion_of(duckdb_column_type(&engine_.result, i));
      if (conversion == Conversion::none)
        return fail(ErrorCode::unsupported, fmt::format("the column \"{}\" holds lists or records", name));
      if (i > 0) sql += ", ";
      sql += expression(name, conversion);
      names_.push_back(name);
      conversions_.push_back(conversion);
    }
    return engine_.ask(sql + from);
  }

  Result<bool> next(std::vector<std::string>& fields) override {
    ++line_;
    if (line_ == 1) {
      fields = names_;
      octets_ = as_line(fields);
      return !fields.empty();
    }
    DUHENG_TRY(const bool more, advance());
    if (!more) return false;
    fields.resize(names_.size());
    bool fits = true;
    for (std::size_t i = 0; i < fields.size(); ++i) fits = take(i, fields[i]) && fits;
    ++row_;
    octets_.clear();
    if (fits) octets_ = as_line(fields);
    content_bytes_ += octets_.size();
    if (content_bytes_ > table_read_limits::content_bytes_max)
      return fail(ErrorCode::limit_exceeded, "the file holds more than is taken");
    if (fits && octets_.size() <= table_read_limits::octets_max) return true;
    octets_.clear();
    return fail(ErrorCode::malformed, "the row is too long");
  }
  [[nodiscard]] std::size_t line() const noexcept override { return line_; }
  [[nodiscard]] std::string_view octets() const noexcept override { return octets_; }

 private:
  /// To the next row. False: there is none.
  Result<bool> advance() {
    while (engine_.chunk == nullptr || row_ == duckdb_data_chunk_get_size(engine_.chunk)) {
      if (engine_.chunk != nullptr) duckdb_destroy_data_chunk(&engine_.chunk);
      row_ = 0;
      engine_.chunk = duckdb_fetch_chunk(engine_.result);
      if (engine_.chunk == nullptr || duckdb_data_chunk_get_size(engine_.chunk) == 0) {
        const char* failure = duckdb_result_error(&engine_.result);
        if (failure != nullptr && *failure != '\0') {
          Error error = Engine::refused(failure);
          if (error.code == ErrorCode::malformed) error.code = ErrorCode::truncated;  // not this row: all that follows
          return std::unexpected(std::move(error));
        }
        return false;
      }
    }
    return true;
  }

  /// False: it is too long.
  bool take(std::size_t column, std::string& out) {
    out.clear();
    duckdb_vector vector = duckdb_data_chunk_get_vector(engine_.chunk, column);
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row_)) return true;
    auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)) + row_;
    const std::size_t size = duckdb_string_t_length(*text);
    if (size > table_read_limits::field_bytes_max) return false;
    out.assign(duckdb_string_t_data(text), size);
    if (conversions_[column] == Conversion::floating) out = without_exponent(out);
    if (conversions_[column] == Conversion::utc || conversions_[column] == Conversion::local) {
      out = format_utc(std::strtoll(out.c_str(), nullptr, 10));
      if (conversions_[column] == Conversion::local) out.pop_back();
    }
    return true;
  }

  const MemoryFile file_;
  Engine engine_;
  std::vector<std::string> names_;
  std::vector<Conversion> conversions_;
  std::size_t line_ = 0;
  idx_t row_ = 0;
  std::string octets_;
  std::size_t content_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<TableReader>> open_parquet(ByteView file) {
  auto table = std::make_unique<ParquetTable>(file);
  DUHENG_CHECK(table->open());
  return table;
}

}  // namespace duheng::store::table_files
