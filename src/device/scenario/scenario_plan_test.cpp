#include "device/scenario/scenario_plan.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace duheng::device {
namespace {

using Kind = ScenarioRule::Kind;

std::string problem(std::string_view rules) {
  const auto plan = parse_scenario("rules:\n" + std::string(rules), "s.yaml");
  return plan ? "" : plan.error().message;
}

TEST(ScenarioPlan, ReadsWhoWhenAndHow) {
  const auto plan = parse_scenario(
      "seed: 9\n"
      "rules:\n"
      "  - { kind: noise, devices: [\"1\", \"2\"], probability: 0.25, place: within, octets: { min: 3, max: 5 } }\n"
      "  - { kind: battery, models: [gas], fraction: 0.5, from_ms: 10, until_ms: 40, from_mv: 6000, to_mv: 4000, "
      "step_ms: 10 }\n"
      "  - { kind: clock_jump, at_ms: 7, jump_ms: -60000 }\n",
      "s.yaml");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->seed, 9U);
  ASSERT_EQ(plan->rules.size(), 3U);
  const auto& noise = plan->rules[0];
  EXPECT_EQ(noise.kind, Kind::noise);
  EXPECT_EQ(noise.devices, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(noise.probability_ppm, 250'000U);
  EXPECT_EQ(noise.fraction_ppm, 1'000'000U);
  EXPECT_EQ(noise.place, ScenarioRule::Place::within);
  EXPECT_EQ(noise.octets_min, 3U);
  EXPECT_EQ(noise.octets_max, 5U);
  EXPECT_TRUE(noise.holds_at(1'000'000'000));
  const auto& battery = plan->rules[1];
  EXPECT_EQ(battery.fraction_ppm, 500'000U);
  EXPECT_TRUE(battery.is_of_device());
  EXPECT_FALSE(battery.holds_at(9));
  EXPECT_TRUE(battery.holds_at(39));
  EXPECT_FALSE(battery.holds_at(40));
  EXPECT_EQ(battery.amount_to, 4'000);
  EXPECT_EQ(plan->rules[2].amount_from, -60'000);
}

TEST(ScenarioPlan, RefusalsNameFileLineAndReason) {
  EXPECT_EQ(problem("  - { kind: rain }\n").substr(0, 38), "s.yaml:2: 'kind' must be one of: noise");
  EXPECT_EQ(problem("  - { kind: echo, probabilty: 0.5 }\n"), "s.yaml:2: unknown key 'probabilty'");
  EXPECT_EQ(problem("  - { kind: echo, probability: 1.5 }\n"),
            "s.yaml:2: 'probability' must be from 0 to 1 with at most six decimals");
  EXPECT_EQ(problem("  - { kind: echo, from_ms: 5, until_ms: 5 }\n"),
            "s.yaml:2: 'until_ms' must be later than 'from_ms'");
  EXPECT_EQ(problem("  - { kind: echo }\n  - { kind: delay }\n"), "s.yaml:3: 'delay_ms' is required");
  // A thing that happens to the device happens once: it has a fraction, not a probability.
  EXPECT_EQ(problem("  - { kind: cover_open, probability: 0.5 }\n"), "s.yaml:2: unknown key 'probability'");
  EXPECT_EQ(problem("  - { kind: noise, place: after, octets: { min: 9, max: 3 } }\n"),
            "s.yaml:2: 'max' is less than 'min'");
  EXPECT_EQ(problem("  - { kind: voltage, until_ms: 1000000, from_per_mille: 1, to_per_mille: 2, step_ms: 1 }\n"),
            "s.yaml:2: 'step_ms' makes more than 10000 steps");
  EXPECT_EQ(problem("  - { kind: echo, devices: [] }\n"), "s.yaml:2: 'devices' names nobody, or too many");
  EXPECT_EQ(problem("  - { kind: clock_jump, jump_ms: 1 }\n"), "s.yaml:2: 'at_ms' is required");
  EXPECT_EQ(parse_scenario("seed: 1\n", "s.yaml").error().message, "s.yaml:1: 'rules' must hold at least one rule");
  std::string many;
  for (int i = 0; i < 1'001; ++i) many += "  - { kind: echo }\n";
  EXPECT_EQ(problem(many), "s.yaml:1002: is more than 1000 rules");
}

TEST(ScenarioPlan, TheExamplesAreGood) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(DUHENG_SOURCE_DIR) + "/packaging/examples/scenarios")) {
    const auto plan = load_scenario(entry.path().string());
    EXPECT_TRUE(plan) << plan.error().message;
    ++files;
  }
  EXPECT_GE(files, 2U);
}

}  // namespace
}  // namespace duheng::device
