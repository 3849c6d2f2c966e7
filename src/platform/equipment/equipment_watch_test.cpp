#include "platform/equipment/equipment_watch.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "platform/alarms/alarm_book.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

using alarms::AlarmBook;
using alarms::AlarmPart;
using alarms::AlarmRow;
using alarms::Subject;

constexpr int meters = 200;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Devices hang on the gateway that reads them.
class ByGateway final : public alarms::Topology {
 public:
  [[nodiscard]] std::optional<Subject> parent(const Subject& subject) const override {
    if (subject.kind != alarms::SubjectKind::device) return std::nullopt;
    return EquipmentTopology::subject(gateway);
  }
  [[nodiscard]] std::int64_t organisation(const Subject&) const override { return 1; }
  GatewayId gateway{};
};

//   gateway ── core ── floor ── 200 meters
//                  └── hall  ── the channel "bus" with one meter
class EquipmentWatchTest : public testing::Test {
 protected:
  EquipmentWatchTest() {
    clock.set_utc_ms(1'760'000'000'000);
    author.scope = Scope::everything();
    author.name = "anna";
    organisation =
        must(organisations.create(Scope::everything(), {.code = "city", .name_zh = "市", .name_en = "City"}));
    gateway = by_gateway.gateway = must(gateways.create(Scope::everything(), organisation, "roof"));
    core = make_equipment("core", {});
    floor = make_equipment("floor", core);
    hall = make_equipment("hall", core);
    std::vector<Attachment> attached;
    for (int i = 0; i < meters; ++i) {
      meter.push_back(make_device(fmt::format("meter-{}", i)));
      Attachment one;
      one.port = std::to_string(i % 24 + 1);
      one.device = meter.back();
      attached.push_back(one);
    }
    must(ledger.attach(author, floor, attached));
    core_check = supervise(core, "core-ping");
    floor_check = supervise(floor, "floor-snmp", "snmp");
    book = must(AlarmBook::open(*database, clock, topology));
    watch.emplace(ledger, topology, *book,
                  WatchSources{[this](GatewayId) { return is_connected; },
                               [this](GatewayId, const std::string& uid) -> std::optional<CheckLine> {
                                 const auto found = lines.find(uid);
                                 return found == lines.end() ? std::nullopt : std::optional(found->second);
                               },
                               [this](GatewayId, const std::string& uid) {
                                 return uid == floor_check ? registers : std::vector<RegisterValue>{};
                               }},
                  clock);
    run(10);
  }
  EquipmentId make_equipment(const std::string& name, EquipmentId parent) {
    EquipmentDetails details;
    details.organisation = organisation;
    details.name = name;
    details.gateway = gateway;
    details.parent = parent;
    return must(ledger.create(author, details));
  }
  DeviceId make_device(const std::string& name) {
    DeviceDetails details;
    details.uid = details.address = details.name = name;
    details.protocol = "dlt645";
    details.model = "meter";
    details.organisation = organisation;
    details.gateway = gateway;
    return must(devices.create(Scope::everything(), details));
  }
  std::string supervise(EquipmentId id, const std::string& uid, const std::string& kind = "ping") {
    must(ledger.set_checks(author, id, {{id, make_device(uid), kind, {}, {}, 0}}));
    lines[uid] = {};
    return uid;
  }
  /// Some seconds pass; who is not cut off answers.
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock.advance_ms(1'000);
      for (auto& [uid, line] : lines) {
        const bool is_cut = cut.contains(uid);
        line.offline = is_cut;
        if (!is_cut) line.last_answer_utc_ms = clock.utc_ms();
      }
      watch->step();
      while (book->step()) {
      }
    }
  }
  void all_meters(bool silent) {
    for (const DeviceId id : meter) {
      if (silent)
        book->raise({"device_silent", EquipmentTopology::subject(id), alarms::Severity::warning, {}});
      else
        book->clear("device_silent", EquipmentTopology::subject(id));
    }
    while (book->step()) {
    }
  }
  std::vector<AlarmRow> shown() { return must(book->list(Scope::everything(), {.part = AlarmPart::active})).alarms; }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),           Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(),          OrderService::migrations(),
                                 PlanBook::migrations(),      EquipmentLedger::migrations(), AlarmBook::migrations()};
  ManualClock& clock = database.clock;
  SeededRandom random{1};
  Organisations organisations{*database, clock};
  Sites sites{*database, clock};
  Gateways gateways{*database, clock, random};
  Devices devices{*database, clock};
  EquipmentLedger ledger{*database, clock};
  ByGateway by_gateway;
  EquipmentTopology topology{by_gateway};
  Author author;
  OrganisationId organisation;
  GatewayId gateway;
  EquipmentId core, floor, hall;
  std::vector<DeviceId> meter;
  std::string core_check, floor_check;
  std::map<std::string, CheckLine> lines;
  std::set<std::string> cut;
  std::vector<RegisterValue> registers;
  bool is_connected = true;
  std::unique_ptr<AlarmBook> book;
  std::optional<EquipmentWatch> watch;
};

