#include "platform/onboarding/processing.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "platform/onboarding/gateway_sums.hpp"
#include "platform/onboarding/sampling.hpp"
#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();
constexpr std::string_view smooth =
    "{ from: voltage_a, into: voltage_smooth, unit: V, exponent: -2, filter: { kind: median, window: 5 } }";

class ProcessingTest : public ::testing::Test {
 protected:
  ProcessingTest() {
    for (const GatewayId gateway : {world_.gateway_east, world_.gateway_west}) {
      world_.plans.reported(gateway, world_.report());
      world_.plans.connected(gateway, 0, {});
    }
  }
  DeviceId add(const std::string& address) {
    return world_.onboarding.add(world_.author(), world_.meter(address)).value();
  }
  const FieldPlan& plan() {
    world_.plans.tick();
    return world_.received[world_.gateway_east].back();
  }
  /// The gateway stands by the plan it was sent, but for what it refuses.
  void follow(std::vector<FieldPlanProblem> problems = {}) {
    const auto& sent = plan();
    auto report = world_.report(sent.version, crypto::sha256(encode_field_plan(sent)));
    report.problems = std::move(problems);
    world_.plans.reported(world_.gateway_east, std::move(report));
  }
  RuleOutcome set(std::vector<DeviceId> devices, std::string_view text, std::string into = "voltage_smooth") {
    const auto outcome =
        processing_.set(world_.author(), {std::move(devices), std::move(into), std::string(text), "noisy line"});
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(RuleOutcome{});
  }
  NewSum sum(std::vector<DeviceId> members) {
    NewSum out;
    out.gateway = world_.gateway_east;
    out.sum.uid = "area-7";
    out.members = std::move(members);
    out.reason = "transformer 7";
    return out;
  }
  testing::OnboardingWorld world_;
  Processing processing_{*world_.database, world_.clock, world_.plans, world_.models};
  GatewaySums sums_{*world_.database, world_.clock, world_.plans};
};

TEST_F(ProcessingTest, ARuleTravelsWithThePlanAndItsStateIsWhatTheGatewaySays) {
  const auto device = add("1");
  follow();
  EXPECT_EQ(set({device}, smooth).set, 1);
  EXPECT_EQ(processing_.device(all, device).value().rules.at(0).state, DerivationState::pending);
  ASSERT_EQ(plan().rules.size(), 1U);
  EXPECT_EQ(plan().rules[0].device, "dlt645-2007-000000000001");
  EXPECT_EQ(plan().rules[0].into, "voltage_smooth");
  follow();
  EXPECT_EQ(processing_.device(all, device).value().rules.at(0).state, DerivationState::applied);
  follow({{"dlt645-2007-000000000001", "rule other: no"}});
  EXPECT_EQ(processing_.device(all, device).value().rules.at(0).state, DerivationState::applied);
  follow({{"dlt645-2007-000000000001", "rule voltage_smooth: the gateway's own file has a rule for this result"}});
  const auto seen = processing_.device(all, device).value();
  EXPECT_EQ(seen.rules.at(0).state, DerivationState::refused);
  EXPECT_EQ(seen.rules.at(0).problem, "the gateway's own file has a rule for this result");
  EXPECT_NE(std::ranges::find(seen.registers, "voltage_a"), seen.registers.end());
  EXPECT_EQ(std::ranges::find(seen.registers, "clock_date"), seen.registers.end());
  EXPECT_EQ(world_.actions().back(), "set_rule");
  // Such a problem is none of its reading periods.
  Sampling sampling(*world_.database, world_.clock, world_.plans, world_.models);
  EXPECT_EQ(sampling.device(all, device).value().problem, "");
}

