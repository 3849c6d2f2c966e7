#include "store/backup/content_hash.hpp"

#include <cstdlib>
#include <openssl/evp.h>

namespace duheng::store {

struct ContentHash::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

// As in crypto/hash: without a digest no stored octet could be trusted.
ContentHash::ContentHash() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) std::abort();
}
ContentHash::~ContentHash() { EVP_MD_CTX_free(state_->context); }
void ContentHash::update(ByteView octets) {
  if (EVP_DigestUpdate(state_->context, octets.data(), octets.size()) != 1) std::abort();
}
crypto::Hash256 ContentHash::finish() {
  crypto::Hash256 out{};
  if (EVP_DigestFinal_ex(state_->context, out.data(), nullptr) != 1) std::abort();
  return out;
}

}  // namespace duheng::store
