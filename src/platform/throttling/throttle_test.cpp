#include "platform/throttling/throttle.hpp"

#include <gtest/gtest.h>

namespace duheng::platform {
namespace {

TEST(Throttle, LetsAFewFailuresPassThenDoublesTheWait) {
  ManualClock clock;
  Throttle throttle{clock, {.free_failures = 3, .first_wait_ms = 1000, .wait_ms_max = 5000}};
  EXPECT_TRUE(throttle.begin("k"));
  EXPECT_TRUE(throttle.begin("k"));
  EXPECT_EQ(throttle.wait_ms("k"), 0);
  EXPECT_TRUE(throttle.begin("k"));
  for (const std::int64_t wait : {1000, 2000, 4000, 5000, 5000}) {
    EXPECT_EQ(throttle.wait_ms("k"), wait);
    const auto refused = throttle.begin("k");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::throttled);
    EXPECT_NE(refused.error().message.find(std::to_string(wait / 1000) + " s"), std::string::npos);
    clock.advance_ms(wait - 1);
    EXPECT_FALSE(throttle.begin("k")) << "refused attempts do not lengthen the wait, but it must end";
    clock.advance_ms(1);
    EXPECT_TRUE(throttle.begin("k"));
  }
}

TEST(Throttle, KeysDoNotKnowOneAnother) {
  ManualClock clock;
  Throttle throttle{clock, {.free_failures = 1}};
  EXPECT_TRUE(throttle.begin("a"));
  EXPECT_FALSE(throttle.begin("a"));
  EXPECT_TRUE(throttle.begin("b"));
}

TEST(Throttle, SuccessAndTimeForgive) {
  ManualClock clock;
  Throttle throttle{clock, {.free_failures = 1, .wait_ms_max = 1000, .forget_after_ms = 10'000}};
  EXPECT_TRUE(throttle.begin("a"));
  throttle.succeeded("a");
  EXPECT_EQ(throttle.keys(), 0U);
  EXPECT_TRUE(throttle.begin("a"));
  clock.set_utc_ms(clock.utc_ms() + 86'400'000);
  EXPECT_FALSE(throttle.begin("a")) << "setting the wall clock gains nothing";
  clock.advance_ms(10'000);
  EXPECT_TRUE(throttle.begin("a"));
  EXPECT_EQ(throttle.wait_ms("a"), 1000) << "counted from the first failure again";
}

TEST(Throttle, TakingBackKeepsFormerFailures) {
  ManualClock clock;
  Throttle throttle{clock, {.free_failures = 3, .first_wait_ms = 1000}};
  throttle.took_back("a");
  EXPECT_TRUE(throttle.begin("a"));
  EXPECT_TRUE(throttle.begin("a"));
  EXPECT_TRUE(throttle.begin("a"));
  EXPECT_EQ(throttle.wait_ms("a"), 1000);
  throttle.took_back("a");
  EXPECT_EQ(throttle.wait_ms("a"), 0);
  EXPECT_TRUE(throttle.begin("a"));
  EXPECT_EQ(throttle.wait_ms("a"), 1000);
  for (int i = 0; i < 3; ++i) throttle.took_back("a");
  EXPECT_EQ(throttle.keys(), 0U);
}

TEST(Throttle, ManyFailuresDoNotOverflow) {
  ManualClock clock;
  Throttle throttle{clock, {.free_failures = 1, .first_wait_ms = 1000, .wait_ms_max = 2000}};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(throttle.begin("a"));
    ASSERT_GT(throttle.wait_ms("a"), 0);
    ASSERT_LE(throttle.wait_ms("a"), 2000);
    clock.advance_ms(2000);
  }
}

TEST(Throttle, ForgetsTheOldestWhenFull) {
  ManualClock clock;
  Throttle throttle{clock, {.free_failures = 1, .keys_max = 32}};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(throttle.begin("key " + std::to_string(i)));
    ASSERT_LE(throttle.keys(), 32U);
    clock.advance_ms(1);
  }
  EXPECT_GT(throttle.wait_ms("key 999"), 0);
  EXPECT_EQ(throttle.wait_ms("key 0"), 0);
}

}  // namespace
}  // namespace duheng::platform
