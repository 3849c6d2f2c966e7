#include "device/meter/meter_clock.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::device {
namespace {

constexpr std::int64_t base = 1'763'712'000'000;

TEST(MeterClock, OfATimeItWasSetPastKnowsNothingAndOfOneShownTwiceTheLater) {
  MeterClock clock({.installed_utc_ms = base});
  clock.set(base + 1'000, base + 11'000);   // ten seconds forward
  clock.set(base + 50'000, base + 50'000);  // and back again
  EXPECT_EQ(clock.own_ms(base + 999), base + 999);
  EXPECT_EQ(clock.own_ms(base + 1'000), base + 11'000);
  EXPECT_EQ(clock.own_ms(base + 50'000), base + 50'000);
  const std::int64_t now = base + 100'000;
  EXPECT_EQ(clock.utc_of(base + 500, now), base + 500);
  EXPECT_EQ(clock.utc_of(base + 5'000, now), std::nullopt);
  EXPECT_EQ(clock.utc_of(base + 11'000, now), base + 1'000);
  EXPECT_EQ(clock.utc_of(base + 55'000, now), base + 55'000);
  EXPECT_EQ(clock.utc_of(base + 55'000, base + 46'000), base + 45'000);
  EXPECT_EQ(clock.utc_of(base + 100'001, now), std::nullopt);
}

TEST(MeterClock, TrueTimeSetBackForgetsWhatCameLater) {
  MeterClock clock({.installed_utc_ms = base});
  clock.set(base + 5'000, base + 6'000);
  clock.set(base + 2'000, base + 2'500);
  EXPECT_EQ(clock.changes().size(), 1U);
  EXPECT_EQ(clock.own_ms(base + 9'000), base + 9'500);
}

TEST(MeterClock, DriftChangesWithoutAJump) {
  MeterClock clock({.drift_ppm = 20, .installed_utc_ms = base});
  const std::int64_t at = base + 86'400'000;
  const std::int64_t before = clock.own_ms(at);
  clock.set_extra_drift(at, 100);
  EXPECT_EQ(clock.own_ms(at), before);
  EXPECT_EQ(clock.own_ms(at + 10'000'000) - at - 10'000'000, before - at + 1'200);
}

TEST(MeterClock, AYearOfDailyCorrectionsChangesNothingOfWhatWasShown) {
  constexpr std::int64_t day_ms = 86'400'000;
  MeterClock clock({.drift_ppm = 30, .installed_utc_ms = base});
  std::vector<std::int64_t> shown;
  constexpr std::int64_t days = 900;
  for (std::int64_t day = 1; day <= days; ++day) {
    clock.set(base + day * day_ms, base + day * day_ms);  // 2.6 s taken back
    shown.push_back(clock.own_ms(base + day * day_ms + day_ms / 2));
  }
  EXPECT_EQ(clock.changes().size(), MeterClock::changes_max);
  for (std::int64_t day = days - static_cast<std::int64_t>(MeterClock::changes_max) + 1; day <= days; ++day) {
    const std::int64_t noon = base + day * day_ms + day_ms / 2;
    EXPECT_EQ(clock.own_ms(noon), shown[static_cast<std::size_t>(day - 1)]);
    EXPECT_EQ(clock.utc_of(clock.own_ms(noon), base + days * day_ms + day_ms), noon);
  }
  // Of what is longer ago it has an idea that is a little wrong, not one by minutes.
  EXPECT_NEAR(static_cast<double>(clock.own_ms(base + 490 * day_ms)), static_cast<double>(base + 490 * day_ms), 60'000);
}

RC_GTEST_PROP(MeterClockProperty, TheWayBackLeadsToTheMomentShown,
              (std::vector<std::pair<std::uint16_t, std::int16_t>> changes, std::int16_t ppm, std::uint32_t asked)) {
  MeterClock clock({.zone_ms = 28'800'000, .drift_ppm = ppm % 500, .installed_utc_ms = base});
  std::int64_t at = base;
  for (const auto& [after_s, jump_s] : changes) {
    at += 1'000LL * after_s;
    clock.set(at, clock.own_ms(at) + 1'000LL * jump_s);
  }
  const std::int64_t now = at + 100'000'000;
  const std::int64_t moment = base - 1'000'000 + asked % (now - base + 1'000'000);
  const std::int64_t shown = clock.own_ms(moment);
  const auto back = clock.utc_of(shown, now);
  RC_ASSERT(back.has_value());
  RC_ASSERT(clock.own_ms(*back) == shown);
  // Shown once only, it is that very moment, but for the millisecond a slow clock shows twice.
  if (clock.changes().empty()) RC_ASSERT(moment - *back <= 1 && *back <= moment);
}

}  // namespace
}  // namespace duheng::device
