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

/// 32 octets that are wiped when they go out of scope.
class SecretKey {
 public:
  static constexpr std::size_t size_bytes = 32;
  SecretKey() = default;
  explicit SecretKey(std::span<const std::uint8_t, size_bytes> octets);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
  [[nodiscard]] std::span<const std::uint8_t, size_bytes> octets() const noexcept { return octets_; }

 private:
  std::array<std::uint8_t, size_bytes> octets_{};
};

/// Where keys come from. Whoever encrypts asks for a purpose (e.g. "journal", "spool", "records", "telemetry") and
/// stores the version beside the data; whoever decrypts asks for that version. The vault will stand behind this.
class KeyProvider {
 public:
  virtual ~KeyProvider() = default;
  /// The version that new data shall use.
  [[nodiscard]] virtual Result<std::uint32_t> current_version(std::string_view purpose) = 0;
  /// Errors: key_missing - no such version.
  [[nodiscard]] virtual Result<SecretKey> key(std::string_view purpose, std::uint32_t version) = 0;
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
