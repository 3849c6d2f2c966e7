#include "drivers/models/rule_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "drivers/models/device_model.hpp"

namespace duheng::drivers {
namespace {

TEST(RuleText, IsTheSameForEver) {
  const auto rule = parse_processing_rule(
      "{ from: loop_current, into: pressure, unit: MPa, exponent: -4,"
      " line: { from_low: 4, from_high: 20, to_low: 0, to_high: 1.60 }, fail_below: 3.6, fail_above: 21,"
      " filter: { kind: median, window: 5 }, dead_band: 0.002 }");
  ASSERT_TRUE(rule) << rule.error().message;
  const std::string text = write_processing_rule(*rule);
  EXPECT_EQ(text, R"({"from":"loop_current","into":"pressure","unit":"MPa","exponent":-4,"line":{"from_low":"4",)"
                  R"("from_high":"20","to_low":"0","to_high":"1.60"},"fail_below":"3.6","fail_above":"21",)"
                  R"("filter":{"kind":"median","window":5},"dead_band":"0.002"})");
  EXPECT_EQ(write_processing_rule(parse_processing_rule(text).value()), text);
}

TEST(RuleText, AFirstOrderFilterAndAnOffsetComeBack) {
  const std::string text =
      R"({"from":"t","into":"t_filtered","unit":"\"°C\"","exponent":-2,"gain":"1.01","offset":"-0.3",)"
      R"("filter":{"kind":"first_order","coefficient":"1/3"}})";
  const auto rule = parse_processing_rule(text);
  ASSERT_TRUE(rule) << rule.error().message;
  EXPECT_EQ(rule->unit, "\"°C\"");
  EXPECT_EQ(rule->coefficient.denominator, 3);
  EXPECT_EQ(write_processing_rule(*rule), text);
}

TEST(RuleText, WhatIsWrongIsTold) {
  const auto reason = [](std::string_view text) {
    const auto rule = parse_processing_rule(text);
    return rule ? std::string() : rule.error().message;
  };
  EXPECT_NE(reason("{ from: a, into: a, exponent: 0 }").find("into"), std::string::npos);
  EXPECT_NE(reason("{ from: a, into: b, exponent: 0, gian: 2 }").find("gian"), std::string::npos);
  EXPECT_NE(reason("{ from: a, into: b, exponent: 0, filter: { kind: mean, window: 1 } }").find("window"),
            std::string::npos);
  EXPECT_NE(reason("[ 1 ]"), "");
  EXPECT_NE(reason(""), "");
  EXPECT_NE(reason("{ from: a, into: b, exponent: 0, unit: " + std::string(3'000, 'x') + " }"), "");
}

TEST(RuleText, ARuleMustFitTheModel) {
  const auto models = ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models").value();
  const auto model = models.find("dlt645-2007-single-phase");
  ASSERT_TRUE(model);
  ProcessingRule rule;
  rule.from = "voltage_a";
  rule.into = "voltage_smooth";
  EXPECT_FALSE(find_fault(rule, *model));
  rule.into = "current_a";
  EXPECT_EQ(find_fault(rule, *model)->key, "into");
  rule.into = "voltage_smooth";
  rule.from = "loop_current";
  EXPECT_EQ(find_fault(rule, *model)->key, "from");
  rule.from = "clock_date";
  EXPECT_EQ(find_fault(rule, *model)->key, "from") << "no quantity";
}

RC_GTEST_PROP(RuleText, AnyRuleComesBackFromItsText, ()) {
  const auto decimal = [] {
    return Decimal{*rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'001),
                   static_cast<std::int8_t>(*rc::gen::inRange(-9, 1))};
  };
  ProcessingRule rule;
  rule.from = "from";
  rule.into = "into";
  rule.unit = *rc::gen::element<std::string>("", "kW", "m3/h", "%", "°C", "\"", "\\", "a: b", "#x");
  rule.exponent = static_cast<std::int8_t>(*rc::gen::inRange(-9, 1));
  if (*rc::gen::arbitrary<bool>()) {
    rule.line = {{decimal(), decimal(), decimal(), decimal()}};
    RC_PRE(rule.line->from_low.to_double() < rule.line->from_high.to_double());
  } else {
    rule.gain = decimal();
    rule.offset = decimal();
  }
  if (*rc::gen::arbitrary<bool>()) rule.fail_below = decimal();
  if (*rc::gen::arbitrary<bool>()) rule.dead_band = Decimal{*rc::gen::inRange<std::int64_t>(0, 1'000), -3};
  rule.filter = static_cast<ProcessingRule::Filter>(*rc::gen::inRange(0, 4));
  if (rule.filter == ProcessingRule::Filter::mean || rule.filter == ProcessingRule::Filter::median)
    rule.window = *rc::gen::inRange<std::uint32_t>(2, 1'001);
  if (rule.filter == ProcessingRule::Filter::first_order)
    rule.coefficient = {*rc::gen::inRange<std::int64_t>(1, 1'000), 1'000};
  const std::string text = write_processing_rule(rule);
  const auto back = parse_processing_rule(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(write_processing_rule(*back) == text);
  RC_ASSERT(back->gain == rule.gain);
  RC_ASSERT(back->offset == rule.offset);
  RC_ASSERT(back->fail_below == rule.fail_below);
  RC_ASSERT(back->dead_band == rule.dead_band);
  RC_ASSERT(back->unit == rule.unit);
  RC_ASSERT(back->filter == rule.filter);
  RC_ASSERT(back->window == rule.window);
}

}  // namespace
}  // namespace duheng::drivers
