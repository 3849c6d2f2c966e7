#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

/// A master key's file, as LocalKeyProvider keeps it.
struct KeyFile {
  std::string name;  ///< "master.key", "master.key.2" ...
  Bytes octets;
  friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

/// Cost of trying one passphrase: RFC 9106's first recommended choice would need 2 GiB; this takes about a second.
struct RecoveryCost {
  std::uint32_t memory_kib = 262'144;
  std::uint32_t passes = 4;
};

inline constexpr std::size_t passphrase_characters_min = 16;
inline constexpr std::size_t passphrase_bytes_max = 1'024;
inline constexpr std::size_t recovery_key_bytes_max = 1U << 20;
/// Which keys lie in there, told without opening it.
using KeyMark = std::array<std::uint8_t, 16>;

/// The master keys under a passphrase that somebody keeps elsewhere: the only form in which they leave the machine.
/// Argon2id (RFC 9106, one lane) over passphrase and a fresh salt gives the key of AES-256-GCM; everything before the
/// cipher text is its associated data. Errors: invalid_argument - the passphrase is too short or too long; unavailable
/// - not enough memory now.
[[nodiscard]] Result<Bytes> seal_recovery_key(const std::vector<KeyFile>& files, const KeyMark& mark,
                                              std::string_view passphrase, Random& random, RecoveryCost cost = {});
/// Errors: unauthenticated - another passphrase, or damaged; storage_corrupt - no such file; unavailable.
[[nodiscard]] Result<std::vector<KeyFile>> open_recovery_key(ByteView octets, std::string_view passphrase);
/// Errors: storage_corrupt.
[[nodiscard]] Result<KeyMark> mark_of_recovery_key(ByteView octets);
/// Of the keys in use: another one means that the recovery key must be made again. Errors: key_missing.
[[nodiscard]] Result<KeyMark> mark_of_keys(crypto::KeyProvider& keys);

/// Every version beside `path`. Errors: not_found - there is none; storage_failed.
[[nodiscard]] Result<std::vector<KeyFile>> read_key_files(Disk& disk, const std::string& path);
/// The keys that such files hold. Errors: storage_corrupt.
[[nodiscard]] Result<std::unique_ptr<crypto::KeyProvider>> keys_of(const std::vector<KeyFile>& files);

}  // namespace duheng::store
