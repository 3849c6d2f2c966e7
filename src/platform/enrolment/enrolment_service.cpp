#include "platform/enrolment/enrolment_service.hpp"

#include "base/log.hpp"

namespace duheng::platform {

Result<crypto::IssuedCertificate> EnrolmentService::issue(const std::string& request_pem, const Gateway& gateway) {
  crypto::CertificateOrder order;
  order.profile = crypto::CertificateProfile::gateway;
  order.request_pem = request_pem;
  order.common_name = gateway.name;
  order.gateway = gateway.id;
  order.lifetime_ms = options_.certificate_lifetime_ms;
  return issuer_.issue(order);
}

Result<rpc::EnrolmentGrant> EnrolmentService::grant(const rpc::EnrolmentAsk& ask) {
  rpc::EnrolmentGrant granted;
  const EnrolmentRequest request{
      .code_secret = ask.code_secret, .remote_address = ask.remote_address, .software_version = ask.software_version};
  const auto make = [&](const Gateway& gateway) -> Result<crypto::CertificateInfo> {
    DUHENG_TRY(crypto::IssuedCertificate issued, issue(ask.request_pem, gateway));
    granted.certificate_chain = std::move(issued.chain_pem);
    granted.not_after_utc_ms = issued.info.not_after_utc_ms;
    return issued.info;
  };
  const Result<Gateway> enrolled = gateways_.enrol(request, make);
  if (!enrolled) {
    const Error& error = enrolled.error();
    log::warning("enrolment", "enrolment refused",
                 {{"address", ask.remote_address}, {"code", to_string(error.code)}, {"reason", error}});
    switch (error.code) {
      case ErrorCode::throttled:
      case ErrorCode::unavailable:
        return std::unexpected(error);
      case ErrorCode::not_found:
      case ErrorCode::expired:
      case ErrorCode::already_exists:
      case ErrorCode::forbidden:
      case ErrorCode::malformed:
      case ErrorCode::unsupported:
        // One answer for all: whoever guesses shall not learn how near he came.
        return fail(ErrorCode::forbidden, "the enrolment code is wrong, expired or was used before; ask for a new one");
      default:
        return fail(ErrorCode::unavailable, "the platform cannot enrol gateways at present");
    }
  }
  log::info("enrolment", "gateway enrolled",
            {{"gateway", enrolled->id.value}, {"name", enrolled->name}, {"address", ask.remote_address}});
  granted.gateway = enrolled->id;
  granted.gateway_name = enrolled->name;
  granted.trust_root = issuer_.trust_root_pem();
  return granted;
}

Result<void> EnrolmentService::authorise(const rpc::Peer& peer) {
  DUHENG_CHECK(gateways_.authenticate(peer.certificate));
  return {};
}

Result<crypto::CertificateInfo> EnrolmentService::renew(const rpc::Peer& peer, const std::string& request_pem,
                                                        std::string& chain_pem) {
  DUHENG_TRY(const Gateway gateway, gateways_.authenticate(peer.certificate));
  DUHENG_TRY(crypto::IssuedCertificate issued, issue(request_pem, gateway));
  DUHENG_CHECK(gateways_.store_renewed_certificate(gateway.id, issued.info));
  chain_pem = std::move(issued.chain_pem);
  return issued.info;
}

}  // namespace duheng::platform
