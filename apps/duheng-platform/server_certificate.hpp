#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "crypto/certificate_issuer.hpp"

namespace duheng::platform {

/// What the platform shows on its TLS ports, as PEM.
struct ServerCertificate {
  std::string chain_pem;  ///< leaf first
  std::string key_pem;
  std::int64_t not_after_utc_ms = 0;
};

/// The certificate of our own authority, kept in `directory` so that browsers meet the same one after a restart. A new
/// one is issued when there is none, when it has less than 60 days left, or when `names` changed. Errors:
/// storage_corrupt - the key is readable by others; otherwise as the issuer and the disk give.
[[nodiscard]] Result<ServerCertificate> own_server_certificate(crypto::CertificateIssuer& issuer, Disk& disk,
                                                               const Clock& clock, const std::string& directory,
                                                               const std::vector<std::string>& names);
/// An operator's own certificate. Errors: not_found; storage_corrupt - the key is readable by others; expired;
/// invalid_argument - the two do not belong together.
[[nodiscard]] Result<ServerCertificate> read_server_certificate(Disk& disk, const Clock& clock,
                                                                const std::string& chain_file,
                                                                const std::string& key_file);

}  // namespace duheng::platform
