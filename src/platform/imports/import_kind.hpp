#pragma once
// What a capability says to have files of its own imported.
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "platform/imports/file_import.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

struct ImportLimits {
  std::size_t file_bytes_max = 16U << 20;
  std::size_t lines_max = 100'000;
  std::size_t held_max = 8;                     ///< files being checked, waiting to be committed, or committed
  std::size_t listed_max = 200;                 ///< of everybody; older ones are forgotten
  std::int64_t held_ms_max = 24LL * 3'600'000;  ///< a checked file waits so long to be committed
};

/// A file at work. Views and references are good during the call.
struct ImportTask {
  const FileImport& about;
  const Author& author;  ///< who uploaded it, or who commits it
  ByteView file;
};

/// How far a file is. Thread-safe.
class ImportProgress {
 public:
  virtual ~ImportProgress() = default;
  virtual void checked(std::size_t lines) = 0;
  /// Somebody cancelled it, or the platform stops: end with ErrorCode::cancelled.
  [[nodiscard]] virtual bool is_cancelled() const = 0;
};

struct ImportCheck {
  ImportCounts counts{};
  std::vector<ImportFinding> findings{};
};

/// A commit under way, which a restart may break off at any moment and which then begins again.
class ImportCommit : public ImportProgress {
 public:
  /// Lines that the check, or this commit before a restart, found wrong: to be left out.
  [[nodiscard]] virtual const std::set<std::size_t>& bad_lines() const = 0;
  /// What save() was given last before a restart; empty at first.
  [[nodiscard]] virtual const Bytes& resume() const = 0;
  [[nodiscard]] virtual std::size_t lines_made() const = 0;
  /// Within the caller's transaction: `lines_made` in all, and all that is needed to go on behind them.
  [[nodiscard]] virtual Result<void> save(records::Transaction& t, std::size_t lines_made, ByteView resume) = 0;
  /// Within the caller's transaction: lines that turned out wrong since the check.
  [[nodiscard]] virtual Result<void> add(records::Transaction& t, const std::vector<ImportFinding>& findings) = 0;
};

/// Files of one kind. Calls come from one thread, one at a time.
class ImportKind {
 public:
  virtual ~ImportKind() = default;
  /// Stored with each import, e.g. "devices".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual const ImportLimits& limits() const noexcept = 0;
  /// Changes nothing. Errors end the import: `message` is told to whoever uploaded the file.
  [[nodiscard]] virtual Result<ImportCheck> check(const ImportTask& task, ImportProgress& progress) = 0;
  /// Makes what the good lines say; what was made counts whatever is returned.
  [[nodiscard]] virtual Result<void> commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) = 0;
  /// For the operation log, once lines were made: "import_devices" and what is to be known about this one.
  [[nodiscard]] virtual OperationEntry operation(const FileImport& about, const Author& author,
                                                 std::int64_t now_utc_ms) const = 0;
  /// A file with the header and an example, as UTF-8 with a mark, so that spreadsheets take it for that.
  [[nodiscard]] virtual std::string template_csv() const = 0;
};

}  // namespace duheng::platform
