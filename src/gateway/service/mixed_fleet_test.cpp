// A fleet with a virtual device of every model, read by the gateway with the shipped models: real sockets, real
// pseudo-terminals, one loop.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <unistd.h>

#include "codec/gdw13762/message.hpp"
#include "device/fleet/catalogue.hpp"
#include "device/fleet/fleet.hpp"
#include "device/ledger/ledger.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/testing/wait_for.hpp"
#include "model/batch.hpp"

namespace duheng::gateway {
namespace {

using device::FleetGroup;
using Values = std::map<std::string, std::int64_t>;

struct Seen {
  std::vector<device::ObservedFrame> frames;
  std::map<std::string, Values> newest;                  // by device, then register
  std::map<std::string, std::vector<Values>> by_frame;   // by device
  std::map<std::string, std::set<std::string>> unsound;  // findings on readings
};

class MixedFleetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-mixed-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    std::filesystem::create_directories(root_ + "/models");
    for (const auto& model : device::virtual_models()) {
      if (model.line == device::LineKind::snmp) continue;  // no meter: see tests/scenario/switch_over_snmp_test.cpp
      const std::string id(model.name);
      std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/models/" + id + ".yaml");
      std::string text((std::istreambuf_iterator<char>(in)), {});
      ASSERT_FALSE(text.empty()) << id;
      const auto loaded = drivers::parse_device_model(text, id);
      ASSERT_TRUE(loaded) << loaded.error().message;
      for (const auto& group : loaded->groups)
        for (const auto& question : group.questions)
          for (const auto& item : question.items) registers_[id].insert(item.register_name);
      // The shipped model, only faster, so that the test need not wait for rounds.
      text = std::regex_replace(text, std::regex("(- name: [a-z_0-9]+\n +interval_ms: )[0-9]+"), "$01400");
      std::ofstream(root_ + "/models/" + id + ".yaml") << text;
    }
    std::ofstream(root_ + "/gateway.yaml")
        << "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\n";
    config_.data_directory = root_ + "/fleet";
    config_.meters = 6;
    config_.tcp_ports = 2;
    config_.serial_meters_per_line = 2;
    for (const auto& model : device::virtual_models())
      if (model.line != device::LineKind::snmp)
        config_.groups.push_back({std::string(model.name), 3, FleetGroup::Channel::tcp, 2});
    config_.groups.push_back({"cjt188-cold-water", 2, FleetGroup::Channel::serial, 2});
    config_.groups.push_back({"modbus-temperature-sensor", 2, FleetGroup::Channel::serial, 2});
    config_.groups.push_back({"dlt698-three-phase", 2, FleetGroup::Channel::serial, 2});
    config_.groups.push_back({"cjt188-gas-valve", 2, FleetGroup::Channel::call_in, 1});
    add_carriers();
    devices_ = config_.meters;
    for (const auto& group : config_.groups) devices_ += group.count;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  /// Behind modules that lose, deny, spoil and start anew.
  void add_carriers() {
    for (const char* model : {"dlt645-2007-three-phase", "dlt645-2007-single-phase", "dlt698-single-phase"}) {
      FleetGroup group{model, 3, FleetGroup::Channel::carrier, 3};
      group.carrier.at_once_max = std::string_view(model).ends_with("single-phase") ? 4 : 1;
      group.carrier.answer_timeout_s = 2;
      group.carrier.hop_ms_min = 1;
      group.carrier.hop_ms_max = 4;
      group.carrier.lost_per_mille = 20;
      group.carrier.spoiled_per_mille = 20;
      group.carrier.busy_per_mille = 10;
      group.carrier.doubled_per_mille = 30;
      group.carrier.rerouted_per_mille = 50;
      group.carrier.restart_per_mille = 2;
      config_.groups.push_back(group);
    }
  }

  std::unique_ptr<device::Fleet> start_fleet() {
    auto fleet = device::Fleet::start(loop_, disk_, clock_, random_, config_);
    EXPECT_TRUE(fleet) << fleet.error().message;
    return fleet ? std::move(*fleet) : nullptr;
  }
  std::unique_ptr<GatewayService> start_gateway() {
    auto config = load_gateway_config(root_ + "/gateway.yaml");
    EXPECT_TRUE(config) << config.error().message;
    auto gateway = GatewayService::start(loop_, disk_, clock_, random_, *config);
    EXPECT_TRUE(gateway) << gateway.error().message;
    return gateway ? std::move(*gateway) : nullptr;
  }
  /// Model by device uid, as the fleet's own file tells the gateway.
  std::map<std::string, std::string> models_by_uid() {
    std::ifstream in(config_.data_directory + "/devices.yaml");
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    static const std::regex line("uid: \"([^\"]+)\", address: \"[^\"]+\", model: ([a-z0-9-]+)");
    std::map<std::string, std::string> out;
    for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) out[(*at)[1]] = (*at)[2];
    return out;
  }
  Seen spooled(Spool& spool) {
    Seen out;
    for (const auto& range : spool.epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = spool.read(range.epoch, sequence);
        EXPECT_TRUE(batch);
        const auto view = BatchView::parse(batch->body);
        view->for_each(
            [&](std::uint32_t, const Frame& frame) {
              const std::string uid(view->devices()[frame.device_index]);
              const Bytes octets(frame.response.begin(), frame.response.end());
              const auto carried = gdw13762::carried_frames(octets);
              carried_ += carried ? 1 : 0;
              out.frames.push_back({uid, carried.value_or(octets), frame.received_utc_ms});
              out.by_frame[uid].emplace_back();
            },
            [&](std::uint32_t, const Frame& frame, const Reading& reading) {
              const std::string uid(view->devices()[frame.device_index]);
              const std::string name(view->registers()[reading.register_index].name);
              if (reading.quality != Quality::good)
                out.unsound[uid].insert(name + " " + to_string(reading.quality) + " " +
                                        std::to_string(reading.mantissa));
              out.newest[uid][name] = reading.mantissa;
              out.by_frame[uid].back()[name] = reading.mantissa;
            });
      }
    return out;
  }
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  device::FleetConfig config_;
  std::uint32_t devices_ = 0;
  std::map<std::string, std::set<std::string>> registers_;  // by model
  std::uint64_t carried_ = 0;                               ///< frames that went over a carrier module
  std::string root_;
};

