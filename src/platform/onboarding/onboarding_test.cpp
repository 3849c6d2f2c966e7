#include "platform/onboarding/onboarding.hpp"

#include <gtest/gtest.h>

#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class OnboardingTest : public ::testing::Test {
 protected:
  OnboardingTest() {
    world_.plans.reported(world_.gateway_east, world_.report());
    world_.plans.reported(world_.gateway_west, world_.report());
    world_.plans.connected(world_.gateway_east, 0, {});
    world_.plans.connected(world_.gateway_west, 0, {});
  }
  DeviceId add(const NewDevice& device) {
    const auto id = world_.onboarding.add(world_.author(), device);
    EXPECT_TRUE(id) << id.error().field << ": " << id.error().error.message;
    return id.value_or(DeviceId{});
  }
  std::string fault_of(const NewDevice& device, OrganisationId organisation = {}) {
    const auto id = world_.onboarding.add(world_.author(organisation), device);
    return id ? "none" : id.error().field;
  }
  const FieldPlan& plan_of(GatewayId gateway) {
    world_.plans.tick();
    return world_.received[gateway].back();
  }
  testing::OnboardingWorld world_;
};

TEST_F(OnboardingTest, ADeviceIsMadeWithItsSourceAndItsPlaceInThePlan) {
  auto wanted = world_.meter("161");
  wanted.name = "Flat 3";
  wanted.site = world_.hill;
  const auto id = add(wanted);
  const auto device = world_.devices.get(all, id).value();
  EXPECT_EQ(device.details.uid, "dlt645-2007-000000000161");
  EXPECT_EQ(device.details.address, "000000000161");
  EXPECT_EQ(device.details.protocol, "dlt645_2007");
  EXPECT_EQ(device.details.name, "Flat 3");
  EXPECT_EQ(device.site_name, "Hill");
  EXPECT_EQ(world_.devices.device_of_source(all, world_.gateway_east, device.details.uid, 1), id);
  ASSERT_EQ(plan_of(world_.gateway_east).devices.size(), 1U);
  const auto state = world_.onboarding.connection(all, id).value();
  ASSERT_TRUE(state.connection);
  EXPECT_EQ(state.connection->channel, "bus");
  EXPECT_FALSE(state.retired);
  EXPECT_EQ(world_.actions(), (std::vector<std::string>{"add_device"}));
}

