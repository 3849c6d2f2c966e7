#include "crypto/hash.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace duheng::crypto {
namespace {

// A digest that cannot be had or computed means a broken installation, in which no stored byte could be trusted.
[[noreturn]] void end_without_digest() {
  std::fputs("the cryptographic library refused a digest\n", stderr);
  std::abort();
}

// Fetching an algorithm costs more than hashing a frame with it, so it is fetched once and its contexts are kept.
EVP_MD* fetch(const char* name) {
  EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  if (digest == nullptr) end_without_digest();
  return digest;
}

class DigestContext {
 public:
  explicit DigestContext(const EVP_MD* digest) : digest_(digest), context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr) end_without_digest();
  }
  DigestContext(const DigestContext&) = delete;
  DigestContext& operator=(const DigestContext&) = delete;
  ~DigestContext() { EVP_MD_CTX_free(context_); }

  Hash256 compute(std::initializer_list<ByteView> parts) {
    Hash256 out{};
    // A context that already holds the algorithm is only reset when none is named.
    if (EVP_DigestInit_ex2(context_, started_ ? nullptr : digest_, nullptr) != 1) end_without_digest();
    started_ = true;
    for (const ByteView part : parts) {
      if (EVP_DigestUpdate(context_, part.data(), part.size()) != 1) end_without_digest();
    }
    if (EVP_DigestFinal_ex(context_, out.data(), nullptr) != 1) end_without_digest();
    return out;
  }

 private:
  const EVP_MD* digest_;
  EVP_MD_CTX* context_;
  bool started_ = false;
};

}  // namespace

Hash256 sha256(std::initializer_list<ByteView> parts) {
  static EVP_MD* const digest = fetch("SHA256");
  thread_local DigestContext context(digest);
  return context.compute(parts);
}

Hash256 sm3(std::initializer_list<ByteView> parts) {
  static EVP_MD* const digest = fetch("SM3");
  thread_local DigestContext context(digest);
  return context.compute(parts);
}

Hash256 hmac_sha256(ByteView key, ByteView message) {
  constexpr std::size_t block_bytes = 64;
  std::array<std::uint8_t, block_bytes> pad{};
  if (key.size() > block_bytes) {
    const Hash256 shortened = sha256(key);
    std::memcpy(pad.data(), shortened.data(), shortened.size());
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (std::uint8_t& octet : pad) octet ^= 0x36;
  const Hash256 inner = sha256({ByteView(pad), message});
  for (std::uint8_t& octet : pad) octet ^= 0x36 ^ 0x5C;
  const Hash256 outer = sha256({ByteView(pad), ByteView(inner)});
  OPENSSL_cleanse(pad.data(), pad.size());
  return outer;
}

Hash256 hkdf_sha256(ByteView key, ByteView salt, ByteView info) {
  // An empty salt stands for 32 zero octets, which HMAC pads to the same block.
  Hash256 extracted = hmac_sha256(salt, key);
  Bytes expand_input(info.begin(), info.end());
  expand_input.push_back(1);
  const Hash256 expanded = hmac_sha256(extracted, expand_input);
  OPENSSL_cleanse(extracted.data(), extracted.size());
  return expanded;
}

bool equal_in_constant_time(ByteView a, ByteView b) noexcept {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace duheng::crypto
