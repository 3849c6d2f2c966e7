// Every kind of sensor over every kind of line, read by a real gateway over real sockets and pseudo-terminals: what it
// scales and filters stands beside what was read, in the same frame, and is what the rules say.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <unistd.h>

#include "device/fleet/fleet.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/testing/wait_for.hpp"
#include "model/batch.hpp"

namespace duheng::gateway {
namespace {

using device::FleetGroup;

struct Pair {
  std::int64_t raw;
  std::int64_t result;
};

class AcquisitionTerminal : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / "duheng-acquisition-XXXXXX").string();
    ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    std::filesystem::create_directories(root_ + "/models");
    config_.data_directory = root_ + "/fleet";
    config_.meters = 0;
    config_.tcp_ports = 0;
    config_.serial_lines = 0;
    for (const auto& [model, channel] : lines_) {
      config_.groups.push_back({model, 1, channel, 1});
      std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/models/" + model + ".yaml");
      std::string text((std::istreambuf_iterator<char>(in)), {});
      ASSERT_FALSE(text.empty()) << model;
      // The shipped model, only faster.
      text = std::regex_replace(text, std::regex("(- name: [a-z_0-9]+\n +interval_ms: )[0-9]+"), "$01150");
      if (model == "modbus-pressure-sensor") text += pressure_rule;
      std::ofstream(root_ + "/models/" + model + ".yaml") << text;
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  /// Uids by model, as the fleet wrote them.
  std::map<std::string, std::string> uids() {
    std::ifstream in(config_.data_directory + "/devices.yaml");
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    static const std::regex line("uid: \"([^\"]+)\", address: \"[^\"]+\", model: ([a-z0-9-]+)");
    std::map<std::string, std::string> out;
    for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) out[(*at)[2]] = (*at)[1];
    return out;
  }
  /// A register and what was made of it, frame by frame.
  static std::vector<Pair> pairs(Spool& spool, const std::string& uid, std::string_view from, std::string_view into) {
    std::vector<Pair> out;
    for (const auto& range : spool.epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto held = spool.read(range.epoch, sequence);
        EXPECT_TRUE(held);
        const auto view = BatchView::parse(held->body);
        std::uint32_t raw_frame = UINT32_MAX;
        std::int64_t raw = 0;
        view->for_each([](std::uint32_t, const Frame&) {},
                       [&](std::uint32_t index, const Frame& frame, const Reading& reading) {
                         if (view->devices()[frame.device_index] != uid || reading.quality != Quality::good) return;
                         const auto name = view->registers()[reading.register_index].name;
                         if (name == from) {
                           raw = reading.mantissa;
                           raw_frame = index;
                         }
                         if (name != into) return;
                         EXPECT_EQ(index, raw_frame) << "the same frame stands behind both";
                         out.push_back({raw, reading.mantissa});
                       });
      }
    return out;
  }

  static constexpr std::string_view pressure_rule =
      "processing:\n  - { from: pressure, into: pressure_kpa, unit: kPa, exponent: 0, gain: 1000 }\n";
  const std::vector<std::pair<std::string, FleetGroup::Channel>> lines_{
      {"modbus-temperature-sensor", FleetGroup::Channel::serial},  // RTU on a pseudo-terminal
      {"modbus-temperature-sensor-ascii", FleetGroup::Channel::tcp},
      {"modbus-pressure-sensor", FleetGroup::Channel::tcp},
      {"modbus-flow-sensor", FleetGroup::Channel::tcp},
      {"modbus-heat-station", FleetGroup::Channel::tcp},  // Modbus TCP
      {"cjt188-heat-2018", FleetGroup::Channel::tcp}};
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  device::FleetConfig config_;
  std::string root_;
};

