// A plan of the platform's, followed by a whole gateway with real sockets and a real disk.
#include "gateway/service/live_plan.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <unistd.h>

#include "device/meter/virtual_bus.hpp"
#include "device/meter/virtual_meter.hpp"
#include "gateway/plan/plan_file.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::gateway {
namespace {

constexpr const char* model = "dlt645-2007-single-phase";
constexpr const char* slow_model = "dlt645-2007-three-phase";  // with the intervals it is shipped with

/// Virtual meters behind one TCP port: each connection is a line of its own to all of them.
struct MeterPort {
  MeterPort(link::EventLoop& loop, const Clock& clock, const std::vector<std::string>& addresses) {
    for (const auto& address : addresses)
      bus.add(std::make_shared<device::VirtualMeter>(
          device::VirtualMeterOptions{.address = *dlt645::Address::parse(address), .seed = 5}));
    listener = *link::listen_tcp(loop, "127.0.0.1", 0, [this, &clock](std::unique_ptr<link::Channel> channel) {
      auto& line = *lines.emplace_back(std::make_unique<Line>(bus, std::move(channel)));
      line.channel->set_handlers({{},
                                  [this, &line, &clock](ByteView octets) {
                                    line.port.octets(
                                        clock.utc_ms(), octets, [](ByteView) {},
                                        [this, &line](const device::BusAnswer& answer) {
                                          ++answers;
                                          static_cast<void>(line.channel->write(answer.octets));
                                        });
                                  },
                                  [](const Error&) {}});
    });
  }
  struct Line {
    Line(device::VirtualBus& bus, std::unique_ptr<link::Channel> c) : port(bus), channel(std::move(c)) {}
    device::VirtualBusPort port;
    std::unique_ptr<link::Channel> channel;
  };
  device::VirtualBus bus;
  std::vector<std::unique_ptr<Line>> lines;
  std::unique_ptr<link::Listener> listener;
  int answers = 0;
};

class LivePlanTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-plan-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    std::filesystem::create_directories(root_ + "/models");
    // The shipped model, only faster, so that the test need not wait for rounds.
    std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/models/" + model + ".yaml");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    std::filesystem::copy_file(std::string(DUHENG_SOURCE_DIR) + "/models/" + slow_model + ".yaml",
                               root_ + "/models/" + slow_model + ".yaml");
    text = std::regex_replace(text, std::regex("(- name: [a-z_0-9]+\n +interval_ms: )[0-9]+"), "$01400");
    std::ofstream(root_ + "/models/" + model + ".yaml") << text;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void configure(const std::string& more) {
    std::ofstream(root_ + "/gateway.yaml") << "data_directory: gateway\nmodels_directory: models\n" << more;
  }
  std::unique_ptr<GatewayService> start() {
    auto gateway = GatewayService::start(loop_, disk_, clock_, random_, *load_gateway_config(root_ + "/gateway.yaml"));
    EXPECT_TRUE(gateway) << gateway.error().message;
    if (!gateway) return nullptr;
    reports_ = 0;
    (*gateway)->plan().on_report([this] { ++reports_; });
    return std::move(*gateway);
  }
  FieldPlan plan(std::uint64_t version, std::vector<FieldChannel> channels, std::vector<FieldDevice> devices) {
    FieldPlan out{version, std::move(channels), std::move(devices)};
    out.sort();
    return out;
  }
  FieldChannel tcp(const std::string& name, const MeterPort& port) {
    return {name, FieldTcp{"127.0.0.1", port.listener->port()}};
  }
  bool in_force(GatewayService& gateway, std::uint64_t version) {
    return link::wait_for(loop_, [&] { return reports_ > 0 && gateway.plan().report().version == version; });
  }
  std::size_t answering(GatewayService& gateway) { return gateway.uplink_status().devices_answering; }

  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  std::string root_;
  int reports_ = 0;
};

