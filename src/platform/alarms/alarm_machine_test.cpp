#include "platform/alarms/alarm_machine.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace duheng::platform::alarms {
namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;

Subject device(int number) { return {SubjectKind::device, std::to_string(number)}; }
Subject gateway(int number) { return {SubjectKind::gateway, std::to_string(number)}; }
Subject equipment(int number) { return {SubjectKind::equipment, std::to_string(number)}; }

/// Device n hangs on gateway n / 100, all gateways on equipment 1.
class Tree final : public Topology {
 public:
  [[nodiscard]] std::optional<Subject> parent(const Subject& subject) const override {
    if (subject.kind == SubjectKind::device) return gateway(std::stoi(subject.id) / 100);
    if (subject.kind == SubjectKind::gateway) return equipment(1);
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t organisation(const Subject& subject) const override {
    return subject.kind == SubjectKind::device ? 1 + std::stoi(subject.id) / 1'000 : 0;
  }
};

/// Every subject on the next one, the last on the first.
class Circle final : public Topology {
 public:
  [[nodiscard]] std::optional<Subject> parent(const Subject& subject) const override {
    return gateway((std::stoi(subject.id) + 1) % 3);
  }
  [[nodiscard]] std::int64_t organisation(const Subject&) const override { return 0; }
};

Condition condition(std::string kind, Subject subject, Severity severity = Severity::warning) {
  return {.kind = std::move(kind), .subject = std::move(subject), .severity = severity, .facts = {}};
}

class AlarmMachineTest : public testing::Test {
 protected:
  void raise(const std::string& kind, const Subject& subject, Severity severity = Severity::warning) {
    machine.raise(condition(kind, subject, severity), now);
    take();
  }
  void clear(const std::string& kind, const Subject& subject) {
    machine.clear(kind, subject, now);
    take();
  }
  void wait(std::int64_t ms) {
    now += ms;
    machine.advance(now);
    take();
  }
  void take() {
    Changes taken = machine.take_changes(now);
    for (Transition& one : taken.transitions) history.push_back(std::move(one));
    for (auto& [number, alarm] : taken.alarms) stored[number] = std::move(alarm);
    rang = taken.rang;
  }
  [[nodiscard]] std::vector<Step> steps(std::int64_t number) const {
    std::vector<Step> out;
    for (const Transition& one : history)
      if (one.number == number) out.push_back(one.step);
    return out;
  }
  [[nodiscard]] const Alarm& alarm(const std::string& kind, const Subject& subject) const {
    const Alarm* const found = machine.find(kind, subject);
    EXPECT_NE(found, nullptr) << kind << ' ' << subject.id;
    static const Alarm none;
    return found == nullptr ? none : *found;
  }
  [[nodiscard]] std::size_t shown() const {
    std::size_t count = 0;
    machine.each([&](const Alarm& one) { count += one.stage == Stage::active && one.held_by == 0 ? 1 : 0; });
    return count;
  }