TEST_F(ProcessingTest, EveryChangeIsAVersionAndAnEarlierOneCanBeSetAgain) {
  const auto device = add("1");
  set({device}, smooth);
  EXPECT_EQ(set({device}, smooth).same, 1);
  world_.clock.advance_ms(60'000);
  const std::string other = "{ from: voltage_a, into: voltage_smooth, unit: V, exponent: -2 }";
  set({device}, other);
  world_.clock.advance_ms(60'000);
  set({device}, "");
  EXPECT_TRUE(plan().rules.empty());
  EXPECT_TRUE(processing_.device(all, device).value().rules.empty());
  auto history = processing_.history(all, device).value();
  ASSERT_EQ(history.size(), 3U);
  EXPECT_TRUE(history[0].text.empty());
  EXPECT_FALSE(history[0].to_utc_ms);
  EXPECT_EQ(history[2].to_utc_ms, history[1].from_utc_ms);
  EXPECT_EQ(history[2].changed_by_name, world_.author().name);
  set({device}, history[2].text);
  EXPECT_EQ(plan().rules.at(0).text, history[2].text);
  EXPECT_EQ(processing_.history(all, device).value().size(), 4U);
}

TEST_F(ProcessingTest, OneRuleForManyRefusesThoseItDoesNotFit) {
  std::vector<DeviceId> devices{add("1"), add("2")};
  auto water = world_.meter("11111111111111");
  water.model = "cjt188-cold-water";
  water.new_channel = FieldChannel{"water", FieldTcp{"192.0.2.9", 4'001}};
  water.channel = "water";
  devices.push_back(world_.onboarding.add(world_.author(), water).value());
  const auto before = plan().version;
  const auto outcome = set(devices, smooth);
  EXPECT_EQ(outcome.set, 2);
  ASSERT_EQ(outcome.refusals.size(), 1U);
  EXPECT_EQ(outcome.refusals[0].device, devices[2]);
  EXPECT_EQ(outcome.refusals[0].reason, "not_in_model");
  EXPECT_EQ(plan().version, before + 1) << "one change, one plan";
  EXPECT_EQ(plan().rules.size(), 2U);
}

TEST_F(ProcessingTest, WhatIsWrongOrNobodysIsRefused) {
  const auto device = add("1");
  const auto code = [&](std::string text, std::string into = "voltage_smooth", std::string reason = "why") {
    const auto outcome = processing_.set(world_.author(), {{device}, into, std::move(text), std::move(reason)});
    return outcome ? ErrorCode{} : outcome.error().code;
  };
  EXPECT_EQ(code("{ from: a }"), ErrorCode::invalid_argument);
  EXPECT_EQ(code(std::string(smooth), "other"), ErrorCode::invalid_argument);
  EXPECT_EQ(code(std::string(smooth), "voltage_smooth", ""), ErrorCode::invalid_argument);
  const auto of_west = world_.author(world_.west);
  EXPECT_EQ(processing_.set(of_west, {{device}, "voltage_smooth", std::string(smooth), "x"}).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(processing_.device(of_west.scope, device).error().code, ErrorCode::not_found);
  EXPECT_EQ(processing_.history(of_west.scope, device).error().code, ErrorCode::not_found);
  for (std::size_t i = 0; i < Processing::rules_of_device_max; ++i) {
    const std::string into = "result_" + std::to_string(i);
    EXPECT_EQ(set({device}, "{ from: voltage_a, exponent: 0, into: " + into + " }", into).set, 1);
  }
  EXPECT_EQ(set({device}, smooth).refusals.at(0).reason, "too_many");
  ASSERT_TRUE(world_.onboarding.retire(world_.author(), device));
  EXPECT_TRUE(plan().rules.empty()) << "nobody reads it";
  EXPECT_FALSE(processing_.device(all, device).value().gateway);
  EXPECT_EQ(set({device}, smooth).refusals.at(0).reason, "not_read");
}

TEST_F(ProcessingTest, ASumTravelsWithItsMembersAndIsAVersionEachTime) {
  const std::vector<DeviceId> devices{add("2"), add("1")};
  const auto number = sums_.set(world_.author(), sum(devices)).value();
  ASSERT_EQ(plan().sums.size(), 1U);
  EXPECT_EQ(plan().sums[0].members, (std::vector<std::string>{"dlt645-2007-000000000001", "dlt645-2007-000000000002"}));
  EXPECT_EQ(sums_.list(all, world_.gateway_east).value().at(0).state, DerivationState::pending);
  follow({{"area-7", "sum: it cannot be"}});
  EXPECT_EQ(sums_.list(all, world_.gateway_east).value().at(0).problem, "it cannot be");
  follow();
  EXPECT_EQ(sums_.list(all, world_.gateway_east).value().at(0).state, DerivationState::applied);
  const auto second = sums_.set(world_.author(), sum({devices[0]})).value();
  EXPECT_EQ(plan().sums[0].members.size(), 1U);
  const auto details = sums_.get(all, second, 1, 10).value();
  EXPECT_EQ(details.members.size(), 1U);
  ASSERT_EQ(details.versions.size(), 2U);
  EXPECT_EQ(details.versions[1].number, number);
  EXPECT_EQ(details.versions[1].members, 2);
  EXPECT_EQ(sums_.get(all, number, 2, 1).value().members.at(0).uid, "dlt645-2007-000000000002");
  // A member that nobody reads any more is missing, not forgotten.
  ASSERT_TRUE(world_.onboarding.retire(world_.author(), devices[0]));
  EXPECT_EQ(plan().sums[0].members.size(), 1U);
  auto removal = sum({});
  removal.is_removal = true;
  ASSERT_TRUE(sums_.set(world_.author(), removal));
  EXPECT_TRUE(plan().sums.empty());
  EXPECT_TRUE(sums_.list(all, world_.gateway_east).value().empty());
  EXPECT_EQ(sums_.set(world_.author(), removal).error().code, ErrorCode::not_found);
  EXPECT_EQ(world_.actions().back(), "remove_sum");
}

TEST_F(ProcessingTest, NobodyAddsUpWhatTheyMayNotSee) {
  const auto mine = add("1");
  auto others = world_.meter("2");
  others.organisation = world_.city;  // above east
  const auto theirs = world_.onboarding.add(world_.author(), others).value();
  const auto of_east = world_.author(world_.east);
  EXPECT_EQ(sums_.set(of_east, sum({mine, theirs})).error().code, ErrorCode::not_found);
  auto whole_channel = sum({});
  whole_channel.sum.channel = "bus";
  EXPECT_EQ(sums_.set(of_east, whole_channel).error().code, ErrorCode::forbidden);
  const auto both = sums_.set(world_.author(), sum({mine, theirs})).value();
  EXPECT_TRUE(sums_.list(of_east.scope, world_.gateway_east).value().empty());
  EXPECT_EQ(sums_.get(of_east.scope, both, 1, 10).error().code, ErrorCode::not_found);
  EXPECT_EQ(sums_.set(of_east, sum({mine})).error().code, ErrorCode::forbidden);
  const auto own = sums_.set(world_.author(), sum({mine})).value();
  EXPECT_EQ(sums_.list(of_east.scope, world_.gateway_east).value().size(), 1U);
  EXPECT_EQ(sums_.get(of_east.scope, own, 1, 10).value().versions.size(), 1U) << "not the one with other members";
  EXPECT_EQ(sums_.list(world_.author(world_.west).scope, world_.gateway_east).error().code, ErrorCode::not_found);
}

TEST_F(ProcessingTest, AWrongSumNamesItsField) {
  const auto device = add("1");
  const auto reason = [&](auto change) {
    auto wanted = sum({device});
    change(wanted);
    const auto made = sums_.set(world_.author(), wanted);
    return made ? std::string("taken") : made.error().message;
  };
  EXPECT_EQ(reason([](NewSum& wanted) { wanted.sum.interval_ms = 7 * 61'000; }).find("interval_s"), 0U);
  EXPECT_EQ(reason([](NewSum& wanted) { wanted.sum.uid = "dlt645-2007-000000000001"; }).find("members"), 0U);
  EXPECT_EQ(reason([&](NewSum& wanted) {
              wanted.sum.uid = "dlt645-2007-000000000001";
              wanted.members = {add("3")};
            }).find("uid"),
            0U);
  EXPECT_EQ(reason([](NewSum& wanted) { wanted.members.clear(); }), "must have members, a channel, or both");
  EXPECT_EQ(reason([](NewSum& wanted) { wanted.reason.clear(); }).find("reason"), 0U);
  EXPECT_EQ(reason([&](NewSum& wanted) { wanted.gateway = world_.gateway_west; }).find("members"), 0U);
}

}  // namespace
}  // namespace duheng::platform
