#include "gateway/aggregation/field_derivation.hpp"

#include <gtest/gtest.h>
#include <map>

#include "drivers/models/rule_text.hpp"

namespace duheng::gateway {
namespace {

ProcessingRule rule_of(std::string_view text) { return drivers::parse_processing_rule(text).value(); }
const ProcessingRule mean_of_two = rule_of("{ from: t, into: t_mean, exponent: 0, filter: { kind: mean, window: 2 } }");

/// What comes of one value of `t` of device "a", by result.
std::map<std::string, std::int64_t> results(FieldDerivation& field, std::int64_t value,
                                            std::span<const ProcessingRule> of_model = {}) {
  BatchWriter batch(1'000);
  Frame frame;
  frame.device_index = batch.device("a");
  batch.frame(frame);
  Reading reading;
  const Register what{"t", "", 0};
  reading.register_index = batch.register_of(what);
  reading.mantissa = value;
  batch.reading(reading);
  field.process("a", of_model, what, reading, batch);
  Bytes body;
  batch.finish(body);
  const auto view = BatchView::parse(body);
  std::map<std::string, std::int64_t> out;
  view->for_each([](std::uint32_t, const Frame&) {},
                 [&](std::uint32_t, const Frame&, const Reading& each) {
                   out[std::string(view->registers()[each.register_index].name)] = each.mantissa;
                 });
  return out;
}

TEST(FieldDerivation, ARuleThatComesBeginsWithTheNextValueAndStopsWhenItGoes) {
  FieldDerivation field({});
  EXPECT_EQ(results(field, 10).size(), 1U);
  field.set_rules("a", {mean_of_two});
  EXPECT_EQ(results(field, 20).at("t_mean"), 20);
  EXPECT_EQ(results(field, 30).at("t_mean"), 25);
  field.set_rules("a", {});
  EXPECT_FALSE(results(field, 40).contains("t_mean"));
  field.set_rules("a", {mean_of_two});
  EXPECT_EQ(results(field, 60).at("t_mean"), 60) << "its filter has begun anew";
}

TEST(FieldDerivation, OnlyAChangedRuleStartsAnew) {
  FieldDerivation field({});
  const auto other = rule_of("{ from: t, into: t_sum, exponent: 0, filter: { kind: mean, window: 3 } }");
  field.set_rules("a", {mean_of_two, other});
  results(field, 10);
  auto changed = other;
  changed.gain = {2, 0};
  field.set_rules("a", {mean_of_two, changed});
  const auto seen = results(field, 20);
  EXPECT_EQ(seen.at("t_mean"), 15) << "goes on";
  EXPECT_EQ(seen.at("t_sum"), 40) << "anew";
}

TEST(FieldDerivation, TheFilesRulesAndSumsKeepTheirPlaces) {
  FieldSum own;
  own.uid = "s";
  own.members = {"a"};
  FieldDerivation field({{{"a", mean_of_two}}, {own}});
  auto other = mean_of_two;
  other.gain = {100, 0};
  EXPECT_TRUE(field.has_own_rule("a", "t_mean"));
  field.set_rules("a", {other});
  EXPECT_EQ(results(field, 7).at("t_mean"), 7);
  own.members = {"b"};
  EXPECT_EQ(field.set_sum(own, 0).error().code, ErrorCode::already_exists);
  field.remove_sum("s", 0);
  EXPECT_TRUE(field.has_own_sum("s"));
  Reading reading;
  reading.mantissa = 5;
  field.observe("a", {"energy_active_import_total", "kWh", -2}, reading, 0);
  EXPECT_TRUE(field.take_due(0)) << "the file's sum still adds up its own members";
}

TEST(FieldDerivation, ThePlatformsRuleStandsInTheModelsPlace) {
  FieldDerivation field({});
  const std::vector<ProcessingRule> model{rule_of("{ from: t, into: t_mean, exponent: 0, gain: 10 }")};
  EXPECT_EQ(results(field, 7, model).at("t_mean"), 70);
  field.set_rules("a", {mean_of_two});
  EXPECT_EQ(results(field, 7, model).at("t_mean"), 7);
  field.set_rules("a", {});
  EXPECT_EQ(results(field, 7, model).at("t_mean"), 70);
}

}  // namespace
}  // namespace duheng::gateway
