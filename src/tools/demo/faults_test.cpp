#include "tools/demo/faults.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace duheng::tools {
namespace {

TEST(Faults, SameSeedSamePlanAndEnoughKills) {
  SeededRandom one(7);
  SeededRandom two(7);
  SeededRandom other(8);
  const auto plan = plan_faults(200, one);
  const auto again = plan_faults(200, two);
  const auto different = plan_faults(200, other);
  ASSERT_EQ(plan.size(), again.size());
  const auto same = [](const Fault& a, const Fault& b) {
    return a.kind == b.kind && a.after == b.after && a.lasting == b.lasting;
  };
  EXPECT_TRUE(std::equal(plan.begin(), plan.end(), again.begin(), same));
  EXPECT_FALSE(std::equal(plan.begin(), plan.end(), different.begin(), different.end(), same));
  const auto kills =
      std::count_if(plan.begin(), plan.end(), [](const Fault& fault) { return fault.kind < FaultKind::cut_link; });
  EXPECT_EQ(kills, 200);
  for (const auto kind : {FaultKind::kill_platform, FaultKind::kill_gateway, FaultKind::kill_fleet, FaultKind::cut_link,
                          FaultKind::freeze_link}) {
    EXPECT_TRUE(std::any_of(plan.begin(), plan.end(), [&](const Fault& fault) { return fault.kind == kind; }))
        << to_string(kind);
  }
}

}  // namespace
}  // namespace duheng::tools
