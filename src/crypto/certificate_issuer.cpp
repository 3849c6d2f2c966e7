#include "crypto/certificate_issuer.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

#include "crypto/x509_internal.hpp"

namespace duheng::crypto {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t authority_lifetime_ms = 3'653 * day_ms;
constexpr std::int64_t early_begin_ms = hour_ms;
constexpr std::ptrdiff_t common_name_characters_max = 64;  // RFC 5280 A.1, ub-common-name
constexpr std::string_view authority_name = "Duheng local authority";

/// Everything our own code prepared: a failure here is either a name that is no UTF-8, refused before, or our fault.
Error internal_error() { return {ErrorCode::internal, "a certificate could not be made: " + openssl_words()}; }

/// 127 random bits, positive and not zero (RFC 5280 4.1.2.2 allows 20 octets).
bool set_random_serial(X509* certificate, Random& random) {
  std::array<std::uint8_t, 16> octets{};
  random.fill(octets);
  octets[0] = static_cast<std::uint8_t>((octets[0] & 0x7F) | 0x40);
  const std::unique_ptr<BIGNUM, OpensslDeleter<BN_free>> number(BN_bin2bn(octets.data(), octets.size(), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_times(X509* certificate, std::int64_t from_utc_ms, std::int64_t to_utc_ms) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from_utc_ms / 1000) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), to_utc_ms / 1000) != nullptr;
}

/// `value` is in OpenSSL's configuration syntax and holds our own words only, never text from outside.
bool add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, OpensslDeleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_nconf_nid(nullptr, &context, kind, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool add_name(GENERAL_NAMES* names, int type, ByteView octets) {
  std::unique_ptr<GENERAL_NAME, OpensslDeleter<GENERAL_NAME_free>> name(GENERAL_NAME_new());
  ASN1_STRING* text = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  if (name == nullptr || text == nullptr ||
      ASN1_STRING_set(text, octets.data(), static_cast<int>(octets.size())) != 1) {
    ASN1_STRING_free(text);
    return false;
  }
  GENERAL_NAME_set0_value(name.get(), type, text);
  if (sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  (void)name.release();
  return true;
}

/// Names are built as values, not through a configuration text, so that none can smuggle in another.
bool add_alternative_names(X509* certificate, const CertificateOrder& order) {
  const std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>> names(GENERAL_NAMES_new());
  bool added = names != nullptr;
  for (const auto& name : order.dns_names) added = added && add_name(names.get(), GEN_DNS, as_bytes(name));
  for (const auto& address : order.ip_addresses) {
    std::array<std::uint8_t, 16> octets{};
    const bool short_form = ::inet_pton(AF_INET, address.c_str(), octets.data()) == 1;
    if (!short_form && ::inet_pton(AF_INET6, address.c_str(), octets.data()) != 1) return false;
    added = added && add_name(names.get(), GEN_IPADD, ByteView{octets}.first(short_form ? 4 : 16));
  }
  if (order.gateway) added = added && add_name(names.get(), GEN_URI, as_bytes(gateway_uri(order.gateway)));
  return added && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

bool is_dns_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '*';
  };
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), allowed);
}

bool is_address(const std::string& address) {
  std::array<std::uint8_t, 16> octets{};
  return ::inet_pton(AF_INET, address.c_str(), octets.data()) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), octets.data()) == 1;
}

Result<void> check_order(const CertificateOrder& order) {
  const auto refuse = [](std::string_view why) {
    return fail(ErrorCode::invalid_argument, fmt::format("certificate order: {}", why));
  };
  const auto characters =
      std::count_if(order.common_name.begin(), order.common_name.end(), [](char c) { return (c & 0xC0) != 0x80; });
  if (characters < 1 || characters > common_name_characters_max) return refuse("a common name has 1 to 64 characters");
  if (order.lifetime_ms <= 0) return refuse("the lifetime must be positive");
  const bool has_hosts = !order.dns_names.empty() || !order.ip_addresses.empty();
  if (order.profile == CertificateProfile::server && (!has_hosts || order.gateway))
    return refuse("a server has host names only");
  if (order.profile == CertificateProfile::gateway && (has_hosts || !order.gateway))
    return refuse("a gateway has its number only");
  if (!std::all_of(order.dns_names.begin(), order.dns_names.end(), is_dns_name)) return refuse("a DNS name is not one");
  if (!std::all_of(order.ip_addresses.begin(), order.ip_addresses.end(), is_address))
    return refuse("an address is not one");
  return {};
}

Result<RequestPointer> read_request(std::string_view pem) {
  if (pem.size() > pem_bytes_max) return fail(ErrorCode::malformed, "a certificate request is longer than 64 KiB");
  const auto bio = reading_bio(pem);
  RequestPointer request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (request == nullptr) return fail(ErrorCode::malformed, "not a certificate request: " + openssl_words());
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || !is_p256(key)) {
    ERR_clear_error();
    return fail(ErrorCode::unsupported, "the requested certificate's key is not on the curve P-256");
  }
  if (X509_REQ_verify(request.get(), key) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::malformed, "the certificate request is not signed by its own key");
  }
  return request;
}

