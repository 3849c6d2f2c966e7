#include "platform/equipment/equipment_state.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <vector>

namespace duheng::platform {
namespace {

constexpr CheckState yes = CheckState::answering;
constexpr CheckState no = CheckState::silent;
constexpr CheckState unknown = CheckState::unknown;

class Machine : public testing::Test {
 protected:
  EquipmentState after(std::int64_t ms, std::vector<CheckState> checks) {
    now_ += ms;
    machine_.advance(checks, now_);
    return machine_.state();
  }
  EquipmentMachine machine_;
  std::int64_t now_ = 1'000'000;
};

TEST_F(Machine, IsDownOnlyWhenNothingAnswersForAWhile) {
  EXPECT_EQ(after(0, {unknown, unknown}), EquipmentState::unknown);
  EXPECT_EQ(after(1'000, {yes, yes}), EquipmentState::up);
  EXPECT_EQ(after(1'000, {no, no}), EquipmentState::up);
  EXPECT_EQ(after(9'999, {no, no}), EquipmentState::up);
  EXPECT_EQ(after(1, {no, no}), EquipmentState::down);
  EXPECT_EQ(after(1'000, {yes, no}), EquipmentState::down);
  EXPECT_EQ(after(10'000, {yes, no}), EquipmentState::degraded);
  EXPECT_EQ(after(1'000, {yes, yes}), EquipmentState::degraded);
  EXPECT_EQ(after(5'000, {yes, yes}), EquipmentState::up);
}

TEST_F(Machine, KeepsTheLastStateWhileNothingIsKnown) {
  after(0, {yes});
  EXPECT_EQ(after(60'000, {unknown}), EquipmentState::up);
  EXPECT_FALSE(machine_.is_known());
  // A short silence before the gateway went away does not count on.
  after(1'000, {no});
  after(1'000, {unknown});
  EXPECT_EQ(after(60'000, {no}), EquipmentState::up);
  EXPECT_EQ(after(10'000, {no}), EquipmentState::down);
}

TEST_F(Machine, WhatComesAndGoesIsDegradedUntilItHasRested) {
  after(0, {yes});
  for (int i = 0; i < 8; ++i) after(15'000, {i % 2 == 0 ? no : yes});
  EXPECT_TRUE(machine_.is_flapping());
  EXPECT_EQ(machine_.state(), EquipmentState::degraded);
  EXPECT_EQ(after(60'000, {yes}), EquipmentState::degraded);
  EXPECT_EQ(after(5 * 60'000, {yes}), EquipmentState::up);
}

// Whatever comes: nothing is called down that has answered within the time that a silence must last.
RC_GTEST_PROP(MachineProperty, IsNeverDownSoonAfterAnAnswer, ()) {
  EquipmentMachine machine;
  const EquipmentRules rules;
  std::int64_t now = 0;
  std::int64_t answered = INT64_MIN / 2;
  auto last = EquipmentState::unknown;
  for (int i = 0; i < 300; ++i) {
    now += *rc::gen::inRange<std::int64_t>(100, 12'000);
    const std::vector checks{static_cast<CheckState>(*rc::gen::inRange(0, 3))};
    if (checks[0] == yes) answered = now;
    machine.advance(checks, now);
    const auto state = machine.state();
    if (state == EquipmentState::down && last != state) {
      RC_ASSERT(now - answered >= rules.down_after_ms);
    }
    last = state;
  }
}

}  // namespace
}  // namespace duheng::platform
