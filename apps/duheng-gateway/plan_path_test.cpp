// From a device added on the platform to its first answer: onboarding over real records, the control stream over real
// gRPC with mutual TLS, a whole gateway with real sockets and files, a virtual meter behind TCP.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "control_wiring.hpp"
#include "device/meter/virtual_bus.hpp"
#include "device/meter/virtual_meter.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/onboarding/onboarding.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "rpc/control_server.hpp"
#include "rpc/test_world.hpp"
#include "store/records/test_database.hpp"

namespace duheng {
namespace {

using namespace platform;
using rpc::testing::value_or_throw;

/// The platform's half: plans only.
class PlanPlatform final : public rpc::ControlHandler {
 public:
  PlanPlatform(PlanBook& plans, const Clock& clock, rpc::testing::Authority& authority)
      : plans_(plans), server_(clock, *this) {
    rpc::UplinkServerOptions options;
    options.listen = "127.0.0.1:0";
    options.identity = authority.server();
    options.trust_root = authority.issuer().trust_root_pem();
    uplink_ = value_or_throw(rpc::UplinkServer::start(
        sink_, clock, [](const rpc::Peer&) -> Result<void> { return {}; }, {}, options, &server_));
    plans_.set_sender([this](GatewayId to, const FieldPlanPart& part) { return server_.send(to, part); });
  }
  ~PlanPlatform() override {
    uplink_->stop();
    server_.stop();
    plans_.set_sender({});
  }
  [[nodiscard]] int port() const { return uplink_->port(); }
  void connected(GatewayId gateway, const control::GatewayHello& hello) override {
    plans_.connected(gateway, hello.plan_version, hello.plan_hash);
  }
  void disconnected(GatewayId gateway) override { plans_.disconnected(gateway); }
  void received(GatewayId gateway, control::FromGateway message) override {
    if (auto* report = std::get_if<FieldPlanReport>(&message)) plans_.reported(gateway, std::move(*report));
    if (auto* state = std::get_if<control::FieldState>(&message)) {
      plans_.device_states(gateway, std::move(state->devices));
      if (state->unknown_present) plans_.unknown_devices(gateway, state->unknown);
    }
  }
  void rest() override {}