TEST_F(AcquisitionTerminal, EverySensorKindIsScaledAndFilteredBesideWhatWasRead) {
  auto fleet = device::Fleet::start(loop_, disk_, clock_, random_, config_);
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto uid = uids();
  ASSERT_EQ(uid.size(), lines_.size());
  std::ofstream(root_ + "/gateway.yaml")
      << "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\nprocessing:\n"
      << "  - { device: \"" << uid.at("modbus-temperature-sensor")
      << "\", from: temperature, into: temperature_f, unit: degF, exponent: -1, gain: 1.8, offset: 32 }\n"
      << "  - { device: \"" << uid.at("modbus-temperature-sensor-ascii")
      << "\", from: temperature, into: temperature_filtered, unit: degC, exponent: -2, filter: { kind: mean, window: 4 "
         "} }\n"
      << "  - { device: \"" << uid.at("modbus-heat-station")
      << "\", from: primary_supply_pressure, into: primary_supply_pressure_filtered, unit: MPa, exponent: -4, filter: "
         "{ "
         "kind: first_order, coefficient: 0.5 } }\n"
      << "  - { device: \"" << uid.at("modbus-flow-sensor")
      << "\", from: volume_total, into: volume_litre, unit: L, exponent: 0, gain: 1000 }\n"
      << "  - { device: \"" << uid.at("cjt188-heat-2018")
      << "\", from: temperature_supply, into: temperature_supply_filtered, unit: degC, exponent: -2, filter: { kind: "
         "median, window: 3 } }\n";
  auto config = load_gateway_config(root_ + "/gateway.yaml");
  ASSERT_TRUE(config) << config.error().message;
  auto gateway = GatewayService::start(loop_, disk_, clock_, random_, *config);
  ASSERT_TRUE(gateway) << gateway.error().message;
  auto& spool = (*gateway)->spool();
  const auto of = [&](const std::string& model, std::string_view from, std::string_view into) {
    return pairs(spool, uid.at(model), from, into);
  };
  const auto enough = [&] {
    return of("modbus-temperature-sensor", "temperature", "temperature_f").size() >= 6 &&
           of("modbus-temperature-sensor-ascii", "temperature", "temperature_filtered").size() >= 6 &&
           of("modbus-pressure-sensor", "pressure", "pressure_kpa").size() >= 6 &&
           of("modbus-heat-station", "primary_supply_pressure", "primary_supply_pressure_filtered").size() >= 6 &&
           of("modbus-flow-sensor", "volume_total", "volume_litre").size() >= 6 &&
           of("cjt188-heat-2018", "temperature_supply", "temperature_supply_filtered").size() >= 6;
  };
  ASSERT_TRUE(link::wait_for(loop_, enough) || link::wait_for(loop_, enough));

  // 0.1 degC x 1.8 + 32 in 0.1 degF: (18 raw + 3200) / 10, halves away from zero.
  for (const auto& [raw, result] : of("modbus-temperature-sensor", "temperature", "temperature_f")) {
    const std::int64_t tenfold = 18 * raw + 3'200;
    EXPECT_EQ(result, tenfold >= 0 ? (tenfold + 5) / 10 : (tenfold - 5) / 10);
  }
  for (const auto& [raw, result] : of("modbus-pressure-sensor", "pressure", "pressure_kpa")) EXPECT_EQ(result, raw);
  for (const auto& [raw, result] : of("modbus-flow-sensor", "volume_total", "volume_litre")) EXPECT_EQ(result, raw);

  std::vector<std::int64_t> window;
  for (const auto& [raw, result] : of("modbus-temperature-sensor-ascii", "temperature", "temperature_filtered")) {
    window.push_back(raw);
    if (window.size() > 4) window.erase(window.begin());
    std::int64_t sum = 0;
    for (const std::int64_t value : window) sum += value;
    const auto count = static_cast<std::int64_t>(window.size());
    EXPECT_LE(std::abs(2 * (result * count - 10 * sum)), count);  // the nearest 0.01 degC to the mean
  }
  double level = 0;
  bool first = true;
  for (const auto& [raw, result] :
       of("modbus-heat-station", "primary_supply_pressure", "primary_supply_pressure_filtered")) {
    const double value = static_cast<double>(raw) * 10;
    level = first ? value : level + 0.5 * (value - level);
    first = false;
    EXPECT_NEAR(static_cast<double>(result), level, 0.51);
  }
  window.clear();
  for (const auto& [raw, result] : of("cjt188-heat-2018", "temperature_supply", "temperature_supply_filtered")) {
    window.push_back(raw);
    if (window.size() > 3) window.erase(window.begin());
    auto sorted = window;
    std::ranges::sort(sorted);
    const std::int64_t twice = sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2];
    EXPECT_LE(std::abs(2 * result - twice), 1);
  }
}

