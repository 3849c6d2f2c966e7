// A fleet with a virtual device of every model and every fault at once, read by the real gateway with the shipped
// models over real sockets and pseudo-terminals: nothing is lost, doubled or credited to another device.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <unistd.h>

#include "device/fleet/catalogue.hpp"
#include "device/fleet/fleet.hpp"
#include "device/ledger/ledger.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/testing/wait_for.hpp"
#include "model/batch.hpp"

namespace duheng::test {
namespace {

using device::FleetGroup;
using device::ScenarioRule;
using gateway::GatewayService;

// Time-outs are 300 ms here. Answers later than twice that come when nobody can tell any more what they answer (README
// of src/device/scenario); on TCP such a connection is gone by then.
constexpr std::string_view everything = R"(seed: 20
rules:
  - { kind: noise, probability: 0.03, until_ms: 7000, place: before, octets: { min: 1, max: 24 } }
  - { kind: noise, probability: 0.03, until_ms: 7000, place: within, octets: { min: 1, max: 8 } }
  - { kind: noise, probability: 0.03, until_ms: 7000, place: after, octets: { min: 1, max: 24 } }
  - { kind: wrong_checksum, probability: 0.03, until_ms: 7000 }
  - { kind: delay, probability: 0.03, until_ms: 7000, delay_ms: 5, jitter_ms: 100 }
  - { kind: delay, probability: 0.02, until_ms: 7000, delay_ms: 320, jitter_ms: 150 }
  - { kind: silence, probability: 0.02, until_ms: 7000 }
  - { kind: half_frame, probability: 0.03, until_ms: 7000 }
  - { kind: duplicate_answer, probability: 0.03, until_ms: 7000 }
  - { kind: wrong_address, probability: 0.05, until_ms: 7000 }
  - { kind: echo, probability: 0.03, until_ms: 7000 }
  - { kind: slow_octets, probability: 0.02, until_ms: 7000, gap_ms: 1 }
  - { kind: garbage, probability: 0.02, until_ms: 7000, octets: { min: 1, max: 60 } }
  - { kind: garbage, fraction: 0.1, from_ms: 2000, until_ms: 5000, every_ms: 60 }
  - { kind: clock_drift, fraction: 0.3, drift_ppm: 150 }
  - { kind: clock_jump, fraction: 0.3, at_ms: 1000, jump_ms: -420000 }
  - { kind: magnetic_field, fraction: 0.3, from_ms: 1000, until_ms: 2500 }
  - { kind: electrostatic_discharge, fraction: 0.3, at_ms: 1500 }
  - { kind: radiated_field, fraction: 0.3, from_ms: 1500, until_ms: 3000 }
  - { kind: cover_open, fraction: 0.3, from_ms: 1000 }
  - { kind: reverse, fraction: 0.2, from_ms: 2000, until_ms: 4000 }
  - { kind: voltage, fraction: 0.3, from_ms: 500, until_ms: 3000, from_per_mille: 1000, to_per_mille: 800, step_ms: 250 }
  - { kind: battery, fraction: 0.5, from_ms: 500, until_ms: 3000, from_mv: 6000, to_mv: 4000, step_ms: 100 }
  - { kind: press_button, models: [cjt188-gas-valve], at_ms: 5000 }
  - { kind: valve_leaking, models: [cjt188-gas-valve], from_ms: 1000, until_ms: 3000 }
  - { kind: sensor_broken, models: [modbus-temperature-sensor, modbus-flow-sensor, modbus-heat-station], from_ms: 1500, until_ms: 3000 }
  - { kind: phase_break, models: [dlt645-2007-three-phase, dlt698-three-phase], phase: b, from_ms: 800, until_ms: 2600 }
  - { kind: loss_of_current, models: [dlt645-2007-three-phase, dlt698-three-phase], phase: a, from_ms: 1000, until_ms: 2800 }
  - { kind: over_current, models: [dlt645-2007-three-phase, dlt698-three-phase], phase: c, from_ms: 1200, until_ms: 3000 }
  - { kind: overload, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 1400, until_ms: 3200 }
  - { kind: reverse_flow, models: [dlt645-2007-three-phase, dlt698-three-phase], phase: a, from_ms: 1600, until_ms: 3400 }
  - { kind: voltage_sequence, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 1800, until_ms: 3600 }
  - { kind: current_sequence, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 2000, until_ms: 3800 }
  - { kind: voltage_unbalance, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 2200, until_ms: 4000 }
  - { kind: current_unbalance, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 2400, until_ms: 4200 }
  - { kind: over_demand, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 2600, until_ms: 4400 }
  - { kind: terminal_cover, models: [dlt645-2007-three-phase, dlt698-three-phase], from_ms: 2800, until_ms: 4600 }
  - { kind: power_cut, fraction: 0.3, from_ms: 3000, until_ms: 4500 }
)";

constexpr std::int64_t faults_last_ms = 7'000;

class FleetUnderScenario : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / "duheng-scenario-XXXXXX").string();
    ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    std::filesystem::create_directories(root_ + "/models");
    for (const auto& model : device::virtual_models()) {
      if (model.line == device::LineKind::snmp) continue;  // no meter: see switch_over_snmp_test.cpp
      const std::string name = std::string(model.name) + ".yaml";
      std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/models/" + name);
      std::string text((std::istreambuf_iterator<char>(in)), {});
      ASSERT_FALSE(text.empty()) << name;
      // The shipped model, only faster.
      text = std::regex_replace(text, std::regex("(- name: [a-z_0-9]+\n +interval_ms: )[0-9]+"), "$01250");
      text = std::regex_replace(text, std::regex("response_timeout_ms: [0-9]+"), "response_timeout_ms: 300");
      std::ofstream(root_ + "/models/" + name) << text;
      config_.groups.push_back({std::string(model.name), 3, FleetGroup::Channel::tcp, 3});
    }
    std::ofstream(root_ + "/gateway.yaml")
        << "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\n";
    std::ofstream(root_ + "/scenario.yaml") << everything;
    config_.data_directory = root_ + "/fleet";
    config_.scenario = root_ + "/scenario.yaml";
    config_.meters = 9;
    config_.tcp_ports = 2;
    config_.serial_meters_per_line = 3;
    config_.groups.push_back({"cjt188-cold-water", 3, FleetGroup::Channel::serial, 3});
    config_.groups.push_back({"modbus-temperature-sensor", 3, FleetGroup::Channel::serial, 3});
    config_.groups.push_back({"cjt188-gas-valve", 2, FleetGroup::Channel::call_in, 1});
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<device::Fleet> start_fleet() {
    auto fleet = device::Fleet::start(loop_, disk_, clock_, random_, config_);
    EXPECT_TRUE(fleet) << fleet.error().message;
    return fleet ? std::move(*fleet) : nullptr;
  }
  std::unique_ptr<GatewayService> start_gateway() {
    auto config = gateway::load_gateway_config(root_ + "/gateway.yaml");
    EXPECT_TRUE(config) << config.error().message;
    auto gateway = GatewayService::start(loop_, disk_, clock_, random_, *config);
    EXPECT_TRUE(gateway) << gateway.error().message;
    return gateway ? std::move(*gateway) : nullptr;
  }
  template <class OnReading>
  static void for_each_reading(gateway::Spool& spool, OnReading&& on_reading) {
    for (const auto& range : spool.epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto held = spool.read(range.epoch, sequence);
        ASSERT_TRUE(held);
        const auto view = BatchView::parse(held->body);
        view->for_each(
            [](std::uint32_t, const Frame&) {},
            [&](std::uint32_t, const Frame& frame, const Reading& reading) { on_reading(*view, frame, reading); });
      }
  }
  /// Every frame with an answer in the spool; totals must never go down on the way.
  std::vector<device::ObservedFrame> spooled(gateway::Spool& spool) {
    std::vector<device::ObservedFrame> out;
    std::map<std::pair<std::string, std::string>, std::int64_t> newest;
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
            [&](std::uint32_t, const Frame& frame, const Reading& reading) {
              const std::string uid(view->devices()[frame.device_index]);
              const std::string name(view->registers()[reading.register_index].name);
              if (!name.ends_with("_total") || name.starts_with("power") || reading.quality != Quality::good) return;
              auto& before = newest[{uid, name}];
              EXPECT_GE(reading.mantissa, before) << uid << " " << name;
              before = reading.mantissa;
            });
      }
    return out;
  }
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  device::FleetConfig config_;
  std::string root_;
};

