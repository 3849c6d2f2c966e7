#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "crypto/hash.hpp"

namespace duheng::crypto {

/// An elliptic-curve key on P-256 (FIPS 186-5; SEC 2 secp256r1): what every certificate of the product stands on today.
class PrivateKey {
 public:
  [[nodiscard]] static Result<PrivateKey> generate();
  /// Reads PKCS #8 or SEC 1, unencrypted. Errors: malformed - not such a key; unsupported - another curve or kind.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem);
  /// PKCS #8, unencrypted: for a file of mode 0600.
  [[nodiscard]] Result<std::string> to_pem() const;

  struct Handle;
  [[nodiscard]] Handle& handle() const noexcept { return *handle_; }

 private:
  explicit PrivateKey(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};

/// What a certificate says (X.509 v3, RFC 5280). Times are UTC milliseconds.
struct CertificateInfo {
  std::string common_name{};
  std::string serial_hex{};  ///< upper case, without leading zero octets
  Hash256 fingerprint{};     ///< SHA-256 over the DER form
  std::int64_t not_before_utc_ms = 0;
  std::int64_t not_after_utc_ms = 0;
  bool is_authority = false;
  std::vector<std::string> dns_names{};
  std::vector<std::string> ip_addresses{};  ///< dotted or colon form
  std::vector<std::string> uris{};
};

enum class CertificateUse : std::uint8_t { server, client };

/// PKCS #10 (RFC 2986), PEM, signed by the key: proves that the asker holds it. The name has 1 to 64
/// characters (RFC 5280 A.1). Errors: invalid_argument - the name.
[[nodiscard]] Result<std::string> make_certificate_request(const PrivateKey& key, std::string_view common_name);

/// The first certificate of a PEM text (at most 64 KiB). Errors: malformed.
[[nodiscard]] Result<CertificateInfo> parse_certificate(std::string_view pem);
/// Every certificate of a PEM text, each as PEM of its own. Errors: malformed - none, or more than 16.
[[nodiscard]] Result<std::vector<std::string>> split_chain(std::string_view chain_pem);
[[nodiscard]] Result<CertificateInfo> parse_certificate_der(ByteView der);

/// Checks signatures, constraints, use and times of the chain (leaf first) up to `root_pem` alone.
/// Errors: expired - a certificate is not valid at that time; unauthenticated - anything else; the message says what.
[[nodiscard]] Result<void> verify_chain(std::string_view chain_pem, std::string_view root_pem, CertificateUse use,
                                        std::int64_t at_utc_ms);

/// Whether the certificate was made for this key. Errors: malformed.
[[nodiscard]] Result<bool> key_fits_certificate(const PrivateKey& key, std::string_view certificate_pem);

/// "duheng:gateway:12", the URI that names a gateway in its certificate, and back.
[[nodiscard]] std::string gateway_uri(GatewayId id);
[[nodiscard]] std::optional<GatewayId> gateway_of_uri(std::string_view uri);
/// The gateway a certificate names; empty when it names none, or more than one.
[[nodiscard]] std::optional<GatewayId> gateway_of(const CertificateInfo& certificate);

}  // namespace duheng::crypto
