#pragma once
// OpenSSL's types, for the files of this folder only.
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "crypto/x509.hpp"

namespace duheng::crypto {

template <auto free_function>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};
using PkeyPointer = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using RequestPointer = std::unique_ptr<X509_REQ, OpensslDeleter<X509_REQ_free>>;
using BioPointer = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;

struct PrivateKey::Handle {
  PkeyPointer key;
};

inline constexpr std::size_t pem_bytes_max = 64U << 10;

/// The oldest error of this thread's OpenSSL queue in words; the queue is empty afterwards.
[[nodiscard]] std::string openssl_words();
[[nodiscard]] BioPointer reading_bio(std::string_view text);
[[nodiscard]] std::string text_of(BIO* bio);
[[nodiscard]] Result<CertificatePointer> read_certificate(std::string_view pem);
[[nodiscard]] Result<std::string> certificate_pem(X509* certificate);
[[nodiscard]] CertificateInfo describe(X509* certificate);
[[nodiscard]] bool is_p256(const EVP_PKEY* key);
/// Sets the subject's (or a request's) name to one common name.
[[nodiscard]] bool set_common_name(X509_NAME* name, std::string_view common_name);

}  // namespace duheng::crypto
