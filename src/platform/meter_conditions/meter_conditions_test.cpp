#include "platform/meter_conditions/meter_conditions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace condition_kinds;

constexpr std::string_view gas = "cjt188-gas-valve";
constexpr std::int64_t quarter = 900'000;
constexpr std::int64_t day = 86'400'000;

struct Board final : alarms::ConditionSink {
  void raise(const alarms::Condition& condition) override {
    standing[{condition.kind, condition.subject.id}] = condition;
    ++raised;
  }
  void clear(std::string_view kind, const alarms::Subject& subject) override {
    standing.erase({std::string(kind), subject.id});
    cleared.emplace_back(kind);
  }
  std::map<std::pair<std::string, std::string>, alarms::Condition> standing;
  std::vector<std::string> cleared;
  int raised = 0;
};

/// One meter, read every quarter of an hour.
struct Meter {
  std::vector<std::string_view> read(std::int64_t word, std::int64_t volume = 100, std::int64_t after_ms = quarter) {
    time += after_ms;
    const std::vector<ConditionValue> values{{"status_word", word, 0, time}, {"volume_total", volume, -2, time}};
    return conditions.take(gas, values);
  }
  [[nodiscard]] bool stands(std::string_view kind) const { return conditions.standing().contains(kind); }
  DeviceConditions conditions;
  std::int64_t time = 1'700'000'000'000;
};

TEST(DeviceConditions, EachBitOfTheStatusWordBecomesItsCondition) {
  for (const auto& [word, kind, detail] : std::vector<std::tuple<std::int64_t, std::string_view, std::string>>{
           {0x0003, valve_fault, "valve"},
           {0x0004, battery_low, "low"},
           {0x4004, battery_low, "empty"},
           {0x0200, interference, "magnetic_field"},
           {0x0400, interference, "discharge_or_radiated_field"},
           {0x0600, interference, "magnetic_field,discharge_or_radiated_field"},
           {0x1000, cover_open, "cover"},
           {0x2000, reversed, "flow"}}) {
    Meter meter;
    EXPECT_THAT(meter.read(0), IsEmpty());
    EXPECT_THAT(meter.read(word), ElementsAre(kind)) << word;
    EXPECT_EQ(meter.conditions.standing().at(kind).facts.at("detail"), detail);
    EXPECT_THAT(meter.read(word), IsEmpty()) << "nothing new";
    EXPECT_THAT(meter.read(0), ElementsAre(kind));
    EXPECT_THAT(meter.conditions.standing(), IsEmpty());
  }
}

TEST(DeviceConditions, AnEmptyBatteryIsWorseThanALowOne) {
  Meter meter;
  meter.read(0x0004);
  const std::int64_t since = meter.time;
  EXPECT_EQ(meter.conditions.standing().at(battery_low).severity, alarms::Severity::warning);
  EXPECT_THAT(meter.read(0x4004), ElementsAre(battery_low));
  EXPECT_EQ(meter.conditions.standing().at(battery_low).severity, alarms::Severity::major);
  EXPECT_EQ(meter.conditions.standing().at(battery_low).since_utc_ms, since);
}

TEST(DeviceConditions, AClosedValveThatLetsGasThroughLeaks) {
  Meter meter;
  meter.read(0, 100);
  meter.read(1, 130);  // closed some time in between: no leak
  EXPECT_FALSE(meter.stands(valve_leaking));
  meter.read(1, 130);
  EXPECT_FALSE(meter.stands(valve_leaking));
  EXPECT_THAT(meter.read(1, 131), ElementsAre(valve_leaking));
  EXPECT_EQ(meter.conditions.standing().at(valve_leaking).severity, alarms::Severity::critical);
  EXPECT_EQ(meter.conditions.standing().at(valve_leaking).facts.at("leaked"), "0.01");
  meter.read(1, 140);
  EXPECT_EQ(meter.conditions.standing().at(valve_leaking).facts.at("leaked"), "0.10");
  meter.read(1, 140, day - 1);
  EXPECT_TRUE(meter.stands(valve_leaking)) << "not tight for a day yet";
  EXPECT_THAT(meter.read(1, 140, quarter), ElementsAre(valve_leaking));
  EXPECT_FALSE(meter.stands(valve_leaking));
}

