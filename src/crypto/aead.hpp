#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::crypto {

class AeadEngine;

/// AES-256-GCM (NIST SP 800-38D) or SM4-GCM (GB/T 32907-2016, RFC 8998), whichever the key is for. The caller
/// guarantees that a nonce is used once per key. Not thread-safe; keeps its contexts, so that one object per thread
/// costs no set-up per call.
class Aead {
 public:
  static constexpr std::size_t nonce_bytes = 12;
  static constexpr std::size_t tag_bytes = 16;
  using Nonce = std::array<std::uint8_t, nonce_bytes>;

  explicit Aead(const SecretKey& key);
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  /// Appends ciphertext and tag to `out`.
  [[nodiscard]] Result<void> seal(const Nonce& nonce, ByteView associated, ByteView plain, Bytes& out);
  /// Appends the plain text to `out`; on error `out` is as before. Errors: storage_corrupt - the tag does not match.
  [[nodiscard]] Result<void> open(const Nonce& nonce, ByteView associated, ByteView sealed, Bytes& out);

 private:
  std::unique_ptr<AeadEngine> engine_;
};

}  // namespace duheng::crypto