TEST_F(EquipmentWatchTest, ASwitchTakenDownIsOneAlarmWithItsDependantsBelow) {
  EXPECT_EQ(watch->status(floor).state, EquipmentState::up);
  cut = {floor_check};
  run(20);
  ASSERT_EQ(watch->status(floor).state, EquipmentState::down);
  all_meters(true);
  const auto alarms = shown();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].alarm.kind, "equipment_down");
  EXPECT_EQ(alarms[0].alarm.subject, EquipmentTopology::subject(floor));
  EXPECT_EQ(alarms[0].alarm.affected, meters);
  const auto held = must(book->list(Scope::everything(), {.part = AlarmPart::all, .held_by = alarms[0].alarm.number}));
  EXPECT_EQ(held.total, meters);
  cut.clear();
  all_meters(false);
  run(120);
  all_meters(false);
  run(400);
  EXPECT_TRUE(shown().empty());
  EXPECT_EQ(watch->status(floor).state, EquipmentState::up);
}

TEST_F(EquipmentWatchTest, MetersFallSilentFirstAndTheSwitchTakesThemInAfterwards) {
  all_meters(true);
  cut = {floor_check};
  run(20);
  const auto alarms = shown();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].alarm.kind, "equipment_down");
  EXPECT_EQ(alarms[0].alarm.affected, meters);
}

TEST_F(EquipmentWatchTest, TheUppermostIsTheCause) {
  cut = {floor_check, core_check};
  run(20);
  all_meters(true);
  const auto alarms = shown();
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].alarm.subject, EquipmentTopology::subject(core));
}

TEST_F(EquipmentWatchTest, AGatewayThatIsAwayTellsNothing) {
  is_connected = false;
  cut = {floor_check};
  run(60);
  EXPECT_EQ(watch->status(floor).state, EquipmentState::up);
  EXPECT_FALSE(watch->status(floor).is_known);
  EXPECT_TRUE(shown().empty());
}