/// The same rules, set by the platform while the gateway runs, changed, and kept over a restart; what the gateway's own
/// file says stays.
TEST_F(AcquisitionTerminal, RulesOfThePlanTakeHoldWhileItRunsAndSurviveARestart) {
  auto fleet = device::Fleet::start(loop_, disk_, clock_, random_, config_);
  ASSERT_TRUE(fleet) << fleet.error().message;
  const auto uid = uids();
  const std::string modbus = uid.at("modbus-temperature-sensor");
  const std::string heat = uid.at("cjt188-heat-2018");
  const std::string flow = uid.at("modbus-flow-sensor");
  std::ofstream(root_ + "/gateway.yaml")
      << "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\nprocessing:\n"
      << "  - { device: \"" << flow
      << "\", from: volume_total, into: volume_litre, unit: L, exponent: 0, gain: 1000 }\n";
  const auto config = load_gateway_config(root_ + "/gateway.yaml");
  ASSERT_TRUE(config) << config.error().message;
  auto gateway = GatewayService::start(loop_, disk_, clock_, random_, *config);
  ASSERT_TRUE(gateway) << gateway.error().message;
  const auto fahrenheit = [](const char* gain) {
    return std::string(R"({"from":"temperature","into":"temperature_f","unit":"degF","exponent":-1,"gain":")") + gain +
           R"(","offset":"32"})";
  };
  FieldPlan plan;
  plan.version = 1;
  plan.rules = {{modbus, "temperature_f", fahrenheit("1.8")},
                {heat, "temperature_supply_filtered",
                 R"({"from":"temperature_supply","into":"temperature_supply_filtered","unit":"degC","exponent":-2,)"
                 R"("filter":{"kind":"median","window":3}})"},
                {flow, "volume_litre", R"({"from":"volume_total","into":"volume_litre","exponent":0,"gain":"1"})"},
                {flow, "volume_x", R"({"from":"nothing","into":"volume_x","exponent":0})"},
                {"nobody", "x", R"({"from":"a","into":"x","exponent":0})"}};
  plan.sums.resize(1);
  plan.sums[0].uid = flow;
  plan.sums[0].members = {heat};
  plan.sort();
  (*gateway)->plan().take(plan);
  const auto in_force = [&](std::uint64_t version) {
    return link::wait_for(loop_, [&] { return (*gateway)->plan().report().version == version; });
  };
  ASSERT_TRUE(in_force(1));
  std::map<std::string, std::string> told;
  for (const auto& problem : (*gateway)->plan().report().problems) told[problem.subject + " " + problem.reason] = "";
  EXPECT_TRUE(told.contains(flow + " rule volume_litre: the gateway's own file has a rule for this result"));
  EXPECT_TRUE(told.contains(flow + " rule volume_x: 'from' is no register that the model reads"));
  EXPECT_TRUE(told.contains("nobody rule x: the device is not served"));
  EXPECT_TRUE(told.contains(flow + " sum: a device has its uid"));
  EXPECT_EQ(told.size(), 4U);
  const auto of = [&](const std::string& device, std::string_view from, std::string_view into) {
    return pairs((*gateway)->spool(), device, from, into);
  };
  const auto wait = [&](auto condition) {
    return link::wait_for(loop_, condition) || link::wait_for(loop_, condition);
  };
  ASSERT_TRUE(wait([&] {
    return of(modbus, "temperature", "temperature_f").size() >= 4 &&
           of(flow, "volume_total", "volume_litre").size() >= 3 &&
           of(heat, "temperature_supply", "temperature_supply_filtered").size() >= 4;
  }));
  const auto is_golden = [](const Pair& pair, std::int64_t gain_tenths) {
    const std::int64_t tenfold = gain_tenths * pair.raw + 3'200;
    return pair.result == (tenfold >= 0 ? (tenfold + 5) / 10 : (tenfold - 5) / 10);
  };
  for (const auto& pair : of(modbus, "temperature", "temperature_f")) EXPECT_TRUE(is_golden(pair, 18)) << pair.raw;
  for (const auto& [raw, result] : of(flow, "volume_total", "volume_litre"))
    EXPECT_EQ(result, raw) << "the file's rule";
  std::vector<std::int64_t> window;
  for (const auto& [raw, result] : of(heat, "temperature_supply", "temperature_supply_filtered")) {
    window.push_back(raw);
    if (window.size() > 3) window.erase(window.begin());
    auto sorted = window;
    std::ranges::sort(sorted);
    const std::int64_t twice = sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2];
    EXPECT_LE(std::abs(2 * result - twice), 1);
  }

  // One rule changes, one goes; from some reading on all are by the new one.
  auto changed = plan;
  changed.version = 2;
  std::erase_if(changed.rules, [&](const FieldRule& rule) { return rule.device != modbus; });
  changed.rules[0].text = fahrenheit("3.6");
  changed.sums.clear();
  const auto before = of(modbus, "temperature", "temperature_f").size();
  (*gateway)->plan().take(changed);
  ASSERT_TRUE(in_force(2));
  EXPECT_TRUE((*gateway)->plan().report().problems.empty());
  ASSERT_TRUE(wait([&] { return of(modbus, "temperature", "temperature_f").size() >= before + 4; }));
  bool is_new = false;
  for (const auto& pair : of(modbus, "temperature", "temperature_f")) {
    is_new = is_new || !is_golden(pair, 18);
    EXPECT_TRUE(is_golden(pair, is_new ? 36 : 18)) << pair.raw;
  }
  EXPECT_TRUE(is_new);

  // Without the platform, after a restart.
  gateway->reset();
  auto again = GatewayService::start(loop_, disk_, clock_, random_, *config);
  ASSERT_TRUE(again) << again.error().message;
  gateway = std::move(again);
  EXPECT_EQ((*gateway)->plan().report().version, 2U);
  const auto kept = of(modbus, "temperature", "temperature_f").size();
  const auto filtered = of(heat, "temperature_supply", "temperature_supply_filtered").size();
  ASSERT_TRUE(wait([&] { return of(modbus, "temperature", "temperature_f").size() >= kept + 3; }));
  EXPECT_TRUE(is_golden(of(modbus, "temperature", "temperature_f").back(), 36));
  EXPECT_EQ(of(heat, "temperature_supply", "temperature_supply_filtered").size(), filtered);
}

}  // namespace
}  // namespace duheng::gateway
