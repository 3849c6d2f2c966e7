#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "store/backup/backup_writer.hpp"
#include "store/records/sqlite_database.hpp"

namespace duheng::platform {

/// Files of a platform's data directory that are in no set: what is derived and made anew (telemetry, aggregates), what
/// people fetched or brought as files, what only a running program needs, the records (a snapshot stands for them), and
/// the key files, which leave the machine only under a passphrase.
[[nodiscard]] bool is_left_out_of_backup(std::string_view path);

/// What a backup of the data directory `root` is made of. `outside`: configuration and certificates that stand
/// elsewhere.
[[nodiscard]] store::BackupSource platform_backup_source(Disk& disk, crypto::KeyProvider& keys, store::Journal& journal,
                                                         records::SqliteDatabase& database, const std::string& root,
                                                         std::vector<store::OutsideFile> outside = {});

/// Within the data directory: the sealed master keys, and where drills restore to.
inline constexpr std::string_view recovery_key_path = "backups/recovery.key";
inline constexpr std::string_view drill_path = "backups/drill";

}  // namespace duheng::platform
