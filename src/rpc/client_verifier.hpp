#pragma once
// For the server's .cpp only.
#include <atomic>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <memory>
#include <string>

#include "base/clock.hpp"

namespace duheng::rpc {

/// Judges clients' certificates at the end of the TLS handshake, before a single octet of theirs is looked at: the
/// chain must lead to the trust root and be valid now, by our clock. gRPC's own check does the same but tells nobody
/// why it refuses.
[[nodiscard]] std::shared_ptr<grpc::experimental::CertificateVerifier> make_client_verifier(
    std::string trust_root_pem, const Clock& clock, std::shared_ptr<std::atomic<std::uint64_t>> refused);

}  // namespace duheng::rpc
