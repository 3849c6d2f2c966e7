// The control stream over real gRPC with real TLS: who is let in, what arrives, what ends a session.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "duheng/control/v1/control.grpc.pb.h"
#include "rpc/control_client.hpp"
#include "rpc/control_server.hpp"
#include "rpc/control_wire.hpp"
#include "rpc/test_world.hpp"

namespace duheng::rpc {
namespace {

using testing::Authority;
using testing::wait_until;

constexpr GatewayId gateway{12};

FieldOrder order(std::uint8_t number) {
  FieldOrder out;
  out.id.fill(number);
  out.device_uid = "meter-" + std::to_string(number);
  out.kind = OrderKind::command;
  out.name = "relay_trip";
  out.registers = {"voltage_a", "voltage_b"};
  out.arguments = {{"value", "1"}};
  out.password = "000000";
  out.operator_code = "00000001";
  out.lifetime_ms = 4'000;
  out.from_utc_ms = 1;
  out.to_utc_ms = 2;
  return out;
}

class Recorder final : public ControlHandler {
 public:
  void connected(GatewayId from, const control::GatewayHello& hello) override {
    const std::lock_guard lock(mutex);
    ++greetings;
    last_hello = hello;
    EXPECT_EQ(from, gateway);
    EXPECT_FALSE(std::exchange(here, true)) << "connected twice without an end between";
  }
  void received(GatewayId, control::FromGateway message) override {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(here);
    messages.push_back(std::move(message));
  }
  void disconnected(GatewayId) override {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(std::exchange(here, false));
    ++ends;
  }
  void rest() override { ++rests; }
  [[nodiscard]] std::size_t message_count() {
    const std::lock_guard lock(mutex);
    return messages.size();
  }
  std::mutex mutex;
  bool here = false;
  control::GatewayHello last_hello;
  std::vector<control::FromGateway> messages;
  std::atomic<int> greetings = 0;
  std::atomic<int> ends = 0;
  std::atomic<int> rests = 0;
};

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() { files = testing::store(disk, authority.gateway(gateway)); }
  ~ControlTest() override {
    client.reset();
    stop_server();
  }
  void start_server(int port = 0) {
    control_server = std::make_unique<ControlServer>(clock, recorder, server_options);
    UplinkServerOptions options;
    options.listen = "127.0.0.1:" + std::to_string(port);
    options.identity = authority.server();
    options.trust_root = authority.issuer().trust_root_pem();
    options.reauthorisation_ms = 50;
    auto started = UplinkServer::start(
        sink, clock,
        [this](const Peer& peer) -> Result<void> {
          if (revoked == peer.gateway.value) return fail(ErrorCode::forbidden, "the gateway is revoked");
          return {};
        },
        {}, options, control_server.get());
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  void stop_server() {
    if (server) server->stop();
    if (control_server) control_server->stop();
    server.reset();
    control_server.reset();
  }
  std::unique_ptr<ControlClient> make_client(const IdentityFiles& identity) {
    ControlClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(server->port());
    options.identity = identity;
    options.backoff = {.first_ms = 20, .longest_ms = 200};
    ControlClient::Handlers handlers;
    handlers.hello = [] {
      control::GatewayHello hello;
      hello.software_version = "test";
      hello.plan_version = 3;
      hello.plan_hash.fill(9);
      return hello;
    };
    handlers.connected = [this] { ++connected; };
    handlers.disconnected = [this] { ++disconnected; };
    handlers.received = [this](control::FromPlatform message) {
      while (hold) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      arrived.push_back(std::move(message));
    };
    return std::make_unique<ControlClient>(clock, disk, random, std::move(handlers), std::move(options));
  }
  [[nodiscard]] std::size_t arrived_count() {
    const std::lock_guard lock(mutex);
    return arrived.size();
  }
  void begin() {
    start_server();
    client = make_client(files);
    ASSERT_TRUE(wait_until([&] { return connected == 1 && recorder.greetings == 1; }))
        << client->statistics().last_error;
  }
  /// The status with which the platform answers a session whose first message is `message`.
  grpc::Status knock(const Authority::GatewayIdentity& identity, const control_wire::GatewayMessage& message) {
    const grpc::SslCredentialsOptions tls{authority.issuer().trust_root_pem(), identity.key, identity.chain};
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server->port()), grpc::SslCredentials(tls), arguments);
    const auto stub = control_wire::Control::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    const auto stream = stub->Session(&context);
    stream->Write(message);
    control_wire::PlatformMessage answer;
    while (stream->Read(&answer)) {
    }
    return stream->Finish();
  }

