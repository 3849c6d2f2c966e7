// The whole field side with real sockets, a real pseudo-terminal and a real disk: fleet and gateway in one loop.
#include "gateway/service/gateway_service.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <unistd.h>

#include "device/fleet/fleet.hpp"
#include "device/ledger/ledger.hpp"
#include "device/meter/virtual_bus.hpp"
#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"
#include "model/batch.hpp"

namespace duheng::gateway {
namespace {

class GatewayServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-gateway-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fleet_config_.data_directory = root_ + "/fleet";
    fleet_config_.meters = 20;
    fleet_config_.tcp_ports = 4;
    fleet_config_.serial_meters_per_line = 4;
    std::filesystem::create_directories(root_ + "/models");
    // The shipped model, only faster, so that the test need not wait for rounds.
    for (const char* id : {"dlt645-2007-single-phase", "dlt645-2007-three-phase"}) {
      std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/models/" + id + ".yaml");
      std::string text((std::istreambuf_iterator<char>(in)), {});
      text = std::regex_replace(text, std::regex("(- name: [a-z_0-9]+\n +interval_ms: )[0-9]+"), "$01400");
      text = std::regex_replace(text, std::regex("within_ms: [0-9]+"), "within_ms: 2000");
      std::ofstream(root_ + "/models/" + id + ".yaml") << text;
    }
    std::ofstream(root_ + "/gateway.yaml")
        << "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\n";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::unique_ptr<device::Fleet> start_fleet() {
    return *device::Fleet::start(loop_, disk_, clock_, random_, fleet_config_);
  }
  std::unique_ptr<GatewayService> start_gateway() {
    auto config = load_gateway_config(root_ + "/gateway.yaml");
    EXPECT_TRUE(config) << config.error().message;
    auto gateway = GatewayService::start(loop_, disk_, clock_, random_, *config);
    EXPECT_TRUE(gateway) << gateway.error().message;
    return gateway ? std::move(*gateway) : nullptr;
  }
  std::vector<device::ObservedFrame> spooled(Spool& spool) {
    std::vector<device::ObservedFrame> out;
    for (const auto& range : spool.epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = spool.read(range.epoch, sequence);
        EXPECT_TRUE(batch);
        const auto view = BatchView::parse(batch->body);
        view->for_each(
            [&](std::uint32_t, const Frame& frame) {
              out.push_back({std::string(view->devices()[frame.device_index]),
                             Bytes(frame.response.begin(), frame.response.end()), frame.received_utc_ms});
            },
            [](auto...) {});
      }
    return out;
  }
  std::string get(std::uint16_t port, const std::string& path) {
    std::string got;
    bool closed = false;
    const auto channel = link::make_tcp_client(loop_, {"127.0.0.1", port, 1'000});
    channel->set_handlers({[&] { EXPECT_TRUE(channel->write(as_bytes("GET " + path + " HTTP/1.1\r\n\r\n"))); },
                           [&](ByteView octets) { got += as_text(octets); }, [&](const Error&) { closed = true; }});
    channel->open();
    EXPECT_TRUE(link::wait_for(loop_, [&] { return closed; }));
    return got;
  }
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  device::FleetConfig fleet_config_;
  std::string root_;
};

TEST_F(GatewayServiceTest, ReadsAFleetOverTcpAndSerialThroughRestartsOfBoth) {
  auto fleet = start_fleet();
  for (int round = 0; round < 3; ++round) {
    auto gateway = start_gateway();
    ASSERT_TRUE(gateway);
    ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->uplink_status().devices_answering == 20; }));
    const auto batches = gateway->spool().state().next_sequence;
    ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->spool().state().next_sequence > batches + 5; }));
    EXPECT_TRUE(get(gateway->http_port(), "/readyz").find("\"ready\":true") != std::string::npos);
    if (round == 1) {  // the meters go away and come back under the same names
      fleet.reset();
      fleet = start_fleet();
      const auto later = gateway->spool().state().next_sequence;
      ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->spool().state().next_sequence > later + 20; }));
    }
  }
  const auto gateway = start_gateway();
  fleet.reset();
  const auto comparison = device::compare_with_ledger(
      *device::read_ledger(disk_, fleet_config_.data_directory + "/ledger"), spooled(gateway->spool()));
  EXPECT_TRUE(comparison.sound()) << comparison.lost << " lost " << comparison.doubled << " doubled "
                                  << comparison.unknown << " unknown "
                                  << (comparison.examples.empty() ? "" : comparison.examples[0]);
  EXPECT_GT(comparison.confirmed, 100U);
}