  Tree tree;
  AlarmMachine machine{tree, {.flood_rings = 5}};
  std::int64_t now = 1'750'000'000'000;
  std::vector<Transition> history;
  std::map<std::int64_t, Alarm> stored;
  bool rang = false;
};

TEST_F(AlarmMachineTest, GoesFromRaisedToClosed) {
  raise("ingest_conflict", gateway(1), Severity::critical);
  EXPECT_TRUE(rang);
  const std::int64_t number = alarm("ingest_conflict", gateway(1)).number;
  ASSERT_TRUE(machine.acknowledge(number, "anna", "looking", now));
  take();
  EXPECT_EQ(machine.acknowledge(number, "ben", "", now).error().code, ErrorCode::conflict);
  clear("ingest_conflict", gateway(1));
  wait(1);
  EXPECT_EQ(machine.open(), 0U);
  EXPECT_EQ(steps(number), (std::vector{Step::raised, Step::acknowledged, Step::over, Step::closed}));
  EXPECT_EQ(stored.at(number).stage, Stage::closed);
  EXPECT_EQ(stored.at(number).note, "looking");
}

TEST_F(AlarmMachineTest, ADelayKeepsShortConditionsFromPeople) {
  raise("component_degraded", {SubjectKind::platform, "live"});
  EXPECT_TRUE(history.empty());
  wait(9'999);
  clear("component_degraded", {SubjectKind::platform, "live"});
  EXPECT_TRUE(history.empty());
  EXPECT_TRUE(stored.empty());
  raise("component_degraded", {SubjectKind::platform, "live"});
  wait(10'000);
  EXPECT_TRUE(rang);
  EXPECT_EQ(alarm("component_degraded", {SubjectKind::platform, "live"}).stage, Stage::active);
}

TEST_F(AlarmMachineTest, WithinItsRestItDoesNotRingAgain) {
  raise("gateway_offline", gateway(1), Severity::major);
  const std::int64_t number = alarm("gateway_offline", gateway(1)).number;
  ASSERT_TRUE(machine.acknowledge(number, "anna", "", now));
  clear("gateway_offline", gateway(1));
  wait(minute);
  raise("gateway_offline", gateway(1), Severity::major);
  EXPECT_FALSE(rang);
  EXPECT_EQ(alarm("gateway_offline", gateway(1)).number, number);
  EXPECT_EQ(alarm("gateway_offline", gateway(1)).raised_times, 2);
  EXPECT_NE(alarm("gateway_offline", gateway(1)).acknowledged_utc_ms, 0);
  clear("gateway_offline", gateway(1));
  wait(3 * minute);
  raise("gateway_offline", gateway(1), Severity::major);
  EXPECT_TRUE(rang);
  EXPECT_NE(alarm("gateway_offline", gateway(1)).number, number);
}

TEST_F(AlarmMachineTest, AMajorOneWaitsForSomebodyToHaveSeenIt) {
  raise("gateway_offline", gateway(1), Severity::major);
  raise("storage_filling", {SubjectKind::storage, "a"}, Severity::warning);
  clear("gateway_offline", gateway(1));
  clear("storage_filling", {SubjectKind::storage, "a"});
  wait(2 * hour);
  EXPECT_EQ(machine.open(), 1U);
  EXPECT_EQ(alarm("gateway_offline", gateway(1)).stage, Stage::over);
  ASSERT_TRUE(machine.acknowledge(alarm("gateway_offline", gateway(1)).number, "anna", "", now));
  wait(0);
  EXPECT_EQ(machine.open(), 0U);
}

TEST_F(AlarmMachineTest, SeverityRisesAndRingsAgain) {
  raise("storage_filling", {SubjectKind::storage, "a"}, Severity::warning);
  const std::int64_t number = alarm("storage_filling", {SubjectKind::storage, "a"}).number;
  ASSERT_TRUE(machine.acknowledge(number, "anna", "", now));
  raise("storage_filling", {SubjectKind::storage, "a"}, Severity::critical);
  EXPECT_TRUE(rang);
  EXPECT_EQ(alarm("storage_filling", {SubjectKind::storage, "a"}).acknowledged_utc_ms, 0);
  raise("storage_filling", {SubjectKind::storage, "a"}, Severity::notice);
  EXPECT_FALSE(rang);
  EXPECT_EQ(steps(number), (std::vector{Step::raised, Step::acknowledged, Step::severity_rose, Step::severity_fell}));
}

TEST_F(AlarmMachineTest, ACriticalOneNobodyLooksAtEscalatesOnce) {
  raise("ingest_conflict", gateway(1), Severity::critical);
  raise("ingest_conflict", gateway(2), Severity::critical);
  ASSERT_TRUE(machine.acknowledge(alarm("ingest_conflict", gateway(2)).number, "anna", "", now));
  wait(15 * minute);
  EXPECT_TRUE(rang);
  EXPECT_TRUE(alarm("ingest_conflict", gateway(1)).escalated);
  EXPECT_FALSE(alarm("ingest_conflict", gateway(2)).escalated);
  wait(hour);
  EXPECT_FALSE(rang);
}

TEST_F(AlarmMachineTest, ShelvingEndsByItself) {
  raise("ingest_conflict", gateway(1), Severity::critical);
  const std::int64_t number = alarm("ingest_conflict", gateway(1)).number;
  EXPECT_EQ(machine.shelve(number, "anna", "known", now, now).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(machine.shelve(number, "anna", "", now + hour, now).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(machine.shelve(number, "anna", "known", now + 31LL * 24 * hour, now).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(machine.unshelve(number, "anna", now).error().code, ErrorCode::conflict);
  ASSERT_TRUE(machine.shelve(number, "anna", "known", now + hour, now));
  wait(hour - 1);
  EXPECT_FALSE(rang);
  wait(1);
  EXPECT_TRUE(rang);
  EXPECT_EQ(alarm("ingest_conflict", gateway(1)).shelved_until_utc_ms, 0);
}

TEST_F(AlarmMachineTest, OneCauseShowsAndItsDependantsUnfold) {
  for (int i = 0; i < 3; ++i) raise("device_silent", device(i));
  EXPECT_EQ(shown(), 3U);
  raise("gateway_offline", gateway(0), Severity::major);
  EXPECT_EQ(shown(), 1U);
  for (int i = 3; i < 90; ++i) raise("device_silent", device(i));
  EXPECT_EQ(shown(), 1U);
  EXPECT_EQ(alarm("gateway_offline", gateway(0)).affected, 90);
  raise("device_silent", device(100));
  EXPECT_EQ(shown(), 2U);  // it hangs on another gateway
  // A switch that gives no sign, of a kind no list knows to be a silence, explains nothing.
  raise("equipment_warm", equipment(1));
  EXPECT_EQ(alarm("gateway_offline", gateway(0)).held_by, 0);
}

TEST_F(AlarmMachineTest, WhatIsStillSilentAfterItsCauseComesUpItself) {
  raise("gateway_offline", gateway(0), Severity::major);
  for (int i = 0; i < 3; ++i) raise("device_silent", device(i));
  machine.raise(
      {.kind = "device_silent", .subject = device(3), .severity = Severity::warning, .facts = {{"interval_s", "900"}}},
      now);
  clear("gateway_offline", gateway(0));
  clear("device_silent", device(0));
  EXPECT_EQ(shown(), 0U);
  wait(5 * minute);
  EXPECT_EQ(shown(), 2U);
  wait(25 * minute);
  EXPECT_EQ(shown(), 3U);
  EXPECT_EQ(alarm("device_silent", device(3)).held_by, 0);
  EXPECT_EQ(alarm("gateway_offline", gateway(0)).affected, 0);
}

TEST_F(AlarmMachineTest, ACauseThatComesBackTakesThemInAgain) {
  raise("gateway_offline", gateway(0), Severity::major);
  raise("device_silent", device(0));
  clear("gateway_offline", gateway(0));
  wait(minute);
  raise("gateway_offline", gateway(0), Severity::major);
  wait(hour);
  EXPECT_EQ(shown(), 1U);
}

TEST_F(AlarmMachineTest, AFloodIsGatheredAndAllAreCounted) {
  for (int i = 0; i < 60; ++i) raise("device_silent", device(i));
  EXPECT_EQ(shown(), 6U);  // five, and the one that gathers
  const Alarm group = alarm("alarm_flood", {SubjectKind::platform, "device_silent@1"});
  EXPECT_EQ(group.affected, 55);
  EXPECT_EQ(group.organisation, 1);
  EXPECT_EQ(machine.open(), 61U);
  raise("device_silent", device(1'000));  // of another organisation
  EXPECT_EQ(shown(), 7U);
  wait(2 * minute);
  raise("device_silent", device(61));  // the flood has abated
  EXPECT_EQ(shown(), 8U);
  // A cause found later explains what was gathered; the flood ends.
  raise("gateway_offline", gateway(0), Severity::major);
  EXPECT_EQ(alarm("gateway_offline", gateway(0)).affected, 61);
  EXPECT_EQ(stored.at(group.number).stage, Stage::over);
  EXPECT_EQ(shown(), 2U);
}

TEST_F(AlarmMachineTest, AFloodEndsWithItsLastOne) {
  for (int i = 0; i < 8; ++i) raise("device_silent", device(i));
  for (int i = 0; i < 8; ++i) clear("device_silent", device(i));
  EXPECT_EQ(shown(), 0U);
  EXPECT_EQ(alarm("alarm_flood", {SubjectKind::platform, "device_silent@1"}).stage, Stage::over);
}

TEST(AlarmMachine, ATopologyInACircleHidesNothing) {
  const Circle circle;
  AlarmMachine machine{circle, {}};
  for (int i = 0; i < 3; ++i) machine.raise(condition("gateway_offline", gateway(i)), 1'000);
  (void)machine.take_changes(1'000);
  machine.each([](const Alarm& alarm) { EXPECT_EQ(alarm.held_by, 0) << alarm.subject.id; });
}

TEST(AlarmMachine, GoesOnFromWhatWasStored) {
  const Tree tree;
  AlarmMachine before{tree, {.flood_rings = 5}};
  std::int64_t now = 1'000'000;
  for (int i = 0; i < 20; ++i) before.raise(condition("device_silent", device(i)), now);
  for (int i = 100; i < 110; ++i) before.raise(condition("device_silent", device(i)), now);
  before.raise(condition("gateway_offline", gateway(1), Severity::major), now);
  std::map<std::int64_t, Alarm> stored = before.take_changes(now).alarms;
  std::vector<Alarm> open;
  for (const auto& [number, alarm] : stored) open.push_back(alarm);
  AlarmMachine after{tree, {.flood_rings = 5}};
  after.restore(open, 500);
  EXPECT_EQ(after.open(), before.open());
  before.each([&](const Alarm& alarm) {
    const Alarm* const again = after.find(alarm.number);
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(*again, alarm);
  });
  now += minute;
  after.clear("gateway_offline", gateway(1), now);
  after.advance(now + 5 * minute);
  EXPECT_EQ(after.find("device_silent", device(105))->release_utc_ms, 0);
  after.raise(condition("new_kind", device(1)), now);
  EXPECT_EQ(after.find("new_kind", device(1))->number, 501);
}

TEST(AlarmMachine, UndoesWhatCouldNotBeStored) {
  const NoTopology none;
  AlarmMachine machine{none, {}};
  machine.raise(condition("ingest_conflict", gateway(1), Severity::critical), 1'000);
  (void)machine.take_changes(1'000);
  const Alarm before = *machine.find("ingest_conflict", gateway(1));
  ASSERT_TRUE(machine.acknowledge(before.number, "anna", "", 2'000));
  machine.put_back(before);
  EXPECT_TRUE(machine.take_changes(2'000).empty());
  EXPECT_EQ(*machine.find(before.number), before);
  ASSERT_TRUE(machine.acknowledge(before.number, "anna", "", 2'000));
}

/// Whatever happens: one alarm for each condition that holds, none lost and none hidden without a reason; numbers
/// affected are right; the same from what was stored.
RC_GTEST_PROP(AlarmMachineProperty, NothingIsLostAndNothingHiddenWithoutACause, ()) {
  const Tree tree;
  const MachineRules rules{.flood_rings = 3};
  auto machine = std::make_unique<AlarmMachine>(tree, rules);
  std::map<std::pair<std::string, Subject>, Severity> truth;
  std::map<std::int64_t, Alarm> stored;
  std::int64_t now = 1'000'000'000;
  const std::array<Subject, 9> subjects{device(1),  device(2),  device(3),  device(101), device(102),
                                        gateway(0), gateway(1), gateway(2), equipment(1)};
  const auto kind_of = [](const Subject& subject, bool silence) -> std::string {
    if (!silence) return "ingest_conflict";
    return subject.kind == SubjectKind::device ? "device_silent" : "gateway_offline";
  };
  const auto take = [&] {
    for (auto& [number, alarm] : machine->take_changes(now).alarms) stored[number] = std::move(alarm);
  };
  const int count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < count; ++i) {
    const Subject subject = *rc::gen::elementOf(subjects);
    const std::string kind = kind_of(subject, *rc::gen::inRange(0, 4) != 0);
    const Alarm* const open = machine->find(kind, subject);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
      case 1:
      case 2: {
        const auto severity = *rc::gen::element(Severity::notice, Severity::major, Severity::critical);
        machine->raise(condition(kind, subject, severity), now);
        truth[{kind, subject}] = severity;
        break;
      }
      case 3:
      case 4:
        machine->clear(kind, subject, now);
        truth.erase({kind, subject});
        break;
      case 5:
        if (open != nullptr) (void)machine->acknowledge(open->number, "anna", "", now);
        break;
      case 6:
        if (open != nullptr) (void)machine->shelve(open->number, "anna", "x", now + hour, now);
        break;
      default:
        now += *rc::gen::inRange<std::int64_t>(0, 20 * minute);
        machine->advance(now);
    }
    take();
    if (*rc::gen::inRange(0, 20) == 0) {  // killed and started again
      std::vector<Alarm> kept;
      for (const auto& [number, alarm] : stored)
        if (alarm.stage != Stage::closed) kept.push_back(alarm);
      machine = std::make_unique<AlarmMachine>(tree, rules);
      machine->restore(kept, stored.empty() ? 0 : stored.rbegin()->first);
      take();
    }
    std::map<std::int64_t, std::int64_t> affected;
    std::size_t standing = 0;
    machine->each([&](const Alarm& alarm) {
      RC_ASSERT(stored.at(alarm.number) == alarm);
      if (alarm.held_by != 0) ++affected[alarm.held_by];
      if (alarm.stage == Stage::active && alarm.kind != flood_kind) {
        ++standing;
        RC_ASSERT(truth.at({alarm.kind, alarm.subject}) == alarm.severity);
      }
      if (alarm.held_by != 0 && alarm.release_utc_ms == 0) {
        const Alarm* const cause = machine->find(alarm.held_by);
        RC_ASSERT(cause != nullptr && cause->stage == Stage::active);
      }
      if (alarm.held_by != 0 && alarm.release_utc_ms != 0) RC_ASSERT(alarm.release_utc_ms > now - 1);
    });
    RC_ASSERT(standing == truth.size());
    machine->each([&](const Alarm& alarm) { RC_ASSERT(alarm.affected == affected[alarm.number]); });
  }
  // Long after the last event nothing is hidden but by what still stands.
  now += 24 * hour;
  machine->advance(now);
  machine->each([&](const Alarm& alarm) {
    if (alarm.held_by == 0) return;
    const Alarm* const cause = machine->find(alarm.held_by);
    RC_ASSERT(cause != nullptr && cause->stage == Stage::active);
  });
}

TEST(AlarmKinds, AreCompleteInBothLanguages) {
  for (const AlarmKind& kind : alarm_kinds()) {
    EXPECT_FALSE(kind.title.zh_cn.empty() || kind.title.en.empty()) << kind.word;
    EXPECT_FALSE(kind.remedy.zh_cn.empty() || kind.remedy.en.empty()) << kind.word;
    EXPECT_FALSE(kind.message.zh_cn.empty() || kind.message.en.empty()) << kind.word;
    EXPECT_LT(kind.word.size(), 64U);
  }
  EXPECT_FALSE(is_listed_kind("no_such_kind"));
  EXPECT_EQ(alarm_kind("no_such_kind").title.en, "no_such_kind");
}

}  // namespace
}  // namespace duheng::platform::alarms