TEST_F(FleetUnderScenario, NothingIsLostDoubledOrMixed) {
  auto fleet = start_fleet();
  ASSERT_TRUE(fleet);
  const auto devices = fleet->meter_count();
  auto gateway = start_gateway();
  ASSERT_TRUE(gateway);
  // Every fault has happened and is over, and everybody answers again.
  const std::int64_t started_ms = clock_.monotonic_ms();
  while (clock_.monotonic_ms() - started_ms < faults_last_ms) loop_.run_for_ms(50);
  const auto all_answer = [&] { return gateway->uplink_status().devices_answering == devices; };
  ASSERT_TRUE(link::wait_for(loop_, all_answer) || link::wait_for(loop_, all_answer))
      << gateway->uplink_status().devices_answering << " of " << devices;
  for (std::size_t kind = 0; kind < ScenarioRule::kinds; ++kind)
    EXPECT_GT(fleet->faults_applied(static_cast<ScenarioRule::Kind>(kind)), 0U)
        << to_string(static_cast<ScenarioRule::Kind>(kind));
  gateway.reset();
  fleet.reset();
  gateway = start_gateway();
  ASSERT_TRUE(gateway);
  const auto comparison = device::compare_with_ledger(*device::read_ledger(disk_, config_.data_directory + "/ledger"),
                                                      spooled(gateway->spool()));
  EXPECT_EQ(comparison.lost, 0U);
  EXPECT_EQ(comparison.doubled, 0U);
  EXPECT_EQ(comparison.unknown, 0U);
  for (const auto& example : comparison.examples) ADD_FAILURE() << example;
  EXPECT_GT(comparison.confirmed, 100U);
  RecordProperty("confirmed", static_cast<int>(comparison.confirmed));
  RecordProperty("observed", static_cast<int>(comparison.observed));
}

