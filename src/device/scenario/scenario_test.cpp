#include "device/scenario/scenario.hpp"

#include <gtest/gtest.h>

namespace duheng::device {
namespace {

using Kind = ScenarioRule::Kind;
using Happened = std::pair<std::int64_t, std::int64_t>;  // moment, amount

constexpr ScenarioStart start{1'000'000, 50};

struct Recorder final : VirtualDevice {
  explicit Recorder(std::string uid) : name(std::move(uid)) {}
  const std::string& uid() const noexcept override { return name; }
  std::uint64_t bus_key() const noexcept override { return 1; }
  std::optional<DeviceAnswer> answer(std::int64_t, ByteView) override {
    ++questions;
    return DeviceAnswer{{1, 2, 3}, 4};
  }
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override {
    happened.emplace_back(utc_ms - start.utc_ms, happening.amount);
    kinds.push_back(happening.kind);
  }
  std::string name;
  int questions = 0;
  std::vector<Happened> happened;
  std::vector<DeviceHappening::Kind> kinds;
};

struct Stage {
  explicit Stage(const std::string& rules, const std::string& uid = "a", const std::string& model = "m")
      : scenario(*parse_scenario("rules:\n" + rules, "s.yaml"), start),
        inner(std::make_shared<Recorder>(uid)),
        device(scenario.seat(inner, model)) {}
  bool answers(std::int64_t elapsed_ms) { return device->answer(start.utc_ms + elapsed_ms, {}).has_value(); }
  Scenario scenario;
  std::shared_ptr<Recorder> inner;
  std::shared_ptr<VirtualDevice> device;
};

TEST(Scenario, ARampIsToldStepByStepAndEndsExactly) {
  Stage stage("  - { kind: battery, from_ms: 100, until_ms: 135, from_mv: 6000, to_mv: 5300, step_ms: 10 }\n");
  EXPECT_TRUE(stage.answers(99));
  EXPECT_TRUE(stage.inner->happened.empty());
  EXPECT_TRUE(stage.answers(110));
  EXPECT_EQ(stage.inner->happened, (std::vector<Happened>{{100, 6'000}, {110, 5'800}}));
  EXPECT_TRUE(stage.answers(5'000));
  EXPECT_EQ(stage.inner->happened,
            (std::vector<Happened>{{100, 6'000}, {110, 5'800}, {120, 5'600}, {130, 5'400}, {135, 5'300}}));
  EXPECT_TRUE(stage.answers(6'000));
  EXPECT_EQ(stage.inner->happened.size(), 5U);
  EXPECT_EQ(stage.scenario.applied(Kind::battery), 1U);
}

TEST(Scenario, WithoutSupplyNobodyHearsTheQuestion) {
  Stage stage(
      "  - { kind: power_cut, from_ms: 100, until_ms: 200 }\n"
      "  - { kind: power_cut, from_ms: 150, until_ms: 300 }\n");
  EXPECT_TRUE(stage.answers(99));
  EXPECT_FALSE(stage.answers(100));
  EXPECT_FALSE(stage.answers(250));
  EXPECT_EQ(stage.inner->questions, 1);
  EXPECT_TRUE(stage.answers(300));
  EXPECT_EQ(stage.inner->happened, (std::vector<Happened>{{100, 0}, {300, 1}}));
  // What nobody asked about in between is told afterwards, in its order.
  Stage late("  - { kind: power_cut, from_ms: 100, until_ms: 200 }\n");
  EXPECT_TRUE(late.answers(1'000));
  EXPECT_EQ(late.inner->happened, (std::vector<Happened>{{100, 0}, {200, 1}}));
}

TEST(Scenario, StatesBeginAndEndAndInstantsHappenOnce) {
  Stage stage(
      "  - { kind: clock_drift, from_ms: 10, until_ms: 40, drift_ppm: 120 }\n"
      "  - { kind: magnetic_field, from_ms: 20, until_ms: 30 }\n"
      "  - { kind: clock_jump, at_ms: 25, jump_ms: -500 }\n"
      "  - { kind: reverse, from_ms: 50 }\n"
      "  - { kind: press_button, at_ms: 60 }\n");
  EXPECT_TRUE(stage.answers(1'000));
  EXPECT_EQ(stage.inner->happened,
            (std::vector<Happened>{{10, 120}, {20, 1}, {25, -500}, {30, 0}, {40, 0}, {50, 1}, {60, 0}}));
  using H = DeviceHappening::Kind;
  EXPECT_EQ(stage.inner->kinds, (std::vector{H::clock_drift, H::magnetic_field, H::clock_jump, H::magnetic_field,
                                             H::clock_drift, H::reverse, H::button}));
}

TEST(Scenario, RulesConcernWhomTheyName) {
  Scenario scenario(*parse_scenario("rules:\n"
                                    "  - { kind: echo }\n"
                                    "  - { kind: silence, devices: [b] }\n"
                                    "  - { kind: silence, models: [gas] }\n"
                                    "  - { kind: silence, models: [gas], devices: [a] }\n"
                                    "  - { kind: cover_open, fraction: 0 }\n"
                                    "  - { kind: cover_open, devices: [c, d] }\n",
                                    "s.yaml"),
                    start);
  const auto a = std::make_shared<Recorder>("a");
  EXPECT_EQ(scenario.seat(a, "water"), a);  // nothing happens to it
  static_cast<void>(scenario.seat(std::make_shared<Recorder>("b"), "gas"));
  const auto c = std::make_shared<Recorder>("c");
  EXPECT_NE(scenario.seat(c, "gas"), c);
  EXPECT_EQ(scenario.rules_of("a"), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(scenario.rules_of("b"), (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(scenario.rules_of("c"), (std::vector<std::uint32_t>{0, 2, 5}));
  EXPECT_TRUE(scenario.rules_of("z").empty());
  EXPECT_EQ(scenario.check_names().error().message, "s.yaml:7: there is no device 'd'");
  Scenario other(*parse_scenario("rules:\n  - { kind: echo, models: [x] }\n", "s.yaml"), start);
  EXPECT_EQ(other.check_names().error().message, "s.yaml:2: no device is a 'x'");
}

TEST(Scenario, AFractionIsDrawnOnceFromTheSeed) {
  const auto concerned = [](int seed) {
    Scenario scenario(
        *parse_scenario("seed: " + std::to_string(seed) + "\nrules:\n  - { kind: echo, fraction: 0.3 }\n", "s.yaml"),
        start);
    std::vector<bool> out;
    for (int i = 0; i < 1'000; ++i) {
      static_cast<void>(scenario.seat(std::make_shared<Recorder>(std::to_string(i)), "m"));
      out.push_back(!scenario.rules_of(std::to_string(i)).empty());
    }
    return out;
  };
  const auto first = concerned(1);
  EXPECT_EQ(concerned(1), first);
  EXPECT_NE(concerned(2), first);
  const auto count = std::count(first.begin(), first.end(), true);
  EXPECT_GT(count, 240);
  EXPECT_LT(count, 360);
}

}  // namespace
}  // namespace duheng::device