TEST_F(LivePlanTest, WhatThePlanNamesIsReadWhatItDropsFallsSilentAndARestartServesItWithoutThePlatform) {
  MeterPort east(loop_, clock_, {"1", "2"});
  MeterPort west(loop_, clock_, {"3"});
  MeterPort own(loop_, clock_, {"9"});
  configure(
      fmt::format("channels:\n  - {{ name: own, tcp: {{ host: 127.0.0.1, port: {} }} }}\n"
                  "devices:\n  - {{ uid: nine, address: \"9\", model: {}, channel: own }}\n",
                  own.listener->port(), model));
  auto gateway = start();
  ASSERT_TRUE(gateway);
  EXPECT_EQ(gateway->plan().report().version, 0U);
  const auto first = plan(1, {tcp("east", east), tcp("west", west)},
                          {{"one", model, "1", "east"}, {"two", model, "2", "east"}, {"three", model, "3", "west"}});
  gateway->plan().take(first);
  ASSERT_TRUE(in_force(*gateway, 1));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 4; }));
  const auto report = gateway->plan().report();
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(report.hash, hash_of(first));
  EXPECT_EQ(report.file_devices, 1U);
  EXPECT_EQ(report.models, (std::vector<std::string>{model, slow_model}));
  ASSERT_EQ(report.channels.size(), 3U);
  EXPECT_EQ(report.channels[0].name, "own");
  EXPECT_FALSE(report.channels[0].from_plan);
  EXPECT_EQ(report.channels[1].name, "east");
  EXPECT_TRUE(report.channels[1].from_plan);
  EXPECT_EQ(report.channels[1].devices, 2U);
  EXPECT_TRUE(report.channels[1].open);

  // West goes; the others keep their very connections.
  const auto east_lines = east.lines.size();
  const auto own_lines = own.lines.size();
  gateway->plan().take(plan(2, {tcp("east", east)}, {{"one", model, "1", "east"}, {"two", model, "2", "east"}}));
  ASSERT_TRUE(in_force(*gateway, 2));
  const int west_answers = west.answers;
  const int east_answers = east.answers;
  ASSERT_TRUE(link::wait_for(loop_, [&] { return east.answers > east_answers + 20; }));
  EXPECT_LE(west.answers, west_answers + 1);
  EXPECT_EQ(east.lines.size(), east_lines);
  EXPECT_EQ(own.lines.size(), own_lines);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 3; }));

  gateway.reset();
  gateway = start();
  ASSERT_TRUE(gateway);
  EXPECT_EQ(gateway->plan().report().version, 2U);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 3; }));

  // Back to the older plan: the same again under a new number.
  auto again = first;
  again.version = 3;
  gateway->plan().take(again);
  ASSERT_TRUE(in_force(*gateway, 3));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 4; }));
}

TEST_F(LivePlanTest, WhatIsWrongIsToldAndTheRestServes) {
  MeterPort port(loop_, clock_, {"1"});
  configure(
      fmt::format("channels:\n  - {{ name: own, tcp: {{ host: 127.0.0.1, port: {} }} }}\n"
                  "devices:\n  - {{ uid: taken, address: \"9\", model: {}, channel: own }}\n",
                  port.listener->port(), model));
  const auto gateway = start();
  ASSERT_TRUE(gateway);
  gateway->plan().take(plan(1,
                            {tcp("good", port),
                             tcp("own", port),
                             {"seven-bits", FieldSerial{"/dev/nowhere", 9'600, 7, FieldParity::even, 1}}},
                            {{"one", model, "1", "good"},
                             {"double", model, "000000000001", "good"},
                             {"letters", model, "12X", "good"},
                             {"nowhere", model, "5", "elsewhere"},
                             {"strange", "no-such-model", "6", "good"},
                             {"taken", model, "7", "good"}}));
  ASSERT_TRUE(in_force(*gateway, 1));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 1; }));
  std::set<std::string> subjects;
  for (const auto& problem : gateway->plan().report().problems) {
    EXPECT_FALSE(problem.reason.empty());
    subjects.insert(problem.subject);
  }
  // Of the two with one address the first in order is served.
  EXPECT_EQ(subjects, (std::set<std::string>{"letters", "nowhere", "one", "own", "seven-bits", "strange", "taken"}));
}

