// Real gRPC over loopback with real TLS: who is let in, what is refused and counted, and that the port survives it all.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "duheng/uplink/v1/uplink.grpc.pb.h"
#include "rpc/enrolment_client.hpp"
#include "rpc/grpc_common.hpp"
#include "rpc/test_world.hpp"
#include "uplink/test_source.hpp"

namespace duheng::rpc {
namespace {

using testing::Authority;
using testing::TakeAllSink;
using testing::wait_until;
namespace wire = ::duheng::uplink::v1;

constexpr GatewayId gateway{12};
constexpr std::uint64_t epoch = 0x1122334455667788;

class RpcTest : public ::testing::Test {
 protected:
  RpcTest() {
    source.start_epoch(epoch);
    files = testing::store(disk, authority->gateway(gateway));
  }
  ~RpcTest() override {
    client.reset();
    server.reset();
  }
  void start_server(int port = 0) {
    UplinkServerOptions options;
    options.listen = "127.0.0.1:" + std::to_string(port);
    options.identity = authority->server();
    options.trust_root = authority->issuer().trust_root_pem();
    options.receiver = receiver;
    options.reauthorisation_ms = 50;
    auto started = UplinkServer::start(
        sink, clock,
        [this](const Peer& peer) -> Result<void> {
          if (revoked == peer.gateway.value) return fail(ErrorCode::forbidden, "the gateway is revoked");
          return {};
        },
        [this](const Peer& peer, const std::string& request, std::string& chain) -> Result<crypto::CertificateInfo> {
          crypto::CertificateOrder order;
          order.profile = crypto::CertificateProfile::gateway;
          order.request_pem = request;
          order.common_name = "renewed";
          order.gateway = peer.gateway;
          order.lifetime_ms = 60 * testing::day_ms;
          DUHENG_TRY(crypto::IssuedCertificate issued, authority->issuer().issue(order));
          chain = issued.chain_pem;
          return issued.info;
        },
        options);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(server->port()); }
  void start_client() { client = make_client(source, files); }
  std::unique_ptr<UplinkClient> make_client(uplink::BatchSource& from, const IdentityFiles& identity) {
    UplinkClientOptions options;
    options.address = address();
    options.identity = identity;
    options.sender.backoff = {.first_ms = 20, .longest_ms = 200};
    options.sender.status_interval_ms = 20;
    return std::make_unique<UplinkClient>(
        from, clock, disk, random, [] { return uplink::GatewayStatus{.devices_answering = 5}; }, options);
  }
  void append(int count, std::size_t bytes = 1'000) {
    for (int i = 0; i < count; ++i) source.append(Bytes(bytes, static_cast<std::uint8_t>(i)));
  }
  /// The status with which the platform answers a stranger's session that sends `message`.
  grpc::Status knock(const grpc::SslCredentialsOptions& tls, const std::string& message) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    grpc::GenericStub stub(grpc::CreateCustomChannel(address(), grpc::SslCredentials(tls), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    grpc::CompletionQueue queue;
    auto call = stub.PrepareCall(&context, "/duheng.uplink.v1.Uplink/Session", &queue);
    const auto next = [&] {
      void* tag = nullptr;
      bool ok = false;
      queue.Next(&tag, &ok);
      return ok;
    };
    call->StartCall(nullptr);
    if (next()) {
      const grpc::Slice slice(message);
      call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
      if (next()) {
        call->WritesDone(nullptr);
        next();
      }
    }
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    while (next()) call->Read(&answer, nullptr);
    grpc::Status status;
    call->Finish(&status, nullptr);
    next();
    return status;
  }
  grpc::SslCredentialsOptions credentials(const Authority::GatewayIdentity& identity) {
    return {authority->issuer().trust_root_pem(), identity.key, identity.chain};
  }
  void expect_still_serving() {
    append(3);
    start_client();
    EXPECT_TRUE(wait_until([&] { return client->statistics().batches_acknowledged == 3; }))
        << client->statistics().last_error;
  }

  SystemClock clock;
  SystemRandom random;
  SimulatedDisk disk;
  std::unique_ptr<Authority> authority = std::make_unique<Authority>();
  uplink::TestSource source;
  uplink::ReceiverOptions receiver;
  TakeAllSink sink;
  IdentityFiles files;
  std::atomic<std::int64_t> revoked = 0;
  std::unique_ptr<UplinkServer> server;
  std::unique_ptr<UplinkClient> client;
};

TEST_F(RpcTest, CarriesBatchesOverMutualTls) {
  append(500, 20'000);
  start_server();
  start_client();
  ASSERT_TRUE(wait_until([&] { return client->statistics().batches_acknowledged == 500; }))
      << client->statistics().last_error;
  EXPECT_EQ(sink.taken(gateway, epoch), 500U);
  EXPECT_EQ(sink.bytes, 500U * 20'000);
  ASSERT_TRUE(wait_until([&] { return !server->sessions().empty() && server->sessions()[0].status.has_value(); }));
  const SessionInfo info = server->sessions()[0];
  EXPECT_EQ(info.gateway, gateway);
  EXPECT_EQ(info.address, "127.0.0.1");
  EXPECT_EQ(info.status->devices_answering, 5U);
  ASSERT_TRUE(info.clock_offset_ms);
  EXPECT_LT(std::abs(*info.clock_offset_ms), 5'000);
}

TEST_F(RpcTest, RefusesWithoutACertificate) {
  start_server();
  const std::uint64_t before = server->statistics().handshakes_failed;
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = authority->issuer().trust_root_pem();
  EXPECT_EQ(knock(tls, "").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(wait_until([&] { return server->statistics().handshakes_failed > before; }))
      << "the platform's log tells why";
  EXPECT_EQ(server->statistics().sessions_accepted, 0U);
  expect_still_serving();
}

TEST_F(RpcTest, RefusesAForeignAuthority) {
  start_server();
  Authority foreign;
  EXPECT_EQ(knock(credentials(foreign.gateway(gateway)), "").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(wait_until([&] { return server->statistics().certificates_refused == 1; }));
  EXPECT_EQ(server->statistics().sessions_accepted, 0U);
  expect_still_serving();
}

TEST_F(RpcTest, RefusesAServersCertificateAsAClients) {
  start_server();
  const ServerIdentity other = authority->server();
  EXPECT_EQ(knock({authority->issuer().trust_root_pem(), other.private_key, other.certificate_chain}, "").error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server->statistics().certificates_refused, 1U);
}

TEST_F(RpcTest, RefusesAnExpiredCertificateAtBothEnds) {
  authority = std::make_unique<Authority>(30);
  start_server();
  const auto expired = authority->gateway(gateway, 10 * testing::day_ms);
  EXPECT_EQ(knock(credentials(expired), "").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(wait_until([&] { return server->statistics().certificates_refused == 1; }));
  EXPECT_EQ(server->statistics().sessions_accepted, 0U);

  append(1);
  client = make_client(source, testing::store(disk, expired, "expired"));
  ASSERT_TRUE(wait_until([&] { return client->statistics().connections_failed >= 2; }));
  EXPECT_NE(client->statistics().last_error.find("certificate expired at"), std::string::npos)
      << client->statistics().last_error;
  EXPECT_EQ(sink.taken(gateway, epoch), 0U);
}

TEST_F(RpcTest, TellsARevokedGatewayWhy) {
  revoked = gateway.value;
  append(1);
  start_server();
  start_client();
  ASSERT_TRUE(wait_until([&] { return client->statistics().last_error.find("revoked") != std::string::npos; }))
      << client->statistics().last_error;
  EXPECT_GE(server->statistics().refused_unauthorised, 1U);
  EXPECT_EQ(sink.taken(gateway, epoch), 0U);
}

TEST_F(RpcTest, EndsTheSessionOfAGatewayRevokedMeanwhile) {
  append(1);
  start_server();
  start_client();
  ASSERT_TRUE(wait_until([&] { return client->statistics().batches_acknowledged == 1; }));
  revoked = gateway.value;
  ASSERT_TRUE(wait_until([&] { return !client->statistics().online; }));
  ASSERT_TRUE(wait_until([&] { return client->statistics().last_error.find("revoked") != std::string::npos; }));
}

TEST_F(RpcTest, RefusesAServerThatIsNotThePlatform) {
  append(1);
  start_server();
  Authority foreign;
  auto identity = authority->gateway(gateway);
  identity.root = foreign.issuer().trust_root_pem();  // what this gateway trusts
  client = make_client(source, testing::store(disk, identity, "other"));
  ASSERT_TRUE(wait_until([&] { return client->statistics().connections_failed >= 2; }));
  EXPECT_EQ(sink.taken(gateway, epoch), 0U);
}

TEST_F(RpcTest, CountsMalformedMessagesAndLives) {
  start_server();
  const auto tls = credentials(authority->gateway(GatewayId{13}));
  EXPECT_EQ(knock(tls, "\xFF\xFF\xFF no message").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(knock(tls, "").error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "a message of no kind";
  wire::SessionRequest short_hash;
  short_hash.mutable_batch()->set_hash("abc");
  EXPECT_EQ(knock(tls, short_hash.SerializeAsString()).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(server->statistics().messages_malformed, 3U);
  wire::SessionRequest early;
  early.mutable_status();
  EXPECT_EQ(knock(tls, early.SerializeAsString()).error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << "no hello before";
  EXPECT_EQ(server->statistics().protocol_violations, 1U);
  expect_still_serving();
}

TEST_F(RpcTest, CutsOffMessagesBeyondTheLimitAndLives) {
  receiver.batch_bytes_max = 100'000;
  start_server();
  const auto tls = credentials(authority->gateway(GatewayId{13}));
  wire::SessionRequest huge;
  huge.mutable_batch()->set_body(std::string(3U << 20, 'x'));
  EXPECT_EQ(knock(tls, huge.SerializeAsString()).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(wait_until([&] { return server->statistics().broken_off == 1; }));
  expect_still_serving();
}

TEST_F(RpcTest, GoesOnWhereItWasAfterThePlatformRestarts) {
  append(10);
  start_server();
  const int port = server->port();
  start_client();
  ASSERT_TRUE(wait_until([&] { return client->statistics().batches_acknowledged == 10; }));
  server.reset();
  append(10);
  client->new_batch();
  ASSERT_TRUE(wait_until([&] { return client->statistics().connections_failed >= 1; }));
  start_server(port);
  ASSERT_TRUE(wait_until([&] { return sink.taken(gateway, epoch) == 20; })) << client->statistics().last_error;
  EXPECT_EQ(client->statistics().batches_sent, 20U) << "nothing was sent twice";
}

TEST_F(RpcTest, StopsReadingWhenThereIsNoRoomAndGoesOnAfterwards) {
  receiver.throttle_after_ms = 200;
  receiver.throttle_pause_ms = 100;
  sink.full = true;
  append(5);
  start_server();
  start_client();
  ASSERT_TRUE(wait_until([&] { return client->statistics().throttled >= 1; }));
  EXPECT_EQ(sink.taken(gateway, epoch), 0U);
  sink.full = false;
  server->room_available();
  ASSERT_TRUE(wait_until([&] { return sink.taken(gateway, epoch) == 5; }));
}

TEST_F(RpcTest, OneGatewayHasOneSession) {
  start_server();
  start_client();
  ASSERT_TRUE(wait_until([&] { return client->statistics().online; }));
  EXPECT_EQ(knock(credentials(authority->gateway(gateway)), "").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(server->statistics().superseded, 1U);
  EXPECT_TRUE(wait_until([&] { return client->statistics().online && client->statistics().connections == 2; }))
      << "and comes back";
}

TEST_F(RpcTest, SaysThatThePortIsTaken) {
  start_server();
  UplinkServerOptions options;
  options.listen = address();
  options.identity = authority->server();
  options.trust_root = authority->issuer().trust_root_pem();
  const auto second = UplinkServer::start(sink, clock, [](const Peer&) -> Result<void> { return {}; }, {}, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

TEST_F(RpcTest, RenewsACertificateOverTheOldOne) {
  start_server();
  files = testing::store(disk, authority->gateway(gateway, 3'600'000),
                         "short");  // begins an hour early: half of it is over
  EXPECT_FALSE(testing::value_or_throw(renewal_due(disk, clock, files)));
  const auto old = testing::value_or_throw(read_file(disk, files.certificate_chain));
  const auto renewed = renew_certificate(disk, clock, address(), "", files);
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_GT(*renewed, clock.utc_ms() + 50 * testing::day_ms);
  EXPECT_NE(testing::value_or_throw(read_file(disk, files.certificate_chain)), old);
  expect_still_serving();

  revoked = gateway.value;
  const auto refused = renew_certificate(disk, clock, address(), "", files);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
}

TEST_F(RpcTest, TheClientRenewsItsCertificateInTime) {
  authority = std::make_unique<Authority>(20);
  start_server();
  const auto ageing = authority->gateway(gateway, 25 * testing::day_ms);
  files = testing::store(disk, ageing, "ageing");
  start_client();
  ASSERT_TRUE(wait_until([&] { return server->statistics().certificates_renewed == 1; }));
  ASSERT_TRUE(wait_until(
      [&] { return as_text(testing::value_or_throw(read_file(disk, files.certificate_chain))) != ageing.chain; }));
  EXPECT_FALSE(testing::value_or_throw(renewal_due(disk, clock, files)));
}

}  // namespace
}  // namespace duheng::rpc
