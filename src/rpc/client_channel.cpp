#include "rpc/client_channel.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "crypto/x509.hpp"

namespace duheng::rpc {

namespace {

constexpr std::size_t identity_bytes_max = 256U << 10;
constexpr int response_bytes_max = 4 << 20;

}  // namespace

Result<std::shared_ptr<grpc::Channel>> make_client_channel(Disk& disk, const Clock& clock,
                                                           const IdentityFiles& identity,
                                                           const ClientChannelOptions& options) {
  DUHENG_TRY(const Bytes key, read_file(disk, identity.key, identity_bytes_max));
  DUHENG_TRY(const Bytes chain, read_file(disk, identity.certificate_chain, identity_bytes_max));
  DUHENG_TRY(const Bytes root, read_file(disk, identity.trust_root, identity_bytes_max));
  DUHENG_TRY(const crypto::CertificateInfo certificate, crypto::parse_certificate(as_text(chain)));
  if (certificate.not_after_utc_ms <= clock.utc_ms()) {
    return fail(ErrorCode::expired, fmt::format("this gateway's certificate expired at {}; enrol the gateway again",
                                                format_utc(certificate.not_after_utc_ms)));
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = as_text(root);
  tls.pem_private_key = as_text(key);
  tls.pem_cert_chain = as_text(chain);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive_ms));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(options.keepalive_timeout_ms));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(response_bytes_max);
  arguments.SetMaxSendMessageSize(-1);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(tls), arguments);
}

}  // namespace duheng::rpc
