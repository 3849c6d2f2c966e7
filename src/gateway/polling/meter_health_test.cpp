#include "gateway/polling/meter_health.hpp"

#include <gtest/gtest.h>

namespace duheng::gateway {
namespace {

TEST(MeterHealth, BacksOffAndComesBackAtOnce) {
  SeededRandom random(7);
  const OfflineRule rule{3, {1'000, 8'000}};
  MeterHealth health;
  EXPECT_FALSE(health.failed(rule, 0, random));
  EXPECT_FALSE(health.failed(rule, 0, random));
  EXPECT_TRUE(health.may_ask(0));
  EXPECT_TRUE(health.failed(rule, 0, random));
  EXPECT_TRUE(health.offline());
  EXPECT_FALSE(health.may_ask(499));
  EXPECT_TRUE(health.may_ask(1'000));
  EXPECT_FALSE(health.failed(rule, 1'000, random));  // still offline: no news
  EXPECT_FALSE(health.may_ask(1'999));
  for (int i = 0; i < 20; ++i) health.failed(rule, 10'000, random);
  EXPECT_FALSE(health.may_ask(13'999));
  EXPECT_TRUE(health.may_ask(18'000));  // never longer than the longest
  health.answered();
  EXPECT_FALSE(health.offline());
  EXPECT_TRUE(health.may_ask(0));
}

}  // namespace
}  // namespace duheng::gateway
