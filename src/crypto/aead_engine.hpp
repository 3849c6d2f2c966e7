#pragma once
// Private to this folder: a cipher behind Aead.
#include <memory>

#include "crypto/aead.hpp"

namespace duheng::crypto {

class AeadEngine {
 public:
  virtual ~AeadEngine() = default;
  [[nodiscard]] virtual Result<void> seal(const Aead::Nonce& nonce, ByteView associated, ByteView plain,
                                          Bytes& out) = 0;
  [[nodiscard]] virtual Result<void> open(const Aead::Nonce& nonce, ByteView associated, ByteView sealed,
                                          Bytes& out) = 0;
};

/// A cryptographic library that refuses its cipher ends the process: nothing that stores may go on without it.
[[nodiscard]] std::unique_ptr<AeadEngine> make_aes_gcm(const SecretKey& key);
[[nodiscard]] std::unique_ptr<AeadEngine> make_sm4_gcm(const SecretKey& key);

}  // namespace duheng::crypto
