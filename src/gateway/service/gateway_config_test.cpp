#include "gateway/service/gateway_config.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace duheng::gateway {
namespace {

class GatewayConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  Result<GatewayConfig> load(const std::string& text, const std::string& devices = "") {
    std::ofstream(directory_ + "/gateway.yaml") << "data_directory: data\nmodels_directory: ../models\n" << text;
    if (!devices.empty()) std::ofstream(directory_ + "/devices.yaml") << devices;
    return load_gateway_config(directory_ + "/gateway.yaml");
  }
  std::string error(const std::string& text, const std::string& devices = "") {
    const auto config = load(text, devices);
    if (config) return "";
    std::string message = config.error().message;
    if (message.starts_with(directory_)) message.erase(0, directory_.size() + 1);
    return message;
  }
  std::string directory_;
};

TEST_F(GatewayConfigTest, ReadsWhatIsDoneBesidePolling) {
  const std::string channel = "channels:\n  - { name: a, serial: { path: x, baud: 2400 } }\n";
  const auto usual = load(channel);
  ASSERT_TRUE(usual) << usual.error().message;
  EXPECT_EQ(usual->upkeep.clock, ClockPolicy::none);
  EXPECT_TRUE(usual->upkeep.histories);
  EXPECT_EQ(usual->upkeep.days_back_max, 35);
  const auto config = load(channel + "clock: { correct: broadcast }\nhistory: { fetch: false, days_back: 7 }\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->upkeep.clock, ClockPolicy::broadcast);
  EXPECT_FALSE(config->upkeep.histories);
  EXPECT_EQ(config->upkeep.days_back_max, 7);
  EXPECT_FALSE(load(channel + "clock: { correct: always }\n"));
}

TEST_F(GatewayConfigTest, ReadsItselfAndItsDevicesFiles) {
  const auto config = load(
      "devices_files: [devices.yaml]\nspool: { bytes_max: 2000000, retention_hours: 1, linger_ms: 5 }\n"
      "uplink: { address: \"platform:7443\", enrolment: { address: \"platform:7444\", code_file: code } }\n",
      "channels:\n  - { name: a, tcp: { host: 127.0.0.1, port: 7001 } }\n  - { name: b, serial: { path: line, baud: "
      "9600 } }\n"
      "devices:\n  - { uid: m1, address: \"1\", model: m, channel: a }\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->data_directory, directory_ + "/data");
  EXPECT_EQ(config->spool.directory, directory_ + "/data/spool");
  EXPECT_EQ(config->spool.retention_ms, 3'600'000);
  ASSERT_EQ(config->channels.size(), 2U);
  EXPECT_EQ(config->channels[0].tcp->port, 7'001);
  EXPECT_EQ(config->channels[1].serial->path, directory_ + "/line");
  EXPECT_EQ(config->channels[1].serial->parity, link::Parity::even);
  EXPECT_EQ(config->uplink.enrolment_code_file, directory_ + "/code");
}

TEST_F(GatewayConfigTest, TheExampleIsWholeAndStatesTheDefaults) {
  const auto example = load_gateway_config(std::string{DUHENG_SOURCE_DIR} + "/packaging/examples/gateway.yaml");
  ASSERT_TRUE(example) << example.error().message;
  EXPECT_EQ(example->data_directory, "/var/lib/duheng/gateway") << "what the unit may write to";
  EXPECT_EQ(example->models_directory, "/usr/share/duheng/models");
  EXPECT_EQ(example->devices.size(), 2U);
  const auto defaults = load("");
  ASSERT_TRUE(defaults) << defaults.error().message;
  EXPECT_EQ(example->spool.bytes_max, defaults->spool.bytes_max);
  EXPECT_EQ(example->spool.segment_bytes_max, defaults->spool.segment_bytes_max);
  EXPECT_EQ(example->spool.keep_until_backup, defaults->spool.keep_until_backup);
  EXPECT_EQ(example->linger_ms, defaults->linger_ms);
  EXPECT_EQ(example->offline.failures_until_offline, defaults->offline.failures_until_offline);
  ASSERT_EQ(example->listeners.size(), 1U);
  EXPECT_EQ(example->listeners[0].connections_max, ListenerConfig{}.connections_max);
  EXPECT_EQ(example->listeners[0].silence_timeout_ms, ListenerConfig{}.silence_timeout_ms);
}

TEST_F(GatewayConfigTest, EveryRefusalNamesPlaceAndReason) {
  EXPECT_EQ(error(""), "");
  EXPECT_EQ(error("spool: { bytes_max: 1 }\n"),
            "gateway.yaml:3: 'bytes_max' must be a whole number from 1048576 to 4398046511104");
  EXPECT_EQ(error("spol: {}\n"), "gateway.yaml:3: unknown key 'spol'");
  EXPECT_EQ(error("channels:\n  - { name: a }\n"), "gateway.yaml:4: must have either tcp, udp or serial");
  EXPECT_EQ(error("channels:\n  - { name: a, serial: { path: x, baud: 1234 } }\n"),
            "gateway.yaml:4: 'baud' is not a usual speed");
  EXPECT_EQ(error("uplink: { enrolment: { address: x } }\n"), "gateway.yaml:3: needs both address and code_file");
  EXPECT_EQ(error("devices_files: [devices.yaml]\n",
                  "devices:\n  - { uid: a, address: \"1\", model: m, channel: x, chanel: y }\n"),
            "devices.yaml:2: unknown key 'chanel'");
  EXPECT_EQ(
      error("devices_files: [devices.yaml]\n", "devices:\n  - { uid: a, address: \"1\", model: m, channel: x }\n"),
      "device 'a' is on the channel 'x', which does not exist");
  const std::string channel = "channels:\n  - { name: a, tcp: { host: h, port: 1 } }\n";
  EXPECT_EQ(error(channel + "devices:\n  - { uid: u, address: \"1\", model: m, channel: a }\n  - { uid: u, address: "
                            "\"2\", model: m, channel: a }\n"),
            "two devices have the uid 'u'");
  EXPECT_EQ(error(channel + "devices:\n  - { uid: u, address: \"1\", model: m, channel: a }\n  - { uid: v, address: "
                            "\"1\", model: m, channel: a }\n"),
            "two devices have the address 1 on channel 'a'");
  EXPECT_NE(error("devices_files: [missing.yaml]\n"), "");
}

TEST_F(GatewayConfigTest, DevicesThatCallInGetALineEach) {
  const auto config = load(
      "listeners:\n  - { name: nb, tcp: { port: 9500 }, silence_timeout_s: 60 }\n  - { name: u, udp: { port: 1, "
      "address: "
      "127.0.0.1 } }\n"
      "devices:\n  - { uid: a, address: \"1\", model: dlt645-2007-single-phase, channel: u }\n"
      "  - { uid: b, address: \"2\", model: dlt645-2007-single-phase, channel: nb }\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listeners[0].silence_timeout_ms, 60'000);
  EXPECT_TRUE(config->listeners[1].udp);
  const auto plan = plan_core(*config, *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models"));
  ASSERT_EQ(plan.options.channels.size(), 2U);
  EXPECT_EQ(plan.options.channels[1].name, "nb/b");
  ASSERT_EQ(plan.call_ins.size(), 2U);
  EXPECT_EQ(plan.call_ins[0].listener, 1U);
  EXPECT_EQ(plan.call_ins[1].channel, 1U);
  EXPECT_EQ(error("listeners:\n  - { name: nb }\n"), "gateway.yaml:4: must have either tcp or udp");
  EXPECT_EQ(error("channels:\n  - { name: a, serial: { path: x } }\nlisteners:\n  - { name: a, tcp: { port: 1 } }\n"),
            "two channels or listeners are called 'a'");
}

TEST_F(GatewayConfigTest, ACarrierModuleStandsAtAChannelsEnd) {
  const auto config = load(
      "channels:\n  - { name: a, serial: { path: /dev/x, baud: 9600 }, carrier: { kind: broadband, main_node: \"12\" } "
      "}\n"
      "  - { name: b, tcp: { host: h, port: 1 }, carrier: {} }\n"
      "devices:\n  - { uid: good, address: \"1\", model: dlt698-single-phase, channel: a }\n"
      "  - { uid: water, address: \"2\", model: cjt188-cold-water, channel: b }\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto plan = plan_core(*config, *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models"));
  ASSERT_EQ(plan.options.channels.size(), 2U);
  ASSERT_TRUE(plan.options.channels[0].carrier);
  EXPECT_EQ(plan.options.channels[0].carrier->communication_kind, 3);
  EXPECT_EQ(plan.options.channels[0].carrier->main_node->to_string(), "000000000012");
  EXPECT_FALSE(plan.options.channels[1].carrier->main_node);
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0], "device 'water': a carrier module does not carry cjt188");
  EXPECT_NE(error("channels:\n  - { name: a, udp: { host: h, port: 1 }, carrier: {} }\n"), "");
  EXPECT_NE(error("channels:\n  - { name: a, tcp: { host: h, port: 1 }, carrier: { main_node: \"12x\" } }\n"), "");
}

TEST_F(GatewayConfigTest, OneBadDeviceDoesNotStopTheOthers) {
  const auto config = load(
      "channels:\n  - { name: a, serial: { path: x, baud: 2400 } }\ndevices:\n"
      "  - { uid: good, address: \"1\", model: dlt645-2007-single-phase, channel: a }\n"
      "  - { uid: model, address: \"2\", model: none, channel: a }\n"
      "  - { uid: address, address: \"12x\", model: dlt645-2007-single-phase, channel: a }\n"
      "  - { uid: wildcard, address: \"AAAAAAAAAAAA\", model: dlt645-2007-single-phase, channel: a }\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto plan = plan_core(*config, *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models"));
  EXPECT_EQ(plan.problems.size(), 3U);
  ASSERT_EQ(plan.options.devices.size(), 1U);
  EXPECT_EQ(plan.options.devices[0].uid, "good");
  EXPECT_FALSE(plan.options.channels[0].session.reopen_after_timeout);
  EXPECT_EQ(plan.options.channels[0].session.octet_time_us, 11 * 1'000'000 / 2'400);
}

}  // namespace
}  // namespace duheng::gateway
