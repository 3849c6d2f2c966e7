#include "device/curve/utility_curve.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/curve/climate.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t installed_day = 19'700;  // 2023-12-09
constexpr std::int64_t start_ms = installed_day * DayCurve::day_ms;
constexpr std::int64_t july_ms = start_ms + 580 * DayCurve::day_ms;     // 2025-07-11
constexpr std::int64_t january_ms = start_ms + 770 * DayCurve::day_ms;  // 2026-01-17
using Purpose = ThermalCurve::Purpose;

std::int64_t moment(std::uint32_t offset) { return start_ms + static_cast<std::int64_t>(offset) * 17; }  // 2.3 years

RC_GTEST_PROP(UtilityCurveProperty, VolumesNeverGoDown,
              (std::uint64_t seed, std::uint32_t offset, std::uint32_t step)) {
  const std::int64_t at = moment(offset);
  const WaterCurve water(seed, installed_day, seed % 2 == 0);
  const GasCurve gas(seed, installed_day);
  RC_ASSERT((water.volume(at + step) >= water.volume(at)));
  RC_ASSERT((gas.volume(at + step) >= gas.volume(at)));
  RC_ASSERT(water.flow_microlitre_h(at) >= 0);
  RC_ASSERT(gas.flow_microlitre_h(at) >= 0);
}

/// Flow is constant within a step of slot / 512: there volume must grow by exactly flow x time.
RC_GTEST_PROP(UtilityCurveProperty, VolumeIsTheIntegralOfFlow, (std::uint64_t seed, std::uint32_t offset)) {
  const std::int64_t at = moment(offset);
  constexpr std::int64_t step_ns = DayCurve::slot_ns >> DayCurve::halvings;
  const std::int64_t in_step_ns = (at % DayCurve::day_ms) * 1'000'000 % DayCurve::slot_ns % step_ns;
  const std::int64_t left_ms = (step_ns - in_step_ns) / 1'000'000;
  const WaterCurve water(seed, installed_day, true);
  const GasCurve gas(seed, installed_day);
  const auto due = [&](std::int64_t flow) { return static_cast<DayCurve::Wide>(flow) * left_ms * 1'000'000; };
  RC_ASSERT((water.volume(at + left_ms) - water.volume(at) == due(water.flow_microlitre_h(at))));
  RC_ASSERT((gas.volume(at + left_ms) - gas.volume(at) == due(gas.flow_microlitre_h(at))));
}

