#pragma once
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <unordered_map>

#include "crypto/key_provider.hpp"
#include "store/records/database.hpp"

namespace duheng::records {

/// What SQLite's extended result code means to the caller, with SQLite's own words.
[[nodiscard]] Error sqlite_error(sqlite3* handle, int code, std::string_view what);

/// One opened and keyed connection with its prepared statements. Used by one thread at a time. Internal to this folder.
class SqliteConnection {
 public:
  enum class Use : std::uint8_t { write, read };
  struct Settings {
    std::string path;
    Use use = Use::write;
    std::int64_t busy_timeout_ms = 0;
    std::int64_t cache_kib = 0;
  };

  /// Errors: key_missing - the key does not open the file; otherwise as Transaction.
  [[nodiscard]] static Result<std::unique_ptr<SqliteConnection>> open(const Settings& settings,
                                                                      const crypto::SecretKey& key);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }
  [[nodiscard]] Result<std::int64_t> run(std::string_view sql, Parameters parameters, const RowVisitor* visitor);
  [[nodiscard]] Result<void> run_script(std::string_view sql);

 private:
  struct StatementCloser {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, StatementCloser>;

  explicit SqliteConnection(sqlite3* handle) : handle_(handle) {}
  [[nodiscard]] Result<void> configure(const Settings& settings, const crypto::SecretKey& key);
  [[nodiscard]] Result<Statement> take_statement(const std::string& sql);
  void give_back(const std::string& sql, Statement statement);

  sqlite3* handle_;
  /// Statements not in use, by their text. A statement in use is out of the map, so that a visitor may run the same
  /// text again.
  std::unordered_map<std::string, Statement> statements_;
};

}  // namespace duheng::records
