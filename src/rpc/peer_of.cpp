#include "rpc/peer_of.hpp"

#include "rpc/grpc_common.hpp"

namespace duheng::rpc {

Result<Peer> peer_of(const grpc::ServerContextBase& context, const std::string& trust_root, const Clock& clock) {
  const auto auth = context.auth_context();
  std::string chain_pem;
  for (const char* part : {GRPC_X509_PEM_CERT_PROPERTY_NAME, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME}) {
    const auto values = auth == nullptr ? std::vector<grpc::string_ref>{} : auth->FindPropertyValues(part);
    if (values.size() == 1) chain_pem.append(values[0].data(), values[0].size());
  }
  if (chain_pem.empty()) return fail(ErrorCode::unauthenticated, "no client certificate");
  DUHENG_CHECK(crypto::verify_chain(chain_pem, trust_root, crypto::CertificateUse::client, clock.utc_ms()));
  Peer peer;
  DUHENG_TRY(peer.certificate, crypto::parse_certificate(chain_pem));
  const std::optional<GatewayId> gateway = crypto::gateway_of(peer.certificate);
  if (!gateway) return fail(ErrorCode::forbidden, "the certificate names no gateway");
  peer.gateway = *gateway;
  peer.address = address_of(context.peer());
  return peer;
}

}  // namespace duheng::rpc
