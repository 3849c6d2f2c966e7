#pragma once
#include <memory>
#include <vector>

#include "backup_wiring.hpp"
#include "platform/administration/platform_data.hpp"
#include "platform/storage/storage_watch.hpp"

namespace duheng::platform {

/// What lies in the data directory, and in backup places that are folders of this machine.
[[nodiscard]] std::vector<storage::StoragePart> storage_parts(const PlatformPaths& paths,
                                                              const BackupConfiguration& backups);

/// Watches how full the platform's disks are.
class StorageWiring {
 public:
  StorageWiring(records::Database& database, const Clock& clock, alarms::ConditionSink& conditions,
                std::vector<storage::StoragePart> parts)
      : watch_({database, clock, conditions, probe_}, std::move(parts)) {
    watch_.start();
  }
  [[nodiscard]] storage::StorageWatch& watch() noexcept { return watch_; }

 private:
  storage::PosixStorageProbe probe_;
  storage::StorageWatch watch_;
};

}  // namespace duheng::platform
