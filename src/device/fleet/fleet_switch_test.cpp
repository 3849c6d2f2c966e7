#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "codec/dlt645/message.hpp"
#include "codec/snmp/message.hpp"
#include "device/fleet/fleet.hpp"
#include "device/ledger/ledger.hpp"
#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::device {
namespace {

class FleetSwitchTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / "duheng-fleet-XXXXXX").string();
    ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    config_.data_directory = root_ + "/data";
    config_.meters = 2;
    config_.tcp_ports = 2;
    config_.serial_lines = 0;
    FleetGroup group;
    group.model = "snmp-switch";
    group.channel = FleetGroup::Channel::udp;
    group.per_channel = 1;
    group.carries = {"tcp-1"};
    config_.groups = {group};
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  Result<std::unique_ptr<Fleet>> start() { return Fleet::start(loop_, disk_, clock_, random_, config_); }
  void drill(const std::string& text) {
    const std::string file = config_.data_directory + "/" + std::string(fleet_files::drill);
    std::ofstream(file + ".new") << text;
    std::filesystem::rename(file + ".new", file);
  }
  struct Line {
    std::unique_ptr<link::Channel> channel;
    Bytes got;
    bool opened = false;
  };
  std::unique_ptr<Line> dial(std::unique_ptr<link::Channel> channel) {
    auto line = std::make_unique<Line>();
    line->channel = std::move(channel);
    line->channel->set_handlers(
        {[one = line.get()] { one->opened = true; },
         [one = line.get()](ByteView octets) { one->got.insert(one->got.end(), octets.begin(), octets.end()); },
         [](const Error&) {}});
    line->channel->open();
    EXPECT_TRUE(link::wait_for(loop_, [&] { return line->opened; }));
    return line;
  }
  /// Asks until the meter is as wanted: a drill is read once a second.
  bool becomes(Line& line, bool answers, const Bytes& question) {
    for (int i = 0; i < 60; ++i) {
      line.got.clear();
      EXPECT_TRUE(line.channel->write(question));
      loop_.run_for_ms(100);
      if (line.got.empty() != answers) return true;
    }
    return false;
  }
  static Bytes up_time(int id) {
    snmp::Pdu pdu;
    pdu.request_id = id;
    pdu.bindings = {{*snmp::ObjectId::parse("1.3.6.1.2.1.1.3.0"), {}}};
    return snmp::encode_community_message("duheng-fleet", pdu);
  }
  Bytes meter_question(std::uint64_t meter) const {
    const auto frame =
        dlt645::read_request(*dlt645::Address::parse(std::to_string(config_.first_address + meter)), {0x00010000});
    return {frame.view().begin(), frame.view().end()};
  }

  PosixDisk disk_;
  ManualClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  FleetConfig config_;
  std::string root_;
};

TEST_F(FleetSwitchTest, WhatHangsOnASwitchGoesAndComesWithIt) {
  const auto fleet = start();
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto port = [&](int which) { return static_cast<std::uint16_t>((*fleet)->first_port() + which); };
  const auto beside = dial(link::make_tcp_client(loop_, {"127.0.0.1", port(0), 1'000}));
  const auto behind = dial(link::make_tcp_client(loop_, {"127.0.0.1", port(1), 1'000}));
  const auto manager = dial(link::make_udp_client(loop_, {"127.0.0.1", port(2)}));
  EXPECT_TRUE(becomes(*beside, true, meter_question(0)));
  EXPECT_TRUE(becomes(*behind, true, meter_question(1)));
  EXPECT_TRUE(becomes(*manager, true, up_time(1)));
  drill("snmp-switch-0 off\n");
  EXPECT_TRUE(becomes(*manager, false, up_time(2)));
  EXPECT_TRUE(becomes(*behind, false, meter_question(1)));
  EXPECT_TRUE(becomes(*beside, true, meter_question(0)));
  drill("");
  EXPECT_TRUE(becomes(*behind, true, meter_question(1)));
  EXPECT_TRUE(becomes(*manager, true, up_time(3)));
  drill("snmp-switch-0 unplugged 2\n");
  EXPECT_TRUE(becomes(*behind, false, meter_question(1)));
  EXPECT_TRUE(becomes(*manager, true, up_time(4)));
}

TEST_F(FleetSwitchTest, ItsAnswersAreInTheLedgerWithoutTheCommunity) {
  const auto fleet = start();
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto manager =
      dial(link::make_udp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>((*fleet)->first_port() + 2)}));
  EXPECT_TRUE(becomes(*manager, true, up_time(7)));
  const auto entries = *read_ledger(disk_, config_.data_directory + "/ledger");
  ASSERT_FALSE(entries.empty());
  EXPECT_EQ(entries[0].address, "snmp-switch-0");
  EXPECT_EQ(entries[0].fate, AnswerFate::open);
  EXPECT_EQ(as_text(entries[0].octets).find("duheng-fleet"), std::string_view::npos);
  Bytes heard = manager->got;
  snmp::mask_communities(heard);
  EXPECT_EQ(entries[0].octets, heard);
}

TEST_F(FleetSwitchTest, ManagersThatNeverSayGoodbyeKeepNobodyOut) {
  const auto fleet = start();
  ASSERT_TRUE(fleet) << fleet.error().message;
  for (std::uint32_t i = 0; i < config_.connections_per_port_max + 3; ++i) {
    clock_.advance_ms(1'000);
    const auto manager =
        dial(link::make_udp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>((*fleet)->first_port() + 2)}));
    EXPECT_TRUE(becomes(*manager, true, up_time(1))) << i;
  }
}

TEST_F(FleetSwitchTest, AScenarioCutsItsSupply) {
  config_.scenario = root_ + "/scenario.yaml";
  std::ofstream(config_.scenario)
      << "rules:\n  - { kind: power_cut, models: [snmp-switch], from_ms: 60000, until_ms: 120000 }\n";
  const auto fleet = start();
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto behind =
      dial(link::make_tcp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>((*fleet)->first_port() + 1), 1'000}));
  EXPECT_TRUE(becomes(*behind, true, meter_question(1)));
  clock_.advance_ms(61'000);
  EXPECT_TRUE(becomes(*behind, false, meter_question(1)));  // although nobody asks the switch
  clock_.advance_ms(61'000);
  EXPECT_TRUE(becomes(*behind, true, meter_question(1)));
}

TEST_F(FleetSwitchTest, OnlyChannelsThatAreThereCanHangOnASwitch) {
  config_.groups[0].carries = {"tcp-7"};
  EXPECT_FALSE(start());
  config_.groups[0].carries = {"tcp-1", "tcp-1"};
  EXPECT_FALSE(start());
  for (const char* const bad : {"groups: [{ model: snmp-switch, count: 1, channel: tcp }]",
                                "groups: [{ model: snmp-switch, count: 2, carries: [tcp-0] }]",
                                "groups: [{ model: cjt188-cold-water, count: 2, channel: udp }]",
                                "snmp: { user: { name: a, authentication_password: short, privacy_password: short } }"})
    EXPECT_FALSE(parse_fleet_config(std::string("data_directory: x\nmeters: 10\ntcp: { ports: 2 }\n") + bad, "t"))
        << bad;
  const auto good = parse_fleet_config(
      "data_directory: x\nmeters: 10\ntcp: { ports: 2 }\ngroups: [{ model: snmp-switch, count: 1, carries: [tcp-0] }]\n"
      "snmp: { community: c }\n",
      "t");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->groups[0].channel, FleetGroup::Channel::udp);
  EXPECT_EQ(good->snmp.community, "c");
}

}  // namespace
}  // namespace duheng::device