TEST_F(OnboardingTest, ANewChannelComesWithItsDevice) {
  auto wanted = world_.meter("1", "line-1");
  EXPECT_EQ(fault_of(wanted), "channel");
  wanted.new_channel = FieldChannel{"line-1", FieldTcp{"192.0.2.10", 4'001}};
  add(wanted);
  add(world_.meter("2", "line-1"));
  const auto& plan = plan_of(world_.gateway_east);
  ASSERT_EQ(plan.channels.size(), 1U);
  EXPECT_EQ(plan.channels[0], *wanted.new_channel);
  EXPECT_EQ(plan.devices.size(), 2U);
  wanted.address = "3";
  wanted.new_channel->way = FieldTcp{"192.0.2.11", 4'001};
  EXPECT_EQ(fault_of(wanted), "new_channel") << "another line of the same name";
}

TEST_F(OnboardingTest, EveryFaultNamesItsFieldAndNothingIsMade) {
  add(world_.meter("1"));
  auto wrong = world_.meter("1");
  EXPECT_EQ(fault_of(wrong), "uid");
  wrong.uid = "other";
  EXPECT_EQ(fault_of(wrong), "address");
  wrong = world_.meter("12X");
  EXPECT_EQ(fault_of(wrong), "address");
  wrong = world_.meter("2");
  wrong.model = "no-such";
  EXPECT_EQ(fault_of(wrong), "model");
  wrong = world_.meter("2");
  wrong.channel = "nowhere";
  EXPECT_EQ(fault_of(wrong), "channel");
  wrong = world_.meter("2");
  wrong.gateway = GatewayId{99};
  EXPECT_EQ(fault_of(wrong), "gateway_id");
  wrong = world_.meter("2");
  wrong.site = SiteId{99};
  EXPECT_EQ(fault_of(wrong), "site_id");
  wrong = world_.meter("2");
  wrong.organisation = OrganisationId{99};
  EXPECT_EQ(fault_of(wrong), "organisation_id");
  wrong = world_.meter("2");
  wrong.name = std::string(201, 'x');
  EXPECT_EQ(fault_of(wrong), "name");
  wrong = world_.meter("2", "bus");
  wrong.new_channel = FieldChannel{"bus", FieldTcp{"192.0.2.10", 4'001}};
  EXPECT_EQ(fault_of(wrong), "new_channel") << "the gateway's file has it";
  // Another organisation's people see neither gateway nor organisation.
  EXPECT_EQ(fault_of(world_.meter("2"), world_.west), "gateway_id");
  EXPECT_EQ(world_.devices.count(all).value(), 1);
  EXPECT_EQ(plan_of(world_.gateway_east).version, 1U);
  EXPECT_EQ(world_.actions().size(), 1U);
}

TEST_F(OnboardingTest, AModelItsGatewayDoesNotKnowIsRefused) {
  auto report = world_.report();
  report.models = {"cjt188-cold-water"};
  world_.plans.reported(world_.gateway_east, report);
  EXPECT_EQ(fault_of(world_.meter("1")), "model");
}

TEST_F(OnboardingTest, UnknownDevicesAreAdoptedAllOrNone) {
  const std::int64_t now = world_.clock.utc_ms();
  world_.plans.unknown_devices(world_.gateway_east, {{"nb", "dlt645_2007", "000000000007", "p", now, now, 1},
                                                     {"nb", "cjt188", "11111111111111", "p", now, now + 1, 1}});
  const auto rows = world_.plans.list_unknown(all, 10).value();
  ASSERT_EQ(rows.size(), 2U);
  const std::string driver(world_.models->find("cjt188-cold-water")->driver->name());
  std::vector<Adoption> both{{rows[0].id, "cjt188-cold-water", "Water", world_.east, {}},
                             {rows[1].id, "cjt188-cold-water", "", world_.east, {}}};
  const auto refused = world_.onboarding.adopt(world_.author(), both);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().field.ends_with(".model")) << refused.error().field;
  EXPECT_EQ(world_.devices.count(all).value(), 0);
  EXPECT_EQ(world_.plans.list_unknown(all, 10)->size(), 2U);
  std::vector<Adoption> right;
  for (const auto& row : rows)
    if (row.device.protocol == "dlt645_2007")
      right.push_back({row.id, "dlt645-2007-single-phase", "", world_.east, world_.hill});
  EXPECT_FALSE(world_.onboarding.adopt(world_.author(world_.west), right)) << "not in their scope";
  const auto ids = world_.onboarding.adopt(world_.author(world_.east), right);
  ASSERT_TRUE(ids) << ids.error().error.message;
  const auto& plan = plan_of(world_.gateway_east);
  ASSERT_EQ(plan.devices.size(), 1U);
  EXPECT_EQ(plan.devices[0].channel, "nb");
  // The gateway tells of it once more before it has the plan.
  world_.plans.unknown_devices(world_.gateway_east, {{"nb", "dlt645_2007", "000000000007", "p", now, now + 9, 2}});
  const auto after = world_.plans.list_unknown(all, 10).value();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_NE(after[0].device.address, "000000000007");
  EXPECT_EQ(world_.actions(), (std::vector<std::string>{"adopt_device"}));
}

TEST_F(OnboardingTest, AnotherAddressOrChannelKeepsTheSourceAndTheHistory) {
  const auto id = add(world_.meter("1"));
  world_.clock.advance_ms(60'000);
  const auto changed = world_.onboarding.change_connection(world_.author(), id,
                                                           {world_.gateway_east, "nb", "2", "dlt645-2007-three-phase"});
  ASSERT_TRUE(changed) << changed.error().error.message;
  const auto device = world_.devices.get(all, id).value();
  EXPECT_EQ(device.details.uid, "dlt645-2007-000000000001") << "a device keeps its uid";
  EXPECT_EQ(device.details.address, "000000000002");
  EXPECT_EQ(device.details.model, "dlt645-2007-three-phase");
  EXPECT_EQ(world_.devices.sources_of(all, id)->size(), 1U);
  EXPECT_EQ(plan_of(world_.gateway_east).devices[0].channel, "nb");
  EXPECT_EQ(world_.actions(), (std::vector<std::string>{"add_device", "change_connection"}));
  // What it left is free for another.
  auto next = world_.meter("1");
  next.uid = "next";
  add(next);
  EXPECT_EQ(world_.onboarding
                .change_connection(world_.author(), id, {world_.gateway_east, "bus", "1", "dlt645-2007-single-phase"})
                .error()
                .field,
            "address");
}

TEST_F(OnboardingTest, AnotherGatewayTakesOverFromNowOn) {
  const auto id = add(world_.meter("1"));
  const std::string uid = "dlt645-2007-000000000001";
  world_.clock.advance_ms(60'000);
  const std::int64_t moved_utc_ms = world_.clock.utc_ms();
  ASSERT_TRUE(world_.onboarding.change_connection(world_.author(), id,
                                                  {world_.gateway_west, "bus", "1", "dlt645-2007-single-phase"}));
  EXPECT_EQ(world_.devices.device_of_source(all, world_.gateway_east, uid, moved_utc_ms - 1), id);
  EXPECT_EQ(*world_.devices.device_of_source(all, world_.gateway_east, uid, moved_utc_ms), std::nullopt);
  EXPECT_EQ(world_.devices.device_of_source(all, world_.gateway_west, uid, moved_utc_ms), id);
  EXPECT_TRUE(plan_of(world_.gateway_east).devices.empty());
  EXPECT_EQ(plan_of(world_.gateway_west).devices.size(), 1U);
}

TEST_F(OnboardingTest, ARetiredDeviceKeepsItsHistoryAndMayComeBack) {
  const auto id = add(world_.meter("1"));
  const std::string uid = "dlt645-2007-000000000001";
  world_.clock.advance_ms(60'000);
  EXPECT_EQ(world_.onboarding.retire(world_.author(world_.west), id).error().code, ErrorCode::not_found);
  ASSERT_TRUE(world_.onboarding.retire(world_.author(), id));
  EXPECT_TRUE(world_.onboarding.retire(world_.author(), id)) << "twice is once";
  EXPECT_TRUE(world_.onboarding.connection(all, id)->retired);
  EXPECT_EQ(world_.devices.device_of_source(all, world_.gateway_east, uid, world_.clock.utc_ms() - 1), id);
  EXPECT_EQ(*world_.devices.device_of_source(all, world_.gateway_east, uid, world_.clock.utc_ms()), std::nullopt);
  EXPECT_TRUE(plan_of(world_.gateway_east).devices.empty());
  world_.clock.advance_ms(60'000);
  ASSERT_TRUE(world_.onboarding.change_connection(world_.author(), id,
                                                  {world_.gateway_east, "bus", "1", "dlt645-2007-single-phase"}));
  EXPECT_FALSE(world_.onboarding.connection(all, id)->retired);
  EXPECT_EQ(world_.devices.device_of_source(all, world_.gateway_east, uid, world_.clock.utc_ms()), id);
  EXPECT_EQ(*world_.devices.device_of_source(all, world_.gateway_east, uid, world_.clock.utc_ms() - 30'000),
            std::nullopt)
      << "what came while it was retired is not its";
}

TEST_F(OnboardingTest, DevicesOfTheGatewaysOwnFileAreChangedThere) {
  DeviceDetails details;
  details.uid = details.name = details.address = "own";
  details.protocol = details.model = "x";
  details.organisation = world_.east;
  details.gateway = world_.gateway_east;
  const auto id = world_.devices.create(all, details).value();
  EXPECT_EQ(world_.onboarding.retire(world_.author(), id).error().code, ErrorCode::conflict);
  EXPECT_EQ(world_.onboarding
                .change_connection(world_.author(), id, {world_.gateway_east, "bus", "1", "dlt645-2007-single-phase"})
                .error()
                .error.code,
            ErrorCode::conflict);
}

TEST_F(OnboardingTest, ChannelsComeAndGoAndOneInUseStays) {
  const FieldChannel line{"line-1", FieldUdp{"192.0.2.10", 4'001}};
  ASSERT_TRUE(world_.onboarding.add_channel(world_.author(), world_.gateway_east, line));
  EXPECT_EQ(world_.onboarding.add_channel(world_.author(), world_.gateway_east, line).error().error.code,
            ErrorCode::already_exists);
  EXPECT_EQ(world_.onboarding.add_channel(world_.author(world_.west), world_.gateway_east, line).error().field,
            "gateway_id");
  EXPECT_EQ(
      world_.onboarding.add_channel(world_.author(), world_.gateway_east, {"nb", FieldUdp{"h", 1}}).error().error.code,
      ErrorCode::already_exists);
  EXPECT_FALSE(world_.onboarding.add_channel(world_.author(), world_.gateway_east, {"x", FieldTcp{"", 0}}));
  const auto id = add(world_.meter("1", "line-1"));
  EXPECT_EQ(world_.onboarding.remove_channel(world_.author(), world_.gateway_east, "line-1").error().code,
            ErrorCode::conflict);
  ASSERT_TRUE(world_.onboarding.retire(world_.author(), id));
  ASSERT_TRUE(world_.onboarding.remove_channel(world_.author(), world_.gateway_east, "line-1"));
  EXPECT_EQ(world_.onboarding.remove_channel(world_.author(), world_.gateway_east, "line-1").error().code,
            ErrorCode::not_found);
  EXPECT_TRUE(plan_of(world_.gateway_east).channels.empty());
}

TEST_F(OnboardingTest, ACarrierModuleStandsInThePlanWithItsChannel) {
  const FieldChannel serial{"plc-1", FieldSerial{"/dev/ttyS4", 9'600, 8, FieldParity::even, 1},
                            FieldCarrier{FieldCarrierKind::broadband, "000000000007"}};
  const FieldChannel tcp{"plc-2", FieldTcp{"192.0.2.10", 4'001}, FieldCarrier{}};
  ASSERT_TRUE(world_.onboarding.add_channel(world_.author(), world_.gateway_east, serial));
  ASSERT_TRUE(world_.onboarding.add_channel(world_.author(), world_.gateway_east, tcp));
  EXPECT_EQ(plan_of(world_.gateway_east).channels, (std::vector{serial, tcp}));
  EXPECT_FALSE(world_.onboarding.add_channel(world_.author(), world_.gateway_east,
                                             {"plc-3", FieldUdp{"192.0.2.10", 4'001}, FieldCarrier{}}));
}

}  // namespace
}  // namespace duheng::platform
