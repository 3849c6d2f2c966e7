#include "link/backoff.hpp"

#include <gtest/gtest.h>

namespace duheng::link {
namespace {

TEST(Backoff, DoublesToTheCeilingAndStaysInTheUpperHalf) {
  SeededRandom random(1);
  for (int run = 0; run < 100; ++run) {
    Backoff backoff({100, 1'500});
    std::int64_t ceiling = 100;
    for (int i = 0; i < 10; ++i) {
      const std::int64_t wait = backoff.next_ms(random);
      EXPECT_GE(wait, ceiling / 2);
      EXPECT_LE(wait, ceiling);
      ceiling = std::min<std::int64_t>(ceiling * 2, 1'500);
    }
    backoff.reset();
    EXPECT_LE(backoff.next_ms(random), 100);
  }
}

TEST(Backoff, CallersCutOffTogetherDoNotComeBackTogether) {
  SeededRandom random(2);
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = 0;
  for (int caller = 0; caller < 200; ++caller) {
    Backoff backoff({1'000, 60'000});
    const std::int64_t wait = backoff.next_ms(random);
    lowest = std::min(lowest, wait);
    highest = std::max(highest, wait);
  }
  EXPECT_GT(highest - lowest, 400);
}

}  // namespace
}  // namespace duheng::link
