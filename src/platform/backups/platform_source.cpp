#include "platform/backups/platform_source.hpp"

#include <algorithm>
#include <array>

namespace duheng::platform {

bool is_left_out_of_backup(std::string_view path) {
  constexpr std::array beginnings{
      std::string_view{"records/"}, std::string_view{"telemetry"},       std::string_view{"aggregates"},
      std::string_view{"exports/"}, std::string_view{"imports/"},        std::string_view{"run/"},
      std::string_view{"backups/"}, std::string_view{"keys/master.key"}, std::string_view{"run.json"}};
  if (path == recovery_key_path) return false;
  if (path == "lock" || path == "seal") return true;
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) { return path.starts_with(beginning); });
}

store::BackupSource platform_backup_source(Disk& disk, crypto::KeyProvider& keys, store::Journal& journal,
                                           records::SqliteDatabase& database, const std::string& root,
                                           std::vector<store::OutsideFile> outside) {
  return {.disk = disk,
          .keys = keys,
          .journal = journal,
          .directory = root,
          .staging = root + "/backups/staging",
          .snapshots = {{"records/records.db", [&database](const std::string& to) { return database.backup_to(to); }}},
          .outside = std::move(outside),
          .is_left_out = is_left_out_of_backup};
}

}  // namespace duheng::platform
