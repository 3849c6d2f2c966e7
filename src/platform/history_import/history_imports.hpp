#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/devices/devices.hpp"
#include "platform/history_import/history_import.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/journal/journal.hpp"
#include "store/records/migration.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

struct HeldImport;

/// Readings from before, or from elsewhere, by file (CSV, the columns of an export). Checked first against devices,
/// series and what is stored; committed only when somebody says so, and then as journal records like any other: a batch
/// in the name of the device's own sender, in an epoch that is the imports' alone, with one frame for each line. The
/// frame's "question" says which file, which line and who; its "answer" is the line itself. So the journal alone knows
/// everything, the values join the device's own series, and the same file again is only more evidence.
///
/// The file is kept as it came, encrypted, under its SHA-256. One thread works the files off in turn; what is not
/// committed is in memory, and a restart forgets it. Thread-safe. A person sees only their own.
class HistoryImports {
 public:
  struct Parts {
    records::Database& database;
    Disk& disk;
    const Clock& clock;
    Random& random;
    crypto::KeyProvider& keys;
    Devices& devices;
    store::Journal& journal;
    const store::TelemetryStore& telemetry;
    std::shared_ptr<const drivers::ModelLibrary> models;
    std::string directory;  ///< the files; made when missing
  };
  explicit HistoryImports(Parts parts);
  /// Stops between two batches: what is not in the journal then is not imported.
  ~HistoryImports();
  HistoryImports(const HistoryImports&) = delete;
  HistoryImports& operator=(const HistoryImports&) = delete;
  [[nodiscard]] static records::Capability migrations();

  /// Errors: limit_exceeded - the file is too large; unavailable - too many files are held: commit or cancel some;
  /// invalid_argument - its name.
  [[nodiscard]] Result<HistoryImport> start(const Author& author, std::string_view name, ByteView file);
  /// Newest first, each with the first `findings_shown_max` findings.
  [[nodiscard]] std::vector<HistoryImport> list(const Author& author) const;
  /// Errors: not_found.
  [[nodiscard]] Result<HistoryImport> get(const Author& author, std::int64_t id) const;
  /// All findings as a file for a spreadsheet: line, kind, column, message. Errors: not_found.
  [[nodiscard]] Result<std::string> report_csv(const Author& author, std::int64_t id) const;
  /// Errors: not_found; conflict - it is not checked, or lines are wrong and the mode is all_or_nothing.
  [[nodiscard]] Result<HistoryImport> commit(const Author& author, std::int64_t id, HistoryCommitMode mode);
  /// What is in the journal stays. Errors: not_found; conflict - it is over.
  [[nodiscard]] Result<HistoryImport> cancel(const Author& author, std::int64_t id);
  [[nodiscard]] static std::string template_csv();

 private:
  using HeldPtr = std::shared_ptr<HeldImport>;
  void run(const std::stop_token& stop);
  void check(HeldImport& held);
  [[nodiscard]] Result<void> read_file(HeldImport& held);
  [[nodiscard]] Result<void> compare_with_stored(HeldImport& held);
  void commit_now(HeldImport& held);
  [[nodiscard]] Result<void> commit_lines(HeldImport& held);
  [[nodiscard]] Result<std::uint64_t> epoch();
  [[nodiscard]] Result<void> keep_file(const HeldImport& held);
  [[nodiscard]] Result<void> commit_batch(const HeldImport& held, std::span<const std::size_t> lines,
                                          std::uint64_t epoch);
  [[nodiscard]] Result<void> write_down(const HeldImport& held);
  void finish(HeldImport& held, HistoryState state, std::string reason);
  void note_progress(HeldImport& held, std::size_t lines_checked);
  [[nodiscard]] bool is_cancelled(const HeldImport& held) const;
  [[nodiscard]] HeldPtr find(const Author& author, std::int64_t id) const;
  void forget_old(std::int64_t now_ms);
  [[nodiscard]] std::size_t held_files() const;

  const Parts parts_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any ready_;
  std::map<std::int64_t, HeldPtr> imports_;
  std::deque<std::pair<HeldPtr, bool>> tasks_;  // true: commit
  std::int64_t next_id_ = 1;
  bool stopping_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform
