#include "platform/equipment/port_watch.hpp"

#include <gtest/gtest.h>

namespace duheng::platform {
namespace {

constexpr std::int64_t up = 1;
constexpr std::int64_t down = 2;

class PortWatchTest : public testing::Test {
 protected:
  PortWatchTest() { watch.configure({}, {3}); }
  /// Port 3 is seen so for some seconds.
  std::vector<PortWatch::Change> see(std::int64_t enabled, std::int64_t state, int seconds) {
    std::vector<PortWatch::Change> out;
    PortSamples samples;
    samples[3].enabled = enabled;
    samples[3].state = state;
    for (int i = 0; i < seconds; ++i) {
      now_ms += 1'000;
      watch.advance(samples, now_ms, 1'750'000'000'000 + now_ms);
      for (const auto& change : watch.take_changes()) out.push_back(change);
    }
    return out;
  }
  PortStatus port() { return watch.ports().at(3); }
  PortWatch watch;
  std::int64_t now_ms = 0;
};

TEST_F(PortWatchTest, APortThatLosesItsLinkIsAnAlarmUntilItIsBack) {
  const auto first = see(up, up, 10);
  ASSERT_EQ(first.size(), 1U);  // whatever stands from before is over
  EXPECT_FALSE(first[0].is_alarm);
  EXPECT_TRUE(see(up, down, 10).empty());  // not yet
  const auto lost = see(up, down, 5);
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_TRUE(lost[0].is_alarm);
  EXPECT_EQ(lost[0].number, 3U);
  EXPECT_EQ(port().state, PortState::down);
  EXPECT_TRUE(see(up, up, 4).empty());
  const auto back = see(up, up, 5);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_FALSE(back[0].is_alarm);
}

TEST_F(PortWatchTest, AShortLossIsNone) {
  see(up, up, 10);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(see(up, down, 9).empty());
    EXPECT_TRUE(see(up, up, 3).empty());
  }
}

TEST_F(PortWatchTest, WhoIsShutOffIsNoAlarm) {
  see(up, down, 20);
  EXPECT_TRUE(port().is_alarm);
  const auto off = see(down, down, 1);
  ASSERT_EQ(off.size(), 1U);
  EXPECT_FALSE(off[0].is_alarm);
  EXPECT_EQ(port().state, PortState::disabled);
  EXPECT_TRUE(see(down, down, 60).empty());
}

TEST_F(PortWatchTest, OnlyPortsThatCarrySomethingUnlessSomebodyChose) {
  watch.configure({}, {});
  const auto unused = see(up, down, 60);
  ASSERT_EQ(unused.size(), 1U);
  EXPECT_FALSE(unused[0].is_alarm);
  EXPECT_FALSE(port().is_watched);
  watch.configure({{3, PortSupervision::always}}, {});
  const auto chosen = see(up, down, 1);
  ASSERT_EQ(chosen.size(), 1U);  // it has been down for long
  EXPECT_TRUE(chosen[0].is_alarm);
  EXPECT_EQ(port().supervision, PortSupervision::always);
  watch.configure({{3, PortSupervision::never}}, {3});
  const auto never = see(up, down, 1);
  ASSERT_EQ(never.size(), 1U);
  EXPECT_FALSE(never[0].is_alarm);
}

TEST_F(PortWatchTest, AnAlarmFromBeforeARestartIsNotEndedTooSoon) {
  EXPECT_TRUE(see(up, down, 5).empty());
  const auto still = see(up, down, 10);
  ASSERT_EQ(still.size(), 1U);
  EXPECT_TRUE(still[0].is_alarm);
}

TEST_F(PortWatchTest, ErrorsAreToldByTheHour) {
  const auto read = [&](std::int64_t errors, std::int64_t at_s) {
    PortSamples samples;
    samples[3].state = up;
    samples[3].errors_in = errors;
    samples[3].errors_utc_ms = at_s * 1'000;
    watch.advance(samples, at_s * 1'000, at_s * 1'000);
    return port().errors_per_hour;
  };
  EXPECT_EQ(read(100, 60), std::nullopt);
  EXPECT_EQ(read(110, 120), 600);
  EXPECT_EQ(read(110, 120), 600);  // the same reading again
  EXPECT_EQ(read(4, 180), 240);    // it has started anew
}

TEST(PortNames, TheNumberAtTheEndIsTheInterface) {
  EXPECT_EQ(port_number("3"), 3U);
  EXPECT_EQ(port_number("ge-3"), 3U);
  EXPECT_EQ(port_number("Gi1/0/24"), 24U);
  for (const char* const none : {"", "uplink", "0", "ge-0", "12345", "99999999999999999999", "3b"})
    EXPECT_EQ(port_number(none), std::nullopt) << none;
}

TEST(PortRegisters, AreFoundAmongAllOthers) {
  const std::vector<RegisterValue> values{{"uptime", 5, 1},
                                          {"interface_count", 8, 1},
                                          {"interface_2_state", 2, 1},
                                          {"interface_2_enabled", 1, 1},
                                          {"interface_2_errors_in", 7, 9},
                                          {"interface_x_state", 1, 1},
                                          {"interface_12", 1, 1},
                                          {"interface_24_octets_in", 1'000, 1}};
  const auto samples = port_samples(values);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples.at(2).state, 2);
  EXPECT_EQ(samples.at(2).enabled, 1);
  EXPECT_EQ(samples.at(2).errors_in, 7);
  EXPECT_EQ(samples.at(2).errors_utc_ms, 9);
  EXPECT_EQ(samples.at(24).octets_in, 1'000);
}

}  // namespace
}  // namespace duheng::platform
