#include "platform/conformity/conformity.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>

namespace duheng::platform::conformity {
namespace {

const std::string root = DUHENG_SOURCE_DIR;

const RuleSet& household() {
  static const RuleSet rules = [] {
    auto loaded = load_rules(root + "/rules/household-meters.yaml");
    EXPECT_TRUE(loaded) << loaded.error().message;
    return std::move(*loaded);
  }();
  return rules;
}

const ClauseVerdict* clause_of(const Judgement& judgement, const std::string& id) {
  const auto found = std::ranges::find(judgement.clauses, id, &ClauseVerdict::id);
  return found == judgement.clauses.end() ? nullptr : &*found;
}

/// "name=value" by blanks; a value is read as the item's kind has it.
TypeDeclaration declared(const std::string& medium, const std::string& items, const std::string& reports = "") {
  std::string text = "maker: m\ntype: t\nmedium: " + medium + "\ndeclared:\n";
  const std::regex pair("([a-z_]+)=([^ ]+)");
  for (std::sregex_iterator i(items.begin(), items.end(), pair), end; i != end; ++i)
    text += fmt::format("  {}: {}\n", (*i)[1].str(), (*i)[2].str());
  if (items.empty()) text += "  {}\n";
  text += "reports:\n";
  const std::regex word("[a-z_]+");
  for (std::sregex_iterator i(reports.begin(), reports.end(), word), end; i != end; ++i)
    text += fmt::format("  {}: {{ number: n, laboratory: l, date: \"2026-01-02\" }}\n", i->str());
  if (reports.empty()) text += "  {}\n";
  auto out = parse_declaration(text, "declared", household());
  EXPECT_TRUE(out) << out.error().message << "\n" << text;
  return out ? std::move(*out) : TypeDeclaration{};
}

struct LimitCase {
  const char* clause;
  const char* medium;
  const char* items;
  const char* reports;
  Verdict verdict;
};
std::ostream& operator<<(std::ostream& out, const LimitCase& one) {
  return out << one.clause << " " << one.items << " " << one.reports;
}

class Limits : public ::testing::TestWithParam<LimitCase> {};
TEST_P(Limits, AreJudgedAtTheEdge) {
  const LimitCase& one = GetParam();
  const Judgement judgement = judge(household(), declared(one.medium, one.items, one.reports));
  const ClauseVerdict* clause = clause_of(judgement, one.clause);
  ASSERT_NE(clause, nullptr);
  EXPECT_EQ(to_string(clause->verdict), to_string(one.verdict));
}

constexpr auto passed = Verdict::passed;
constexpr auto failed = Verdict::failed;
constexpr auto missing = Verdict::missing;
constexpr auto not_applicable = Verdict::not_applicable;

INSTANTIATE_TEST_SUITE_P(
    Heat, Limits,
    ::testing::Values(
        LimitCase{"HM-6.3.1.1", "heat", "nominal_diameter=40 supply=internal_battery", "", passed},
        LimitCase{"HM-6.3.1.1", "heat", "nominal_diameter=40 supply=external_dc", "", failed},
        LimitCase{"HM-6.3.1.1", "heat", "nominal_diameter=50 supply=external_ac", "", passed},
        LimitCase{"HM-6.3.1.1", "heat", "nominal_diameter=50 supply=replaceable_battery", "", failed},
        LimitCase{"HM-6.3.1.1", "heat", "nominal_diameter=50", "", missing},
        LimitCase{"HM-6.3.1.1", "heat", "supply=external_ac", "", missing},
        LimitCase{"HM-6.3.1.2", "heat", "supply=internal_battery battery_life=6.01", "", passed},
        LimitCase{"HM-6.3.1.2", "heat", "supply=internal_battery battery_life=6", "", failed},
        LimitCase{"HM-6.3.1.2", "heat", "supply=external_ac", "", not_applicable},
        LimitCase{"HM-6.3.1.3", "heat", "supply=internal_battery", "", not_applicable},
        LimitCase{"HM-6.3.1.3", "heat", "supply=external_dc", "", missing},
        LimitCase{"HM-6.3.1.6", "heat", "magnetic_immunity=100", "magnetic_field", passed},
        LimitCase{"HM-6.3.1.6", "heat", "magnetic_immunity=99", "magnetic_field", failed},
        LimitCase{"HM-6.3.1.6", "heat", "magnetic_immunity=100", "", missing},
        LimitCase{"HM-6.3.2", "heat", "", "insulation", passed}, LimitCase{"HM-6.3.2", "heat", "", "", missing},
        LimitCase{"HM-5.4.1", "heat", "", "water_quality", passed},
        LimitCase{"HM-5.4.2", "heat", "environment_class=A ambient_temperature_low=5 ambient_temperature_high=55", "",
                  passed},
        LimitCase{"HM-5.4.2", "heat", "environment_class=B ambient_temperature_low=-24 ambient_temperature_high=55", "",
                  failed},
        LimitCase{"HM-7.3.1", "heat", "surface_checked=true flow_arrow_checked=false", "", failed},
        LimitCase{"HM-7.3.3", "heat", "environment_class=A heats_and_cools=false enclosure=IP52", "", passed},
        LimitCase{"HM-7.3.3", "heat", "environment_class=B heats_and_cools=false enclosure=IP53", "", failed},
        LimitCase{"HM-7.3.3", "heat", "environment_class=C heats_and_cools=false enclosure=IP65", "", passed},
        LimitCase{"HM-7.3.3", "heat", "environment_class=A heats_and_cools=true enclosure=IP64", "", failed},
        LimitCase{"HM-7.3.3", "heat", "environment_class=D heats_and_cools=false enclosure=IP67", "", failed},
        LimitCase{"HM-7.3.3", "heat", "environment_class=A heats_and_cools=false enclosure=IPX2", "", failed},
        LimitCase{"HM-7.3.4", "heat", "pressure_loss=0.025", "", passed},
        LimitCase{"HM-7.3.4", "heat", "pressure_loss=0.0251", "", failed},
        LimitCase{"HM-7.3.5", "heat", "mpe=2 repeatability_error=2.0", "", passed},
        LimitCase{"HM-7.3.5", "heat", "mpe=2 repeatability_error=2.01", "", failed},
        LimitCase{"HM-7.3.5", "heat", "mpe=2", "", missing},
        LimitCase{"HM-7.3.6", "heat", "service_life=5", "durability", failed},
        LimitCase{"HM-7.3.6", "heat", "service_life=6", "durability", passed},
        LimitCase{"HM-8.5.4a", "heat", "has_security_module=false", "", not_applicable},
        LimitCase{"HM-8.5.4a", "heat", "has_security_module=true cipher_in_hardware=true chip_level=1", "security_chip",
                  passed},
        LimitCase{"HM-8.5.4a", "heat", "has_security_module=true cipher_in_hardware=false chip_level=0",
                  "security_chip", failed}));

std::vector<LimitCase> external_supplies() {
  return {
      {"HM-6.3.1.3", "heat",
       "supply=external_ac supply_voltage_nominal=220 supply_voltage_low=187 supply_voltage_high=242 "
       "supply_frequency_low=49 supply_frequency_high=51",
       "", passed},
      {"HM-6.3.1.3", "heat",
       "supply=external_ac supply_voltage_nominal=220 supply_voltage_low=187.1 supply_voltage_high=242 "
       "supply_frequency_low=49 supply_frequency_high=51",
       "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_ac supply_voltage_nominal=220 supply_voltage_low=187 supply_voltage_high=241.9 "
       "supply_frequency_low=49 supply_frequency_high=51",
       "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_ac supply_voltage_nominal=220 supply_voltage_low=187 supply_voltage_high=242 "
       "supply_frequency_low=49.01 supply_frequency_high=51",
       "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_ac supply_voltage_nominal=220 supply_voltage_low=187 supply_voltage_high=242 "
       "supply_frequency_low=49 supply_frequency_high=50.9",
       "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=5 supply_voltage_low=4.75 supply_voltage_high=5.25", "", passed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=5 supply_voltage_low=4.76 supply_voltage_high=5.25", "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=5 supply_voltage_low=4.75 supply_voltage_high=5.24", "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=12 supply_voltage_low=11.4 supply_voltage_high=12.6", "", passed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=12 supply_voltage_low=11.41 supply_voltage_high=12.6", "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=12 supply_voltage_low=11.4 supply_voltage_high=12.59", "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=24 supply_voltage_low=22.8 supply_voltage_high=25.2", "", passed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=24 supply_voltage_low=22.9 supply_voltage_high=25.2", "", failed},
      {"HM-6.3.1.3", "heat",
       "supply=external_dc supply_voltage_nominal=24 supply_voltage_low=22.8 supply_voltage_high=25.1", "", failed},
      {"HM-6.3.1.3", "heat", "supply=external_dc supply_voltage_nominal=220", "", failed},
      {"HM-6.3.1.3", "heat", "supply=internal_battery supply_voltage_nominal=5", "", not_applicable},
  };
}
INSTANTIATE_TEST_SUITE_P(ExternalSupply, Limits, ::testing::ValuesIn(external_supplies()));

INSTANTIATE_TEST_SUITE_P(
    Water, Limits,
    ::testing::Values(
        LimitCase{"HM-5.2.1", "water", "", "static_pressure", passed},
        LimitCase{"HM-5.2.2", "water", "accuracy_class=1 mpe_low_zone=3 mpe_high_zone_cold=1 mpe_high_zone_warm=2", "",
                  passed},
        LimitCase{"HM-5.2.2", "water", "accuracy_class=1 mpe_low_zone=3 mpe_high_zone_cold=1.1 mpe_high_zone_warm=2",
                  "", failed},
        LimitCase{"HM-5.2.2", "water", "accuracy_class=2 mpe_low_zone=5 mpe_high_zone_cold=2 mpe_high_zone_warm=3", "",
                  passed},
        LimitCase{"HM-6.1.1", "water", "",
                  "electrostatic_discharge electromagnetic_susceptibility static_magnetic_field", passed},
        LimitCase{"HM-6.1.1", "water", "", "electrostatic_discharge static_magnetic_field", missing},
        LimitCase{"HM-6.1.2.2", "water", "supply=internal_battery nominal_diameter=25 battery_life=7 service_life=6",
                  "", passed},
        LimitCase{"HM-6.1.2.2", "water", "supply=internal_battery nominal_diameter=25 battery_life=6.9 service_life=5",
                  "", failed},
        LimitCase{"HM-6.1.2.2", "water", "supply=internal_battery nominal_diameter=32 battery_life=5 service_life=4",
                  "", passed},
        LimitCase{"HM-6.1.2.2", "water", "supply=internal_battery nominal_diameter=50 battery_life=4.9 service_life=3",
                  "", failed},
        LimitCase{"HM-6.1.2.2", "water", "supply=internal_battery nominal_diameter=65 battery_life=3 service_life=2",
                  "", passed},
        LimitCase{"HM-6.1.2.2", "water", "supply=internal_battery nominal_diameter=65 battery_life=3 service_life=2.5",
                  "", failed},
        LimitCase{"HM-6.1.2.3", "water", "supply=replaceable_battery", "", missing},
        LimitCase{"HM-6.1.2.3", "water", "supply=replaceable_battery battery_replacement_rule=R-7", "", passed},
        LimitCase{"HM-6.1.4", "water", "mtbf=26300", "", passed},
        LimitCase{"HM-6.1.4", "water", "mtbf=26299", "", failed},
        LimitCase{"HM-7.1.3", "water", "may_be_submerged=true enclosure=IP67", "", failed},
        LimitCase{"HM-7.1.3", "water", "may_be_submerged=true enclosure=IP68", "", passed},
        LimitCase{"HM-7.1.3", "water", "may_be_submerged=false enclosure=IP65", "", passed},
        LimitCase{"HM-7.1.1", "water", "surface_checked=true markings_checked=true", "", missing}));

INSTANTIATE_TEST_SUITE_P(
    Gas, Limits,
    ::testing::Values(LimitCase{"HM-5.3.2", "gas",
                                "nominal_flow=2.5 flow_maximum=4 flow_minimum=0.025 flow_starting=0.005", "", passed},
                      LimitCase{"HM-5.3.2", "gas",
                                "nominal_flow=4 flow_maximum=6 flow_minimum=0.041 flow_starting=0.005", "", failed},
                      LimitCase{"HM-5.3.2", "gas",
                                "nominal_flow=6 flow_maximum=10 flow_minimum=0.06 flow_starting=0.009", "", failed},
                      LimitCase{"HM-6.2.1", "gas", "quiescent_current=10", "", passed},
                      LimitCase{"HM-6.2.1", "gas", "quiescent_current=10.1", "", failed},
                      LimitCase{"HM-6.2.2", "gas",
                                "radio=micro_power current_valve_resting=200 current_valve_moving=400", "", passed},
                      LimitCase{"HM-6.2.2", "gas",
                                "radio=micro_power current_valve_resting=201 current_valve_moving=400", "", failed},
                      LimitCase{"HM-6.2.2", "gas",
                                "radio=micro_power current_valve_resting=200 current_valve_moving=401", "", failed},
                      LimitCase{"HM-6.2.2", "gas", "radio=public_network current_maximum=2000", "", passed},
                      LimitCase{"HM-6.2.2", "gas", "radio=public_network current_maximum=2001", "", failed},
                      LimitCase{"HM-6.2.3", "gas", "register_kind=pulse conversion_error=-1", "", passed},
                      LimitCase{"HM-6.2.3", "gas", "register_kind=direct_reading conversion_error=1.5", "", failed},
                      LimitCase{"HM-6.2.7", "gas", "interference_behaviour=closes_valve",
                                "electrostatic_discharge radiated_field magnetic_field", passed},
                      LimitCase{"HM-6.2.7", "gas", "interference_behaviour=works_on",
                                "electrostatic_discharge magnetic_field", missing},
                      LimitCase{"HM-7.2.3", "gas", "enclosure=IP53", "", passed},
                      LimitCase{"HM-7.2.3", "gas", "enclosure=IP52", "", failed},
                      LimitCase{"HM-7.2.4", "gas",
                                "storage_temperature_low=-20 storage_temperature_high=60 ambient_temperature_low=-10 "
                                "ambient_temperature_high=40",
                                "", passed},
                      LimitCase{"HM-7.2.4", "gas",
                                "storage_temperature_low=-20 storage_temperature_high=60 ambient_temperature_low=-9 "
                                "ambient_temperature_high=40",
                                "", failed},
                      LimitCase{"HM-7.2.8", "gas", "valve_leak=0.3", "", passed},
                      LimitCase{"HM-7.2.8", "gas", "valve_leak=0.31", "", failed},
                      LimitCase{"HM-7.2.9", "gas", "valve_cycles=5000 valve_leak_after_cycles=0.3", "", passed},
                      LimitCase{"HM-7.2.9", "gas", "valve_cycles=4999 valve_leak_after_cycles=0.3", "", failed}));

TEST(Conformity, HoldsARuleForEveryTypeRowOfTheRequirements) {
  std::ifstream in(root + "/docs/requirements/household-meter-security.md");
  std::set<std::string> rows;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (line.find("Type:") != std::string::npos &&
        std::regex_search(line, match, std::regex(R"(^\| (HM-[0-9.a-z]+) )")))
      rows.insert(match[1]);
  }
  ASSERT_GT(rows.size(), 30U);
  for (const std::string& row : rows)
    EXPECT_NE(std::ranges::find(household().rules, row, &Rule::id), household().rules.end()) << row;
}

TEST(Conformity, JudgesTheExampleAndSaysSoInBothLanguages) {
  auto type = load_declaration(root + "/rules/examples/heat-meter-dn25.yaml", household());
  ASSERT_TRUE(type) << type.error().message;
  Judgement judgement = judge(household(), *type);
  EXPECT_TRUE(judgement.conforms) << to_text(household(), *type, judgement, Language::english);
  for (const ClauseVerdict& clause : judgement.clauses) EXPECT_NE(clause.verdict, Verdict::failed) << clause.id;
  type->items.insert_or_assign("battery_life", Decimal{60, -1});
  judgement = judge(household(), *type);
  EXPECT_FALSE(judgement.conforms);
  const std::string english = to_text(household(), *type, judgement, Language::english);
  EXPECT_NE(english.find("failed  rated battery life > 6 a -> 6.0 a"), std::string::npos) << english;
  EXPECT_NE(english.find("does not conform: "), std::string::npos);
  const std::string chinese = to_text(household(), *type, judgement, Language::chinese);
  EXPECT_NE(chinese.find("不合格  电池额定寿命 > 6 a -> 6.0 a"), std::string::npos) << chinese;
  EXPECT_NE(chinese.find("尚未由持有标准文本的人员确认"), std::string::npos);
}

TEST(Conformity, AnEmptyDeclarationNeverConforms) {
  for (const char* medium : {"water", "gas", "heat"}) {
    const Judgement judgement = judge(household(), declared(medium, ""));
    EXPECT_FALSE(judgement.conforms);
    EXPECT_EQ(judgement.count(Verdict::passed), 0U);
    EXPECT_EQ(judgement.count(Verdict::missing), judgement.clauses.size()) << "what is not on file is missing";
  }
}

struct BadFile {
  const char* text;
  const char* reason;
};
TEST(Conformity, RefusesABadRuleFileWithLineAndReason) {
  const std::string head =
      "rule_set: s\ntitle: { zh-CN: a, en: a }\nstandard: { zh-CN: a, en: a }\nedition: e\n"
      "items:\n  - { name: n, kind: number, title: { zh-CN: a, en: a } }\n"
      "  - { name: c, kind: choice, words: [x], title: { zh-CN: a, en: a } }\n";
  const std::string rule = "rules:\n  - { id: R, clause: '1', media: [heat], title: { zh-CN: a, en: a }, ";
  const BadFile cases[] = {
      {"require: [{ item: m, at_least: 1 }] }\n", "bad:9: 'item' names no item"},
      {"require: [{ item: n }] }\n", "bad:9: bounds belong to numbers"},
      {"require: [{ item: n, at_least: 2, at_most: 1 }] }\n", "bad:9: the lower bound is above"},
      {"require: [{ item: c, one_of: [y] }] }\n", "bad:9: \"y\" is not a word"},
      {"require: [{ item: n, protection: IP65 }] }\n", "bad:9: 'item' names an item that is no protection"},
      {"require: [] }\n", "bad:9: 'require' asks for nothing"},
      {"require: [{ item: n, at_leest: 1 }] }\n", "bad:9:"},
  };
  for (const BadFile& one : cases) {
    const auto parsed = parse_rules(head + rule + one.text, "bad");
    ASSERT_FALSE(parsed) << one.text;
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed);
    EXPECT_TRUE(parsed.error().message.starts_with(one.reason)) << one.text << parsed.error().message;
  }
  EXPECT_TRUE(parse_rules(head + rule + "require: [{ item: n, at_least: 1 }] }\n", "good"));
}

TEST(Conformity, RefusesABadDeclarationWithLineAndReason) {
  const std::string head = "maker: m\ntype: t\nmedium: heat\n";
  const BadFile cases[] = {
      {"declared: { no_such_item: 1 }\nreports: {}\n", "bad:4: 'no_such_item' is no item"},
      {"declared: { battery_life: long }\nreports: {}\n", "bad:4: 'battery_life' must be a number"},
      {"declared: { supply: steam }\nreports: {}\n", "bad:4:"},
      {"declared: {}\nreports:\n  insulation: { number: a, laboratory: b, date: '2026-02-30' }\n",
       "bad:6: 'date' is not a date"},
      {"declared: {}\nreports:\n  insulation: { number: '', laboratory: b, date: '2026-02-03' }\n", "bad:6:"},
      {"declared: {}\nreports:\n  poetry: { number: a, laboratory: b, date: '2026-02-03' }\n",
       "bad:6: 'poetry' is no report"},
  };
  for (const BadFile& one : cases) {
    const auto parsed = parse_declaration(head + one.text, "bad", household());
    ASSERT_FALSE(parsed) << one.text;
    EXPECT_TRUE(parsed.error().message.starts_with(one.reason)) << one.text << parsed.error().message;
  }
}

TEST(Conformity, ComparesExactly) {
  EXPECT_EQ(compare({10, -1}, {1, 0}), 0);
  EXPECT_EQ(compare({-25, -2}, {-24, -2}), -1);
  EXPECT_EQ(compare({9'223'372'036'854'775'807, 0}, {1, -12}), 1);
}

}  // namespace
}  // namespace duheng::platform::conformity
