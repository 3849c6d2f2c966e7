// SM4-GCM by Botan 2: OpenSSL 3.0 has SM4, but neither in GCM nor in CCM.
#include <botan/aead.h>
#include <botan/exceptn.h>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "crypto/aead_engine.hpp"

namespace duheng::crypto {
namespace {

/// SM4 has keys of 128 bits: the first half of the 256 that are derived.
constexpr std::size_t sm4_key_bytes = 16;

std::unique_ptr<Botan::AEAD_Mode> make_mode(const SecretKey& key, Botan::Cipher_Dir direction) {
  auto mode = Botan::AEAD_Mode::create_or_throw("SM4/GCM(16)", direction);
  mode->set_key(key.octets().data(), sm4_key_bytes);
  return mode;
}

class Sm4Gcm final : public AeadEngine {
 public:
  explicit Sm4Gcm(const SecretKey& key)
      : seal_(make_mode(key, Botan::ENCRYPTION)), open_(make_mode(key, Botan::DECRYPTION)) {}

  Result<void> seal(const Aead::Nonce& nonce, ByteView associated, ByteView plain, Bytes& out) override {
    try {
      run(*seal_, nonce, associated, plain);
    } catch (const std::exception&) {
      return fail(ErrorCode::internal, "the cryptographic library could not encrypt");
    }
    out.insert(out.end(), buffer_.begin(), buffer_.end());
    return {};
  }

  Result<void> open(const Aead::Nonce& nonce, ByteView associated, ByteView sealed, Bytes& out) override {
    if (sealed.size() < Aead::tag_bytes) return fail(ErrorCode::storage_corrupt, "sealed data is shorter than its tag");
    try {
      run(*open_, nonce, associated, sealed);
    } catch (const Botan::Invalid_Authentication_Tag&) {
      wipe();
      return fail(ErrorCode::storage_corrupt, "the data do not match their authentication tag");
    } catch (const std::exception&) {
      wipe();
      return fail(ErrorCode::internal, "the cryptographic library could not decrypt");
    }
    out.insert(out.end(), buffer_.begin(), buffer_.end());
    return {};
  }

 private:
  void run(Botan::AEAD_Mode& mode, const Aead::Nonce& nonce, ByteView associated, ByteView input) {
    mode.set_associated_data(associated.data(), associated.size());
    mode.start(nonce.data(), nonce.size());
    buffer_.assign(input.begin(), input.end());
    mode.finish(buffer_);
  }
  /// Unauthenticated plain text must not be left where a caller might look at it.
  void wipe() { Botan::zeroise(buffer_); }

  std::unique_ptr<Botan::AEAD_Mode> seal_;
  std::unique_ptr<Botan::AEAD_Mode> open_;
  Botan::secure_vector<std::uint8_t> buffer_;
};

}  // namespace

std::unique_ptr<AeadEngine> make_sm4_gcm(const SecretKey& key) {
  try {
    return std::make_unique<Sm4Gcm>(key);
  } catch (const std::exception&) {
    std::fputs("the cryptographic library refused SM4-GCM\n", stderr);
    std::abort();
  }
}

}  // namespace duheng::crypto
