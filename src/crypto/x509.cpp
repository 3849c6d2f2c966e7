#include "crypto/x509.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <time.h>

#include "crypto/x509_internal.hpp"

namespace duheng::crypto {
namespace {

constexpr std::size_t chain_certificates_max = 16;
constexpr std::string_view gateway_uri_start = "duheng:gateway:";

std::int64_t utc_ms_of(const ASN1_TIME* time) {
  struct tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
}

std::string common_name_of(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::string serial_hex_of(const X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  return to_hex({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

std::string address_text(ByteView octets) {
  if (octets.size() == 4) return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
  std::string text;
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", octets[i] << 8 | octets[i + 1]);
  }
  return text;
}

void read_alternative_names(X509* certificate, CertificateInfo& info) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    const auto octets = [](const ASN1_STRING* text) {
      return ByteView{ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
    };
    if (name->type == GEN_DNS) info.dns_names.emplace_back(as_text(octets(name->d.dNSName)));
    if (name->type == GEN_URI) info.uris.emplace_back(as_text(octets(name->d.uniformResourceIdentifier)));
    if (name->type == GEN_IPADD) info.ip_addresses.push_back(address_text(octets(name->d.iPAddress)));
  }
  GENERAL_NAMES_free(names);
}

struct StoreDeleter {
  void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const noexcept { X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};

}  // namespace

std::string openssl_words() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return code == 0 ? "no reason given" : text;
}

BioPointer reading_bio(std::string_view text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio, &start);
  return {start, static_cast<std::size_t>(size)};
}

bool is_p256(const EVP_PKEY* key) {
  char group[32];
  std::size_t size = 0;
  const bool read = EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1;
  ERR_clear_error();
  return read && std::string_view(group, size) == "prime256v1";
}

bool set_common_name(X509_NAME* name, std::string_view common_name) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

Result<CertificatePointer> read_certificate(std::string_view pem) {
  if (pem.size() > pem_bytes_max) return fail(ErrorCode::malformed, "a certificate text is longer than 64 KiB");
  const auto bio = reading_bio(pem);
  CertificatePointer certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return fail(ErrorCode::malformed, "not a certificate: " + openssl_words());
  return certificate;
}

Result<std::string> certificate_pem(X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1)
    return fail(ErrorCode::internal, openssl_words());
  return text_of(bio.get());
}

CertificateInfo describe(X509* certificate) {
  CertificateInfo info;
  info.common_name = common_name_of(X509_get_subject_name(certificate));
  info.serial_hex = serial_hex_of(certificate);
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), info.fingerprint.data(), &size);
  info.not_before_utc_ms = utc_ms_of(X509_get0_notBefore(certificate));
  info.not_after_utc_ms = utc_ms_of(X509_get0_notAfter(certificate));
  info.is_authority = X509_check_ca(certificate) == 1;
  read_alternative_names(certificate, info);
  ERR_clear_error();
  return info;
}

Result<PrivateKey> PrivateKey::generate() {
  PkeyPointer key(EVP_EC_gen("P-256"));
  if (key == nullptr) return fail(ErrorCode::internal, "no key was made: " + openssl_words());
  return PrivateKey(std::make_shared<Handle>(Handle{std::move(key)}));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > pem_bytes_max) return fail(ErrorCode::malformed, "a key text is longer than 64 KiB");
  const auto bio = reading_bio(pem);
  // The callback answers "no password": otherwise OpenSSL would ask for one at the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  PkeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr) return fail(ErrorCode::malformed, "not an unencrypted private key: " + openssl_words());
  if (!is_p256(key.get())) return fail(ErrorCode::unsupported, "the key is not on the curve P-256");
  return PrivateKey(std::make_shared<Handle>(Handle{std::move(key)}));
}

Result<std::string> PrivateKey::to_pem() const {
  const BioPointer bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail(ErrorCode::internal, openssl_words());
  }
  return text_of(bio.get());
}

Result<std::string> make_certificate_request(const PrivateKey& key, std::string_view common_name) {
  const RequestPointer request(X509_REQ_new());
  const BioPointer bio(BIO_new(BIO_s_mem()));
  EVP_PKEY* handle = key.handle().key.get();
  if (request == nullptr || bio == nullptr || X509_REQ_set_version(request.get(), 0) != 1)
    return fail(ErrorCode::internal, openssl_words());
  if (!set_common_name(X509_REQ_get_subject_name(request.get()), common_name)) {
    return fail(ErrorCode::invalid_argument, "not a usable common name: " + openssl_words());
  }
  if (X509_REQ_set_pubkey(request.get(), handle) != 1 || X509_REQ_sign(request.get(), handle, EVP_sha256()) <= 0 ||
      PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) {
    return fail(ErrorCode::internal, openssl_words());
  }
  return text_of(bio.get());
}

