#include "device/meter/load_curve.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::device {
namespace {

constexpr std::int64_t installed_day = 19'700;
constexpr std::int64_t start_ms = installed_day * LoadCurve::day_ms;
using Wide = CurveEnergy::Wide;

/// Power is constant within a step of slot / 512 (1.318359375 s): there energy must grow by exactly power x time.
RC_GTEST_PROP(LoadCurveProperty, EnergyIsTheIntegralOfPower, (std::uint64_t seed, std::uint32_t offset, bool exports)) {
  const LoadCurve curve(seed, installed_day, exports);
  const std::int64_t at = start_ms + static_cast<std::int64_t>(offset) * 17;  // within 2.3 years
  const std::int64_t in_slot_ns = (at % LoadCurve::day_ms) * 1'000'000 % LoadCurve::slot_ns;
  constexpr std::int64_t step_ns = LoadCurve::slot_ns >> LoadCurve::halvings;
  const std::int64_t left_ms = (step_ns - in_slot_ns % step_ns) / 1'000'000;
  const auto before = curve.energy(at);
  const auto after = curve.energy(at + left_ms);
  const Wide net = (after.import_mw_ns - before.import_mw_ns) - (after.export_mw_ns - before.export_mw_ns);
  RC_ASSERT((net == static_cast<Wide>(curve.power_mw(at)) * left_ms * 1'000'000));
}

RC_GTEST_PROP(LoadCurveProperty, RegistersNeverGoDownAndTariffsAddUp,
              (std::uint64_t seed, std::uint32_t offset, std::uint32_t step)) {
  const LoadCurve curve(seed, installed_day, true);
  const std::int64_t at = start_ms + static_cast<std::int64_t>(offset) * 17;
  const auto before = curve.energy(at);
  const auto after = curve.energy(at + step);
  RC_ASSERT((after.import_mw_ns >= before.import_mw_ns));
  RC_ASSERT((after.export_mw_ns >= before.export_mw_ns));
  Wide sum = 0;
  for (const Wide part : after.import_by_tariff_mw_ns) sum += part;
  RC_ASSERT((sum == after.import_mw_ns));
}

TEST(LoadCurve, AFactoryWorksInShiftsAndRestsAtWeekends) {
  constexpr std::int64_t hour_ms = 3'600'000;
  // 1970-01-05 was a Monday.
  constexpr std::int64_t monday = installed_day + (7 - (installed_day - 4) % 7) % 7 + 7;
  for (const std::uint64_t seed : {1U, 2U, 3U, 40U}) {
    const LoadCurve curve(seed, installed_day, false, LoadCurve::Use::factory);
    const auto energy_between = [&](std::int64_t day, std::int64_t from_hour, std::int64_t to_hour) {
      const std::int64_t midnight = day * LoadCurve::day_ms;
      return curve.energy(midnight + to_hour * hour_ms).import_mw_ns -
             curve.energy(midnight + from_hour * hour_ms).import_mw_ns;
    };
    EXPECT_TRUE((energy_between(monday, 8, 16) > 3 * energy_between(monday, 0, 4))) << seed;
    EXPECT_TRUE((energy_between(monday, 0, 24) > 3 * energy_between(monday + 6, 0, 24))) << seed;  // Sunday
    // A household of the same seed is another thing altogether.
    EXPECT_TRUE((energy_between(monday, 0, 24) >
                 2 * (LoadCurve(seed, installed_day, false).energy((monday + 1) * LoadCurve::day_ms).import_mw_ns -
                      LoadCurve(seed, installed_day, false).energy(monday * LoadCurve::day_ms).import_mw_ns)))
        << seed;
  }
}

TEST(LoadCurve, SumOfManyStepsEqualsTheDifferenceOverTwoDays) {
  const LoadCurve curve(99, installed_day, true);
  const std::int64_t from = start_ms + 400 * LoadCurve::day_ms - 3'600'000;
  Wide import = 0;
  for (int slot = 0; slot < 200; ++slot) {
    const auto a = curve.energy(from + slot * 675'000LL);
    const auto b = curve.energy(from + (slot + 1) * 675'000LL);
    import += b.import_mw_ns - a.import_mw_ns;
  }
  EXPECT_TRUE(import == curve.energy(from + 200 * 675'000LL).import_mw_ns - curve.energy(from).import_mw_ns);
  EXPECT_TRUE(import > 0);
}

TEST(LoadCurve, SameSeedAndTimeGiveTheSameWhateverWasAskedBefore) {
  const LoadCurve fresh(5, installed_day, false);
  const LoadCurve used(5, installed_day, false);
  for (int day = 800; day >= 0; day -= 37) static_cast<void>(used.energy(start_ms + day * LoadCurve::day_ms));
  const std::int64_t at = start_ms + 500 * LoadCurve::day_ms + 12'345'678;
  EXPECT_TRUE(fresh.energy(at).import_mw_ns == used.energy(at).import_mw_ns);
  EXPECT_EQ(fresh.power_mw(at), used.power_mw(at));
}

TEST(LoadCurve, LooksLikeAHousehold) {
  constexpr Wide mw_ns_per_kwh = static_cast<Wide>(3'600'000'000'000'000) * 1'000;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const LoadCurve curve(seed, installed_day, false);
    const auto year = curve.energy(start_ms + 365 * LoadCurve::day_ms);
    const auto kwh = static_cast<std::int64_t>(year.import_mw_ns / mw_ns_per_kwh);
    EXPECT_GT(kwh, 1'500) << seed;
    EXPECT_LT(kwh, 25'000) << seed;
    EXPECT_TRUE(year.export_mw_ns == 0);
    EXPECT_TRUE(curve.energy(start_ms - 1).import_mw_ns == 0);
    std::int64_t changes = 0;
    std::int64_t last = 0;
    for (int second = 0; second < 600; ++second) {
      const std::int64_t power = curve.power_mw(start_ms + 20 * 3'600'000LL + second * 1'000LL);
      EXPECT_GT(power, 0);
      changes += power != last ? 1 : 0;
      last = power;
    }
    EXPECT_GT(changes, 400);
  }
}

}  // namespace
}  // namespace duheng::device
