#include "rpc/client_verifier.hpp"

#include <grpcpp/grpcpp.h>
#include <utility>

#include "base/log.hpp"
#include "crypto/x509.hpp"

namespace duheng::rpc {

namespace {

class ClientVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  ClientVerifier(std::string trust_root_pem, const Clock& clock, std::shared_ptr<std::atomic<std::uint64_t>> refused)
      : trust_root_pem_(std::move(trust_root_pem)), clock_(clock), refused_(std::move(refused)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    // A TLS server is given the chain without its leaf (OpenSSL, SSL_get_peer_cert_chain).
    const grpc::string_ref leaf = request->peer_cert();
    const grpc::string_ref rest = request->peer_cert_full_chain();
    const std::string chain_pem = std::string(leaf.data(), leaf.size()) + std::string(rest.data(), rest.size());
    const auto sound =
        crypto::verify_chain(chain_pem, trust_root_pem_, crypto::CertificateUse::client, clock_.utc_ms());
    if (sound) {
      *sync_status = grpc::Status::OK;
      return true;
    }
    ++*refused_;
    const auto certificate = crypto::parse_certificate(chain_pem);
    log::warning("rpc", "gateway's certificate refused",
                 {{"reason", sound.error()},
                  {"code", to_string(sound.error().code)},
                  {"common_name", certificate ? std::string_view{certificate->common_name} : "unreadable"},
                  {"serial", certificate ? std::string_view{certificate->serial_hex} : ""}});
    *sync_status = {grpc::StatusCode::UNAUTHENTICATED, sound.error().message};
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string trust_root_pem_;
  const Clock& clock_;
  const std::shared_ptr<std::atomic<std::uint64_t>> refused_;
};

}  // namespace

std::shared_ptr<grpc::experimental::CertificateVerifier> make_client_verifier(
    std::string trust_root_pem, const Clock& clock, std::shared_ptr<std::atomic<std::uint64_t>> refused) {
  return grpc::experimental::ExternalCertificateVerifier::Create<ClientVerifier>(std::move(trust_root_pem), clock,
                                                                                 std::move(refused));
}

}  // namespace duheng::rpc
