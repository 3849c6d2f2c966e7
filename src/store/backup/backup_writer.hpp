#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "store/backup/backup_manifest.hpp"
#include "store/backup/backup_place.hpp"
#include "store/journal/journal.hpp"

namespace duheng::store {

/// A file that is being written to all the time: its owner makes a consistent copy.
struct SnapshotFile {
  std::string path;                                              ///< within the set
  std::function<Result<void>(const std::string& to)> make_copy;  ///< `to` does not exist
};
/// A file that stands outside the data directory.
struct OutsideFile {
  std::string path;  ///< within the set
  std::string from;
};

/// What a set is made of: the journal's closed segments, snapshots, outside files, and every other file of the
/// directory that is not left out. So a file that a later release adds is in the backup without anybody thinking of it.
struct BackupSource {
  Disk& disk;
  crypto::KeyProvider& keys;
  Journal& journal;
  std::string directory;  ///< the data directory; the journal's is `directory`/journal
  std::string staging;    ///< made, used for snapshots, emptied
  std::vector<SnapshotFile> snapshots{};
  std::vector<OutsideFile> outside{};
  std::function<bool(std::string_view path)> is_left_out{};  ///< asked for files that are none of the above
  Bytes recovery_key{};                                      ///< see recovery_key.hpp; empty: none was made
};

enum class BackupStage : std::uint8_t { preparing, copying, verifying, finishing };
[[nodiscard]] std::string_view to_string(BackupStage stage) noexcept;
struct BackupProgress {
  BackupStage stage = BackupStage::preparing;
  std::uint64_t files = 0;
  std::uint64_t files_done = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_verified = 0;
};

struct BackupOptions {
  std::string product;
  std::function<bool(const BackupProgress&)> on_progress{};  ///< false: stop here
  std::set<crypto::Hash256> distrusted{};                    ///< objects found damaged: sent again
  std::size_t piece_bytes_max = 32U << 20;
};

struct BackupReport {
  BackupManifest manifest;
  std::uint64_t files_new = 0;  ///< whose content was not in the set before
  std::uint64_t objects_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_verified = 0;
  std::vector<std::uint64_t> damaged_sets{};  ///< lists of earlier sets that cannot be read
};

/// Makes the next set: ends the journal's present segment, sends what the place lacks, reads back what was sent, and
/// puts the list of the set there last. Cut off at any point, there is no set, and the next call goes on with what lies
/// there. When it returns, all records before `manifest.journal_next` are safe at the place.
///
/// Errors: as BackupPlace; storage_corrupt - a segment of the journal is damaged, or the place gave back other octets
/// than it was given; conflict - a file changed whenever it was read; cancelled; key_missing.
[[nodiscard]] Result<BackupReport> make_backup(const BackupSource& source, BackupPlace& place, const Clock& clock,
                                               const BackupOptions& options);

/// Numbers of the sets at a place, ascending.
[[nodiscard]] Result<std::vector<std::uint64_t>> list_sets(BackupPlace& place);
/// Errors: not_found; as read_manifest(), with the set named.
[[nodiscard]] Result<BackupManifest> load_set(BackupPlace& place, std::uint64_t number, crypto::KeyProvider& keys);

}  // namespace duheng::store
