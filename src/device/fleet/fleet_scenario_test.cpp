#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "codec/dlt645/message.hpp"
#include "device/fleet/fleet.hpp"
#include "device/ledger/ledger.hpp"
#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::device {
namespace {

using Kind = ScenarioRule::Kind;

class FleetScenarioTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / "duheng-fleet-XXXXXX").string();
    ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    config_.data_directory = root_ + "/data";
    config_.scenario = root_ + "/scenario.yaml";
    config_.meters = 3;
    config_.tcp_ports = 1;
    config_.serial_lines = 1;
    config_.serial_meters_per_line = 1;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  Result<std::unique_ptr<Fleet>> start(const std::string& rules) {
    std::ofstream(config_.scenario) << "rules:\n" << rules;
    return Fleet::start(loop_, disk_, clock_, random_, config_);
  }
  std::unique_ptr<link::Channel> dial(const Fleet& fleet) {
    auto channel = link::make_tcp_client(loop_, {"127.0.0.1", fleet.first_port(), 1'000});
    listen_to(*channel);
    return channel;
  }
  void listen_to(link::Channel& channel) {
    opened_ = false;
    channel.set_handlers({[this] { opened_ = true; },
                          [this](ByteView octets) { got_.insert(got_.end(), octets.begin(), octets.end()); },
                          [](const Error&) {}});
    channel.open();
    ASSERT_TRUE(link::wait_for(loop_, [&] { return opened_; }));
    loop_.run_for_ms(20);  // a line's other side first has to notice that it was opened
  }
  void ask(link::Channel& channel, std::uint64_t meter, std::uint32_t identifier = 0x00010000) {
    got_.clear();
    const auto address = *dlt645::Address::parse(std::to_string(config_.first_address + meter));
    EXPECT_TRUE(channel.write(dlt645::read_request(address, {identifier}).view()));
  }
  bool answered() {
    return link::wait_for(loop_, [&] { return dlt645::decode(got_).has_value(); });
  }
  std::vector<LedgerEntry> ledger() { return *read_ledger(disk_, config_.data_directory + "/ledger"); }
  std::string problem(const std::string& rules) {
    const auto fleet = start(rules);
    return fleet ? "" : fleet.error().message.substr(fleet.error().message.rfind('/') + 1);
  }
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  FleetConfig config_;
  std::string root_;
  Bytes got_;
  bool opened_ = false;
};

TEST_F(FleetScenarioTest, ABadScenarioIsRefusedAtStart) {
  EXPECT_EQ(problem("  - { kind: rain }\n").substr(0, 16), "scenario.yaml:2:");
  EXPECT_EQ(problem("  - { kind: echo }\n  - { kind: silence, devices: [nobody] }\n"),
            "scenario.yaml:3: there is no device 'nobody'");
  EXPECT_EQ(problem("  - { kind: echo, models: [cjt188-gas-valve] }\n"),
            "scenario.yaml:2: no device is a 'cjt188-gas-valve'");
  config_.scenario = root_ + "/missing.yaml";
  EXPECT_FALSE(Fleet::start(loop_, disk_, clock_, random_, config_));
  const auto parsed = parse_fleet_config("data_directory: d\nscenario: faults.yaml\n", "f.yaml");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->scenario, "faults.yaml");
}

TEST_F(FleetScenarioTest, FaultsHappenOnPortsAndLinesAndStandInTheLedger) {
  const auto first = std::to_string(config_.first_address);
  const auto third = std::to_string(config_.first_address + 2);
  const auto fleet = start("  - { kind: half_frame, devices: [\"" + first + "\"] }\n" +
                           "  - { kind: delay, devices: [\"" + third + "\"], delay_ms: 150 }\n");
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto port = dial(**fleet);
  ask(*port, 0);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return !got_.empty(); }));
  loop_.run_for_ms(50);
  EXPECT_FALSE(dlt645::decode(got_));
  // Only what follows a clean exchange proves anything: two others first.
  for (const std::uint32_t identifier : {0x00010000U, 0x02010100U, 0x02030000U}) {
    ask(*port, 1, identifier);
    EXPECT_TRUE(answered());
  }
  const auto line = link::make_serial(loop_, {config_.data_directory + "/serial-0", 9'600, link::Parity::even, 1});
  listen_to(*line);
  const std::int64_t asked_ms = clock_.monotonic_ms();
  ask(*line, 2);
  EXPECT_TRUE(answered());
  EXPECT_GE(clock_.monotonic_ms() - asked_ms, 150);
  using Fate = AnswerFate;
  std::vector<Fate> fates;
  for (const auto& entry : ledger()) fates.push_back(entry.fate);
  EXPECT_EQ(fates, (std::vector{Fate::spoiled, Fate::open, Fate::confirmed, Fate::open, Fate::open}));
  EXPECT_EQ((*fleet)->faults_applied(Kind::half_frame), 1U);
  EXPECT_EQ((*fleet)->faults_applied(Kind::delay), 1U);
  EXPECT_EQ((*fleet)->faults_applied(Kind::echo), 0U);
}

TEST_F(FleetScenarioTest, AMeterWithoutSupplyKeepsSilentUntilItIsBack) {
  const auto fleet = start("  - { kind: power_cut, until_ms: 300 }\n");
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto port = dial(**fleet);
  ask(*port, 0);
  loop_.run_for_ms(50);
  EXPECT_TRUE(got_.empty());
  ASSERT_TRUE(link::wait_for(loop_, [&] {
    ask(*port, 0);
    loop_.run_for_ms(30);
    return dlt645::decode(got_).has_value();
  }));
  EXPECT_EQ(ledger().size(), (*fleet)->answer_count());
  EXPECT_GE((*fleet)->faults_applied(Kind::power_cut), 1U);
}

}  // namespace
}  // namespace duheng::device
