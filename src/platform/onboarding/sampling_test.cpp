#include "platform/onboarding/sampling.hpp"

#include <gtest/gtest.h>

#include "platform/onboarding/plan_moves.hpp"
#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class SamplingTest : public ::testing::Test {
 protected:
  SamplingTest() {
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
  IntervalChangeNumber set(std::vector<DeviceId> devices, std::int64_t interval_ms, std::string register_name = {}) {
    const auto number = sampling_.set(
        world_.author(), {std::move(devices), "live", std::move(register_name), interval_ms, "closer look"});
    EXPECT_TRUE(number) << number.error().message;
    return number.value_or(0);
  }
  IntervalState state_of(IntervalChangeNumber number, std::size_t place = 0) {
    return sampling_.results(all, number, 1, 10).value().results.at(place).state;
  }
  testing::OnboardingWorld world_;
  Sampling sampling_{*world_.database, world_.clock, world_.plans, world_.models};
};

TEST_F(SamplingTest, APeriodTravelsWithThePlanAndIsInForceWhenTheGatewayStandsByIt) {
  const auto device = add("1");
  follow();
  const auto before = plan().version;
  const auto change = set({device}, 2'000);
  EXPECT_EQ(state_of(change), IntervalState::pending);
  ASSERT_EQ(plan().devices.size(), 1U);
  EXPECT_GT(plan().version, before);
  EXPECT_EQ(plan().devices[0].intervals, (std::vector<FieldInterval>{{"live", "", 2'000}}));
  follow();
  EXPECT_EQ(state_of(change), IntervalState::in_force);
  const auto seen = sampling_.device(all, device).value();
  EXPECT_TRUE(seen.is_planned);
  EXPECT_TRUE(seen.is_applied);
  ASSERT_FALSE(seen.rounds.empty());
  EXPECT_EQ(seen.rounds[0].wanted_ms, 2'000);
  EXPECT_NE(seen.rounds[0].model_ms, 2'000);
  EXPECT_EQ(world_.actions().back(), "set_interval");
}

TEST_F(SamplingTest, ALaterChangeTakesItsPlaceAndZeroIsTheModelsOwnAgain) {
  const auto device = add("1");
  const auto first = set({device}, 2'000);
  const auto second = set({device}, 5'000);
  EXPECT_EQ(state_of(first), IntervalState::superseded);
  const auto third = set({device}, 0);
  EXPECT_TRUE(plan().devices[0].intervals.empty());
  follow();
  EXPECT_EQ(state_of(second), IntervalState::superseded);
  EXPECT_EQ(state_of(third), IntervalState::in_force);
}

TEST_F(SamplingTest, ManyDevicesHaveAResultEachAndOneRefusalStopsNobody) {
  std::vector<DeviceId> devices{add("1"), add("2")};
  auto water = world_.meter("11111111111111");
  water.model = "cjt188-cold-water";
  water.new_channel = FieldChannel{"water", FieldTcp{"192.0.2.9", 4'001}};
  water.channel = "water";
  devices.push_back(world_.onboarding.add(world_.author(), water).value());
  const auto change = sampling_.set(world_.author(), {devices, "live", "voltage_a", 3'000, ""}).value();
  follow({{"dlt645-2007-000000000002", std::string(interval_problem_prefix) + "no"}});
  const auto results = sampling_.results(all, change, 1, 10).value();
  EXPECT_EQ(results.total, 3);
  EXPECT_EQ(results.results.at(0).state, IntervalState::in_force);
  EXPECT_EQ(results.results.at(1).state, IntervalState::refused);
  EXPECT_EQ(results.results.at(1).reason, "gateway_refused");
  EXPECT_EQ(results.results.at(2).state, IntervalState::refused);
  EXPECT_EQ(results.results.at(2).reason, "not_in_model");
  EXPECT_EQ(results.counts[static_cast<std::size_t>(IntervalState::refused)], 2);
  EXPECT_EQ(sampling_.results(all, change, 2, 2).value().results.size(), 1U);
  EXPECT_EQ(sampling_.changes(all, 1, 10).value().total, 1);
}

TEST_F(SamplingTest, WhatIsOutOfBoundsOrNobodysIsRefused) {
  const auto device = add("1");
  const auto change = set({device}, 200);
  EXPECT_EQ(sampling_.results(all, change, 1, 10).value().results.at(0).reason, "out_of_bounds");
  EXPECT_TRUE(plan().devices[0].intervals.empty());
  const auto of_west = world_.author(world_.west);
  EXPECT_EQ(sampling_.set(of_west, {{device}, "live", "", 2'000, ""}).error().code, ErrorCode::not_found);
  EXPECT_EQ(sampling_.results(of_west.scope, change, 1, 10).error().code, ErrorCode::not_found);
  EXPECT_EQ(sampling_.changes(of_west.scope, 1, 10).value().total, 0);
  EXPECT_EQ(sampling_.device(of_west.scope, device).error().code, ErrorCode::not_found);
  auto viewer = world_.author();
  viewer.role = Role::viewer;
  EXPECT_EQ(sampling_.set(viewer, {{device}, "live", "", 2'000, ""}).error().code, ErrorCode::forbidden);
  const auto refused = operations(*world_.database, all, 1).value();
  EXPECT_EQ(refused.at(0).action, "set_interval");
  EXPECT_EQ(refused.at(0).outcome, "forbidden");
  EXPECT_EQ(sampling_.set(world_.author(), {{}, "live", "", 2'000, ""}).error().code, ErrorCode::invalid_argument);
}

TEST_F(SamplingTest, TheBookKnowsWhichPeriodHeldWhen) {
  const auto device = add("1");
  const std::int64_t begin = world_.clock.utc_ms();
  world_.clock.advance_ms(60'000);
  set({device}, 2'000, "voltage_a");
  world_.clock.advance_ms(60'000);
  set({device}, 0, "voltage_a");
  const auto segments = sampling_.intervals(device, begin, begin + 180'000).value();
  ASSERT_EQ(segments.size(), 3U);
  const auto usual = segments[0].interval_ms.at("voltage_a");
  EXPECT_NE(usual, 2'000);
  EXPECT_EQ(segments[1].from_utc_ms, begin + 60'000);
  EXPECT_EQ(segments[1].to_utc_ms, begin + 120'000);
  EXPECT_EQ(segments[1].interval_ms.at("voltage_a"), 2'000);
  EXPECT_EQ(segments[2].to_utc_ms, begin + 180'000);
  EXPECT_EQ(segments[2].interval_ms.at("voltage_a"), usual);
  EXPECT_EQ(sampling_.intervals(DeviceId{99}, begin, begin + 1).error().code, ErrorCode::not_found);
}

TEST_F(SamplingTest, FiguresOfRoundsStayUntilNewOnesCome) {
  const auto device = add("1");
  control::DeviceState state;
  state.uid = "dlt645-2007-000000000001";
  const auto model = world_.models->find("dlt645-2007-single-phase");
  state.rounds = {{"live", model->groups[0].interval_ms, {100, 3, 1'000, 1'005, 1'020, 4'000}}};
  world_.plans.device_states(world_.gateway_east, {state});
  state.rounds.clear();
  world_.plans.device_states(world_.gateway_east, {state});
  const auto rounds = sampling_.device(all, device).value().rounds;
  ASSERT_TRUE(rounds.at(0).measured);
  EXPECT_EQ(rounds[0].measured->timing.missed, 3U);
}

class PlanMovesTest : public SamplingTest {
 protected:
  Result<GatewayId> done(DeviceId device, std::string_view command, std::vector<OrderArgument> arguments) {
    return world_.database->write(
        [&](records::Transaction& t) { return moves_.command_done(t, device, command, arguments); });
  }
  PlanMoves moves_{world_.clock, world_.devices, world_.plans, world_.models};
};

TEST_F(PlanMovesTest, ANewAddressStandsInTheConnectionAndThePlan) {
  const auto device = add("1");
  EXPECT_EQ(done(device, "address_write", {{"address", "000000000077"}}).value(), world_.gateway_east);
  moves_.plan_changed(world_.gateway_east);
  ASSERT_EQ(plan().devices.size(), 1U);
  EXPECT_EQ(plan().devices[0].address, "000000000077");
  EXPECT_EQ(world_.devices.get(all, device).value().details.address, "000000000077");
  EXPECT_EQ(world_.actions().back(), "change_connection");
  // The report that comes again changes nothing again.
  EXPECT_FALSE(done(device, "address_write", {{"address", "000000000077"}}).value());
}

TEST_F(PlanMovesTest, ANewSpeedStandsInTheSerialChannelAndNowhereElse) {
  auto wanted = world_.meter("1", "line");
  wanted.new_channel = FieldChannel{"line", FieldSerial{"/dev/ttyS4", 2'400, 8, FieldParity::even, 1}};
  const auto device = world_.onboarding.add(world_.author(), wanted).value();
  EXPECT_EQ(done(device, "speed_change", {{"speed", "9600"}}).value(), world_.gateway_east);
  moves_.plan_changed(world_.gateway_east);
  ASSERT_EQ(plan().channels.size(), 1U);
  EXPECT_EQ(std::get<FieldSerial>(plan().channels[0].way).baud, 9'600U);
  EXPECT_FALSE(done(add("2"), "speed_change", {{"speed", "9600"}}).value()) << "a line of the gateway's own file";
  EXPECT_FALSE(done(device, "relay_trip", {}).value());
}

TEST_F(PlanMovesTest, ANewParityStandsInTheSerialChannel) {
  auto wanted = world_.meter("1", "line");
  wanted.model = "modbus-three-phase-meter";
  wanted.new_channel = FieldChannel{"line", FieldSerial{"/dev/ttyS4", 2'400, 8, FieldParity::even, 1}};
  const auto device = world_.onboarding.add(world_.author(), wanted).value();
  EXPECT_EQ(done(device, "parity_change", {{"parity", "odd"}}).value(), world_.gateway_east);
  moves_.plan_changed(world_.gateway_east);
  ASSERT_EQ(plan().channels.size(), 1U);
  EXPECT_EQ(std::get<FieldSerial>(plan().channels[0].way).parity, FieldParity::odd);
  EXPECT_EQ(std::get<FieldSerial>(plan().channels[0].way).baud, 2'400U);
  EXPECT_FALSE(done(device, "parity_change", {{"parity", "odd"}}).value()) << "the report that comes again";
}

}  // namespace
}  // namespace duheng::platform