/// An event that a meter tells of its own accord is in the spool with its frame, though nobody asked for it.
TEST_F(FleetUnderScenario, AMeterTellsThatItsCoverWasOpened) {
  config_.groups = {{"dlt698-single-phase", 2, FleetGroup::Channel::tcp, 2}};
  std::ofstream(root_ + "/scenario.yaml") << "rules:\n  - { kind: cover_open, models: [dlt698-single-phase], from_ms: "
                                             "1500 }\n";
  auto fleet = start_fleet();
  ASSERT_TRUE(fleet);
  auto gateway = start_gateway();
  ASSERT_TRUE(gateway);
  std::set<std::string> opened;
  const auto both_told = [&] {
    for_each_reading(gateway->spool(), [&](const BatchView& batch, const Frame& frame, const Reading& reading) {
      if (!frame.request.empty()) return;
      EXPECT_EQ(batch.registers()[reading.register_index].name, "event_cover_open");
      EXPECT_EQ(reading.mantissa, 1);
      EXPECT_EQ(reading.time_source, TimeSource::meter);
      EXPECT_NEAR(static_cast<double>(reading.time_utc_ms), static_cast<double>(clock_.utc_ms()), 60'000);
      opened.emplace(batch.devices()[frame.device_index]);
    });
    return opened.size() >= 2;
  };
  ASSERT_TRUE(link::wait_for(loop_, both_told) || link::wait_for(loop_, both_told));
  EXPECT_EQ(opened.size(), 2U);
}

}  // namespace
}  // namespace duheng::test
