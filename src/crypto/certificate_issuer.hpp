#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/x509.hpp"

namespace duheng::crypto {

enum class CertificateProfile : std::uint8_t {
  server,   ///< TLS server; needs at least one DNS name or address
  gateway,  ///< TLS client; needs `gateway`, which becomes the URI "duheng:gateway:<id>"
};

struct CertificateOrder {
  CertificateProfile profile = CertificateProfile::server;
  std::string request_pem{};  ///< only its key is taken; the names in it are the asker's wish and are not looked at
  std::string common_name{};  ///< 1 to 64 characters of UTF-8
  std::vector<std::string> dns_names{};
  std::vector<std::string> ip_addresses{};
  GatewayId gateway{};
  std::int64_t lifetime_ms = 0;  ///< cut to the authority's own end
};

struct IssuedCertificate {
  std::string chain_pem{};  ///< leaf first, trust root last, so that a peer without it can compare its fingerprint
  CertificateInfo info{};   ///< of the leaf
};

/// Who makes certificates. The vault will stand behind this. Thread-safe (the local one as far as its Random is).
class CertificateIssuer {
 public:
  virtual ~CertificateIssuer() = default;
  /// Errors: malformed - the request is not one, or its signature is wrong; unsupported - its key is not on P-256;
  /// invalid_argument - names missing, too long or not allowed in the profile, lifetime not positive; expired - the
  /// authority itself.
  [[nodiscard]] virtual Result<IssuedCertificate> issue(const CertificateOrder& order) = 0;
  [[nodiscard]] virtual const std::string& trust_root_pem() const = 0;
  [[nodiscard]] virtual const Hash256& trust_root_fingerprint() const = 0;
};

/// A certificate authority in two files of its own directory: authority.key.pem (mode 0600) and authority.pem, made at
/// first start: P-256, ten years, path length 0. Certificates begin one hour early, for gateways whose clock is behind.
class LocalCertificateIssuer final : public CertificateIssuer {
 public:
  /// Errors: storage_corrupt - a file is damaged, belongs to another key, is missing beside the other, or the key is
  /// readable by others; expired - the authority is past its time; storage_failed.
  [[nodiscard]] static Result<std::unique_ptr<LocalCertificateIssuer>> open(Disk& disk, Random& random,
                                                                            const Clock& clock,
                                                                            const std::string& directory);

  [[nodiscard]] Result<IssuedCertificate> issue(const CertificateOrder& order) override;
  [[nodiscard]] const std::string& trust_root_pem() const override { return root_pem_; }
  [[nodiscard]] const Hash256& trust_root_fingerprint() const override { return root_.fingerprint; }

 private:
  LocalCertificateIssuer(Random& random, const Clock& clock, PrivateKey key, std::string root_pem,
                         CertificateInfo root);
  Random& random_;
  const Clock& clock_;
  const PrivateKey key_;
  const std::string root_pem_;
  const CertificateInfo root_;
};

}  // namespace duheng::crypto