/// Power = flow x temperature difference x 1.163 kWh/(m3 K), to the last digit of the flow shown.
void expect_heat(const Values& values, const std::string& uid, double flow_step) {
  const double flow = static_cast<double>(values.at("flow_rate")) * flow_step;
  const double difference =
      std::abs(static_cast<double>(values.at("temperature_supply") - values.at("temperature_return"))) / 100.0;
  const double power = static_cast<double>(values.at("power_heat")) / 100.0;
  EXPECT_NEAR(power, flow * difference * 1.163, flow_step * difference * 1.163 + 0.011) << uid;
}

/// The same of a heat station's primary circuit.
void expect_station(const Values& values, const std::string& uid) {
  const double flow = static_cast<double>(values.at("primary_flow")) / 1'000.0;
  const double difference =
      static_cast<double>(values.at("primary_supply_temperature") - values.at("primary_return_temperature")) / 100.0;
  EXPECT_NEAR(static_cast<double>(values.at("heat_power")) / 10.0, flow * difference * 1.163, 0.2) << uid;
}

TEST_F(MixedFleetTest, EveryModelIsReadWholeAndNothingIsLost) {
  auto fleet = start_fleet();
  ASSERT_TRUE(fleet);
  EXPECT_EQ(fleet->meter_count(), devices_);
  for (int round = 0; round < 2; ++round) {
    const auto gateway = start_gateway();
    ASSERT_TRUE(gateway);
    ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->uplink_status().devices_answering == devices_; }))
        << gateway->uplink_status().devices_answering << " of " << devices_;
    const auto batches = gateway->spool().state().next_sequence;
    ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->spool().state().next_sequence > batches + 40; }));
    if (round == 0) {  // the devices go away and come back under the same names
      fleet.reset();
      fleet = start_fleet();
      const auto later = gateway->spool().state().next_sequence;
      ASSERT_TRUE(link::wait_for(loop_, [&] { return gateway->spool().state().next_sequence > later + 40; }));
    }
  }
  const auto gateway = start_gateway();
  fleet.reset();
  const auto seen = spooled(gateway->spool());
  const auto comparison =
      device::compare_with_ledger(*device::read_ledger(disk_, config_.data_directory + "/ledger"), seen.frames);
  EXPECT_TRUE(comparison.sound()) << comparison.lost << " lost " << comparison.doubled << " doubled "
                                  << comparison.unknown << " unknown "
                                  << (comparison.examples.empty() ? "" : comparison.examples[0]);
  EXPECT_GT(comparison.confirmed, 100U);
  EXPECT_GT(carried_, 50U);

  const auto models = models_by_uid();
  EXPECT_EQ(models.size(), devices_);
  for (const auto& [uid, model] : models) {
    ASSERT_TRUE(seen.newest.contains(uid)) << uid << " " << model;
    std::set<std::string> missing;
    for (const auto& name : registers_.at(model))
      if (!seen.newest.at(uid).contains(name)) missing.insert(name);
    EXPECT_TRUE(missing.empty()) << model << " " << uid << " lacks " << *missing.begin();
  }
  for (const auto& [uid, findings] : seen.unsound) ADD_FAILURE() << uid << ": " << *findings.begin();
  for (const auto& [uid, frames] : seen.by_frame) {
    std::map<std::string, std::int64_t> before;
    for (const auto& values : frames) {
      for (const auto& [name, mantissa] : values) {
        if (!name.ends_with("_total") || name.starts_with("power")) continue;
        EXPECT_GE(mantissa, before[name]) << uid << " " << name;
        before[name] = mantissa;
      }
      if (values.contains("power_heat")) expect_heat(values, uid, models.at(uid) == "cjt188-heat-2018" ? 1e-3 : 1e-4);
      if (values.contains("heat_power")) expect_station(values, uid);
    }
  }
}

}  // namespace
}  // namespace duheng::gateway
