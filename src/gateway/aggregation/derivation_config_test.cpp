#include "gateway/aggregation/derivation_config.hpp"

#include <gtest/gtest.h>

namespace duheng::gateway {
namespace {

using Filter = ProcessingRule::Filter;

Result<DerivationConfig> read(std::string_view text) {
  DUHENG_TRY(const auto file, ConfigFile::parse(text, "gateway.yaml"));
  auto out = read_derivation(file.root());
  DUHENG_CHECK(file.finish());
  return out;
}

TEST(DerivationConfig, ReadsRulesAndSums) {
  const auto config = read(R"(
processing:
  - device: p-1
    from: loop_current
    into: pressure
    unit: MPa
    exponent: -4
    line: { from_low: 4, from_high: 20, to_low: 0, to_high: 1.6 }
    fail_below: 3.6
    fail_above: 21
    filter: { kind: median, window: 5 }
    dead_band: 0.002
  - { device: t-1, from: temperature, into: temperature_filtered, unit: degC, exponent: -2, gain: 1.01, offset: -0.3, filter: { kind: first_order, coefficient: 1/3 } }
sums:
  - { uid: sum-area-7, channel: line-1, members: [extra], interval_s: 900, wait_s: 60 }
)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->points.size(), 2U);
  const auto& loop = config->points[0].rule;
  EXPECT_EQ(loop.line->to_high, (Decimal{16, -1}));
  EXPECT_EQ(loop.fail_below, (Decimal{36, -1}));
  EXPECT_EQ(loop.filter, Filter::median);
  EXPECT_EQ(loop.window, 5U);
  EXPECT_EQ(loop.dead_band, (Decimal{2, -3}));
  const auto& smooth = config->points[1].rule;
  EXPECT_EQ(smooth.gain, (Decimal{101, -2}));
  EXPECT_EQ(smooth.offset, (Decimal{-3, -1}));
  EXPECT_EQ(smooth.coefficient.numerator, 1);
  EXPECT_EQ(smooth.coefficient.denominator, 3);
  const auto resolved = resolve_derivation(*config, {{"p-1", "line-2"}, {"t-1", "line-1"}, {"m-1", "line-1"}});
  ASSERT_TRUE(resolved) << resolved.error().message;
  EXPECT_EQ(resolved->sums[0].members, (std::vector<std::string>{"extra", "m-1", "t-1"}));
  EXPECT_EQ(resolved->sums[0].wait_ms, 60'000);
}

TEST(DerivationConfig, WhatIsWrongIsToldWithItsLine) {
  for (const auto& [text, reason] : std::vector<std::pair<std::string, std::string>>{
           {"processing:\n  - { device: a, from: x, into: x, exponent: 0 }\n", "gateway.yaml:2"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, filter: { kind: mean, window: 1 } }\n", ":2"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, filter: { kind: first_order, coefficient: 2 "
            "} }\n",
            "coefficient"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, filter: { kind: first_order, coefficient: "
            "1/0 } }\n",
            "coefficient"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, gain: 2, line: { from_low: 1, from_high: 2, "
            "to_low: "
            "0, to_high: 1 } }\n",
            "line"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, line: { from_low: 2, from_high: 2, to_low: "
            "0, "
            "to_high: 1 } }\n",
            "from_high"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, gain: 1234567890123 }\n", "gain"},
           {"processing:\n  - { device: a, from: x, into: y, exponent: 0, speed: 3 }\n", "speed"},
           {"sums:\n  - { uid: s }\n", "members"},
           {"sums:\n  - { uid: s, members: [a], interval_s: 700 }\n", "interval_s"}}) {
    const auto config = read(text);
    ASSERT_FALSE(config) << text;
    EXPECT_NE(config.error().message.find(reason), std::string::npos) << config.error().message;
  }
}

TEST(DerivationConfig, ASumNeedsMembersAndAUidOfItsOwn) {
  const auto resolve = [](std::string_view text) {
    const auto config = read(text);
    EXPECT_TRUE(config) << config.error().message;
    return resolve_derivation(*config, {{"m-1", "line-1"}});
  };
  EXPECT_TRUE(resolve("sums:\n  - { uid: s, channel: line-1 }\n"));
  EXPECT_FALSE(resolve("sums:\n  - { uid: s, channel: line-9 }\n"));
  EXPECT_FALSE(resolve("sums:\n  - { uid: m-1, channel: line-1 }\n"));
  EXPECT_FALSE(resolve("sums:\n  - { uid: s, channel: line-1 }\n  - { uid: s, channel: line-1 }\n"));
  EXPECT_FALSE(resolve("processing:\n  - { device: nobody, from: x, into: y, exponent: 0 }\n"));
}

}  // namespace
}  // namespace duheng::gateway
