#include "device/cjt188/gas_valve.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::device {
namespace {

using enum Cjt188Event;
using Events = std::vector<Cjt188Event>;
using Input = GasValveInput;

TEST(GasValve, RemoteOpenOnlyPermits) {
  GasValve valve;
  EXPECT_EQ(valve.take(Input::remote_close), Events{closed_by_command});
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});
  EXPECT_FALSE(valve.is_open());
  EXPECT_EQ(valve.take(Input::remote_permit), Events{opening_permitted});
  EXPECT_FALSE(valve.is_open());
  EXPECT_TRUE(valve.waits_for_local_action());
  EXPECT_EQ(valve.take(Input::local_open), Events{opened_locally});
  EXPECT_TRUE(valve.is_open());
  // A permission is used up: the next closing needs another one.
  valve.take(Input::remote_close);
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});
}

/// HM-7.2.11: no sequence of inputs without somebody at the meter opens a valve that was closed.
RC_GTEST_PROP(GasValveProperty, OnlyLocalActionOpens, (const std::vector<std::uint8_t>& steps)) {
  GasValve valve;
  for (const std::uint8_t step : steps) {
    const bool was_open = valve.is_open();
    const int input = step % (gas_valve_inputs + 1);
    const bool local = static_cast<Input>(input) == Input::local_open;
    if (input == gas_valve_inputs)
      valve.voltage_mv(4'000 + step * 8);
    else
      valve.take(static_cast<Input>(input));
    RC_ASSERT(was_open || !valve.is_open() || local);
    RC_ASSERT(valve.is_powered() || !valve.is_open());
    RC_ASSERT(valve.level() != GasValve::Level::empty || !valve.is_open());
    RC_ASSERT(!(valve.state().magnet || valve.state().radiation) || !valve.is_open());
  }
}

/// HM-6.2.5: the battery is taken out in every state; the valve is closed afterwards.
TEST(GasValve, ClosesWhenTheBatteryIsTakenOutInEveryState) {
  const std::vector<std::vector<Input>> states{
      {},
      {Input::remote_close},
      {Input::remote_close, Input::remote_permit},
      {Input::remote_close, Input::remote_permit, Input::local_open},
      {Input::magnet},
      {Input::battery_removed, Input::battery_inserted},
      {Input::battery_removed, Input::battery_inserted, Input::local_open},
  };
  for (const std::int32_t millivolt : {6'000, 4'700, 4'000})
    for (const auto& state : states) {
      GasValve valve;
      for (const Input input : state) valve.take(input);
      valve.voltage_mv(millivolt);
      const bool was_open = valve.is_open();
      EXPECT_EQ(valve.take(Input::battery_removed), was_open ? Events{closed_by_power_off} : Events{});
      EXPECT_FALSE(valve.is_open());
      for (const Input dead : {Input::remote_permit, Input::local_open, Input::remote_close, Input::magnet})
        EXPECT_TRUE(valve.take(dead).empty());
      EXPECT_EQ(valve.take(Input::battery_inserted), Events{power_restored});
      EXPECT_FALSE(valve.is_open());
    }
}

/// HM-6.2.6: the voltage goes down and up again.
TEST(GasValve, UndervoltageIsNoticedBeforeItCloses) {
  GasValve valve;
  Events events;
  const auto ramp = [&](std::int32_t from, std::int32_t to) {
    for (std::int32_t mv = from; mv != to; mv += from < to ? 10 : -10) {
      const bool was_open = valve.is_open();
      for (const Cjt188Event event : valve.voltage_mv(mv)) events.push_back(event);
      EXPECT_EQ(valve.is_open(), was_open && mv >= 4'400) << mv;
    }
  };
  ramp(6'000, 4'000);
  EXPECT_EQ(events, (Events{undervoltage_noticed, closed_by_undervoltage}));
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});
  events.clear();
  ramp(4'000, 6'000);
  EXPECT_EQ(events, Events{voltage_restored});
  EXPECT_FALSE(valve.is_open());
  // Nobody had closed it by command, so no permission is needed.
  EXPECT_EQ(valve.take(Input::local_open), Events{opened_locally});
  EXPECT_EQ(valve.voltage_mv(4'000), (Events{undervoltage_noticed, closed_by_undervoltage}));
}

TEST(GasValve, AFlickeringVoltageTellsOnce) {
  GasValve valve;
  EXPECT_EQ(valve.voltage_mv(4'790).size(), 1U);
  EXPECT_TRUE(valve.voltage_mv(4'850).empty());
  EXPECT_TRUE(valve.voltage_mv(4'790).empty());
  EXPECT_EQ(valve.voltage_mv(4'900), Events{voltage_restored});
}

TEST(GasValve, MagnetClosesUntilPermitted) {
  GasValve valve;
  EXPECT_EQ(valve.take(Input::magnet), Events{closed_by_magnet});
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});
  valve.take(Input::remote_permit);
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});  // it is still there
  valve.take(Input::magnet_gone);
  EXPECT_EQ(valve.take(Input::local_open), Events{opened_locally});
}

/// HM-6.2.7: a discharge and a radiated field close the valve, too; they are no theft and leave no lock.
TEST(GasValve, DischargeAndRadiatedFieldClose) {
  GasValve valve;
  EXPECT_EQ(valve.take(Input::discharge), Events{closed_by_discharge});
  EXPECT_TRUE(valve.take(Input::discharge).empty());
  EXPECT_EQ(valve.take(Input::local_open), Events{opened_locally});
  EXPECT_EQ(valve.take(Input::radiation), Events{closed_by_radiated_field});
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});
  valve.take(Input::radiation_gone);
  EXPECT_EQ(valve.take(Input::local_open), Events{opened_locally});
}

TEST(GasValve, AMagnetPutThereWithoutSupplyIsNoticedWithIt) {
  GasValve valve;
  valve.take(Input::battery_removed);
  valve.take(Input::magnet);
  EXPECT_EQ(valve.take(Input::battery_inserted), Events{power_restored});
  EXPECT_FALSE(valve.waits_for_local_action());
  valve.take(Input::magnet_gone);
  EXPECT_EQ(valve.take(Input::local_open), Events{opening_refused});
  // All that it knows is its state: another valve goes on with it.
  GasValve other({}, valve.state());
  other.take(Input::remote_permit);
  EXPECT_EQ(other.take(Input::local_open), Events{opened_locally});
}

}  // namespace
}  // namespace duheng::device