TEST_F(GatewayServiceTest, NothingIsLostOfMetersThatCallInThroughRestartsOfBoth) {
  fleet_config_.call_in_meters = 8;
  auto fleet = start_fleet();
  for (int round = 0; round < 3; ++round) {
    const auto gateway = start_gateway();
    ASSERT_TRUE(gateway);
    ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->uplink_status().devices_answering == 20; }));
    const auto batches = gateway->spool().state().next_sequence;
    ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->spool().state().next_sequence > batches + 20; }));
    if (round == 1) {
      fleet.reset();
      fleet = start_fleet();
      const auto later = gateway->spool().state().next_sequence;
      ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->spool().state().next_sequence > later + 40; }));
    }
  }
  const auto gateway = start_gateway();
  fleet.reset();
  const auto comparison = device::compare_with_ledger(
      *device::read_ledger(disk_, fleet_config_.data_directory + "/ledger"), spooled(gateway->spool()));
  EXPECT_TRUE(comparison.sound()) << comparison.lost << " lost " << comparison.doubled << " doubled "
                                  << comparison.unknown << " unknown "
                                  << (comparison.examples.empty() ? "" : comparison.examples[0]);
}

TEST_F(GatewayServiceTest, StatusPagesTellTheTruth) {
  auto fleet = start_fleet();
  const auto gateway = start_gateway();
  ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->uplink_status().devices_answering == 20; }));
  EXPECT_TRUE(get(gateway->http_port(), "/healthz").starts_with("HTTP/1.1 200 "));
  const std::string metrics = get(gateway->http_port(), "/metrics");
  EXPECT_NE(metrics.find("\nduheng_gateway_devices_answering 20\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("\nduheng_gateway_channels_open 5\n"), std::string::npos);
  EXPECT_NE(metrics.find("\nduheng_gateway_spool_full 0\n"), std::string::npos);
  EXPECT_TRUE(get(gateway->http_port(), "/nothing").starts_with("HTTP/1.1 404 "));
  fleet.reset();
  // The pseudo-terminal's other side is gone, the ports refuse: nothing can be read.
  EXPECT_TRUE(link::wait_for(loop_, [&] { return get(gateway->http_port(), "/readyz").starts_with("HTTP/1.1 503 "); }));
}

TEST_F(GatewayServiceTest, OrdersAreCarriedOutOnceThroughARestartAndTracesShowThem) {
  auto fleet = start_fleet();
  auto gateway = start_gateway();
  ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->uplink_status().devices_answering == 20; }));
  const std::string uid(gateway->take_device_changes(1).at(0).uid);
  EXPECT_EQ(gateway->follow(1, {.device_uid = "nobody", .channel = ""}, 60'000).error().code, ErrorCode::not_found);
  ASSERT_TRUE(gateway->follow(2, {.device_uid = uid, .channel = ""}, 60'000));

  FieldOrder order;
  order.id = {1};
  order.device_uid = uid;
  order.registers = {"voltage_a"};
  OrderReport report;
  const auto ends = [&](const OrderId& id) {
    for (const auto& each : gateway->orders().take_reports(100)) {
      gateway->orders().received({&each.id, 1});
      if (each.id == id) report = each;
    }
    return report.id == id && is_final(report.state);
  };
  gateway->orders().take(order);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return ends(order.id); }));
  EXPECT_EQ(report.state, OrderState::done) << report.reason;
  EXPECT_EQ(report.values.size(), 1U);
  std::size_t events = 0;
  for (const auto& taken : gateway->taps().take(1'000)) events += taken.events.size();
  EXPECT_GE(events, 3U);
  EXPECT_NE(get(gateway->http_port(), "/metrics").find("\nduheng_gateway_orders_done_total 1\n"), std::string::npos);

  FieldOrder command;
  command.id = {2};
  command.device_uid = uid;
  command.kind = OrderKind::command;
  command.name = "alarm_on";
  command.password = "123456";
  gateway->orders().take(command);
  ASSERT_TRUE(link::wait_for(loop_, [&] {
    std::ignore = ends(command.id);
    return report.id == command.id && report.state == OrderState::under_way;
  }));
  gateway.reset();
  gateway = start_gateway();
  gateway->orders().take(command);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return ends(command.id); }));
  // Whether it had been done when the gateway ended is the read-back's to say: it was never sent again.
  EXPECT_TRUE(report.state == OrderState::done || report.state == OrderState::failed) << report.reason;
  gateway->orders().take(order);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return ends(order.id); }));
  EXPECT_EQ(report.state, OrderState::done);
  EXPECT_EQ(report.values.size(), 1U);
  const auto log = read_file(disk_, root_ + "/gateway/orders.log");
  ASSERT_TRUE(log);
  EXPECT_EQ(as_text(*log).find("123456"), std::string_view::npos);
  gateway.reset();
  fleet.reset();
  std::size_t commands = 0;
  const auto carried_out = device::read_ledger_commands(disk_, fleet_config_.data_directory + "/ledger");
  ASSERT_TRUE(carried_out);
  for (const auto& each : *carried_out) commands += each.address == uid ? 1 : 0;
  EXPECT_LE(commands, 1U);
}

