#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/backups/backup_schedule.hpp"
#include "store/records/database.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

enum class BackupKind : std::uint8_t { backup = 0, drill = 1 };                  // stored: append
enum class BackupState : std::uint8_t { running = 0, done, failed, cancelled };  // stored: append
[[nodiscard]] std::string_view to_string(BackupKind kind) noexcept;
[[nodiscard]] std::string_view to_string(BackupState state) noexcept;

/// One backup or one drill, as it went.
struct BackupRun {
  std::int64_t id = 0;
  BackupKind kind = BackupKind::backup;
  BackupState state = BackupState::running;
  std::string place;
  std::string asked_by;  ///< empty: the schedule
  std::int64_t begun_utc_ms = 0;
  std::int64_t ended_utc_ms = 0;
  std::uint64_t set_number = 0;
  std::int64_t verified_utc_ms = 0;  ///< of a backup: when its set was last found whole at the place
  std::int64_t removed_utc_ms = 0;   ///< its time was over; 0: the set is there
  std::uint64_t journal_next = 0;
  std::uint64_t files = 0;
  std::uint64_t files_new = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_sent = 0;
  bool has_recovery_key = false;
  std::string reason;  ///< of a failure, in English
  std::string report;  ///< of a drill: JSON
};

struct BackupPage {
  std::vector<BackupRun> runs;  ///< newest first
  std::int64_t total = 0;
};

/// Backups, drills and their plan in the records. Errors of every call: as Transaction.
class BackupBook {
 public:
  explicit BackupBook(records::Database& database) : database_(database) {}
  [[nodiscard]] static records::Capability migrations();

  /// Nothing when nobody changed it yet.
  [[nodiscard]] Result<std::optional<BackupSchedule>> schedule();
  [[nodiscard]] Result<void> set_schedule(const BackupSchedule& schedule);

  /// Returns the id.
  [[nodiscard]] Result<std::int64_t> begin(const BackupRun& run);
  [[nodiscard]] Result<void> finish(const BackupRun& run);
  /// What ran when the platform ended did not finish.
  [[nodiscard]] Result<void> settle_interrupted(std::int64_t now_utc_ms);
  [[nodiscard]] Result<void> note_verified(const std::string& place, std::uint64_t set_number, std::int64_t utc_ms);
  [[nodiscard]] Result<void> note_removed(const std::string& place, const std::vector<std::uint64_t>& sets,
                                          std::int64_t utc_ms);
  /// The newest run of a kind that went well.
  [[nodiscard]] Result<std::optional<BackupRun>> last_done(BackupKind kind, const std::string& place);
  /// The newest run of a kind that is over, however it went.
  [[nodiscard]] Result<std::optional<BackupRun>> last_over(BackupKind kind, const std::string& place);
  [[nodiscard]] Result<std::optional<BackupRun>> first_done(BackupKind kind, const std::string& place);
  [[nodiscard]] Result<BackupPage> list(BackupKind kind, std::int64_t page, std::int64_t page_size);

 private:
  [[nodiscard]] Result<std::optional<BackupRun>> one(std::string_view rest, BackupKind kind, const std::string& place);
  records::Database& database_;
};

}  // namespace duheng::platform