TEST(DeviceConditions, OpeningEndsTheLeakAndTheNextClosingBeginsAnew) {
  Meter meter;
  meter.read(1, 100);
  meter.read(1, 101);
  EXPECT_TRUE(meter.stands(valve_leaking));
  EXPECT_THAT(meter.read(0, 150), ElementsAre(valve_leaking));
  EXPECT_THAT(meter.read(1, 190), IsEmpty());
  EXPECT_THAT(meter.read(1, 190), IsEmpty());
  EXPECT_THAT(meter.read(1, 191), ElementsAre(valve_leaking));
  EXPECT_EQ(meter.conditions.standing().at(valve_leaking).facts.at("leaked"), "0.01");
}

TEST(DeviceConditions, WhatIsOldOrMeansNothingChangesNothing) {
  Meter meter;
  meter.read(0x0004);
  const std::vector<ConditionValue> old{{"status_word", 0, 0, meter.time - 1}};
  EXPECT_THAT(meter.conditions.take(gas, old), IsEmpty());
  const std::vector<ConditionValue> broken{{"status_word", 0, 0, meter.time + 1, Quality::no_value}};
  EXPECT_THAT(meter.conditions.take(gas, broken), IsEmpty());
  EXPECT_TRUE(meter.stands(battery_low));
}

TEST(DeviceConditions, RulesGoByTheModel) {
  DeviceConditions conditions;
  const std::vector<ConditionValue> faults{{"fault_bits", 0x1F, 0, 1'000}, {"status_word", 0x0004, 0, 1'000}};
  EXPECT_THAT(conditions.take("modbus-flow-sensor", faults),
              ElementsAre(cover_open, interference, reversed, sensor_fault, supply_fault));
  DeviceConditions station;
  const std::vector<ConditionValue> door{{"door_open", 1, 0, 1'000}, {"mains_lost", 0, 0, 1'000}};
  EXPECT_THAT(station.take("modbus-heat-station", door), ElementsAre(cover_open));
  EXPECT_TRUE(has_condition_rules("cjt188-heat-2018"));
  EXPECT_FALSE(has_condition_rules("dlt645-2007-single-phase"));
}

TEST(MeterConditions, TellsTheAlarmsAndKeepsTheList) {
  Board board;
  const SourceKey source{GatewayId{1}, "g-1"};
  MeterConditions conditions(board, [&](const SourceKey& asked) {
    return asked == source ? std::optional{MeterConditions::Owner{DeviceId{7}, std::string(gas)}} : std::nullopt;
  });
  const auto live = [](std::int64_t word, std::int64_t time) {
    LiveValue value;
    value.register_name = "status_word";
    value.kind = SeriesKind::bit_set;
    value.mantissa = word;
    value.time_utc_ms = time;
    return std::vector{value};
  };
  conditions.take(source, live(0x0204, 1'000));
  conditions.take({GatewayId{2}, "g-1"}, live(0x0204, 1'000));
  EXPECT_THAT(board.standing, SizeIs(2));
  EXPECT_EQ(board.standing.begin()->second.subject, (alarms::Subject{alarms::SubjectKind::device, "7"}));
  EXPECT_THAT(conditions.list(""), SizeIs(2));
  ASSERT_THAT(conditions.list(battery_low), SizeIs(1));
  EXPECT_EQ(conditions.list(battery_low)[0].device, DeviceId{7});
  const int raised = board.raised;
  conditions.take(source, live(0x0204, 2'000));
  EXPECT_EQ(board.raised, raised) << "said once";
  conditions.take(source, live(0x0200, 3'000));
  EXPECT_THAT(board.standing, SizeIs(1));
  EXPECT_THAT(conditions.list(battery_low), IsEmpty());
}

TEST(MeterConditions, AfterARestartWhatIsOverIsToldAsOverAndALeakIsNotForgotten) {
  Board board;
  MeterConditions conditions(board, [](const SourceKey&) { return std::nullopt; });
  const std::vector<ConditionValue> latest{{"status_word", 0x0005, 0, 1'000}, {"volume_total", 100, -2, 1'000}};
  conditions.take(MeterConditions::Owner{DeviceId{7}, std::string(gas)}, latest);
  EXPECT_THAT(board.standing, SizeIs(1)) << "the battery";
  EXPECT_THAT(board.cleared, ElementsAre(cover_open, interference, reversed, valve_fault));
}

}  // namespace
}  // namespace duheng::platform
