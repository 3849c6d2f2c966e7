#include "store/consumption/value_rules.hpp"

#include <deque>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace duheng::store {
namespace {

constexpr std::int64_t quarter_ms = 900'000;

/// The registers of one meter; a golden case says what is read and what is found.
class ValueRules : public ::testing::Test {
 protected:
  /// A reading every quarter of an hour, from the beginning on.
  RuleSeries& series(std::string_view name, std::int8_t exponent, const std::vector<std::int64_t>& mantissas,
                     bool counts_up = false, std::int64_t shift_ms = 0) {
    auto& values = values_.emplace_back();
    for (std::size_t i = 0; i < mantissas.size(); ++i) {
      const auto time = static_cast<std::int64_t>(i) * quarter_ms + shift_ms;
      values.push_back({time, mantissas[i], Quality::good, FrameReference::make(i + 1, 0)});
    }
    RuleSeries out;
    out.register_name = name;
    out.exponent = exponent;
    out.counts_up = counts_up;
    out.values = values;
    return series_.emplace_back(out);
  }
  RuleSeries& energy(const std::vector<std::int64_t>& mantissas) {
    return series("energy_active_import_total", -2, mantissas, true);
  }
  [[nodiscard]] std::vector<std::int64_t> steady(std::size_t count, std::int64_t step,
                                                 std::int64_t first = 1'000) const {
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(first + static_cast<std::int64_t>(i) * step);
    return out;
  }
  /// "rule@place of the value expected", one for each finding.
  std::vector<std::string> found(std::int64_t from_utc_ms = 0) {
    std::vector<std::string> out;
    for (const RuleFinding& one : examine_values({series_, from_utc_ms}).findings) {
      out.push_back(std::string(to_string(one.rule)) + "@" + std::to_string(one.value.time_utc_ms / quarter_ms) + " " +
                    one.expected.to_string());
    }
    return out;
  }
  using Found = std::vector<std::string>;

