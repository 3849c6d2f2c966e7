#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/backups/backup_service.hpp"
#include "platform/history/background_work.hpp"
#include "store/backup/place_address.hpp"
#include "store/records/sqlite_database.hpp"

namespace duheng::platform {

/// The section "backups" of platform.yaml.
struct BackupConfiguration {
  std::vector<store::PlaceAddress> places;    ///< none: no backups are made
  BackupSchedule schedule;                    ///< until an administrator changes it
  std::vector<store::OutsideFile> outside{};  ///< configuration and certificates that stand elsewhere
};
[[nodiscard]] BackupConfiguration read_backups(const ConfigNode& node);

/// Backups of this platform on a thread of their own.
class BackupWiring {
 public:
  struct Parts {
    records::SqliteDatabase& database;
    store::Journal& journal;
    Disk& disk;
    const Clock& clock;
    Random& random;
    crypto::KeyProvider& keys;
    alarms::ConditionSink& alarms;
    std::string root;
    std::string master_key_file;
    std::string product;
  };
  /// Errors: invalid_argument, key_missing - a place cannot be used as it is configured; as Transaction.
  [[nodiscard]] static Result<std::unique_ptr<BackupWiring>> start(const BackupConfiguration& configuration,
                                                                   const Parts& parts);
  ~BackupWiring();
  /// What is under way ends as soon as it can.
  void stop();
  [[nodiscard]] BackupService& service() noexcept { return *service_; }

 private:
  BackupWiring() = default;
  std::unique_ptr<BackupService> service_;
  std::unique_ptr<BackgroundWork> work_;  // last: it uses the service
};

}  // namespace duheng::platform