/// A virtual meter that dials the gateway, over TCP or UDP.
struct CallingMeter {
  CallingMeter(link::EventLoop& loop, const Clock& clock, const std::string& address, std::uint16_t port, bool udp)
      : port_(bus_) {
    bus_.add(std::make_shared<device::VirtualMeter>(
        device::VirtualMeterOptions{.address = *dlt645::Address::parse(address), .seed = 5}));
    channel = udp ? link::make_udp_client(loop, {"127.0.0.1", port})
                  : link::make_tcp_client(loop, {"127.0.0.1", port, 1'000});
    channel->set_handlers({[this] {
                             // A datagram tells the gateway that there is somebody.
                             ++opened;
                             EXPECT_TRUE(channel->write(Bytes{0xFE}));
                           },
                           [this, &clock](ByteView octets) {
                             port_.octets(
                                 clock.utc_ms(), octets, [](ByteView) {},
                                 [this](const device::BusAnswer& answer) {
                                   ++answers;
                                   EXPECT_TRUE(channel->write(answer.octets));
                                 });
                           },
                           [this](const Error&) { ++closed; }});
    channel->open();
  }
  device::VirtualBus bus_;
  device::VirtualBusPort port_;
  std::unique_ptr<link::Channel> channel;
  int opened = 0;
  int closed = 0;
  int answers = 0;
};

TEST_F(GatewayServiceTest, MetersThatCallInAreReadAndStrangersAreListed) {
  std::ofstream(root_ + "/gateway.yaml")
      << "data_directory: gateway\nmodels_directory: models\nlisteners:\n"
         "  - { name: nb, tcp: { address: 127.0.0.1, port: 0 }, answer_timeout_ms: 500 }\n"
         "  - { name: coap, udp: { address: 127.0.0.1, port: 0 }, answer_timeout_ms: 500 }\n"
         "devices:\n  - { uid: one, address: \"1\", model: dlt645-2007-single-phase, channel: nb }\n"
         "  - { uid: two, address: \"2\", model: dlt645-2007-single-phase, channel: coap }\n";
  const auto gateway = start_gateway();
  ASSERT_TRUE(gateway);
  EXPECT_TRUE(get(gateway->http_port(), "/readyz").starts_with("HTTP/1.1 200 "));
  const auto ports = gateway->listener_ports();
  ASSERT_EQ(ports.size(), 2U);
  CallingMeter one(loop_, clock_, "1", ports[0], false);
  CallingMeter two(loop_, clock_, "2", ports[1], true);
  CallingMeter stranger(loop_, clock_, "3", ports[0], false);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->uplink_status().devices_answering == 2; }));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return stranger.closed == 1; }));
  EXPECT_NE(get(gateway->http_port(), "/call-in").find("\"address\":\"000000000003\""), std::string::npos);
  // The meter dials again without hanging up, as after a lost radio link: it is read over the new line.
  CallingMeter again(loop_, clock_, "1", ports[0], false);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return again.answers > 5; }));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return one.closed == 1; }));
  const int before = again.answers;
  ASSERT_TRUE(link::wait_for(loop_, [&] { return again.answers > before + 5; }));
  EXPECT_NE(get(gateway->http_port(), "/metrics").find("\nduheng_gateway_call_in_identified_total 3\n"),
            std::string::npos);
}

TEST_F(GatewayServiceTest, SecondGatewayOnTheSameDirectoryIsRefused) {
  const auto fleet = start_fleet();
  const auto gateway = start_gateway();
  const auto second =
      GatewayService::start(loop_, disk_, clock_, random_, *load_gateway_config(root_ + "/gateway.yaml"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace duheng::gateway
