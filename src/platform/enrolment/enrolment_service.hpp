#pragma once
#include <cstdint>
#include <string>

#include "crypto/certificate_issuer.hpp"
#include "platform/gateways/gateways.hpp"
#include "rpc/enrolment_server.hpp"
#include "rpc/uplink_server.hpp"

namespace duheng::platform {

struct EnrolmentServiceOptions {
  std::int64_t certificate_lifetime_ms = 365LL * 24 * 3'600'000;
};

/// What stands behind the enrolment port and the renewal on the gateways' port: codes and states are Gateways',
/// certificates the issuer's. Thread-safe.
class EnrolmentService {
 public:
  EnrolmentService(Gateways& gateways, crypto::CertificateIssuer& issuer, EnrolmentServiceOptions options = {})
      : gateways_(gateways), issuer_(issuer), options_(options) {}

  /// For rpc::EnrolmentServer. Its errors tell the asker no more than he may know.
  [[nodiscard]] Result<rpc::EnrolmentGrant> grant(const rpc::EnrolmentAsk& ask);
  /// For rpc::UplinkServer: whether the peer is an enrolled gateway with its latest certificate.
  [[nodiscard]] Result<void> authorise(const rpc::Peer& peer);
  /// For rpc::UplinkServer: the next certificate.
  [[nodiscard]] Result<crypto::CertificateInfo> renew(const rpc::Peer& peer, const std::string& request_pem,
                                                      std::string& chain_pem);

 private:
  [[nodiscard]] Result<crypto::IssuedCertificate> issue(const std::string& request_pem, const Gateway& gateway);

  Gateways& gateways_;
  crypto::CertificateIssuer& issuer_;
  const EnrolmentServiceOptions options_;
};

}  // namespace duheng::platform
