#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "crypto/key_provider.hpp"
#include "store/records/database.hpp"

namespace duheng::records {

struct SqliteOptions {
  std::string path{};                    ///< the directory must exist; the file is made with mode 0600
  std::size_t readers_max = 4;           ///< connections for reading; made when first needed
  std::int64_t busy_timeout_ms = 5'000;  ///< for a turn to write, for a reader, for another process
  std::int64_t cache_kib = 65'536;       ///< page cache of each connection
};

/// Records on one machine: SQLite, encrypted by SQLite3MultipleCiphers with ChaCha20-Poly1305 (RFC 8439), one fresh
/// nonce and one tag per page. Chosen before AES-256-CBC with HMAC because one pass encrypts and authenticates, without
/// any processor feature, and because the key is used as it is: no password derivation at every connection.
///
/// Write-ahead log with synchronous=FULL: commit() returns after the log's fsync. One writing connection, `readers_max`
/// reading ones. The file is read by SQLite's own file layer, not through Disk. The key is that of KeyProvider purpose
/// "records"; older versions are tried when the current one does not open the file.
class SqliteDatabase final : public Database {
 public:
  /// Errors: key_missing - no version of the key opens the file (or its first page is damaged); storage_corrupt;
  /// storage_full; storage_failed - the directory is missing or not writable.
  [[nodiscard]] static Result<std::unique_ptr<SqliteDatabase>> open(SqliteOptions options, crypto::KeyProvider& keys);
  /// All transactions must have ended.
  ~SqliteDatabase() override;

  [[nodiscard]] Result<std::unique_ptr<Transaction>> begin_write() override;
  [[nodiscard]] Result<std::unique_ptr<Transaction>> begin_read() override;

  /// Reads every page and checks tags and structure. Errors: storage_corrupt - the message names the first fault.
  [[nodiscard]] Result<void> check_integrity();
  /// Writes a consistent copy under the same key to `path`, which must not exist, while others go on reading and
  /// writing. Errors: already_exists, storage_full, storage_failed; the unfinished copy is removed.
  [[nodiscard]] Result<void> backup_to(const std::string& path);

  class Implementation;

 private:
  explicit SqliteDatabase(std::shared_ptr<Implementation> implementation);
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace duheng::records