Result<CertificateInfo> parse_certificate(std::string_view pem) {
  DUHENG_TRY(const auto certificate, read_certificate(pem));
  return describe(certificate.get());
}

Result<CertificateInfo> parse_certificate_der(ByteView der) {
  const unsigned char* start = der.data();
  const CertificatePointer certificate(d2i_X509(nullptr, &start, static_cast<long>(der.size())));
  if (certificate == nullptr || start != der.data() + der.size()) {
    return fail(ErrorCode::malformed, "not a certificate: " + openssl_words());
  }
  return describe(certificate.get());
}

Result<std::vector<std::string>> split_chain(std::string_view chain_pem) {
  if (chain_pem.size() > pem_bytes_max) return fail(ErrorCode::malformed, "a certificate chain is longer than 64 KiB");
  const auto bio = reading_bio(chain_pem);
  std::vector<std::string> certificates;
  while (CertificatePointer certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (certificates.size() == chain_certificates_max)
      return fail(ErrorCode::malformed, "a chain of more than 16 certificates");
    DUHENG_TRY(certificates.emplace_back(), certificate_pem(certificate.get()));
  }
  // Reading ends with "no start line" at the end of a sound text; anything else is damage further on.
  const unsigned long last = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  const std::string words = openssl_words();
  if (!at_end || certificates.empty()) return fail(ErrorCode::malformed, "not a certificate chain: " + words);
  return certificates;
}

Result<void> verify_chain(std::string_view chain_pem, std::string_view root_pem, CertificateUse use,
                          std::int64_t at_utc_ms) {
  DUHENG_TRY(const auto texts, split_chain(chain_pem));
  DUHENG_TRY(const auto root, read_certificate(root_pem));
  DUHENG_TRY(const auto leaf, read_certificate(texts.front()));
  const std::unique_ptr<STACK_OF(X509), StoreDeleter> others(sk_X509_new_null());
  for (std::size_t i = 1; i < texts.size(); ++i) {
    DUHENG_TRY(auto certificate, read_certificate(texts[i]));
    if (sk_X509_push(others.get(), certificate.get()) > 0) (void)certificate.release();
  }
  const std::unique_ptr<X509_STORE, StoreDeleter> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, StoreDeleter> context(X509_STORE_CTX_new());
  if (store == nullptr || context == nullptr || X509_STORE_add_cert(store.get(), root.get()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), others.get()) != 1) {
    return fail(ErrorCode::internal, openssl_words());
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(at_utc_ms / 1000));
  X509_VERIFY_PARAM_set_purpose(parameters,
                                use == CertificateUse::server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  const bool sound = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (sound) return {};
  const int reason = X509_STORE_CTX_get_error(context.get());
  const bool by_time = reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID;
  return fail(by_time ? ErrorCode::expired : ErrorCode::unauthenticated,
              fmt::format("the certificate is not accepted: {}", X509_verify_cert_error_string(reason)));
}

Result<bool> key_fits_certificate(const PrivateKey& key, std::string_view pem) {
  DUHENG_TRY(const auto certificate, read_certificate(pem));
  const bool fits = X509_check_private_key(certificate.get(), key.handle().key.get()) == 1;
  ERR_clear_error();
  return fits;
}

std::string gateway_uri(GatewayId id) { return fmt::format("{}{}", gateway_uri_start, id.value); }

std::optional<GatewayId> gateway_of_uri(std::string_view uri) {
  if (!uri.starts_with(gateway_uri_start)) return std::nullopt;
  uri.remove_prefix(gateway_uri_start.size());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(uri.data(), uri.data() + uri.size(), value);
  if (error != std::errc{} || end != uri.data() + uri.size() || value <= 0 || uri.front() == '0') return std::nullopt;
  return GatewayId{value};
}

std::optional<GatewayId> gateway_of(const CertificateInfo& certificate) {
  std::optional<GatewayId> found;
  for (const auto& uri : certificate.uris) {
    const auto id = gateway_of_uri(uri);
    if (!id) continue;
    if (found) return std::nullopt;
    found = id;
  }
  return found;
}

}  // namespace duheng::crypto