TEST_F(LivePlanTest, AStrangerThatCallsInIsListedAdoptedReadAndLetGo) {
  configure("listeners:\n  - { name: nb, tcp: { address: 127.0.0.1, port: 0 }, answer_timeout_ms: 500 }\n");
  const auto gateway = start();
  ASSERT_TRUE(gateway);
  int unknown_changes = 0;
  gateway->plan().on_unknown([&] { ++unknown_changes; });
  device::VirtualBus bus;
  bus.add(std::make_shared<device::VirtualMeter>(
      device::VirtualMeterOptions{.address = *dlt645::Address::parse("77"), .seed = 5}));
  device::VirtualBusPort port(bus);
  int answers = 0;
  // It dials again whenever it is hung up on.
  const auto channel = link::make_tcp_client(loop_, {"127.0.0.1", gateway->listener_ports()[0], 1'000});
  link::Timer redial(loop_, [&] { channel->open(); });
  channel->set_handlers({{},
                         [&](ByteView octets) {
                           port.octets(
                               clock_.utc_ms(), octets, [](ByteView) {},
                               [&](const device::BusAnswer& answer) {
                                 ++answers;
                                 static_cast<void>(channel->write(answer.octets));
                               });
                         },
                         [&](const Error&) { redial.start_ms(50); }});
  channel->open();
  ASSERT_TRUE(link::wait_for(loop_, [&] { return unknown_changes > 0; }));
  const auto unknown = gateway->plan().unknown_devices();
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(unknown[0].listener, "nb");
  EXPECT_EQ(unknown[0].protocol, "dlt645_2007");
  EXPECT_EQ(unknown[0].address, "000000000077");
  gateway->plan().take(plan(1, {}, {{"adopted", model, unknown[0].address, "nb"}}));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 1; }));
  EXPECT_TRUE(gateway->plan().unknown_devices().empty());
  ASSERT_EQ(gateway->plan().report().channels.size(), 1U);
  EXPECT_EQ(gateway->plan().report().channels[0].devices, 1U);
  gateway->plan().take(plan(2, {}, {}));
  // Its line is ended; it dials again and is a stranger.
  ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->plan().unknown_devices().size() == 1; }));
  EXPECT_EQ(gateway->plan().report().channels[0].devices, 0U);
  channel->set_handlers({});
  channel->close();
}

TEST_F(LivePlanTest, ADamagedFileIsToldAndThePlatformsPlanTakenAnew) {
  MeterPort port(loop_, clock_, {"1"});
  configure("");
  const auto wanted = plan(4, {tcp("line", port)}, {{"one", model, "1", "line"}});
  {
    auto gateway = start();
    gateway->plan().take(wanted);
    ASSERT_TRUE(in_force(*gateway, 4));
    ASSERT_TRUE(link::wait_for(loop_, [&] { return disk_.exists(root_ + "/gateway/plan.bin"); }));
  }
  std::filesystem::resize_file(root_ + "/gateway/plan.bin", 50);
  const auto gateway = start();
  ASSERT_TRUE(gateway);
  EXPECT_EQ(gateway->plan().report().version, 0U);
  gateway->plan().take(wanted);
  ASSERT_TRUE(in_force(*gateway, 4));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return answering(*gateway) == 1; }));
}

/// A hundred thousand devices come and go without holding the loop up: the others' time is bounded by a piece.
TEST_F(LivePlanTest, AHundredThousandDevicesTakeBoundedTime) {
  configure("listeners:\n  - { name: nb, tcp: { address: 127.0.0.1, port: 0 } }\n");
  const auto gateway = start();
  ASSERT_TRUE(gateway);
  FieldPlan large;
  large.version = 1;
  for (int i = 0; i < 100; ++i)
    large.channels.push_back({fmt::format("line-{:03}", i), FieldTcp{"127.0.0.1", 1}});  // nobody is there
  for (int i = 0; i < 100'000; ++i)
    large.devices.push_back({fmt::format("meter-{:06}", i), slow_model, std::to_string(i),
                             i % 2 == 0 ? "nb" : fmt::format("line-{:03}", i % 100)});
  large.sort();
  std::int64_t longest_ms = 0;
  const auto followed = [&](const FieldPlan& wanted) {
    const auto begin = clock_.monotonic_ms();
    auto last = begin;
    gateway->plan().take(wanted);
    const bool done = link::wait_for(loop_, [&] {
      const auto now = clock_.monotonic_ms();
      longest_ms = std::max(longest_ms, now - last);
      last = now;
      return gateway->plan().report().version == wanted.version;
    });
    fmt::print("100,000 devices: plan {} in force after {} ms\n", wanted.version, clock_.monotonic_ms() - begin);
    return done;
  };
  ASSERT_TRUE(followed(large));
  ASSERT_TRUE(gateway->plan().report().problems.empty()) << gateway->plan().report().problems[0].reason;
  auto smaller = large;
  smaller.version = 2;
  std::erase_if(smaller.devices, [](const FieldDevice& device) { return device.uid.back() == '3'; });
  ASSERT_TRUE(followed(smaller));
  fmt::print("100,000 devices: longest pause {} ms\n", longest_ms);
  EXPECT_LT(longest_ms, 3'000);
}

}  // namespace
}  // namespace duheng::gateway
