#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "platform/imports/import_kind.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

namespace import_tables {
struct StoredImport;
}

/// Files of one kind on their way in: taken, checked line by line, and made into something only when somebody says so.
///
/// The file lies encrypted on the disk (purpose "imports") and everything about it in the records, from the moment
/// start() returns until the import is over; nothing is held in memory between two steps. So a restart changes nothing:
/// a check begins again, a checked file still waits to be committed, a commit goes on behind the last line that was
/// made. One thread works the files off in turn.
///
/// Thread-safe. A person sees only their own. Errors besides those named: as Transaction.
class FileImports {
 public:
  static constexpr std::size_t findings_shown_max = 200;
  struct Parts {
    records::Database& database;
    Disk& disk;
    const Clock& clock;
    Random& random;
    crypto::KeyProvider& keys;
    ImportKind& kind;       ///< outlives this
    std::string directory;  ///< made when missing; other kinds may use it too
  };
  explicit FileImports(Parts parts);
  /// Stops as soon as the kind lets go; what is under way goes on after the next start.
  ~FileImports();
  FileImports(const FileImports&) = delete;
  FileImports& operator=(const FileImports&) = delete;
  [[nodiscard]] static records::Capability migrations();

  /// Before start(): the folder, files that nobody knows, uploads that were broken off.
  [[nodiscard]] Result<void> open();
  void run();

  /// Errors: limit_exceeded - the file is too large; unavailable - too many files are held: commit or cancel some;
  /// invalid_argument - its name, or no such zone; storage_full.
  [[nodiscard]] Result<FileImport> start(const Author& author, std::string_view name, ByteView file,
                                         const ImportOptions& options = {});
  /// Newest first, without findings.
  [[nodiscard]] Result<std::vector<FileImport>> list(const Author& author) const;
  /// Errors: not_found.
  [[nodiscard]] Result<FileImport> get(const Author& author, std::int64_t id) const;
  /// All findings as a file for a spreadsheet: line, kind, column, message. Errors: not_found.
  [[nodiscard]] Result<std::string> report_csv(const Author& author, std::int64_t id) const;
  /// Errors: not_found; conflict - it is not checked, or lines are wrong and the mode is all_or_nothing.
  [[nodiscard]] Result<FileImport> commit(const Author& author, std::int64_t id, CommitMode mode);
  /// What was made stays. Errors: not_found; conflict - it is over.
  [[nodiscard]] Result<FileImport> cancel(const Author& author, std::int64_t id);
  [[nodiscard]] std::string template_csv() const { return parts_.kind.template_csv(); }
  [[nodiscard]] const ImportLimits& limits() const noexcept { return parts_.kind.limits(); }

 private:
  class Progress;
  class Commit;
  void work(const std::stop_token& stop);
  [[nodiscard]] Result<bool> step();
  [[nodiscard]] Result<void> work_on(std::int64_t id);
  [[nodiscard]] Result<void> check(const import_tables::StoredImport& stored, ByteView file);
  [[nodiscard]] Result<void> commit_now(const import_tables::StoredImport& stored, ByteView file);
  [[nodiscard]] Result<void> end(const import_tables::StoredImport& stored, const Result<void>& done, bool is_commit);
  [[nodiscard]] Result<Bytes> read_file(const import_tables::StoredImport& stored) const;
  [[nodiscard]] Result<void> write_file(std::int64_t id, ByteView file);
  [[nodiscard]] Result<void> remove_file(std::int64_t id) const;
  [[nodiscard]] Result<void> give_up_stale();
  [[nodiscard]] std::string file_name(std::int64_t id) const;
  [[nodiscard]] std::string path(std::int64_t id) const;
  void wake();
  void set_running(std::int64_t id);
  void note_checked(std::size_t lines);
  [[nodiscard]] bool is_cancelled() const;
  [[nodiscard]] bool is_stopping() const;

  const Parts parts_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any ready_;
  std::int64_t running_id_ = 0;
  std::size_t running_checked_ = 0;
  bool running_cancelled_ = false;
  bool asked_ = true;
  bool stopping_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform
