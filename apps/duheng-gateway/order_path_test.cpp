// From an order on the platform to a meter and back: the platform's orders over real records, the control stream over
// real gRPC with mutual TLS, a whole gateway with real sockets and files, virtual meters behind TCP.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "control_wiring.hpp"
#include "device/fleet/fleet.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
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

/// The platform's half, without its web.
class Platform final : public rpc::ControlHandler {
 public:
  Platform(records::Database& database, const Clock& clock, Random& random,
           std::shared_ptr<const drivers::ModelLibrary> models, rpc::testing::Authority& authority, int port)
      : server_(clock, *this),
        orders(database, clock, random, std::move(models),
               [this](GatewayId to, const control::FromPlatform& message) { return server_.send(to, message); }) {
    rpc::UplinkServerOptions options;
    options.listen = "127.0.0.1:" + std::to_string(port);
    options.identity = authority.server();
    options.trust_root = authority.issuer().trust_root_pem();
    uplink_ = value_or_throw(rpc::UplinkServer::start(
        sink_, clock, [](const rpc::Peer&) -> Result<void> { return {}; }, {}, options, &server_));
    if (const auto started = orders.start(); !started) throw std::runtime_error(started.error().message);
  }
  ~Platform() override {
    uplink_->stop();
    server_.stop();
  }
  [[nodiscard]] int port() const { return uplink_->port(); }

  void connected(GatewayId gateway, const control::GatewayHello&) override { orders.connected(gateway); }
  void disconnected(GatewayId gateway) override { orders.disconnected(gateway); }
  void received(GatewayId gateway, control::FromGateway message) override {
    if (auto* report = std::get_if<OrderReport>(&message)) orders.reported(gateway, std::move(*report));
    if (auto* state = std::get_if<control::FieldState>(&message)) device_states += state->devices.size();
    if (auto* events = std::get_if<control::TraceEvents>(&message)) {
      const std::lock_guard lock(mutex);
      traced.insert(traced.end(), events->events.begin(), events->events.end());
    }
  }
  void rest() override { orders.flush(); }

 private:
  rpc::testing::TakeAllSink sink_;
  rpc::ControlServer server_;
  std::unique_ptr<rpc::UplinkServer> uplink_;

 public:
  OrderService orders;
  std::atomic<std::size_t> device_states{0};
  std::mutex mutex;  // guards traced
  std::vector<control::TraceEvent> traced;
  bool send(GatewayId to, const control::FromPlatform& message) { return server_.send(to, message); }
};

class OrderPathTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-orders-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    std::filesystem::create_directories(root_ + "/models");
    for (const char* id : {"dlt645-2007-single-phase", "dlt645-2007-three-phase"}) {
      std::filesystem::copy_file(std::string(DUHENG_SOURCE_DIR) + "/models/" + id + ".yaml",
                                 root_ + "/models/" + id + ".yaml");
    }
    std::ofstream(root_ + "/gateway.yaml")
        << "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\n";
    fleet_config_.data_directory = root_ + "/fleet";
    fleet_config_.meters = 20;
    fleet_config_.tcp_ports = 4;
    fleet_config_.serial_lines = 0;
    fleet_config_.serial_meters_per_line = 0;
    models_ =
        std::make_shared<const drivers::ModelLibrary>(value_or_throw(drivers::ModelLibrary::load(root_ + "/models")));
    make_records();
  }
  void TearDown() override {
    control_.reset();
    service_.reset();
    fleet_.reset();
    platform_.reset();
    std::filesystem::remove_all(root_);
  }
  void make_records() {
    organisation_ = value_or_throw(organisations_.create(Scope::everything(), {{}, "city", "市", "City"}));
    gateway_ = value_or_throw(gateways_.create(Scope::everything(), organisation_, "gateway-1"));
    identity_ = rpc::testing::store(identity_disk_, authority_.gateway(gateway_));
    PeopleOptions quick;
    quick.password_cost = {.memory_kib = 64, .passes = 1};
    People people(*database_, clock_, random_, quick);
    for (const char* name : {"anna", "bert"}) {
      NewUser user;
      user.name = name;
      user.role = Role::operator_;
      user.password = "correct horse battery";
      authors_[name] = {value_or_throw(people.create(Scope::everything(), user)), name, Role::operator_,
                        Scope::everything(), "127.0.0.1"};
    }
  }
  void start_platform(int port = 0) {
    platform_ = std::make_unique<Platform>(*database_, clock_, random_, models_, authority_, port);
  }
  void start_fleet(const std::string& scenario = {}) {
    if (!scenario.empty()) {
      std::ofstream(root_ + "/scenario.yaml") << scenario;
      fleet_config_.scenario = root_ + "/scenario.yaml";
    }
    fleet_ = value_or_throw(device::Fleet::start(loop_, disk_, clock_, random_, fleet_config_));
  }
  void start_gateway() {
    auto config = value_or_throw(gateway::load_gateway_config(root_ + "/gateway.yaml"));
    if (targets_.empty()) make_devices(config);
    service_ = value_or_throw(gateway::GatewayService::start(loop_, disk_, clock_, random_, std::move(config)));
    rpc::ControlClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(platform_->port());
    options.identity = identity_;
    options.backoff = {.first_ms = 20, .longest_ms = 200};
    control_ = std::make_unique<ControlWiring>(loop_, identity_disk_, clock_, random_, *service_, options, "test");
  }
  void make_devices(const gateway::GatewayConfig& config) {
    for (const gateway::DeviceConfig& known : config.devices) {
      DeviceDetails details;
      details.uid = details.name = known.uid;
      details.address = known.address;
      details.protocol = "dlt645";
      details.model = known.model;
      details.organisation = organisation_;
      details.gateway = gateway_;
      const DeviceId id = value_or_throw(devices_.create(Scope::everything(), details));
      targets_.push_back({id, gateway_, known.uid, known.model});
    }
  }
  void start_all(const std::string& scenario = {}) {
    start_platform();
    start_fleet(scenario);
    start_gateway();
    ASSERT_EQ(targets_.size(), 20U);
    ASSERT_TRUE(until([&] { return control_->statistics().online; }));
  }
  /// Serves the loop until the condition holds, half a minute at most.
  template <class Condition>
  bool until(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.run_for_ms(5);
    }
    return true;
  }
  NewJob read(std::vector<JobTarget> targets, std::string name) {
    NewJob job;
    job.content.registers = {std::move(name)};
    job.targets = std::move(targets);
    return job;
  }
  NewJob command(std::vector<JobTarget> targets, std::string name, std::string password) {
    NewJob job;
    job.content.kind = OrderKind::command;
    job.content.name = std::move(name);
    job.reason = "arrears";
    job.access = DeviceAccess{std::move(password), "00000001"};
    job.targets = std::move(targets);
    return job;
  }
  JobNumber make(const NewJob& job) {
    const JobNumber number = value_or_throw(platform_->orders.create(authors_["anna"], job));
    if (look(number).state == JobState::awaiting_confirmation) {
      const auto confirmed = platform_->orders.confirm(authors_[job.targets.size() > 1 ? "bert" : "anna"], number);
      EXPECT_TRUE(confirmed) << confirmed.error().message;
    }
    return number;
  }
  Job look(JobNumber number) { return value_or_throw(platform_->orders.job(Scope::everything(), number)); }
  bool finish(JobNumber number) {
    return until([&] { return look(number).state == JobState::finished; });
  }
  OrderRow result(JobNumber number) {
    const OrderPage page = value_or_throw(platform_->orders.orders(Scope::everything(), number, {}));
    return value_or_throw(platform_->orders.order(Scope::everything(), page.orders.at(0).number));
  }

  SystemClock clock_;
  SystemRandom random_;
  PosixDisk disk_;
  SimulatedDisk identity_disk_;
  rpc::testing::Authority authority_;
  records::TestDatabase database_{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                  Devices::migrations(),       People::migrations(), OrderService::migrations()};
  Organisations organisations_{*database_, clock_};
  Gateways gateways_{*database_, clock_, random_};
  Devices devices_{*database_, clock_};
  link::EventLoop loop_;
  device::FleetConfig fleet_config_;
  std::string root_;
  std::shared_ptr<const drivers::ModelLibrary> models_;
  OrganisationId organisation_;
  GatewayId gateway_;
  rpc::IdentityFiles identity_;
  std::map<std::string, Author> authors_;
  std::vector<JobTarget> targets_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<device::Fleet> fleet_;
  std::unique_ptr<gateway::GatewayService> service_;
  std::unique_ptr<ControlWiring> control_;
};

