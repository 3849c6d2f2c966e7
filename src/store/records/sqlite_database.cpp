#include "store/records/sqlite_database.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <unistd.h>
#include <vector>

#include "store/records/sqlite_connection.hpp"

namespace duheng::records {
namespace {

Error file_error(std::string_view what, const std::string& path, int error_number) {
  ErrorCode code = ErrorCode::storage_failed;
  if (error_number == ENOSPC || error_number == EDQUOT) code = ErrorCode::storage_full;
  if (error_number == EEXIST) code = ErrorCode::already_exists;
  return {code, fmt::format("cannot {} {}: {}", what, path, std::strerror(error_number))};
}

/// SQLite gives its log the mode of the database file, so it is made here, for the owner only, before SQLite sees it.
Result<void> make_private_file(const std::string& path, int extra_flags) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | extra_flags, 0600);
  if (descriptor < 0) return std::unexpected(file_error("open", path, errno));
  ::close(descriptor);
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const int folder = ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return std::unexpected(file_error("open", directory, errno));
  const int outcome = ::fsync(folder);
  const int error_number = errno;
  ::close(folder);
  if (outcome != 0) return std::unexpected(file_error("sync", directory, error_number));
  return {};
}

}  // namespace

class SqliteDatabase::Implementation {
 public:
  using Use = SqliteConnection::Use;
  using Connection = std::unique_ptr<SqliteConnection>;

  Implementation(SqliteOptions options, const crypto::SecretKey& key, Connection writer)
      : options_(std::move(options)), key_(key), writer_(std::move(writer)) {}

  /// Errors: unavailable - none became free in time.
  Result<Connection> take(Use use) {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] {
      return use == Use::write ? writer_ != nullptr || writer_lost_
                               : !readers_.empty() || readers_made_ < options_.readers_max;
    };
    if (!freed_.wait_for(lock, std::chrono::milliseconds(options_.busy_timeout_ms), is_free)) {
      return fail(ErrorCode::unavailable, fmt::format("no turn to {} the records within {} ms",
                                                      use == Use::write ? "write" : "read", options_.busy_timeout_ms));
    }
    if (use == Use::write) {
      if (writer_ != nullptr) return std::move(writer_);
      DUHENG_TRY(Connection connection, SqliteConnection::open(settings(Use::write), key_));
      writer_lost_ = false;
      return connection;
    }
    if (!readers_.empty()) {
      Connection connection = std::move(readers_.back());
      readers_.pop_back();
      return connection;
    }
    DUHENG_TRY(Connection connection, SqliteConnection::open(settings(Use::read), key_));
    ++readers_made_;
    return connection;
  }

  /// A connection that cannot leave its transaction is closed; the next taker opens another.
  void give_back(Use use, Connection connection) {
    if (connection->in_transaction()) (void)connection->run("ROLLBACK", {}, nullptr);
    if (connection->in_transaction()) connection.reset();
    const std::scoped_lock lock(mutex_);
    if (use == Use::write) {
      writer_lost_ = connection == nullptr;
      writer_ = std::move(connection);
    } else if (connection != nullptr) {
      readers_.push_back(std::move(connection));
    } else {
      --readers_made_;
    }
    freed_.notify_all();
  }

  [[nodiscard]] SqliteConnection::Settings settings(Use use) const {
    return {.path = options_.path,
            .use = use,
            .busy_timeout_ms = options_.busy_timeout_ms,
            .cache_kib = options_.cache_kib};
  }
  [[nodiscard]] const crypto::SecretKey& key() const noexcept { return key_; }

 private:
  const SqliteOptions options_;
  const crypto::SecretKey key_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable freed_;
  Connection writer_;  // null while somebody writes
  bool writer_lost_ = false;
  std::vector<Connection> readers_;
  std::size_t readers_made_ = 0;
};

namespace {

using Use = SqliteConnection::Use;

class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(std::shared_ptr<SqliteDatabase::Implementation> pool, Use use,
                    std::unique_ptr<SqliteConnection> connection)
      : pool_(std::move(pool)), use_(use), connection_(std::move(connection)) {}
  ~SqliteTransaction() override { pool_->give_back(use_, std::move(connection_)); }

  Result<void> run_script(std::string_view sql) override {
    DUHENG_CHECK(check_open());
    return connection_->run_script(sql);
  }

