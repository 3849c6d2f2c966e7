#include "platform/equipment/equipment.hpp"

#include <array>
#include <gtest/gtest.h>

#include "platform/devices/devices.hpp"
#include "platform/equipment/equipment_import.hpp"
#include "platform/equipment/equipment_supervision.hpp"
#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope everything = Scope::everything();

class EquipmentTest : public ::testing::Test {
 protected:
  EquipmentTest() {
    const std::array capabilities{
        Organisations::migrations(), Sites::migrations(),       Gateways::migrations(),
        Devices::migrations(),       People::migrations(),      OrderService::migrations(),
        PlanBook::migrations(),      FileImports::migrations(), EquipmentLedger::migrations()};
    EXPECT_TRUE(records::migrate(*world_.database, world_.clock, capabilities));
    world_.plans.reported(world_.gateway_east, world_.report());
    world_.plans.connected(world_.gateway_east, 0, {});
  }
  EquipmentDetails details(const std::string& name) {
    EquipmentDetails out;
    out.organisation = world_.east;
    out.name = name;
    out.gateway = world_.gateway_east;
    out.address = "192.0.2.7";
    return out;
  }
  EquipmentId make(const std::string& name, EquipmentId parent = {}) {
    auto wanted = details(name);
    wanted.parent = parent;
    const auto id = ledger_.create(world_.author(), wanted);
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or(EquipmentId{});
  }
  testing::OnboardingWorld world_;
  EquipmentLedger ledger_{*world_.database, world_.clock};
};

TEST_F(EquipmentTest, IsMadeListedChangedAndRetired) {
  const auto core = make("core");
  const auto floor = make("floor", core);
  EXPECT_EQ(ledger_.create(world_.author(), details("core")).error().code, ErrorCode::already_exists);
  const auto page = ledger_.list(everything, {.search = "192.0.2"}).value();
  ASSERT_EQ(page.total, 2);
  EXPECT_EQ(page.items[1].parent_name, "core");
  EXPECT_EQ(ledger_.list(Scope::below(world_.west), {}).value().total, 0);
  EXPECT_EQ(ledger_.get(Scope::below(world_.west), core).error().code, ErrorCode::not_found);
  EXPECT_EQ(ledger_.retire(world_.author(), core).error().code, ErrorCode::conflict);
  world_.clock.advance_ms(1'000);
  auto moved = details("floor");
  ASSERT_TRUE(ledger_.update(world_.author(), floor, moved));
  const auto uplinks = ledger_.uplinks(everything, floor).value();
  ASSERT_EQ(uplinks.size(), 2U);
  EXPECT_EQ(uplinks[1].parent_name, "core");
  EXPECT_EQ(uplinks[1].to_utc_ms, uplinks[0].from_utc_ms);
  ASSERT_TRUE(ledger_.retire(world_.author(), core));
  EXPECT_EQ(ledger_.list(everything, {}).value().total, 1);
}

TEST_F(EquipmentTest, WhoseItIsMustBeSaid) {
  auto nobodys = details("core");
  nobodys.organisation = {};
  const auto refused = ledger_.create(world_.author(), nobodys);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().message.find("organisation_id"), std::string::npos);
}

TEST_F(EquipmentTest, UplinksFormNoRing) {
  const auto a = make("a");
  const auto b = make("b", a);
  const auto c = make("c", b);
  auto ring = details("a");
  ring.parent = c;
  EXPECT_EQ(ledger_.update(world_.author(), a, ring).error().code, ErrorCode::invalid_argument);
  EquipmentId above = c;
  Result<EquipmentId> made = c;
  for (int i = 0; i < 20 && made; ++i) {
    auto next = details("deep-" + std::to_string(i));
    next.parent = above;
    made = ledger_.create(world_.author(), next);
    if (made) above = *made;
  }
  EXPECT_FALSE(made);
}