  SystemClock clock;
  SystemRandom random;
  SimulatedDisk disk;
  Authority authority;
  testing::TakeAllSink sink;
  Recorder recorder;
  ControlServerOptions server_options;
  IdentityFiles files;
  std::atomic<std::int64_t> revoked = 0;
  std::atomic<int> connected = 0;
  std::atomic<int> disconnected = 0;
  std::atomic<bool> hold = false;
  std::mutex mutex;
  std::vector<control::FromPlatform> arrived;
  std::unique_ptr<ControlServer> control_server;
  std::unique_ptr<UplinkServer> server;
  std::unique_ptr<ControlClient> client;
};

TEST_F(ControlTest, CarriesMessagesBothWaysInOrder) {
  begin();
  EXPECT_EQ(recorder.last_hello.software_version, "test");
  EXPECT_EQ(recorder.last_hello.plan_version, 3U);
  EXPECT_EQ(recorder.last_hello.plan_hash[31], 9);
  EXPECT_NEAR(static_cast<double>(recorder.last_hello.gateway_utc_ms), static_cast<double>(clock.utc_ms()), 60'000);
  for (std::uint8_t i = 0; i < 100; ++i) ASSERT_TRUE(control_server->send(gateway, order(i)));
  ASSERT_TRUE(wait_until([&] { return arrived_count() == 100; }));
  for (std::uint8_t i = 0; i < 100; ++i) {
    const auto& got = std::get<FieldOrder>(arrived[i]);
    EXPECT_EQ(got.device_uid, order(i).device_uid);
    EXPECT_EQ(got.password, "000000");
  }
  for (std::uint8_t i = 0; i < 50; ++i) {
    OrderReport report;
    report.id.fill(i);
    report.state = OrderState::done;
    report.values.push_back({"voltage_a", "V", -1, SeriesKind::decimal, 2'200 + i, Quality::good, 5, true});
    report.frames.push_back({Protocol::dlt645_2007, Bytes{0x68}, Bytes{0x16}, 1, 2});
    ASSERT_TRUE(client->send(report));
  }
  ASSERT_TRUE(wait_until([&] { return recorder.message_count() == 50; }));
  for (std::uint8_t i = 0; i < 50; ++i) {
    const auto& got = std::get<OrderReport>(recorder.messages[i]);
    EXPECT_EQ(got.id[15], i);
    ASSERT_EQ(got.values.size(), 1U);
    EXPECT_EQ(got.values[0].mantissa, 2'200 + i);
    EXPECT_TRUE(got.values[0].read_back);
    EXPECT_EQ(got.frames.at(0).request, Bytes{0x68});
  }
  EXPECT_TRUE(wait_until([&] { return recorder.rests > 0; }));
  EXPECT_FALSE(control_server->send(GatewayId{99}, order(1))) << "nobody there";
}

TEST_F(ControlTest, RefusesARevokedGatewayAndEndsItsSession) {
  begin();
  revoked = gateway.value;
  ASSERT_TRUE(wait_until([&] { return disconnected == 1 && recorder.ends == 1; }));
  ASSERT_TRUE(wait_until([&] { return client->statistics().last_error.find("revoked") != std::string::npos; }));
  EXPECT_FALSE(control_server->send(gateway, order(1)));
  EXPECT_TRUE(wait_until([&] { return control_server->statistics().refused >= 1; }));
  EXPECT_EQ(recorder.greetings, 1);
}

TEST_F(ControlTest, AnswersToNobodyWithoutACertificateOfOurs) {
  start_server();
  Authority foreign;
  control_wire::GatewayMessage hello;
  hello.mutable_hello()->set_protocol_version(1);
  EXPECT_FALSE(knock(foreign.gateway(gateway), hello).ok());
  EXPECT_EQ(recorder.greetings, 0);
}

TEST_F(ControlTest, TheNewerSessionOfAGatewayCounts) {
  begin();
  auto second = make_client(files);
  ASSERT_TRUE(wait_until([&] { return control_server->statistics().superseded >= 1 && recorder.greetings >= 2; }));
  EXPECT_GE(recorder.ends, 1);
}

TEST_F(ControlTest, EndsSessionsThatBreakTheRules) {
  start_server();
  const auto identity = authority.gateway(gateway);
  control_wire::GatewayMessage message;
  EXPECT_EQ(knock(identity, message).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "no kind at all";
  message.mutable_trace_ended()->set_trace(1);
  EXPECT_EQ(knock(identity, message).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "no hello before";
  message.mutable_hello()->set_protocol_version(0);
  EXPECT_EQ(knock(identity, message).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "no version";
  message.mutable_order_report()->set_id("short");
  EXPECT_EQ(knock(identity, message).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(wait_until([&] { return control_server->statistics().messages_malformed == 4; }));
  EXPECT_EQ(recorder.greetings, 0);
  client = make_client(files);
  EXPECT_TRUE(wait_until([&] { return recorder.greetings == 1; })) << "and serves on";
}

TEST_F(ControlTest, ComesBackAfterThePlatformRestarts) {
  begin();
  const int port = server->port();
  stop_server();
  ASSERT_TRUE(wait_until([&] { return disconnected == 1; }));
  EXPECT_EQ(recorder.ends, 1);
  EXPECT_FALSE(client->send(control::TraceEnded{1, "x"})) << "offline";
  start_server(port);
  ASSERT_TRUE(wait_until([&] { return connected == 2 && recorder.greetings == 2; }));
  ASSERT_TRUE(client->send(control::TraceEnded{1, "x"}));
  EXPECT_TRUE(wait_until([&] { return recorder.message_count() == 1; }));
}

TEST_F(ControlTest, AQueueThatIsFullSaysSo) {
  server_options.queued_messages_max = 10;
  begin();
  hold = true;
  FieldOrder large = order(1);
  large.item.assign(16'000, ' ');
  int taken = 0;
  ASSERT_TRUE(wait_until([&] { return !control_server->send(gateway, large) || ++taken > 5'000; }));
  EXPECT_LT(taken, 5'000) << "gRPC's own windows hold some, then ours is full";
  EXPECT_GE(control_server->statistics().messages_not_taken, 1U);
  hold = false;
  EXPECT_TRUE(wait_until([&] { return arrived_count() >= static_cast<std::size_t>(taken); }))
      << "nothing taken is lost";
}

// ---- conversion ----

TEST(ControlWire, RefusesWhatNoReleaseSends) {
  const auto code_of = [](const auto& message) {
    const auto converted = from_wire(message);
    return converted ? ErrorCode::internal : converted.error().code;
  };
  control_wire::GatewayMessage report;
  report.mutable_order_report()->set_id("0123456789abcdef");
  EXPECT_EQ(code_of(report), ErrorCode::malformed) << "no state";
  report.mutable_order_report()->set_state(control_wire::ORDER_STATE_DONE);
  EXPECT_TRUE(from_wire(report));
  report.mutable_order_report()->add_values()->set_exponent(31);
  EXPECT_EQ(code_of(report), ErrorCode::malformed);
  report.mutable_order_report()->mutable_values(0)->set_exponent(-4);
  report.mutable_order_report()->mutable_values(0)->set_kind(4);
  EXPECT_EQ(code_of(report), ErrorCode::malformed);
  report.mutable_order_report()->mutable_values(0)->set_kind(3);
  EXPECT_TRUE(from_wire(report));
  report.mutable_order_report()->set_detail(std::string(4'097, 'x'));
  EXPECT_EQ(code_of(report), ErrorCode::limit_exceeded);

  control_wire::PlatformMessage order_message;
  order_message.mutable_order()->set_id("0123456789abcdef");
  EXPECT_EQ(code_of(order_message), ErrorCode::malformed) << "no kind";
  order_message.mutable_order()->set_kind(control_wire::ORDER_KIND_READ);
  EXPECT_TRUE(from_wire(order_message));
  order_message.mutable_order()->set_lifetime_ms(UINT64_MAX);
  EXPECT_EQ(code_of(order_message), ErrorCode::malformed);

  control_wire::PlatformMessage trace;
  trace.mutable_trace_request()->set_trace(1);
  EXPECT_EQ(code_of(trace), ErrorCode::malformed) << "follows nothing";
  trace.mutable_trace_request()->set_channel("line-1");
  EXPECT_TRUE(from_wire(trace));
  trace.mutable_trace_request()->set_device_uid("m1");
  EXPECT_EQ(code_of(trace), ErrorCode::malformed) << "follows two things";

  control_wire::PlatformMessage plan;
  plan.mutable_plan_part()->set_parts(1);
  plan.mutable_plan_part()->set_part(1);
  EXPECT_EQ(code_of(plan), ErrorCode::malformed);
  plan.mutable_plan_part()->set_part(0);
  EXPECT_TRUE(from_wire(plan));
  plan.mutable_plan_part()->add_channels()->set_name("a");
  EXPECT_EQ(code_of(plan), ErrorCode::malformed) << "a channel of no kind";
  auto& serial = *plan.mutable_plan_part()->mutable_channels(0)->mutable_serial();
  serial.set_device("/dev/ttyS1");
  serial.set_data_bits(8);
  serial.set_stop_bits(1);
  serial.set_parity("sometimes");
  EXPECT_EQ(code_of(plan), ErrorCode::malformed);
  serial.set_parity("odd");
  const auto converted = from_wire(plan);
  ASSERT_TRUE(converted);
  control_wire::PlatformMessage again;
  to_wire(*converted, again);
  EXPECT_EQ(again.plan_part().channels(0).serial().parity(), "odd");
  EXPECT_EQ(again.plan_part().channels(0).serial().device(), "/dev/ttyS1");
}

}  // namespace
}  // namespace duheng::rpc
