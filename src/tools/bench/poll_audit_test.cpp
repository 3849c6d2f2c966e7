#include "tools/bench/poll_audit.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace duheng::tools {
namespace {

const std::vector<PolledMeter> two_meters{{"a", {{"energy", "power"}, {"clock"}}}, {"b", {{"energy"}}}};

TEST(PollAudit, EveryRegisterOnceARoundIsCompleteWhereverItsMomentLies) {
  PollAudit audit(two_meters, 1'000, 3);
  for (std::int64_t round = 0; round <= 4; ++round) {  // the fourth is begun, not finished
    audit.reading("a", "energy", 5 + 1'000 * round);
    audit.reading("a", "power", 15 + 1'000 * round);
    audit.reading("a", "clock", 995 + 1'000 * round + (round == 2 ? 8 : 0));  // over a whole second's edge
    if (round < 4) audit.reading("b", "energy", 500 + 1'000 * round);
  }
  const auto found = audit.findings();
  EXPECT_EQ(found.expected_per_round, 4U);
  EXPECT_EQ(found.rounds, (std::vector<std::uint64_t>{4, 4, 4}));
  EXPECT_EQ(found.completeness_percent(1), 100.0);
  EXPECT_EQ(found.doubled, 0U);
  EXPECT_EQ(found.unexpected, 0U);
}

TEST(PollAudit, JitterIsTheDifferenceFromTheIntervalOfEachGroupsFirstRegister) {
  PollAudit audit(two_meters, 1'000, 3);
  for (const std::int64_t time : {0, 1'900, 3'030, 4'000}) audit.reading("b", "energy", time);  // the first is warm-up
  auto found = audit.findings();
  std::ranges::sort(found.jitter_ms);
  // 1900 is nearest to round 2, 3030 to 3, 4000 lies beyond: 3030 - 1900 - 1000.
  EXPECT_EQ(found.jitter_ms, (std::vector<double>{130}));
  PollAudit other(two_meters, 1'000, 3);
  for (const std::int64_t time : {0, 1'010, 1'990, 3'000}) {
    other.reading("a", "energy", time);
    other.reading("a", "power", time + 400);  // not its group's first
  }
  found = other.findings();
  std::ranges::sort(found.jitter_ms);
  EXPECT_EQ(found.jitter_ms, (std::vector<double>{10, 20}));
}

TEST(PollAudit, WhatIsMissingDoubledOrStrangeShows) {
  PollAudit audit(two_meters, 1'000, 2);
  for (const std::int64_t time : {0, 1'000, 1'100, 2'000}) audit.reading("a", "energy", time);
  for (const std::int64_t time : {0, 2'000}) audit.reading("a", "power", time);
  audit.reading("c", "energy", 0);
  audit.reading("a", "voltage_a", 0);
  const auto found = audit.findings();
  EXPECT_EQ(found.rounds, (std::vector<std::uint64_t>{1, 2}));  // power only in the second; clock and b never
  EXPECT_EQ(found.completeness_percent(0), 25.0);
  EXPECT_EQ(found.completeness_percent(7), 0.0);
  EXPECT_EQ(found.doubled, 1U);
  EXPECT_EQ(found.unexpected, 2U);
}

TEST(PollAudit, ARegisterInTwoGroupsIsExpectedOnce) {
  const PollAudit audit({{"a", {{"energy"}, {"energy", "power"}}}}, 1'000, 1);
  EXPECT_EQ(audit.findings().expected_per_round, 2U);
}

}  // namespace
}  // namespace duheng::tools
