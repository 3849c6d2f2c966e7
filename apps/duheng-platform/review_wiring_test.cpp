#include "review_wiring.hpp"

#include <gtest/gtest.h>

#include "drivers/models/device_model.hpp"

namespace duheng::platform {
namespace {

TEST(ReviewWiring, PoliciesComeFromTheModels) {
  const auto models = drivers::ModelLibrary::load(DUHENG_SOURCE_DIR "/models").value();
  store::Series series;
  series.register_name = "energy_active_import_total";
  series.unit = "kWh";
  series.exponent = -2;
  const auto meter = policy_by_model(models, "dlt645-2007-three-phase", series);
  EXPECT_TRUE(meter.counts_up);
  EXPECT_EQ(meter.rule.modulus, 100'000'000);
  EXPECT_EQ(meter.rule.rate_max_per_hour, 8'028);  // 0.0223 kWh in a second
  // The same register kept in tenths, and in thousandths.
  series.exponent = -1;
  EXPECT_EQ(policy_by_model(models, "dlt645-2007-three-phase", series).rule.rate_max_per_hour, 803);
  series.exponent = -3;
  EXPECT_EQ(policy_by_model(models, "dlt645-2007-three-phase", series).rule.rate_max_per_hour, 80'280);
  series.exponent = -2;
  EXPECT_EQ(policy_by_model(models, "dlt698-three-phase", series).rule.modulus, 0);
  const auto unknown = policy_by_model(models, "", series);
  EXPECT_TRUE(unknown.counts_up);
  EXPECT_EQ(unknown.rule, store::StepRule{});
  series.register_name = "voltage_a";
  EXPECT_FALSE(policy_by_model(models, "dlt645-2007-three-phase", series).counts_up);
}

}  // namespace
}  // namespace duheng::platform
