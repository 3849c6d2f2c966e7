#include "platform/onboarding/plan_book.hpp"

#include <gtest/gtest.h>

#include "platform/onboarding/plan_report_codec.hpp"
#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class PlanBookTest : public ::testing::Test {
 protected:
  [[nodiscard]] const FieldPlan& last() { return world_.received[world_.gateway_east].back(); }
  [[nodiscard]] std::size_t sent() { return world_.received[world_.gateway_east].size(); }
  static FieldPlanHash hash_of(const FieldPlan& plan) { return crypto::sha256(encode_field_plan(plan)); }
  DeviceId add(const std::string& address) {
    const auto id = world_.onboarding.add(world_.author(), world_.meter(address));
    EXPECT_TRUE(id) << id.error().error.message;
    return id.value_or(DeviceId{});
  }
  testing::OnboardingWorld world_;
};

TEST_F(PlanBookTest, AGatewayGetsItsPlanWhenItConnectsAndWhenItChanges) {
  auto& plans = world_.plans;
  plans.reported(world_.gateway_east, world_.report());
  add("1");
  plans.tick();
  EXPECT_EQ(sent(), 0U) << "it is not connected";
  plans.connected(world_.gateway_east, 0, {});
  plans.tick();
  ASSERT_EQ(sent(), 1U);
  EXPECT_EQ(last().version, 1U);
  ASSERT_EQ(last().devices.size(), 1U);
  EXPECT_EQ(last().devices[0],
            (FieldDevice{"dlt645-2007-000000000001", "dlt645-2007-single-phase", "000000000001", "bus"}));
  plans.reported(world_.gateway_east, world_.report(1, hash_of(last())));
  // Many changes in a row make one plan.
  add("2");
  add("3");
  plans.tick();
  plans.tick();
  ASSERT_EQ(sent(), 2U);
  EXPECT_EQ(last().version, 3U);
  EXPECT_EQ(last().devices.size(), 3U);
  plans.disconnected(world_.gateway_east);
  plans.reported(world_.gateway_east, world_.report(3, hash_of(last())));
  plans.connected(world_.gateway_east, 3, hash_of(last()));
  plans.tick();
  EXPECT_EQ(sent(), 2U) << "it has it already";
  EXPECT_TRUE(plans.state(all, world_.gateway_east)->is_applied());
}

TEST_F(PlanBookTest, NothingPlannedNothingSent) {
  world_.plans.connected(world_.gateway_east, 0, {});
  world_.plans.tick();
  EXPECT_EQ(sent(), 0U);
  EXPECT_FALSE(world_.plans.state(all, world_.gateway_east)->report);
}

TEST_F(PlanBookTest, APlanThatWasNotTakenIsSentAgain) {
  auto& plans = world_.plans;
  plans.reported(world_.gateway_east, world_.report());
  add("1");
  plans.connected(world_.gateway_east, 0, {});
  world_.takes = false;
  plans.tick();
  world_.takes = true;
  plans.tick();
  EXPECT_EQ(sent(), 1U);
  plans.tick();
  EXPECT_EQ(sent(), 1U);
  world_.clock.advance_ms(61'000);
  plans.tick();
  EXPECT_EQ(sent(), 2U) << "no word of it for a minute";
}

TEST_F(PlanBookTest, RecordsFromABackupNumberTheirPlanAboveTheGateways) {
  auto& plans = world_.plans;
  plans.reported(world_.gateway_east, world_.report());
  add("1");
  FieldPlanHash other{};
  other.fill(7);
  plans.connected(world_.gateway_east, 40, other);
  plans.tick();
  ASSERT_EQ(sent(), 1U);
  EXPECT_EQ(last().version, 41U);
  EXPECT_EQ(plans.state(all, world_.gateway_east)->version, 41U);
}

TEST_F(PlanBookTest, WhatAGatewayToldSurvivesARestartOfThePlatform) {
  auto report = world_.report(5);
  report.problems = {{"one", "no"}};
  world_.plans.reported(world_.gateway_east, report);
  world_.plans.tick();
  PlanBook again(*world_.database, world_.clock);
  const auto state = again.state(all, world_.gateway_east);
  ASSERT_TRUE(state && state->report);
  EXPECT_EQ(*state->report, report);
  EXPECT_EQ(state->reported_utc_ms, world_.clock.utc_ms());
  EXPECT_EQ(state->version, 0U);
}

TEST_F(PlanBookTest, AReportIsKeptAsItIs) {
  auto report = world_.report(9);
  report.hash.fill(3);
  report.problems = {{"a", "b"}, {"c", "d"}};
  report.file_devices = 70'000;
  const auto octets = encode_plan_report(report);
  EXPECT_EQ(*parse_plan_report(octets), report);
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(parse_plan_report(ByteView(octets).first(size))) << size;
}

FieldUnknownDevice unknown(const std::string& address, std::int64_t last_utc_ms, std::uint64_t calls = 1) {
  return {"nb", "dlt645_2007", address, "192.0.2.9:1", last_utc_ms - 5, last_utc_ms, calls};
}

TEST_F(PlanBookTest, UnknownDevicesAreRememberedAndHiddenUntilTheyCallAgainLater) {
  auto& plans = world_.plans;
  const std::int64_t now = world_.clock.utc_ms();
  plans.unknown_devices(world_.gateway_east, {unknown("1", now), unknown("2", now + 10)});
  plans.unknown_devices(world_.gateway_west, {unknown("3", now)});
  plans.unknown_devices(world_.gateway_east, {unknown("1", now + 20, 4)});
  auto list = plans.list_unknown(Scope::below(world_.east), 100).value();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].device, (FieldUnknownDevice{"nb", "dlt645_2007", "1", "192.0.2.9:1", now - 5, now + 20, 4}));
  EXPECT_EQ(list[0].gateway_name, "gateway-east");
  EXPECT_EQ(plans.dismiss(Scope::below(world_.west), {list[0].id}).error().code, ErrorCode::not_found);
  ASSERT_TRUE(plans.dismiss(Scope::below(world_.east), {list[0].id}));
  EXPECT_EQ(plans.list_unknown(Scope::below(world_.east), 100)->size(), 1U);
  plans.unknown_devices(world_.gateway_east, {unknown("1", now + 86'400'000, 5)});
  EXPECT_EQ(plans.list_unknown(Scope::below(world_.east), 100)->size(), 1U) << "too soon";
  plans.unknown_devices(world_.gateway_east, {unknown("1", now + PlanBook::hidden_for_ms, 6)});
  EXPECT_EQ(plans.list_unknown(Scope::below(world_.east), 100)->size(), 2U);
  EXPECT_EQ(plans.list_unknown(all, 100)->size(), 3U);
}

TEST_F(PlanBookTest, LinesAreKnownPerDevice) {
  control::DeviceState state;
  state.uid = "one";
  state.answers = 7;
  world_.plans.device_states(world_.gateway_east, {state});
  ASSERT_TRUE(world_.plans.line_of(world_.gateway_east, "one"));
  EXPECT_EQ(world_.plans.line_of(world_.gateway_east, "one")->state.answers, 7U);
  EXPECT_FALSE(world_.plans.line_of(world_.gateway_west, "one"));
  EXPECT_FALSE(world_.plans.line_of(world_.gateway_east, "two"));
}

}  // namespace
}  // namespace duheng::platform