 private:
  PlanBook& plans_;
  rpc::testing::TakeAllSink sink_;
  rpc::ControlServer server_;
  std::unique_ptr<rpc::UplinkServer> uplink_;
};

class PlanPathTest : public testing::Test {
 protected:
  PlanPathTest() : bus_port_(bus_) {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-plan-path-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = name;
    std::ofstream(root_ + "/gateway.yaml")
        << "data_directory: gateway\nmodels_directory: " << DUHENG_SOURCE_DIR << "/models\n";
    models_ = std::make_shared<const drivers::ModelLibrary>(
        value_or_throw(drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models")));
    organisation_ = value_or_throw(organisations_.create(Scope::everything(), {{}, "city", "市", "City"}));
    gateway_ = value_or_throw(gateways_.create(Scope::everything(), organisation_, "gateway-1"));
    identity_ = rpc::testing::store(identity_disk_, authority_.gateway(gateway_));
    bus_.add(std::make_shared<device::VirtualMeter>(
        device::VirtualMeterOptions{.address = *dlt645::Address::parse("161"), .seed = 5}));
    listener_ = *link::listen_tcp(loop_, "127.0.0.1", 0, [this](std::unique_ptr<link::Channel> channel) {
      line_ = std::move(channel);
      line_->set_handlers({{},
                           [this](ByteView octets) {
                             bus_port_.octets(
                                 clock_.utc_ms(), octets, [](ByteView) {},
                                 [this](const device::BusAnswer& answer) {
                                   ++answers_;
                                   static_cast<void>(line_->write(answer.octets));
                                 });
                           },
                           [](const Error&) {}});
    });
    onboarding_ = std::make_unique<Onboarding>(*database_, clock_, devices_, plans_, models_);
  }
  ~PlanPathTest() override {
    control_.reset();
    service_.reset();
    platform_.reset();
    std::filesystem::remove_all(root_);
  }
  void start_gateway() {
    service_ = value_or_throw(gateway::GatewayService::start(
        loop_, disk_, clock_, random_, value_or_throw(gateway::load_gateway_config(root_ + "/gateway.yaml"))));
    rpc::ControlClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(platform_->port());
    options.identity = identity_;
    options.backoff = {.first_ms = 20, .longest_ms = 200};
    control_ = std::make_unique<ControlWiring>(loop_, identity_disk_, clock_, random_, *service_, options, "test");
  }
  /// Serves the loop, and the platform's clockwork, until the condition holds; half a minute at most.
  template <class Condition>
  bool until(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.run_for_ms(5);
      plans_.tick();
    }
    return true;
  }
  bool applied() {
    const auto state = plans_.state(Scope::everything(), gateway_);
    return state && state->is_applied();
  }

  SystemClock clock_;
  SystemRandom random_;
  PosixDisk disk_;
  SimulatedDisk identity_disk_;
  rpc::testing::Authority authority_;
  records::TestDatabase database_{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                  Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                  PlanBook::migrations()};
  Organisations organisations_{*database_, clock_};
  Gateways gateways_{*database_, clock_, random_};
  Devices devices_{*database_, clock_};
  PlanBook plans_{*database_, clock_};
  std::unique_ptr<Onboarding> onboarding_;
  link::EventLoop loop_;
  std::string root_;
  std::shared_ptr<const drivers::ModelLibrary> models_;
  OrganisationId organisation_;
  GatewayId gateway_;
  rpc::IdentityFiles identity_;
  device::VirtualBus bus_;
  device::VirtualBusPort bus_port_;
  std::unique_ptr<link::Listener> listener_;
  std::unique_ptr<link::Channel> line_;
  int answers_ = 0;
  std::unique_ptr<PlanPlatform> platform_;
  std::unique_ptr<gateway::GatewayService> service_;
  std::unique_ptr<ControlWiring> control_;
};

TEST_F(PlanPathTest, ADeviceAddedOnThePlatformIsReadAndOneRetiredIsNot) {
  platform_ = std::make_unique<PlanPlatform>(plans_, clock_, authority_);
  start_gateway();
  // It has nothing to serve, and says which models it knows.
  ASSERT_TRUE(until([&] { return plans_.report_of(gateway_).has_value(); }));
  EXPECT_EQ(plans_.report_of(gateway_)->models, models_->ids());
  Author author;
  author.name = "anna";
  author.role = Role::operator_;
  author.scope = Scope::everything();
  NewDevice wanted;
  wanted.address = "161";
  wanted.model = "dlt645-2007-single-phase";
  wanted.gateway = gateway_;
  wanted.channel = "line";
  wanted.new_channel = FieldChannel{"line", FieldTcp{"127.0.0.1", listener_->port()}};
  wanted.organisation = organisation_;
  const auto id = onboarding_->add(author, wanted);
  ASSERT_TRUE(id) << id.error().error.message;
  ASSERT_TRUE(until([&] { return applied(); }));
  ASSERT_TRUE(until([&] { return answers_ > 2; }));
  EXPECT_TRUE(plans_.report_of(gateway_)->problems.empty());
  // What the gateway says of the device's line reaches the platform.
  ASSERT_TRUE(until([&] {
    const auto state = onboarding_->connection(Scope::everything(), *id);
    return state && state->line && state->line->state.answering;
  }));

  // The gateway serves it after a restart, also while there is no platform.
  control_.reset();
  service_.reset();
  platform_.reset();
  platform_ = std::make_unique<PlanPlatform>(plans_, clock_, authority_);
  answers_ = 0;
  service_ = value_or_throw(gateway::GatewayService::start(
      loop_, disk_, clock_, random_, value_or_throw(gateway::load_gateway_config(root_ + "/gateway.yaml"))));
  ASSERT_TRUE(until([&] { return answers_ > 0; }));
  service_.reset();
  start_gateway();
  ASSERT_TRUE(onboarding_->retire(author, *id));
  ASSERT_TRUE(until([&] { return applied() && service_->plan().report().version == 2; }));
  loop_.run_for_ms(200);  // what was asked last may still be answered
  const int before = answers_;
  loop_.run_for_ms(2'000);
  EXPECT_EQ(answers_, before);
}

}  // namespace
}  // namespace duheng
