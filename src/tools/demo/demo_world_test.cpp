#include "tools/demo/demo_world.hpp"

#include <gtest/gtest.h>

#include "base/config.hpp"
#include "device/fleet/fleet_config.hpp"

namespace duheng::tools {
namespace {

TEST(DemoWorld, TheFleetTakesAnyNumberOfMeters) {
  for (const std::uint32_t meters : {1U, 2U, 3U, 7U, 8U, 9U, 16U, 17U, 100U, 1'000U, 20'000U}) {
    SCOPED_TRACE(meters);
    DemoPlan plan;
    plan.root = "/demo";
    plan.meters = meters;
    const auto config = device::parse_fleet_config(fleet_yaml(plan), "fleet.yaml");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->meters, meters);
    EXPECT_GE(config->tcp_ports, 1U);
    EXPECT_EQ(config->serial_lines, meters > 1 ? 1U : 0U);
  }
}

}  // namespace
}  // namespace duheng::tools
