#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/backups/backup_book.hpp"
#include "store/backup/backup_writer.hpp"
#include "store/backup/trial_restore.hpp"

namespace duheng::platform {

/// What is under way at the moment.
struct BackupActivity {
  BackupKind kind = BackupKind::backup;
  std::string place;
  std::int64_t begun_utc_ms = 0;
  std::string asked_by;
  store::BackupProgress progress{};  ///< of a backup
  std::uint64_t bytes_done = 0;      ///< of a drill
  std::uint64_t bytes_all = 0;
};

enum class RecoveryKeyState : std::uint8_t {
  missing,   ///< no passphrase was ever given: without the key file nothing can be restored elsewhere
  outdated,  ///< the keys were changed since
  current,
};
[[nodiscard]] std::string_view to_string(RecoveryKeyState state) noexcept;

struct PlaceOverview {
  std::string name;
  std::optional<BackupRun> last_backup;  ///< that went well
  std::optional<BackupRun> last_drill;
  bool is_late = false;
};
struct BackupOverview {
  BackupSchedule schedule;
  std::int64_t next_due_utc_ms = 0;  ///< 0: no backups are planned
  std::vector<PlaceOverview> places;
  RecoveryKeyState recovery_key = RecoveryKeyState::missing;
  std::optional<BackupActivity> activity;
  std::uint64_t watermark = 0;
};

struct BackupParts {
  records::Database& database;
  store::Journal& journal;
  Disk& disk;
  const Clock& clock;
  Random& random;
  crypto::KeyProvider& keys;
  alarms::ConditionSink& alarms;
  std::vector<std::unique_ptr<store::BackupPlace>> places;
  /// What a set is made of, apart from journal and recovery key, which the service fills in.
  std::function<store::BackupSource(store::Journal& journal)> source;
  std::string master_key_file;    ///< with its versions beside it
  std::string recovery_key_file;  ///< where the sealed keys are kept
  std::string drill_directory;    ///< made and removed
  std::string product;
  BackupSchedule schedule;  ///< until somebody changes it
  store::RecoveryCost recovery_cost{};
};

/// Makes backups as planned, catches up after downtime, prunes, tries restoring once a month, raises and clears alarms,
/// moves the journal's backup watermark once every place holds what is before it.
///
/// step() is called by one thread; everything else from any.
class BackupService {
 public:
  static constexpr std::int64_t late_after_ms = 2LL * 3'600'000;  ///< then a backup counts as missed
  static constexpr std::int64_t retry_ms = 600'000;
  static constexpr std::int64_t drill_retry_ms = 6LL * 3'600'000;
  static constexpr std::int64_t drill_grace_days = 7;

  explicit BackupService(BackupParts parts);
  /// Before everything else. Errors: as Transaction.
  [[nodiscard]] Result<void> open();
  /// Does what is due, which may take long; true when something was done. Failures are in the book and the alarms, and
  /// do not come back as errors. Errors: as Transaction.
  [[nodiscard]] Result<bool> step();
  /// The work under way ends soon and counts as cancelled; nothing more begins.
  void stop() noexcept { stopping_ = true; }

  [[nodiscard]] Result<BackupOverview> overview();
  [[nodiscard]] Result<BackupPage> list(BackupKind kind, std::int64_t page, std::int64_t page_size) {
    return book_.list(kind, page, page_size);
  }
  /// As soon as what is under way is over. Errors: not_found - no place is configured; conflict - asked already.
  [[nodiscard]] Result<void> ask(BackupKind kind, const std::string& asked_by);
  /// Also what was asked for and has not begun. Errors: not_found - there is neither.
  [[nodiscard]] Result<void> cancel();
  /// Errors: as check_schedule().
  [[nodiscard]] Result<void> set_schedule(const BackupSchedule& schedule);
  /// Seals the master keys under a passphrase, which is forgotten at once. Errors: as seal_recovery_key(),
  /// storage_full, storage_failed.
  [[nodiscard]] Result<void> set_recovery_passphrase(std::string_view passphrase);

 private:
  [[nodiscard]] Result<bool> look_at(store::BackupPlace& place, std::int64_t now_utc_ms);
  [[nodiscard]] Result<bool> is_backup_due(store::BackupPlace& place, std::int64_t now_utc_ms);
  [[nodiscard]] Result<bool> is_drill_due(store::BackupPlace& place, std::int64_t now_utc_ms);
  [[nodiscard]] Result<bool> wait_over(BackupKind kind, const std::string& place, std::int64_t now_utc_ms,
                                       std::int64_t wait_ms);
  [[nodiscard]] Result<void> watch(store::BackupPlace& place, std::int64_t now_utc_ms);
  [[nodiscard]] Result<void> back_up(store::BackupPlace& place, const std::string& asked_by);
  [[nodiscard]] Result<store::BackupReport> make(store::BackupPlace& place);
  [[nodiscard]] Result<void> require_known_place(store::BackupPlace& place);
  void settle_backup(store::BackupPlace& place, BackupRun& run, const Result<store::BackupReport>& made);
  void prune(store::BackupPlace& place);
  void move_watermark();
  [[nodiscard]] Result<void> drill(store::BackupPlace& place, const std::string& asked_by);
  [[nodiscard]] Result<store::TrialReport> try_newest(store::BackupPlace& place);
  void settle_drill(store::BackupPlace& place, BackupRun& run, const Result<store::TrialReport>& tried);
  void raise(std::string_view kind, alarms::Severity severity, const std::string& place,
             std::map<std::string, std::string> facts);
  void clear(std::string_view kind, const std::string& place);
  [[nodiscard]] RecoveryKeyState recovery_key_state();
  [[nodiscard]] BackupSchedule schedule() const;
  [[nodiscard]] std::optional<std::string> take_wish(BackupKind kind, const std::string& place);
  void begin_activity(const BackupRun& run);
  void end_activity();

  BackupParts parts_;
  BackupBook book_;
  std::map<std::string, std::set<crypto::Hash256>> distrusted_;  // of the stepping thread
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> cancelling_ = false;
  mutable std::mutex mutex_;  // guards what follows
  BackupSchedule schedule_;
  std::optional<BackupActivity> activity_;
  std::map<std::pair<BackupKind, std::string>, std::string> wishes_;  // by kind and place: who asked
};

}  // namespace duheng::platform
