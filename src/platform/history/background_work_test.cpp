#include "platform/history/background_work.hpp"

#include <atomic>
#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>

namespace duheng::platform {
namespace {

TEST(BackgroundWork, GivesEveryKindItsTurnAndWaitsWhenThereIsNothing) {
  ManualClock clock;
  int left = 3;
  int looked = 0;
  BackgroundWork work(clock,
                      {{"merge", [&](const std::stop_token&) -> Result<bool> { return left-- > 0; }, 1'000, 10'000, 0},
                       {"look",
                        [&](const std::stop_token&) -> Result<bool> {
                          ++looked;
                          return false;
                        },
                        5'000, 10'000, 0}});
  EXPECT_EQ(work.turn(), 0);
  EXPECT_EQ(looked, 1);
  EXPECT_EQ(work.turn(), 0);
  EXPECT_EQ(work.turn(), 0);
  EXPECT_EQ(looked, 1) << "one kind's work does not hurry another";
  EXPECT_EQ(work.turn(), 1'000);
  clock.advance_ms(999);
  EXPECT_EQ(work.turn(), 1);
  EXPECT_EQ(work.status()[0].steps, 3U);
  clock.advance_ms(4'001);
  (void)work.turn();
  EXPECT_EQ(looked, 2);
}

TEST(BackgroundWork, AnErrorDelaysItsKindAloneAndIsTold) {
  ManualClock clock;
  bool broken = true;
  int other = 0;
  const auto fragile = [&](const std::stop_token&) -> Result<bool> {
    if (broken) return fail(ErrorCode::storage_full, "no room");
    return true;
  };
  BackgroundWork work(clock, {{"fragile", fragile, 1'000, 10'000, 0},
                              {"other",
                               [&](const std::stop_token&) -> Result<bool> {
                                 ++other;
                                 return true;
                               },
                               1'000, 10'000, 0}});
  (void)work.turn();
  (void)work.turn();
  EXPECT_EQ(other, 2);
  ASSERT_TRUE(work.status()[0].error);
  EXPECT_EQ(work.status()[0].error->code, ErrorCode::storage_full);
  EXPECT_EQ(work.status()[0].failures, 1U) << "not tried again at once";
  broken = false;
  clock.advance_ms(10'000);
  (void)work.turn();
  EXPECT_FALSE(work.status()[0].error);
  EXPECT_EQ(work.status()[0].steps, 1U);
}

TEST(BackgroundWork, StopsWhileItIdles) {
  const SystemClock clock;
  BackgroundWork work(clock, {{"idle", [](const std::stop_token&) -> Result<bool> { return false; }, 3'600'000, 1, 0}});
  work.start();
  work.stop();
  EXPECT_EQ(work.status()[0].failures, 0U);
}

TEST(BackgroundWork, AsksALongStepToEndAndCountsThatAsNoFailure) {
  const SystemClock clock;
  std::atomic<bool> begun = false;
  const auto patient = [&](const std::stop_token& stop) -> Result<bool> {
    begun = true;
    begun.notify_all();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return fail(ErrorCode::cancelled, "asked to end");
  };
  BackgroundWork work(clock, {{"patient", patient, 1'000, 10'000, 0}});
  work.start();
  begun.wait(false);
  work.stop();
  EXPECT_EQ(work.status()[0].failures, 0U);
  EXPECT_FALSE(work.status()[0].error);
}

}  // namespace
}  // namespace duheng::platform