  Result<void> commit() override {
    DUHENG_CHECK(check_open());
    auto committed = connection_->run("COMMIT", {}, nullptr);
    if (!committed && connection_->in_transaction()) (void)connection_->run("ROLLBACK", {}, nullptr);
    if (!committed) return std::unexpected(std::move(committed).error());
    return {};
  }

 protected:
  Result<std::int64_t> run(std::string_view sql, Parameters parameters, const RowVisitor* visitor) override {
    DUHENG_CHECK(check_open());
    return connection_->run(sql, parameters, visitor);
  }

 private:
  /// SQLite ends a transaction by itself after some errors (disk full, for one): what follows must not run outside it.
  [[nodiscard]] Result<void> check_open() const {
    if (!connection_->in_transaction()) return fail(ErrorCode::internal, "the transaction has ended");
    return {};
  }

  std::shared_ptr<SqliteDatabase::Implementation> pool_;
  Use use_;
  std::unique_ptr<SqliteConnection> connection_;
};

Result<std::unique_ptr<Transaction>> begin(const std::shared_ptr<SqliteDatabase::Implementation>& pool, Use use) {
  DUHENG_TRY(auto connection, pool->take(use));
  auto begun = connection->run(use == Use::write ? "BEGIN IMMEDIATE" : "BEGIN", {}, nullptr);
  if (!begun) {
    pool->give_back(use, std::move(connection));
    return std::unexpected(std::move(begun).error());
  }
  return std::make_unique<SqliteTransaction>(pool, use, std::move(connection));
}

Result<void> copy_pages(sqlite3* target, sqlite3* source) {
  sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
  if (backup == nullptr) return std::unexpected(sqlite_error(target, SQLITE_ERROR, "cannot begin the copy"));
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return std::unexpected(sqlite_error(nullptr, stepped, "cannot copy the records"));
  if (finished != SQLITE_OK) return std::unexpected(sqlite_error(target, finished, "cannot finish the copy"));
  return {};
}

}  // namespace

SqliteDatabase::SqliteDatabase(std::shared_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
SqliteDatabase::~SqliteDatabase() = default;

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(SqliteOptions options, crypto::KeyProvider& keys) {
  DUHENG_CHECK(make_private_file(options.path, 0));
  options.readers_max = std::max<std::size_t>(options.readers_max, 1);
  DUHENG_TRY(const auto newest, keys.current_version("records"));
  const SqliteConnection::Settings settings{.path = options.path,
                                            .use = Use::write,
                                            .busy_timeout_ms = options.busy_timeout_ms,
                                            .cache_kib = options.cache_kib};
  for (std::uint32_t version = newest; version > 0; --version) {
    DUHENG_TRY(const auto key, keys.key("records", version));
    auto writer = SqliteConnection::open(settings, key);
    if (writer) {
      auto implementation = std::make_shared<Implementation>(std::move(options), key, std::move(*writer));
      return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(std::move(implementation)));
    }
    if (writer.error().code != ErrorCode::key_missing || version == 1)
      return std::unexpected(std::move(writer).error());
  }
  return fail(ErrorCode::key_missing, "there is no key for the records");
}

Result<std::unique_ptr<Transaction>> SqliteDatabase::begin_write() { return begin(implementation_, Use::write); }
Result<std::unique_ptr<Transaction>> SqliteDatabase::begin_read() { return begin(implementation_, Use::read); }

Result<void> SqliteDatabase::check_integrity() {
  return read([](Transaction& transaction) -> Result<void> {
    DUHENG_TRY(const auto found,
               transaction.first("PRAGMA integrity_check(1)", {}, [](const Row& row) { return row.text(0); }));
    if (!found || *found != "ok")
      return fail(ErrorCode::storage_corrupt, "the records are damaged: " + found.value_or("no answer"));
    return {};
  });
}

Result<void> SqliteDatabase::backup_to(const std::string& path) {
  DUHENG_CHECK(make_private_file(path, O_EXCL));
  const auto copy = [&]() -> Result<void> {
    auto settings = implementation_->settings(Use::write);
    settings.path = path;
    DUHENG_TRY(const auto target, SqliteConnection::open(settings, implementation_->key()));
    DUHENG_TRY(auto source, implementation_->take(Use::read));
    auto copied = copy_pages(target->handle(), source->handle());
    implementation_->give_back(Use::read, std::move(source));
    return copied;
  };
  auto copied = copy();
  if (!copied) {
    std::error_code ignored;  // the copy's own error is the one to report
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix, ignored);
  }
  return copied;
}

}  // namespace duheng::records