TEST_F(EquipmentTest, WhatHangsOnPortsIsDated) {
  const auto core = make("core");
  const auto meter = world_.onboarding.add(world_.author(), world_.meter("1")).value();
  Attachment one;
  one.port = "3";
  one.device = meter;
  ASSERT_TRUE(ledger_.attach(world_.author(), core, {one}));
  const auto since = ledger_.attachments(everything, core, false).value().at(0).from_utc_ms;
  world_.clock.advance_ms(5'000);
  ASSERT_TRUE(ledger_.attach(world_.author(), core, {one}));
  EXPECT_EQ(ledger_.attachments(everything, core, false).value().at(0).from_utc_ms, since);
  ASSERT_TRUE(ledger_.attach(world_.author(), core, {}));
  EXPECT_TRUE(ledger_.attachments(everything, core, false).value().empty());
  ASSERT_EQ(ledger_.attachments(everything, core, true).value().size(), 1U);
  one.device = DeviceId{999};
  EXPECT_EQ(ledger_.attach(world_.author(), core, {one}).error().code, ErrorCode::not_found);
}

TEST_F(EquipmentTest, SupervisionBecomesDevicesInTheGatewaysPlan) {
  EquipmentSupervision supervision(ledger_, world_.onboarding);
  const auto core = make("core");
  const auto author = world_.author();
  ASSERT_TRUE(supervision.begin(author, core, {.ping = true, .snmp = true, .snmp_credential = "campus"}));
  world_.plans.tick();
  const auto& plan = world_.received[world_.gateway_east].back();
  ASSERT_EQ(plan.channels.size(), 2U);
  ASSERT_EQ(plan.devices.size(), 2U);
  EXPECT_EQ(std::get<FieldUdp>(plan.channels[0].way).port, 7);
  EXPECT_EQ(std::get<FieldUdp>(plan.channels[1].way).port, 161);
  EXPECT_EQ(plan.devices[1].address, "campus");
  EXPECT_EQ(ledger_.checks(everything, core).value().size(), 2U);
  EXPECT_EQ(supervision.begin(author, core, {}).error().error.code, ErrorCode::conflict);
  EXPECT_EQ(ledger_.retire(author, core).error().code, ErrorCode::conflict);
  ASSERT_TRUE(supervision.end(author, core));
  EXPECT_TRUE(ledger_.checks(everything, core).value().empty());
  world_.plans.tick();
  world_.clock.advance_ms(2'000);
  world_.plans.tick();
  EXPECT_TRUE(ledger_.retire(author, core));
  auto nowhere = details("nowhere");
  nowhere.address.clear();
  const auto lost = ledger_.create(author, nowhere).value();
  EXPECT_EQ(supervision.begin(author, lost, {}).error().field, "address");
}

TEST_F(EquipmentTest, AFileIsCheckedAndThenMadeAsAWhole) {
  EquipmentImport import(ledger_);
  const auto author = world_.author(world_.east);
  const std::string good =
      "类型,名称,厂家,地址,网关,上联设备\n交换机,core,Example,192.0.2.1,,\nrouter,edge,Example,192.0.2.2,,core\n";
  const auto checked = import.run(author, as_bytes(good), false).value();
  EXPECT_EQ(checked.good_lines, 2U) << (checked.faults.empty() ? "" : checked.faults[0].message);
  EXPECT_EQ(ledger_.list(everything, {}).value().total, 0);
  const std::string bad = good + "toaster,x,,,,\nswitch,core,,,,\nswitch,lost,,,,nowhere\n";
  const auto faulty = import.run(author, as_bytes(bad), true).value();
  EXPECT_EQ(faulty.made, 0U);
  ASSERT_EQ(faulty.faults.size(), 3U);
  EXPECT_EQ(faulty.faults[0].column, "kind");
  EXPECT_EQ(faulty.faults[0].line, 4U);
  EXPECT_EQ(faulty.faults[1].code, "already_exists");
  EXPECT_EQ(faulty.faults[2].column, "uplink");
  EXPECT_EQ(ledger_.list(everything, {}).value().total, 0);
  EXPECT_EQ(import.run(author, as_bytes(good), true).value().made, 2U);
  EXPECT_EQ(ledger_.list(everything, {}).value().items.at(1).parent_name, "core");
  EXPECT_FALSE(import.run(author, as_bytes("name,colour\nx,y\n"), true));
}

}  // namespace
}  // namespace duheng::platform
