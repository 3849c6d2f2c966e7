#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

inline constexpr std::string_view set_folder = "sets";
inline constexpr std::uint64_t manifest_bytes_max = 512U << 20;

/// An object that holds a part of a file.
struct BackupPiece {
  crypto::Hash256 object{};
  std::uint64_t stored_bytes = 0;
  friend bool operator==(const BackupPiece&, const BackupPiece&) = default;
};

struct BackupFile {
  std::string path;  ///< within the data directory
  std::uint64_t size_bytes = 0;
  crypto::Hash256 hash{};                   ///< SHA-256 of the content
  std::optional<crypto::Hash256> identity;  ///< names the content without reading it: last block of a journal segment
  std::vector<BackupPiece> pieces;          ///< one after the other
  friend bool operator==(const BackupFile&, const BackupFile&) = default;
};

/// One set: everything that a data directory is restored from. A set exists when its manifest lies at the place, and
/// that is put there last, after every object was read back.
struct BackupManifest {
  std::uint64_t number = 0;
  std::uint64_t based_on = 0;  ///< the set whose objects it shares; 0: none
  std::string product;         ///< version of the program that made it
  std::int64_t begun_utc_ms = 0;
  std::int64_t ended_utc_ms = 0;
  std::uint64_t journal_first = 0;              ///< oldest record
  std::uint64_t journal_next = 0;               ///< behind the newest record: all before it are in the set
  std::optional<crypto::Hash256> recovery_key;  ///< object with the sealed master keys; nothing: none was made
  std::vector<BackupFile> files;                ///< by path
  friend bool operator==(const BackupManifest&, const BackupManifest&) = default;
  [[nodiscard]] std::uint64_t content_bytes() const;
};

/// "sets/<10 digits>.set".
[[nodiscard]] std::string set_name(std::uint64_t number);
/// Nothing for any other name within the folder.
[[nodiscard]] std::optional<std::uint64_t> number_in_set_name(std::string_view name);

/// Layout: "duheng-backup-set 1 <key version>\n", a line for each fact, "file <size> <hash> <identity or -> <path>\n"
/// for each file by path, followed by a "piece <object> <octets>\n" for each of its pieces, and "hmac <HMAC-SHA256 over
/// everything before>\n" under the key for "backup-set". Errors: key_missing; invalid_argument - a path holds a line
/// end or leads out of the directory, or paths are not in order.
[[nodiscard]] Result<Bytes> write_manifest(const BackupManifest& manifest, crypto::KeyProvider& keys);
/// Errors: storage_corrupt - damaged, or made with another key; unsupported; key_missing.
[[nodiscard]] Result<BackupManifest> read_manifest(ByteView octets, crypto::KeyProvider& keys);
/// Only which object holds the sealed keys, before there is a key to check anything with. Errors: storage_corrupt;
/// not_found - the set holds no keys.
[[nodiscard]] Result<crypto::Hash256> peek_recovery_key(ByteView octets);

/// Whether a path stays within the directory it is restored into.
[[nodiscard]] bool is_backup_path(std::string_view path) noexcept;

}  // namespace duheng::store