/// Over any stretch the energy lies between the volume times the least and times the greatest difference.
RC_GTEST_PROP(UtilityCurveProperty, HeatIsFlowTimesDifference, (std::uint64_t seed, std::uint32_t offset, bool cools)) {
  const ThermalCurve curve(seed, installed_day, cools ? Purpose::cooling : Purpose::heating, 800);
  const std::int64_t at = moment(offset);
  const std::int64_t later = at + 6 * 3'600'000;
  const std::int64_t energy = curve.energy_centikwh(later) - curve.energy_centikwh(at);
  const double cubic_metres = static_cast<double>(curve.volume(later) - curve.volume(at)) /
                              static_cast<double>(volume_units::centi_cubic_metre) / 100.0;
  std::int64_t least = INT64_MAX;
  std::int64_t most = 0;
  for (std::int64_t t = at; t <= later; t += 60'000) {
    const std::int64_t difference = curve.difference_centikelvin(t);
    if (difference == 0) continue;
    least = std::min(least, difference);
    most = std::max(most, difference);
  }
  if (most == 0) {
    RC_ASSERT(energy == 0);
    return;
  }
  const double centikwh = cubic_metres * 1.163;  // m3 x 0.01 K x kWh/(m3 K) = 0.01 kWh
  RC_ASSERT(static_cast<double>(energy) >= centikwh * static_cast<double>(least) - 2.0);
  RC_ASSERT(static_cast<double>(energy) <= centikwh * static_cast<double>(most) + 2.0);
  const double power_w = static_cast<double>(curve.flow_microlitre_h(at)) / 1e6 *
                         static_cast<double>(curve.difference_centikelvin(at)) / 100.0 * 1.163;
  RC_ASSERT(std::abs(static_cast<double>(curve.power_mw(at)) / 1'000.0 - power_w) < 0.01);
}

TEST(UtilityCurve, AYearOfAHouseholdIsPlausible) {
  constexpr std::int64_t year_ms = 365 * DayCurve::day_ms;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto cubic_metres = [](DayCurve::Wide volume) {
      return static_cast<std::int64_t>(volume / (100 * volume_units::centi_cubic_metre));
    };
    const std::int64_t water = cubic_metres(WaterCurve(seed, installed_day, false).volume(start_ms + year_ms));
    const std::int64_t gas = cubic_metres(GasCurve(seed, installed_day).volume(start_ms + year_ms));
    const std::int64_t heat =
        ThermalCurve(seed, installed_day, Purpose::heating, 600).energy_centikwh(start_ms + year_ms) / 100;
    EXPECT_GT(water, 50) << seed;
    EXPECT_LT(water, 400) << seed;
    EXPECT_GT(gas, 300) << seed;
    EXPECT_LT(gas, 3'000) << seed;
    EXPECT_GT(heat, 5'000) << seed;
    EXPECT_LT(heat, 40'000) << seed;
  }
}

TEST(UtilityCurve, NightsAreQuietUnlessThereIsALeak) {
  const std::int64_t night = july_ms + 3 * 3'600'000;
  const WaterCurve sound(7, installed_day, false);
  const WaterCurve leaking(7, installed_day, true);
  EXPECT_LT(sound.flow_microlitre_h(night), 1'500'000);
  EXPECT_GE(leaking.flow_microlitre_h(night), sound.flow_microlitre_h(night) + 2'000'000);
  EXPECT_GT(sound.flow_microlitre_h(july_ms + 20 * 3'600'000), 10 * sound.flow_microlitre_h(night));
}

TEST(UtilityCurve, SeasonsRule) {
  const ThermalCurve heating(3, installed_day, Purpose::heating, 600);
  const ThermalCurve cooling(3, installed_day, Purpose::cooling, 600);
  EXPECT_EQ(heating.power_mw(july_ms), 0);
  EXPECT_GT(heating.power_mw(january_ms), 1'000'000);
  EXPECT_EQ(cooling.power_mw(january_ms), 0);
  EXPECT_GT(cooling.power_mw(july_ms + 14 * 3'600'000), 500'000);
  const auto warm = heating.temperatures(january_ms);
  EXPECT_EQ(warm.supply_centidegree - warm.back_centidegree, heating.difference_centikelvin(january_ms));
  const auto cold = cooling.temperatures(july_ms);
  EXPECT_EQ(cold.back_centidegree - cold.supply_centidegree, cooling.difference_centikelvin(july_ms));
  const auto still = heating.temperatures(july_ms);
  EXPECT_EQ(still.supply_centidegree, still.back_centidegree);
  EXPECT_LT(outdoor_centidegree(january_ms), 500);
  EXPECT_GT(outdoor_centidegree(july_ms), 1'500);
}

TEST(UtilityCurve, HoursCountTheSeasonOnly) {
  const ThermalCurve heating(3, installed_day, Purpose::heating, 600);
  const std::int64_t year_hours = heating.active_ms(start_ms + 366 * DayCurve::day_ms) / 3'600'000;
  EXPECT_EQ(year_hours, 122 * 24);  // 2023-12-09 to 2024-03-15 and 2024-11-15 to 2024-12-08
  EXPECT_EQ(heating.active_ms(july_ms), heating.active_ms(july_ms + 5 * DayCurve::day_ms));
}

}  // namespace
}  // namespace duheng::device