  std::deque<std::vector<RuleValue>> values_;
  std::vector<RuleSeries> series_;
};

TEST_F(ValueRules, AnOrdinaryDayHasNoFindings) {
  energy(steady(96, 10));
  series("voltage_a", -1, std::vector<std::int64_t>(96, 2'204));
  EXPECT_EQ(found(), Found{});
}

TEST_F(ValueRules, RollOver) {
  energy({99'999'980, 99'999'995, 10, 25}).rule.modulus = 100'000'000;
  EXPECT_EQ(found(), Found{"roll_over@2 999999.95"});
}

TEST_F(ValueRules, Negative) {
  energy({1'000, 1'010, 700, 710, 720});
  EXPECT_EQ(found(), Found{"negative@2 10.10"});
}

TEST_F(ValueRules, ADipThatComesBackIsTheOddOneItself) {
  auto values = steady(30, 10);
  values[20] = 17;
  energy(values);
  EXPECT_EQ(found(), Found{"negative@20 11.90"});
}

TEST_F(ValueRules, SpikeBeyondWhatTheMeterCanCount) {
  auto values = steady(6, 10);
  for (std::size_t i = 3; i < values.size(); ++i) values[i] += 50'000;
  energy(values).rule.rate_max_per_hour = 8'028;  // 22.3 W.h in a second
  EXPECT_EQ(found(), Found{"spike@3 10.20"});
}

TEST_F(ValueRules, SpikeBeyondItsOwnHistory) {
  auto values = steady(40, 10);
  for (std::size_t i = 25; i < values.size(); ++i) values[i] += 600;  // 61 times the usual
  energy(values);
  EXPECT_EQ(found(), Found{"spike@25 12.40"});
}

TEST_F(ValueRules, AJumpThatComesBackIsOneSpike) {
  auto values = steady(40, 10);
  values[25] += 90'000;
  energy(values);
  EXPECT_EQ(found(), Found{"spike@25 12.40"});
}

TEST_F(ValueRules, ASmallMetersJumpsAreNoSpikes) {
  // Counts whole units: nothing for hours, then 3 at once.
  std::vector<std::int64_t> values;
  for (int i = 0; i < 96; ++i) values.push_back(100 + i / 8 + (i > 50 ? 60 : 0));
  energy(values);
  EXPECT_EQ(found(), Found{});
}

TEST_F(ValueRules, AGapIsNoSpike) {
  auto values = steady(40, 10);
  energy(values);
  auto& late = values_.back();
  for (std::size_t i = 20; i < late.size(); ++i) {
    late[i].time_utc_ms += 200 * quarter_ms;
    late[i].mantissa += 2'000;
  }
  EXPECT_EQ(found(), Found{});
}

TEST_F(ValueRules, TariffSum) {
  energy({10'000, 10'100, 10'200});
  series("energy_active_import_tariff_1", -2, {4'000, 4'100, 4'100}, true);
  series("energy_active_import_tariff_2", -2, {6'000, 6'000, 6'500}, true);
  EXPECT_EQ(found(), Found{"tariff_sum@2 106.00"});
}

TEST_F(ValueRules, TariffSumAllowsWhatTheLastDigitsHide) {
  energy({10'000, 10'004});
  series("energy_active_import_tariff_1", -2, {4'000, 4'001}, true);
  series("energy_active_import_tariff_2", -2, {6'000, 6'001}, true);  // two units hidden
  EXPECT_EQ(found(), Found{});
  values_.back()[1].mantissa = 6'000;
  EXPECT_EQ(found(), Found{"tariff_sum@1 100.01"});
}

TEST_F(ValueRules, TariffSumAllowsForWhatIsCountedMeanwhile) {
  energy({10'000, 10'050, 10'100});
  // Read twenty seconds later, when the total has gone on.
  series("energy_active_import_tariff_1", -2, {4'030, 4'060, 4'110}, true, 20'000);
  series("energy_active_import_tariff_2", -2, {6'000, 6'020, 6'020}, true, 20'000);
  EXPECT_EQ(found(), Found{});
  values_[1][1].mantissa = 4'200;
  values_[1][2].mantissa = 4'260;
  EXPECT_EQ(found(), (Found{"tariff_sum@1 102.20", "tariff_sum@2 102.80"}));
}

TEST_F(ValueRules, TariffsThatWereNotAllReadSayNothing) {
  energy({10'000});
  series("energy_active_import_tariff_1", -2, {4'000}, true);
  EXPECT_EQ(found(), Found{});
  series("energy_active_import_tariff_2", -2, {9'000}, true, 61'000);
  EXPECT_EQ(found(), Found{});
}

TEST_F(ValueRules, PhaseSum) {
  series("power_active_total", -4, {30'000, 30'000, 30'000});
  series("power_active_a", -4, {10'000, 10'000, 10'000});
  series("power_active_b", -4, {10'000, 10'500, 10'000});
  series("power_active_c", -4, {10'000, 10'900, -10'000});
  // 3.14 kW beside 3.00 lies within the tolerance; a phase with its current reversed does not.
  EXPECT_EQ(found(), Found{"phase_sum@2 1.0000"});
}

TEST_F(ValueRules, PhaseSumOfNearlyNothing) {
  series("power_active_total", -4, {0, 0});
  series("power_active_a", -4, {60, 100});  // 6 W and 10 W
  series("power_active_b", -4, {60, 100});
  series("power_active_c", -4, {60, 100});
  EXPECT_EQ(found(), Found{"phase_sum@1 0.0300"});
}

TEST_F(ValueRules, Voltage) {
  std::vector<std::int64_t> volts(20, 2'200);
  volts[5] = 0;      // an outage is an event
  volts[9] = 3'080;  // 40 % above: just in
  volts[10] = 3'090;
  volts[11] = 220;  // a digit lost
  series("voltage_a", -1, volts);
  EXPECT_EQ(found(), (Found{"voltage_implausible@10 220.0", "voltage_implausible@11 220.0"}));
  EXPECT_EQ(found(11 * quarter_ms), Found{"voltage_implausible@11 220.0"});
}

TEST_F(ValueRules, PowerAboveVoltageTimesCurrent) {
  series("power_active_total", -4, {10'900, 24'000, -24'000});
  series("voltage_a", -1, {2'200, 2'200, 2'200});
  series("current_a", -3, {5'000, 5'000, 5'000});  // 1.1 kVA
  EXPECT_EQ(found(), (Found{"power_implausible@1 1.1000", "power_implausible@2 1.1000"}));
}

TEST_F(ValueRules, HistoryIsNotJudgedAndFindingsAreBounded) {
  energy({1'000, 500, 400, 300});
  EXPECT_EQ(found(2 * quarter_ms), (Found{"negative@2 5.00", "negative@3 4.00"}));
  auto down = steady(100, -5, 100'000);
  series_.clear();
  energy(down);
  const auto outcome = examine_values({series_, 0});
  EXPECT_EQ(outcome.findings.size(), value_rule_limits::findings_max);
  EXPECT_EQ(outcome.left_out, 99 - value_rule_limits::findings_max);
}

TEST_F(ValueRules, NamesAreOneToOne) {
  for (int i = 1; i <= 7; ++i) {
    const auto rule = static_cast<ValueRule>(i);
    EXPECT_EQ(value_rule_of(to_string(rule)), rule);
  }
  EXPECT_FALSE(value_rule_of("unknown"));
}

RC_GTEST_PROP(ValueRulesProperty, ARegisterThatOnlyCountsAtItsPaceIsNeverSuspected, ()) {
  std::vector<RuleValue> values;
  std::int64_t mantissa = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  for (int i = *rc::gen::inRange(0, 200); i > 0; --i) {
    mantissa += *rc::gen::inRange(20, 60);
    values.push_back({(200 - i) * quarter_ms, mantissa, Quality::good, {}});
  }
  RuleSeries series;
  series.register_name = "energy_active_import_total";
  series.counts_up = true;
  series.rule = {.modulus = 100'000'000, .rate_max_per_hour = 8'028};
  series.values = values;
  RC_ASSERT(examine_values({{&series, 1}, 0}).findings.empty());
}

}  // namespace
}  // namespace duheng::store
