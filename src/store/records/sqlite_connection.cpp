#include "store/records/sqlite_connection.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace duheng::records {
namespace {

constexpr std::size_t cached_statements_max = 256;
constexpr int value_bytes_max = 64 << 20;

ErrorCode code_of(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return ErrorCode::conflict;
    default:
      break;
  }
  switch (extended & 0xFF) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return ErrorCode::invalid_argument;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::unavailable;
    case SQLITE_FULL:
      return ErrorCode::storage_full;
    case SQLITE_CORRUPT:
      return ErrorCode::storage_corrupt;
    case SQLITE_NOTADB:
      return ErrorCode::key_missing;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return ErrorCode::storage_failed;
    case SQLITE_TOOBIG:
      return ErrorCode::limit_exceeded;
    default:
      return ErrorCode::internal;
  }
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override {
    return has(column, SQLITE_INTEGER) ? sqlite3_column_int64(statement_, column) : 0;
  }
  double real(int column) const override {
    return has(column, SQLITE_FLOAT) ? sqlite3_column_double(statement_, column) : 0;
  }
  std::string_view text_view(int column) const override {
    if (!has(column, SQLITE_TEXT)) return {};
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  ByteView blob_view(int column) const override {
    if (!has(column, SQLITE_BLOB)) return {};
    const auto* octets = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  [[nodiscard]] bool has(int column, int type) const { return sqlite3_column_type(statement_, column) == type; }
  sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int index, const Parameter::Value& value) {
  // SQLITE_STATIC: the views outlive the statement's run, and the bindings are cleared after it.
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, index, *integer);
  if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *real);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // A null pointer would bind NULL where an empty text is meant.
    const char* start = text->empty() ? "" : text->data();
    return sqlite3_bind_text64(statement, index, start, text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<ByteView>(&value)) {
    if (blob->empty()) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, blob->data(), blob->size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

}  // namespace

Error sqlite_error(sqlite3* handle, int code, std::string_view what) {
  const int extended =
      handle != nullptr && sqlite3_errcode(handle) != SQLITE_OK ? sqlite3_extended_errcode(handle) : code;
  const char* words = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return {code_of(extended), fmt::format("{}: {} ({})", what, words, extended)};
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const Settings& settings,
                                                                 const crypto::SecretKey& key) {
  sqlite3* handle = nullptr;
  const int outcome = sqlite3_open_v2(settings.path.c_str(), &handle,
                                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (outcome != SQLITE_OK) {
    Error error = sqlite_error(handle, outcome, "cannot open " + settings.path);
    sqlite3_close_v2(handle);
    return std::unexpected(std::move(error));
  }
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle));
  DUHENG_CHECK(connection->configure(settings, key));
  return connection;
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  sqlite3_close_v2(handle_);
}

Result<void> SqliteConnection::configure(const Settings& settings, const crypto::SecretKey& key) {
  sqlite3_busy_timeout(handle_, static_cast<int>(settings.busy_timeout_ms));
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, value_bytes_max);
  std::string raw = "raw:" + to_hex(key.octets());
  const int keyed = sqlite3_key_v2(handle_, "main", raw.data(), static_cast<int>(raw.size()));
  OPENSSL_cleanse(raw.data(), raw.size());
  if (keyed != SQLITE_OK) return std::unexpected(sqlite_error(handle_, keyed, "the key was not taken"));
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);

  // The first look at the file, and so the test of the key.
  auto looked = run("SELECT count(*) FROM sqlite_schema", {}, nullptr);
  if (!looked) {
    if (looked.error().code == ErrorCode::key_missing) {
      looked.error().message = settings.path + " is not opened by this key, or its first page is damaged";
    }
    return std::unexpected(std::move(looked).error());
  }
  if (settings.use == Use::write) {
    std::string mode;
    const RowVisitor read_mode = [&](const Row& row) -> Result<void> {
      mode = row.text(0);
      return {};
    };
    DUHENG_CHECK(run("PRAGMA journal_mode=WAL", {}, &read_mode));
    if (mode != "wal") return fail(ErrorCode::storage_failed, settings.path + " cannot keep a write-ahead log there");
  }
  DUHENG_CHECK(
      run_script("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON; "
                 "PRAGMA journal_size_limit=67108864"));
  DUHENG_CHECK(run_script(fmt::format("PRAGMA cache_size=-{}", settings.cache_kib)));
  if (settings.use == Use::read) DUHENG_CHECK(run_script("PRAGMA query_only=ON"));
  return {};
}

Result<SqliteConnection::Statement> SqliteConnection::take_statement(const std::string& sql) {
  if (auto node = statements_.extract(sql)) return std::move(node.mapped());
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int outcome =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, &rest);
  Statement statement(raw);
  if (outcome != SQLITE_OK) return std::unexpected(sqlite_error(handle_, outcome, "cannot prepare \"" + sql + "\""));
  if (statement == nullptr || std::string_view(rest).find_first_not_of(" \t\n;") != std::string_view::npos) {
    return fail(ErrorCode::internal, "exactly one statement was expected in \"" + sql + "\"");
  }
  return statement;
}

void SqliteConnection::give_back(const std::string& sql, Statement statement) {
  sqlite3_reset(statement.get());
  sqlite3_clear_bindings(statement.get());
  if (statements_.size() >= cached_statements_max) statements_.clear();
  statements_.emplace(sql, std::move(statement));
}

Result<std::int64_t> SqliteConnection::run(std::string_view sql, Parameters parameters, const RowVisitor* visitor) {
  const std::string text{sql};
  DUHENG_TRY(Statement statement, take_statement(text));
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement.get()));
  if (wanted != parameters.size()) {
    return fail(ErrorCode::internal,
                fmt::format("{} parameters for the {} of \"{}\"", parameters.size(), wanted, text));
  }
  int index = 0;
  for (const auto& parameter : parameters) {
    if (const int bound = bind(statement.get(), ++index, parameter.value()); bound != SQLITE_OK) {
      return std::unexpected(sqlite_error(handle_, bound, fmt::format("parameter {} of \"{}\"", index, text)));
    }
  }
  const SqliteRow row(statement.get());
  int outcome = SQLITE_ROW;
  while ((outcome = sqlite3_step(statement.get())) == SQLITE_ROW) {
    if (visitor != nullptr) DUHENG_CHECK((*visitor)(row));
  }
  // An error is described before the statement is reset or finalized, which would replace its words.
  if (outcome != SQLITE_DONE) return std::unexpected(sqlite_error(handle_, outcome, fmt::format("\"{}\"", text)));
  const std::int64_t changed = sqlite3_stmt_readonly(statement.get()) != 0 ? 0 : sqlite3_changes64(handle_);
  give_back(text, std::move(statement));
  return changed;
}

Result<void> SqliteConnection::run_script(std::string_view sql) {
  const int outcome = sqlite3_exec(handle_, std::string{sql}.c_str(), nullptr, nullptr, nullptr);
  if (outcome != SQLITE_OK) return std::unexpected(sqlite_error(handle_, outcome, "script"));
  return {};
}

}  // namespace duheng::records
