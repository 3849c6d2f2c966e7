#include "rpc/enrolment_server.hpp"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <utility>

#include "duheng/enrolment/v1/enrolment.grpc.pb.h"
#include "rpc/grpc_common.hpp"

namespace duheng::rpc {

namespace {
constexpr int message_bytes_max = 64 << 10;
constexpr std::size_t memory_bytes_max = 64U << 20;
}  // namespace

using EnrolmentBase = enrolment::v1::Enrolment::WithCallbackMethod_Enrol<enrolment::v1::Enrolment::Service>;

struct EnrolmentServer::Impl {
  class Service final : public EnrolmentBase {
   public:
    explicit Service(Grant grant) : grant_(std::move(grant)) {}
    grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context, const enrolment::v1::EnrolRequest* request,
                                    enrolment::v1::EnrolResponse* response) override {
      auto* reactor = context->DefaultReactor();
      const Result<EnrolmentGrant> granted = grant_({.code_secret = request->code_secret(),
                                                     .request_pem = request->certificate_signing_request(),
                                                     .software_version = request->software_version(),
                                                     .remote_address = address_of(context->peer())});
      if (!granted) {
        reactor->Finish(status_of(granted.error()));
        return reactor;
      }
      response->set_gateway_id(granted->gateway.value);
      response->set_gateway_name(granted->gateway_name);
      response->set_certificate_chain(granted->certificate_chain);
      response->set_trust_root(granted->trust_root);
      response->set_not_after_utc_ms(granted->not_after_utc_ms);
      reactor->Finish(grpc::Status::OK);
      return reactor;
    }

   private:
    const Grant grant_;
  };

  explicit Impl(Grant grant) : service(std::move(grant)) {}
  Service service;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

EnrolmentServer::EnrolmentServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<EnrolmentServer>> EnrolmentServer::start(const std::string& listen,
                                                                const ServerIdentity& identity, Grant grant) {
  adopt_grpc_log();
  auto impl = std::make_unique<Impl>(std::move(grant));
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  tls.pem_key_cert_pairs.push_back({identity.private_key, identity.certificate_chain});
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(message_bytes_max);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8'192);
  builder.SetResourceQuota(grpc::ResourceQuota("enrolment").Resize(memory_bytes_max));
  builder.AddListeningPort(listen, grpc::SslServerCredentials(tls), &impl->port);
  builder.RegisterService(&impl->service);
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port <= 0) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("cannot serve enrolment on {}: the port is taken, or key and certificate do not fit", listen));
  }
  return std::unique_ptr<EnrolmentServer>(new EnrolmentServer(std::move(impl)));
}

EnrolmentServer::~EnrolmentServer() {
  impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  impl_->server->Wait();
}

int EnrolmentServer::port() const noexcept { return impl_->port; }

}  // namespace duheng::rpc
