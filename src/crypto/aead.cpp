#include "crypto/aead.hpp"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/aead_engine.hpp"

namespace duheng::crypto {
namespace {

[[noreturn]] void end_without_cipher() {
  std::fputs("the cryptographic library refused AES-256-GCM\n", stderr);
  std::abort();
}

const EVP_CIPHER* cipher() {
  static EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (fetched == nullptr) end_without_cipher();
  return fetched;
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

constexpr std::size_t tag_bytes = Aead::tag_bytes;

class AesGcm final : public AeadEngine {
 public:
  explicit AesGcm(const SecretKey& key) {
    if (!seal_ || !open_ || EVP_EncryptInit_ex2(seal_.get(), cipher(), key.octets().data(), nullptr, nullptr) != 1 ||
        EVP_DecryptInit_ex2(open_.get(), cipher(), key.octets().data(), nullptr, nullptr) != 1) {
      end_without_cipher();
    }
  }
  Result<void> seal(const Aead::Nonce& nonce, ByteView associated, ByteView plain, Bytes& out) override;
  Result<void> open(const Aead::Nonce& nonce, ByteView associated, ByteView sealed, Bytes& out) override;

 private:
  Context seal_{EVP_CIPHER_CTX_new()};
  Context open_{EVP_CIPHER_CTX_new()};
};

Result<void> AesGcm::seal(const Aead::Nonce& nonce, ByteView associated, ByteView plain, Bytes& out) {
  if (plain.size() > INT_MAX - tag_bytes || associated.size() > INT_MAX) {
    return fail(ErrorCode::limit_exceeded, "more than 2 GiB cannot be sealed at once");
  }
  EVP_CIPHER_CTX* const context = seal_.get();
  const std::size_t before = out.size();
  out.resize(before + plain.size() + tag_bytes);
  int written = 0;
  const bool sealed =
      EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
      (associated.empty() ||
       EVP_EncryptUpdate(context, nullptr, &written, associated.data(), static_cast<int>(associated.size())) == 1) &&
      (plain.empty() ||
       EVP_EncryptUpdate(context, out.data() + before, &written, plain.data(), static_cast<int>(plain.size())) == 1) &&
      EVP_EncryptFinal_ex(context, out.data() + before + plain.size(), &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, out.data() + before + plain.size()) == 1;
  if (!sealed) {
    out.resize(before);
    return fail(ErrorCode::internal, "the cryptographic library could not encrypt");
  }
  return {};
}

Result<void> AesGcm::open(const Aead::Nonce& nonce, ByteView associated, ByteView sealed, Bytes& out) {
  if (sealed.size() < tag_bytes) return fail(ErrorCode::storage_corrupt, "sealed data is shorter than its tag");
  if (sealed.size() > INT_MAX || associated.size() > INT_MAX) {
    return fail(ErrorCode::limit_exceeded, "more than 2 GiB cannot be opened at once");
  }
  EVP_CIPHER_CTX* const context = open_.get();
  const std::size_t before = out.size();
  const std::size_t plain_bytes = sealed.size() - tag_bytes;
  out.resize(before + plain_bytes);
  std::array<std::uint8_t, tag_bytes> tag{};
  std::copy(sealed.begin() + static_cast<std::ptrdiff_t>(plain_bytes), sealed.end(), tag.begin());
  int written = 0;
  std::uint8_t nothing = 0;  // GCM's last step writes no octet, but wants an address
  const bool opened = EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
                      (associated.empty() || EVP_DecryptUpdate(context, nullptr, &written, associated.data(),
                                                               static_cast<int>(associated.size())) == 1) &&
                      (plain_bytes == 0 || EVP_DecryptUpdate(context, out.data() + before, &written, sealed.data(),
                                                             static_cast<int>(plain_bytes)) == 1) &&
                      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
                      EVP_DecryptFinal_ex(context, &nothing, &written) == 1;
  if (!opened) {
    // Unauthenticated plain text must not be left where a caller might look at it.
    if (plain_bytes != 0) OPENSSL_cleanse(out.data() + before, plain_bytes);
    out.resize(before);
    return fail(ErrorCode::storage_corrupt, "the data do not match their authentication tag");
  }
  return {};
}

}  // namespace

std::unique_ptr<AeadEngine> make_aes_gcm(const SecretKey& key) { return std::make_unique<AesGcm>(key); }

Aead::Aead(const SecretKey& key) : engine_(key.cipher() == Cipher::sm4_gcm ? make_sm4_gcm(key) : make_aes_gcm(key)) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

Result<void> Aead::seal(const Nonce& nonce, ByteView associated, ByteView plain, Bytes& out) {
  return engine_->seal(nonce, associated, plain, out);
}

Result<void> Aead::open(const Nonce& nonce, ByteView associated, ByteView sealed, Bytes& out) {
  return engine_->open(nonce, associated, sealed, out);
}

}  // namespace duheng::crypto
