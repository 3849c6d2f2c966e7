#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

/// What a data directory held when its program ended in good order: an authenticated list of its files with their sizes
/// and hashes. It stands in "<directory>/seal" only while nobody works on the directory, and it is what finds a changed
/// octet in files whose own format would not notice (free pages of a database, certificates, notes).
struct SealedFile {
  std::uint64_t size_bytes = 0;
  crypto::Hash256 hash{};  ///< SHA-256 over the SHA-256 of each MiB; all zeros: too large to be hashed, size only
  friend bool operator==(const SealedFile&, const SealedFile&) = default;
};
using Seal = std::map<std::string, SealedFile>;  // by path within the directory

inline constexpr std::string_view seal_name = "seal";

/// Layout: "duheng-seal 1 <key version>\n", a line "<hash> <size> <path>\n" for each file by path, and
/// "hmac <HMAC-SHA256 over everything before>\n" under the key for "seal".
/// Errors: key_missing; invalid_argument - a path holds a line end.
[[nodiscard]] Result<Bytes> write_seal(const Seal& seal, crypto::KeyProvider& keys);
/// Errors: storage_corrupt - damaged or made with another key; unsupported; key_missing.
[[nodiscard]] Result<Seal> read_seal(ByteView file, crypto::KeyProvider& keys);

/// Whether a path within the directory is left to its own format's checks.
using LeftOut = std::function<bool(std::string_view path)>;

/// Files of a platform's or a gateway's directory that no seal covers: the logs and the key file, which check every
/// octet themselves, and what only a running program needs. Whoever seals and whoever verifies agree by these.
[[nodiscard]] bool is_left_out_of_platform_seal(std::string_view path);
[[nodiscard]] bool is_left_out_of_gateway_seal(std::string_view path);

/// Seals what stands in `directory`, except what is left out. Of files larger than `file_bytes_max` only the size is
/// noted, so that a program's end stays short. Call it when nothing writes there any more. Errors: storage_full,
/// storage_failed.
[[nodiscard]] Result<Seal> seal_directory(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                                          const LeftOut& left_out, std::uint64_t file_bytes_max = 512U << 20);
/// Before anything is changed in the directory. Nothing happens without a seal. Errors: storage_failed.
[[nodiscard]] Result<void> break_seal(Disk& disk, const std::string& directory);

struct SealFinding {
  std::string file;
  std::string what;
};
struct SealCheck {
  bool sealed = false;  ///< false: there is no seal, so nothing was compared
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  Seal seal;
  std::vector<std::string> unhashed;  ///< of these only the size was compared
  std::vector<SealFinding> findings;
};
/// Compares every file with the seal; also finds files that are missing or were added. `on_file`: progress, may be
/// empty. Errors: storage_failed.
[[nodiscard]] Result<SealCheck> check_seal(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                                           const LeftOut& left_out,
                                           const std::function<void(const std::string&)>& on_file = {});

/// Paths of all files below a directory, relative to it, sorted. Errors: storage_failed.
[[nodiscard]] Result<std::vector<std::string>> list_files(Disk& disk, const std::string& directory);

}  // namespace duheng::store
