#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.hpp"
#include "store/backup/backup_manifest.hpp"
#include "store/backup/backup_place.hpp"
#include "store/backup/recovery_key.hpp"

namespace duheng::store {

/// Told after each object; false: stop.
using OnObject = std::function<bool(std::uint64_t bytes_done, std::uint64_t bytes_all)>;

struct BackupFinding {
  std::optional<crypto::Hash256> object;  ///< nothing: about the set's own list
  std::string file;                       ///< the first file that needs it
  std::string what;
};
struct SetCheck {
  std::uint64_t files = 0;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;  ///< read at the place
  std::vector<BackupFinding> findings;
  [[nodiscard]] bool sound() const noexcept { return findings.empty(); }
};

/// Reads every object of a set at the place, compares it with its name, opens it, and compares the files with their
/// hashes. Nothing is written anywhere. Damage is a finding. Errors: as BackupPlace; cancelled.
[[nodiscard]] Result<SetCheck> check_set(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys,
                                         const OnObject& on_object = {});

/// Writes the files of a set below `into`, which must be there and empty, each read and compared again, and makes them
/// durable. Key files are written when `key_files` are given. Check the set before: this stops at the first damage,
/// with files written. Errors: as BackupPlace; already_exists - `into` is not empty; storage_corrupt; cancelled.
[[nodiscard]] Result<void> restore_set(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys,
                                       const std::vector<KeyFile>& key_files, Disk& disk, const std::string& into,
                                       const OnObject& on_object = {});

/// A set opened with nothing but a passphrase: what a new machine begins with.
struct OpenedSet {
  BackupManifest manifest;
  std::vector<KeyFile> key_files;
  std::unique_ptr<crypto::KeyProvider> keys;
};
/// `number`: 0 is the newest. Errors: not_found - no set, or it holds no recovery key; unauthenticated - another
/// passphrase; storage_corrupt; as BackupPlace.
[[nodiscard]] Result<OpenedSet> open_set(BackupPlace& place, std::uint64_t number, std::string_view passphrase);
/// The same with key files that were kept elsewhere.
[[nodiscard]] Result<OpenedSet> open_set(BackupPlace& place, std::uint64_t number, std::vector<KeyFile> key_files);

}  // namespace duheng::store
