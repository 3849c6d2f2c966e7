#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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

/// Keys derived (HKDF-SHA256) from one master key in a file of mode 0600 in the program's own data directory. The
/// smallest thing that keeps data at rest unreadable without that file; made at first start.
class LocalKeyProvider final : public KeyProvider {
 public:
  /// Opens `path`, or makes it when missing. Errors: storage_failed; storage_corrupt - not a key file, or readable by
  /// others.
  [[nodiscard]] static Result<std::unique_ptr<LocalKeyProvider>> open(Disk& disk, Random& random,
                                                                      const std::string& path);
  /// For tests and simulations: no file.
  explicit LocalKeyProvider(const SecretKey& master) : master_(master) {}

  [[nodiscard]] Result<std::uint32_t> current_version(std::string_view purpose) override;
  [[nodiscard]] Result<SecretKey> key(std::string_view purpose, std::uint32_t version) override;

 private:
  SecretKey master_;
};

}  // namespace duheng::crypto
