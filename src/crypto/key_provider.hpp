#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/disk.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace duheng::crypto {

/// What a key is for. Numbers are written into files.
enum class Cipher : std::uint8_t { aes_256_gcm = 0, sm4_gcm = 1 };

/// The word of configuration files: "aes_256_gcm", "sm4_gcm".
[[nodiscard]] std::string_view to_string(Cipher cipher) noexcept;

/// 32 octets that are wiped when they go out of scope, and the cipher they are for.
class SecretKey {
 public:
  static constexpr std::size_t size_bytes = 32;
  SecretKey() = default;
  explicit SecretKey(std::span<const std::uint8_t, size_bytes> octets, Cipher cipher = Cipher::aes_256_gcm);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
  [[nodiscard]] std::span<const std::uint8_t, size_bytes> octets() const noexcept { return octets_; }
  [[nodiscard]] Cipher cipher() const noexcept { return cipher_; }

 private:
  std::array<std::uint8_t, size_bytes> octets_{};
  Cipher cipher_ = Cipher::aes_256_gcm;
};

/// A key's version with the cipher in its high octet, as it stands in every file that is sealed: AES-256-GCM is 0, so
/// that files of releases that knew nothing else read as before, and those releases refuse the others as a version they
/// lack.
[[nodiscard]] constexpr std::uint32_t with_cipher(std::uint32_t version, Cipher cipher) noexcept {
  return (version & 0x00FF'FFFFU) | static_cast<std::uint32_t>(cipher) << 24;
}

/// Where keys come from. Whoever encrypts asks for a purpose (e.g. "journal", "spool", "records", "telemetry") and
/// stores the version beside the data; whoever decrypts asks for that version. The vault will stand behind this.
class KeyProvider {
 public:
  virtual ~KeyProvider() = default;
  /// The version that new data shall use where the engine has a cipher of its own (databases).
  [[nodiscard]] virtual Result<std::uint32_t> current_version(std::string_view purpose) = 0;
  /// The version, with the cipher chosen, for whatever is sealed with Aead.
  [[nodiscard]] Result<std::uint32_t> version_to_seal(std::string_view purpose);
  /// The key of a version, for the cipher named in it. Errors: key_missing - no such version, or a cipher that this
  /// release does not know.
  [[nodiscard]] virtual Result<SecretKey> key(std::string_view purpose, std::uint32_t version) = 0;
  /// Chooses the cipher of version_to_seal(), before anything is written; what was written stays readable.
  void seal_with(Cipher cipher) noexcept { cipher_ = cipher; }
  [[nodiscard]] Cipher cipher() const noexcept { return cipher_; }

 private:
  Cipher cipher_ = Cipher::aes_256_gcm;
};

/// Keys derived (HKDF-SHA256) from master keys in files of mode 0600 in the program's own data directory: version 1 in
/// the file named, version n in that name with ".n". The smallest thing that keeps data at rest unreadable without
/// those files; the first is made at first start, the others by add_version().
class LocalKeyProvider final : public KeyProvider {
 public:
  /// Opens `path`, or makes it when missing. Errors: storage_failed; storage_corrupt - not a key file, or readable by
  /// others.
  [[nodiscard]] static Result<std::unique_ptr<LocalKeyProvider>> open(Disk& disk, Random& random,
                                                                      const std::string& path);
  /// Makes the next version beside `path`; data written from the next opening on uses it, older data keeps needing its
  /// own. The old files must therefore stay. Returns its number. Errors: as open(); not_found - there is no first one.
  [[nodiscard]] static Result<std::uint32_t> add_version(Disk& disk, Random& random, const std::string& path);
  /// For tests and simulations: no file.
  explicit LocalKeyProvider(const SecretKey& master) : masters_{master} {}

  [[nodiscard]] Result<std::uint32_t> current_version(std::string_view purpose) override;
  [[nodiscard]] Result<SecretKey> key(std::string_view purpose, std::uint32_t version) override;

 private:
  explicit LocalKeyProvider(std::vector<SecretKey> masters) : masters_(std::move(masters)) {}
  std::vector<SecretKey> masters_;  // version 1 first
};

}  // namespace duheng::crypto
