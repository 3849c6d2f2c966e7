#include "rpc/enrolment_client.hpp"

#include <chrono>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "crypto/enrolment_code.hpp"
#include "crypto/x509.hpp"
#include "duheng/enrolment/v1/enrolment.grpc.pb.h"
#include "rpc/grpc_common.hpp"
#include "rpc/tls_probe.hpp"

namespace duheng::rpc {

namespace {

constexpr int response_bytes_max = 256 << 10;
constexpr std::size_t identity_bytes_max = 256U << 10;

/// The root that the server shows, if it is the one the code names and the server's own certificate stands on it.
Result<std::string> trusted_root(const std::string& address, const crypto::EnrolmentCode& code, const Clock& clock,
                                 std::int64_t timeout_ms) {
  DUHENG_TRY(const std::string chain, fetch_server_chain(address, timeout_ms));
  DUHENG_TRY(const std::vector<std::string> certificates, crypto::split_chain(chain));
  for (const std::string& certificate : certificates) {
    DUHENG_TRY(const crypto::CertificateInfo info, crypto::parse_certificate(certificate));
    if (!code.names_authority(info.fingerprint)) continue;
    if (const auto sound = crypto::verify_chain(chain, certificate, crypto::CertificateUse::server, clock.utc_ms());
        !sound) {
      return fail(
          sound.error().code == ErrorCode::expired ? ErrorCode::expired : ErrorCode::unauthenticated,
          fmt::format("{} shows the right authority, but its own certificate does not come from it or is not valid "
                      "({}): somebody may be in between",
                      address, sound.error().message));
    }
    return certificate;
  }
  return fail(ErrorCode::unauthenticated,
              fmt::format("{} is not the platform that this code was made for: the address is wrong, or somebody is in "
                          "between. Nothing was sent",
                          address));
}

/// Key first: a certificate without its key is worth nothing, a key without certificate does no harm.
Result<void> store(Disk& disk, const IdentityFiles& files, const std::string& key, const std::string& chain,
                   const std::string& root) {
  const auto write = [&](const std::string& path, const std::string& text) -> Result<void> {
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos && slash > 0) DUHENG_CHECK(disk.make_directories(path.substr(0, slash)));
    return write_file_atomically(disk, path, as_bytes(text));
  };
  DUHENG_CHECK(write(files.key, key));
  DUHENG_CHECK(write(files.certificate_chain, chain));
  if (root.empty()) return {};
  return write(files.trust_root, root);
}

Error told(const grpc::Status& status, const std::string& address) {
  Error error = error_of(status);
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timed_out:
      error.message = fmt::format("{} did not answer: {}", address, status.error_message());
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

Result<EnrolmentResult> enrol(Disk& disk, const Clock& clock, const std::string& address, const std::string& code_text,
                              const std::string& software_version, const IdentityFiles& identity,
                              std::int64_t timeout_ms) {
  adopt_grpc_log();
  DUHENG_TRY(const crypto::EnrolmentCode code, crypto::EnrolmentCode::parse(code_text));
  DUHENG_TRY(const std::string root, trusted_root(address, code, clock, timeout_ms));
  DUHENG_TRY(const crypto::PrivateKey key, crypto::PrivateKey::generate());
  DUHENG_TRY(const std::string key_pem, key.to_pem());
  DUHENG_TRY(const std::string request_pem, crypto::make_certificate_request(key, "gateway"));

  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = root;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(response_bytes_max);
  const auto stub =
      enrolment::v1::Enrolment::NewStub(grpc::CreateCustomChannel(address, grpc::SslCredentials(tls), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
  enrolment::v1::EnrolRequest request;
  request.set_code_secret(code.secret_text());
  request.set_certificate_signing_request(request_pem);
  request.set_software_version(software_version);
  enrolment::v1::EnrolResponse response;
  if (const grpc::Status status = stub->Enrol(&context, request, &response); !status.ok()) {
    return std::unexpected(told(status, address));
  }
  DUHENG_CHECK(
      crypto::verify_chain(response.certificate_chain(), root, crypto::CertificateUse::client, clock.utc_ms()));
  DUHENG_TRY(const bool fits, crypto::key_fits_certificate(key, response.certificate_chain()));
  if (!fits) return fail(ErrorCode::unauthenticated, "the platform returned a certificate for another key");
  DUHENG_CHECK(store(disk, identity, key_pem, response.certificate_chain(), root));
  return EnrolmentResult{.gateway = GatewayId{response.gateway_id()},
                         .gateway_name = response.gateway_name(),
                         .not_after_utc_ms = response.not_after_utc_ms()};
}

Result<bool> renewal_due(Disk& disk, const Clock& clock, const IdentityFiles& identity) {
  DUHENG_TRY(const Bytes chain, read_file(disk, identity.certificate_chain, identity_bytes_max));
  DUHENG_TRY(const crypto::CertificateInfo certificate, crypto::parse_certificate(as_text(chain)));
  const std::int64_t lifetime_ms = certificate.not_after_utc_ms - certificate.not_before_utc_ms;
  return certificate.not_after_utc_ms - clock.utc_ms() < lifetime_ms / 3;
}

Result<std::int64_t> renew_certificate(Disk& disk, const Clock& clock, const std::string& address,
                                       const std::string& server_name, const IdentityFiles& identity,
                                       std::int64_t timeout_ms) {
  adopt_grpc_log();
  DUHENG_TRY(const Bytes old_key, read_file(disk, identity.key, identity_bytes_max));
  DUHENG_TRY(const Bytes old_chain, read_file(disk, identity.certificate_chain, identity_bytes_max));
  DUHENG_TRY(const Bytes root, read_file(disk, identity.trust_root, identity_bytes_max));
  // The key stays: key and certificate are two files, and no crash between them may leave a pair that does not fit.
  DUHENG_TRY(const crypto::PrivateKey key, crypto::PrivateKey::from_pem(as_text(old_key)));
  DUHENG_TRY(const std::string request_pem, crypto::make_certificate_request(key, "gateway"));
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = as_text(root);
  tls.pem_private_key = as_text(old_key);
  tls.pem_cert_chain = as_text(old_chain);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!server_name.empty()) arguments.SetSslTargetNameOverride(server_name);
  const auto stub =
      enrolment::v1::Renewal::NewStub(grpc::CreateCustomChannel(address, grpc::SslCredentials(tls), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
  enrolment::v1::RenewRequest request;
  request.set_certificate_signing_request(request_pem);
  enrolment::v1::RenewResponse response;
  if (const grpc::Status status = stub->Renew(&context, request, &response); !status.ok()) {
    return std::unexpected(told(status, address));
  }
  DUHENG_CHECK(crypto::verify_chain(response.certificate_chain(), as_text(root), crypto::CertificateUse::client,
                                    clock.utc_ms()));
  DUHENG_TRY(const bool fits, crypto::key_fits_certificate(key, response.certificate_chain()));
  if (!fits) return fail(ErrorCode::unauthenticated, "the platform returned a certificate for another key");
  DUHENG_CHECK(write_file_atomically(disk, identity.certificate_chain, as_bytes(response.certificate_chain())));
  return response.not_after_utc_ms();
}

}  // namespace duheng::rpc
