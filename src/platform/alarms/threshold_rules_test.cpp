#include "platform/alarms/threshold_rules.hpp"

#include <gtest/gtest.h>

namespace duheng::platform::alarms {
namespace {

class NotingSink final : public ConditionSink {
 public:
  void raise(const Condition& condition) override { standing[{condition.kind, condition.subject.id}] = condition; }
  void clear(std::string_view kind, const Subject& subject) override {
    standing.erase({std::string{kind}, subject.id});
    ++cleared;
  }
  std::map<std::pair<std::string, std::string>, Condition> standing;
  int cleared = 0;
};

constexpr std::string_view over = R"(kind: over_voltage
registers: [voltage_a, voltage_b]
unit: V
when: above
limit: 253.0
ends_at: 250.0
delay_s: 60
)";

ThresholdRule rule(std::string_view text) {
  auto parsed = parse_threshold_rule(text, "rule.yaml");
  if (!parsed) throw std::runtime_error(parsed.error().message);
  return std::move(*parsed);
}

std::string refusal(std::string_view text) {
  const auto parsed = parse_threshold_rule(text, "rule.yaml");
  return parsed ? "accepted" : parsed.error().message;
}

class ThresholdWatchTest : public testing::Test {
 protected:
  void look(ThresholdWatch& watch, std::int64_t a, std::int64_t b, std::int64_t at_s, bool is_good = true) {
    const std::array values{MeasuredValue{"voltage_a", "V", a, -1, is_good}, MeasuredValue{"voltage_b", "V", b, -1}};
    watch.look({.id = DeviceId{7}, .model = "meter", .site = SiteId{1}, .organisation = OrganisationId{2}}, values,
               at_s * 1'000);
  }
  NotingSink sink;
};

TEST_F(ThresholdWatchTest, RingsAfterItsDelayAndEndsBelowItsHysteresis) {
  ThresholdWatch watch{{rule(over)}, sink};
  look(watch, 2'200, 2'531, 0);
  watch.advance(59'999);
  EXPECT_TRUE(sink.standing.empty());
  watch.advance(60'000);
  ASSERT_EQ(sink.standing.size(), 1U);
  const Condition& raised = sink.standing.begin()->second;
  EXPECT_EQ(raised.facts.at("register"), "voltage_b");
  EXPECT_EQ(raised.facts.at("value"), "253.1");
  EXPECT_EQ(raised.facts.at("limit"), "253.0");
  look(watch, 2'200, 2'510, 70);
  EXPECT_EQ(sink.standing.size(), 1U) << "between end and limit it goes on";
  look(watch, 2'200, 2'500, 80);
  EXPECT_TRUE(sink.standing.empty());
  look(watch, 2'200, 2'530, 90);
  watch.advance(1'000'000);
  EXPECT_TRUE(sink.standing.empty()) << "at the limit is not above it";
}

TEST_F(ThresholdWatchTest, ShortOnesAndBadReadingsDoNotRing) {
  ThresholdWatch watch{{rule(over)}, sink};
  look(watch, 2'600, 2'200, 0);
  look(watch, 2'200, 2'200, 30);
  watch.advance(1'000'000);
  look(watch, 9'999, 2'200, 2'000, false);
  watch.advance(3'000'000);
  EXPECT_TRUE(sink.standing.empty());
}

TEST_F(ThresholdWatchTest, EndsWhatStoodBeforeARestart) {
  ThresholdWatch watch{{rule(over)}, sink};
  look(watch, 2'200, 2'200, 0);
  look(watch, 2'200, 2'200, 10);
  EXPECT_EQ(sink.cleared, 1);
}

TEST_F(ThresholdWatchTest, TheFirstRuleForADeviceCounts) {
  const std::string narrow = std::string{over} + "sites: [1]\nmodels: [meter]\n";
  ThresholdRule wide = rule(over);
  wide.limit = {9'999, -1};
  wide.delay_ms = 0;
  ThresholdRule special = rule(narrow);
  special.delay_ms = 0;
  ThresholdWatch watch{{special, wide}, sink};
  look(watch, 2'600, 2'200, 0);
  EXPECT_EQ(sink.standing.size(), 1U);
  ThresholdRule elsewhere = special;
  elsewhere.sites = {99};
  ThresholdWatch other{{elsewhere, wide}, sink};
  sink.standing.clear();
  look(other, 2'600, 2'200, 0);
  EXPECT_TRUE(sink.standing.empty());
}

TEST_F(ThresholdWatchTest, RestsWithoutLoadAndReadsBits) {
  ThresholdRule factor = rule(
      "kind: low_power_factor\nregisters: [power_factor_total]\nwhen: below\nlimit: 0.8\nwhile: {register: "
      "power_active_total, above: 0.5}\n");
  ThresholdWatch watch{{factor}, sink};
  std::array values{MeasuredValue{"power_factor_total", "", 500, -3},
                    MeasuredValue{"power_active_total", "kW", 100, -4}};
  watch.look({.id = DeviceId{7}}, values, 0);
  EXPECT_TRUE(sink.standing.empty());
  values[1].mantissa = 10'000;
  watch.look({.id = DeviceId{7}}, values, 1);
  EXPECT_EQ(sink.standing.size(), 1U);
  sink.standing.clear();
  ThresholdWatch bits{{rule("kind: phase_loss\nregisters: [status_word_3]\nwhen: bit\nbit: 4\n")}, sink};
  const std::array word{MeasuredValue{"status_word_3", "", 0x10, 0}};
  bits.look({.id = DeviceId{7}}, word, 0);
  EXPECT_EQ(sink.standing.size(), 1U);
  const std::array other{MeasuredValue{"status_word_3", "", 0xEF, 0}};
  bits.look({.id = DeviceId{7}}, other, 1);
  EXPECT_TRUE(sink.standing.empty());
}

TEST(ThresholdRules, RefusesWithLineAndReason) {
  EXPECT_NE(refusal("kind: no_such\nregisters: [a]\nwhen: above\nlimit: 1\n").find("rule.yaml:1"), std::string::npos);
  EXPECT_NE(refusal("kind: over_voltage\nregisters: [a]\nwhen: above\nlimit: 1\nends_at: 2\n").find("rule.yaml:5"),
            std::string::npos);
  EXPECT_NE(refusal("kind: over_voltage\nregisters: [a]\nwhen: above\nlimit: x\n").find("rule.yaml:4"),
            std::string::npos);
  EXPECT_NE(refusal("kind: over_voltage\nregisters: [a]\nwhen: above\nlimit: 1\nsurplus: 1\n").find("rule.yaml:5"),
            std::string::npos);
  EXPECT_NE(refusal("kind: over_voltage\nregisters: []\nwhen: above\nlimit: 1\n"), "accepted");
  EXPECT_NE(refusal("kind: over_voltage\nregisters: [a]\nwhen: sometimes\nlimit: 1\n"), "accepted");
}

TEST(ThresholdRules, TheProductsOwnAreSound) {
  PosixDisk disk;
  const auto loaded = load_threshold_rules(disk, DUHENG_SOURCE_DIR "/rules/alarms");
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (const Error& refused : loaded->refused) ADD_FAILURE() << refused.message;
  EXPECT_EQ(loaded->rules.size(), 6U);
}

}  // namespace
}  // namespace duheng::platform::alarms