TEST_F(OrderPathTest, ReadsOnDemandBeforeAllPolling) {
  start_all();
  const std::int64_t began = clock_.monotonic_ms();
  const JobNumber number = make(read({targets_[3]}, "voltage_a"));
  ASSERT_TRUE(finish(number)) << to_string(result(number).stage) << " " << result(number).reason;
  const std::int64_t took_ms = clock_.monotonic_ms() - began;
  RecordProperty("read_on_demand_ms", std::to_string(took_ms));
  EXPECT_LT(took_ms, 5'000);
  const OrderRow row = result(number);
  EXPECT_EQ(row.stage, OrderStage::done) << row.reason << " " << row.detail;
  ASSERT_EQ(row.values.size(), 1U);
  EXPECT_EQ(row.values[0].register_name, "voltage_a");
  EXPECT_EQ(row.values[0].unit, "V");
  EXPECT_GT(row.values[0].mantissa, 1'500);
  ASSERT_GE(row.frames.size(), 1U);
  EXPECT_EQ(row.frames[0].protocol, Protocol::dlt645_2007);
  EXPECT_FALSE(row.frames[0].response.empty());
  EXPECT_TRUE(until([&] { return platform_->device_states >= 20; })) << "the field's state is told, too";
}

TEST_F(OrderPathTest, CutsOffWithTheRightPasswordOnly) {
  start_all();
  const JobNumber wrong = make(command({targets_[0]}, "relay_trip", "654321"));
  ASSERT_TRUE(finish(wrong));
  EXPECT_EQ(result(wrong).stage, OrderStage::refused);
  EXPECT_EQ(result(wrong).reason, "password_wrong");
  EXPECT_EQ(fleet_->command_count(), 0U);

  const JobNumber right = make(command({targets_[0]}, "relay_trip", "123456"));
  ASSERT_TRUE(finish(right));
  const OrderRow row = result(right);
  EXPECT_EQ(row.stage, OrderStage::done) << row.reason << " " << row.detail;
  EXPECT_EQ(fleet_->command_count(), 1U);
  ASSERT_FALSE(row.values.empty()) << "the relay's state was read back";
  EXPECT_TRUE(row.values.back().read_back);
  EXPECT_EQ(row.values.back().mantissa & 0x10, 0x10);
  // The password, as it travels (654321 and 123456, low octet first, 33H added), stands in no frame that is kept.
  for (const JobNumber number : {wrong, right}) {
    for (const OrderFrame& frame : result(number).frames) {
      const std::string octets = to_hex(frame.request);
      EXPECT_EQ(octets.find("547698"), std::string::npos) << octets;
      EXPECT_EQ(octets.find("896745"), std::string::npos) << octets;
    }
  }
}

TEST_F(OrderPathTest, WritesAParameterAndReadsItBack) {
  start_all();
  NewJob job;
  job.content.kind = OrderKind::parameter;
  job.content.name = "settlement_day";
  job.content.arguments = {{"value", "1506"}};
  job.access = DeviceAccess{"123456", "00000001"};
  job.targets = {targets_[1]};
  const JobNumber number = make(job);
  ASSERT_TRUE(finish(number));
  const OrderRow row = result(number);
  EXPECT_EQ(row.stage, OrderStage::done) << row.reason << " " << row.detail;
  ASSERT_FALSE(row.values.empty());
  EXPECT_EQ(row.values.back().mantissa, 1'506);
  const JobNumber again = make(read({targets_[1]}, "settlement_day_1"));
  ASSERT_TRUE(finish(again));
  EXPECT_EQ(result(again).values.at(0).mantissa, 1'506);
}

TEST_F(OrderPathTest, DoesAJobOfTwentyDevicesWithProgress) {
  start_all();
  const JobNumber number = make(command(targets_, "relay_trip", "123456"));
  EXPECT_EQ(look(number).confirmed_by_name, "bert");
  std::set<std::int64_t> seen;
  ASSERT_TRUE(until([&] {
    const Job job = look(number);
    seen.insert(job.counts.of(OrderStage::done));
    return job.state == JobState::finished;
  }));
  EXPECT_EQ(look(number).counts.of(OrderStage::done), 20);
  EXPECT_GT(seen.size(), 2U) << "progress was seen on the way";
  EXPECT_EQ(fleet_->command_count(), 20U);
}

TEST_F(OrderPathTest, AGatewayThatDiesBeforeTheAnswerDoesNothingTwice) {
  start_all("seed: 1\nrules:\n  - { kind: delay, probability: 1, delay_ms: 700 }\n");
  const JobNumber number = make(command({targets_[2]}, "relay_trip", "123456"));
  ASSERT_TRUE(until([&] { return fleet_->command_count() == 1; })) << "carried out, and the answer is on its way";
  control_.reset();
  service_.reset();
  EXPECT_EQ(look(number).state, JobState::running) << "nobody says that it was done";
  loop_.run_for_ms(1'000);
  start_gateway();
  ASSERT_TRUE(finish(number)) << to_string(result(number).stage) << " " << result(number).reason;
  EXPECT_EQ(result(number).stage, OrderStage::done) << result(number).reason << " " << result(number).detail;
  EXPECT_TRUE(result(number).values.back().read_back) << "settled by reading back";
  EXPECT_EQ(fleet_->command_count(), 1U) << "and not by sending it again";
}

TEST_F(OrderPathTest, GoesOnThroughARestartOfThePlatform) {
  start_all();
  const int port = platform_->port();
  const JobNumber number = make(read(targets_, "voltage_a"));
  platform_.reset();
  loop_.run_for_ms(200);
  start_platform(port);
  ASSERT_TRUE(finish(number));
  EXPECT_EQ(look(number).counts.of(OrderStage::done), 20);
}

TEST_F(OrderPathTest, TracesADeviceWithoutItsPassword) {
  start_all();
  ASSERT_TRUE(
      until([&] { return platform_->send(gateway_, control::TraceRequest{7, targets_[4].device_uid, "", 60'000}); }));
  loop_.run_for_ms(50);
  const JobNumber number = make(command({targets_[4]}, "relay_trip", "123456"));
  ASSERT_TRUE(finish(number));
  const auto kinds = [&] {
    std::set<std::string> out;
    const std::lock_guard lock(platform_->mutex);
    for (const control::TraceEvent& event : platform_->traced) out.insert(event.kind);
    return out;
  };
  EXPECT_TRUE(until([&] { return kinds().contains("sent") && kinds().contains("received"); }));
  const std::lock_guard lock(platform_->mutex);
  for (const control::TraceEvent& event : platform_->traced) {
    EXPECT_EQ(to_hex(event.octets).find("896745"), std::string::npos) << to_hex(event.octets);
  }
}

}  // namespace
}  // namespace duheng