TEST_F(EquipmentWatchTest, AnOldAnswerIsNoAnswer) {
  lines[floor_check] = {};
  cut.clear();
  const auto frozen = clock.utc_ms();
  for (int i = 0; i < 4'000; i += 10) {
    clock.advance_ms(10'000);
    lines[core_check].last_answer_utc_ms = clock.utc_ms();
    lines[floor_check] = {false, frozen};
    watch->step();
  }
  EXPECT_EQ(watch->status(floor).state, EquipmentState::down);
  EXPECT_EQ(watch->status(core).state, EquipmentState::up);
}

TEST_F(EquipmentWatchTest, ChannelsAndGatewaysHangOnEquipmentToo) {
  Attachment bus;
  bus.kind = Attachment::Kind::channel;
  bus.gateway = gateway;
  bus.channel = "bus";
  must(ledger.attach(author, hall, {bus}));
  Attachment roof;
  roof.kind = Attachment::Kind::gateway;
  roof.gateway = gateway;
  must(ledger.attach(author, core, {roof}));
  watch->step();
  EXPECT_EQ(topology.parent(EquipmentTopology::subject(gateway, "bus")), EquipmentTopology::subject(hall));
  EXPECT_EQ(topology.parent(EquipmentTopology::subject(gateway)), EquipmentTopology::subject(core));
  EXPECT_EQ(topology.parent(EquipmentTopology::subject(core)), std::nullopt);  // no ring
  EXPECT_EQ(topology.parent(EquipmentTopology::subject(floor)), EquipmentTopology::subject(core));
  const auto refused = ledger.attach(author, floor, {roof});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST_F(EquipmentWatchTest, APortWithoutALinkIsAnAlarmWithWhatHangsOnItBelow) {
  registers = {{"interface_3_state", 1, 1}, {"interface_3_enabled", 1, 1}, {"interface_9_state", 1, 1}};
  run(10);
  EXPECT_EQ(watch->status(floor).ports.at(3).state, PortState::up);
  EXPECT_TRUE(watch->status(floor).ports.at(3).is_watched);
  registers[0].number = 2;
  run(20);
  // The meters on that port, and one on another.
  std::int64_t on_port = 0;
  for (int i = 0; i < meters; ++i) {
    if (i % 24 + 1 != 3) continue;
    book->raise({"device_silent",
                 EquipmentTopology::subject(meter[static_cast<std::size_t>(i)]),
                 alarms::Severity::warning,
                 {}});
    ++on_port;
  }
  book->raise({"device_silent", EquipmentTopology::subject(meter[0]), alarms::Severity::warning, {}});
  run(5);
  const auto seen = shown();
  ASSERT_EQ(seen.size(), 2U);
  for (const AlarmRow& row : seen) {
    if (row.alarm.kind == "device_silent") continue;
    EXPECT_EQ(row.alarm.kind, "equipment_port_down");
    EXPECT_EQ(row.alarm.subject, EquipmentTopology::subject(floor, 3));
    EXPECT_EQ(row.alarm.affected, on_port);
    EXPECT_EQ(row.alarm.facts.at("port"), "3");
    EXPECT_TRUE(row.alarm.facts.at("carries").starts_with("meter-2")) << row.alarm.facts.at("carries");
  }
  registers[0].number = 1;
  all_meters(false);
  run(500);
  EXPECT_TRUE(shown().empty());
}

TEST_F(EquipmentWatchTest, APortOfASwitchThatIsDownSaysNothing) {
  registers = {{"interface_3_state", 1, 1}};
  run(10);
  cut = {floor_check};
  registers[0].number = 2;  // an old value, read by nobody now
  run(30);
  const auto seen = shown();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].alarm.kind, "equipment_down");
}

TEST_F(EquipmentWatchTest, SomebodyChoosesWhichPortsAreSupervised) {
  registers = {{"interface_3_state", 2, 1}, {"interface_24_state", 2, 1}};
  must(ledger.supervise_port(author, floor, 3, PortSupervision::never));
  must(ledger.supervise_port(author, floor, 24, PortSupervision::always));
  run(30);
  const auto seen = shown();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].alarm.subject, EquipmentTopology::subject(floor, 24));
  must(ledger.supervise_port(author, floor, 24, PortSupervision::never));
  run(200);
  EXPECT_TRUE(shown().empty());
  EXPECT_FALSE(ledger.supervise_port(author, floor, 0, PortSupervision::never));
  Author stranger;
  EXPECT_EQ(ledger.supervise_port(stranger, floor, 1, PortSupervision::never).error().code, ErrorCode::not_found);
}

TEST_F(EquipmentWatchTest, WhatIsNoLongerSupervisedLeavesNoAlarm) {
  cut = {floor_check};
  run(20);
  ASSERT_EQ(shown().size(), 1U);
  must(ledger.set_checks(author, floor, {}));
  run(90);
  EXPECT_TRUE(shown().empty());
  EXPECT_EQ(watch->status(floor).state, EquipmentState::unknown);
}

}  // namespace
}  // namespace duheng::platform