Result<std::string> make_authority(Random& random, const Clock& clock, const PrivateKey& key) {
  EVP_PKEY* handle = key.handle().key.get();
  const CertificatePointer certificate(X509_new());
  X509* c = certificate.get();
  const std::int64_t now = clock.utc_ms();
  const bool made = c != nullptr && X509_set_version(c, X509_VERSION_3) == 1 && set_random_serial(c, random) &&
                    set_times(c, now - day_ms, now + authority_lifetime_ms) &&
                    set_common_name(X509_get_subject_name(c), authority_name) &&
                    X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 && X509_set_pubkey(c, handle) == 1 &&
                    add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(c, c, NID_subject_key_identifier, "hash") && X509_sign(c, handle, EVP_sha256()) > 0;
  if (!made) return std::unexpected(internal_error());
  return certificate_pem(c);
}

Result<PrivateKey> make_and_keep_key(Disk& disk, const std::string& path) {
  DUHENG_TRY(auto key, PrivateKey::generate());
  DUHENG_TRY(const auto pem, key.to_pem());
  DUHENG_CHECK(write_file_atomically(disk, path, as_bytes(pem)));
  return key;
}

Result<PrivateKey> read_key(Disk& disk, const std::string& path) {
  DUHENG_TRY(const bool exposed, disk.readable_by_others(path));
  if (exposed)
    return fail(ErrorCode::storage_corrupt,
                path + " can be read by other accounts; set mode 0600 if its key is still secret");
  DUHENG_TRY(const auto pem, read_file(disk, path, pem_bytes_max));
  auto key = PrivateKey::from_pem(as_text(pem));
  if (!key) return fail(ErrorCode::storage_corrupt, path + " is damaged: " + key.error().message);
  return key;
}

}  // namespace

LocalCertificateIssuer::LocalCertificateIssuer(Random& random, const Clock& clock, PrivateKey key, std::string root_pem,
                                               CertificateInfo root)
    : random_(random), clock_(clock), key_(std::move(key)), root_pem_(std::move(root_pem)), root_(std::move(root)) {}

Result<std::unique_ptr<LocalCertificateIssuer>> LocalCertificateIssuer::open(Disk& disk, Random& random,
                                                                             const Clock& clock,
                                                                             const std::string& directory) {
  const std::string key_path = directory + "/authority.key.pem";
  const std::string root_path = directory + "/authority.pem";
  DUHENG_CHECK(disk.make_directories(directory));
  if (!disk.exists(key_path) && disk.exists(root_path))
    return fail(ErrorCode::storage_corrupt, key_path + " is missing");
  auto key = disk.exists(key_path) ? read_key(disk, key_path) : make_and_keep_key(disk, key_path);
  if (!key) return std::unexpected(std::move(key).error());
  // The key is kept first: when we were stopped between the two, nothing was issued yet and the certificate is made
  // now.
  if (!disk.exists(root_path)) {
    DUHENG_TRY(const auto pem, make_authority(random, clock, *key));
    DUHENG_CHECK(write_file_atomically(disk, root_path, as_bytes(pem)));
  }
  DUHENG_TRY(const auto root_octets, read_file(disk, root_path, pem_bytes_max));
  std::string root_pem{as_text(root_octets)};
  auto root = parse_certificate(root_pem);
  if (!root) return fail(ErrorCode::storage_corrupt, root_path + " is damaged: " + root.error().message);
  DUHENG_TRY(const bool fits, key_fits_certificate(*key, root_pem));
  if (!fits) return fail(ErrorCode::storage_corrupt, key_path + " is not the key of " + root_path);
  if (clock.utc_ms() > root->not_after_utc_ms) return fail(ErrorCode::expired, root_path + " is past its time");
  return std::unique_ptr<LocalCertificateIssuer>(
      new LocalCertificateIssuer(random, clock, std::move(*key), std::move(root_pem), std::move(*root)));
}

Result<IssuedCertificate> LocalCertificateIssuer::issue(const CertificateOrder& order) {
  DUHENG_CHECK(check_order(order));
  DUHENG_TRY(const auto request, read_request(order.request_pem));
  DUHENG_TRY(const auto root, read_certificate(root_pem_));
  const std::int64_t now = clock_.utc_ms();
  if (now >= root_.not_after_utc_ms) return fail(ErrorCode::expired, "the certificate authority is past its time");
  // Compared as a difference: a caller's "for ever" must not overflow.
  const std::int64_t lifetime_ms = std::min(order.lifetime_ms, root_.not_after_utc_ms - now);
  const std::int64_t begin = std::max(now - early_begin_ms, root_.not_before_utc_ms);

  const CertificatePointer certificate(X509_new());
  X509* c = certificate.get();
  const char* use = order.profile == CertificateProfile::server ? "serverAuth" : "clientAuth";
  const bool made = c != nullptr && X509_set_version(c, X509_VERSION_3) == 1 && set_random_serial(c, random_) &&
                    set_times(c, begin, now + lifetime_ms) &&
                    set_common_name(X509_get_subject_name(c), order.common_name) &&
                    X509_set_issuer_name(c, X509_get_subject_name(root.get())) == 1 &&
                    X509_set_pubkey(c, X509_REQ_get0_pubkey(request.get())) == 1 &&
                    add_extension(c, root.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(c, root.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(c, root.get(), NID_ext_key_usage, use) &&
                    add_extension(c, root.get(), NID_subject_key_identifier, "hash") &&
                    add_extension(c, root.get(), NID_authority_key_identifier, "keyid:always") &&
                    add_alternative_names(c, order) && X509_sign(c, key_.handle().key.get(), EVP_sha256()) > 0;
  if (!made) return std::unexpected(internal_error());
  DUHENG_TRY(std::string chain, certificate_pem(c));
  chain += root_pem_;
  return IssuedCertificate{std::move(chain), describe(c)};
}

}  // namespace duheng::crypto
