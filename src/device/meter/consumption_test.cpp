#include "device/meter/consumption.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/curve/utility_curve.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t zone_ms = 28'800'000;
constexpr std::int64_t now = 1'763'712'000'000;
constexpr std::int64_t minute = 60'000;

bool same(const CurveEnergy& a, const CurveEnergy& b) {
  return a.import_mw_ns == b.import_mw_ns && a.export_mw_ns == b.export_mw_ns &&
         a.import_by_tariff_mw_ns == b.import_by_tariff_mw_ns;
}

class ConsumptionTest : public testing::Test {
 protected:
  LoadCurve curve_{77, installed_day_of(77), true};
  Consumption consumption_{curve_, zone_ms};
  CurveEnergy on_curve(std::int64_t utc_ms) const { return curve_.energy(utc_ms + zone_ms); }
};

TEST_F(ConsumptionTest, StandsStillInAPauseAndGoesOnFromThere) {
  EXPECT_TRUE(same(consumption_.energy(now), on_curve(now)));
  consumption_.add({now, Pause::open_end, Pause::Cause::relay});
  EXPECT_TRUE(same(consumption_.energy(now - 1), on_curve(now - 1)));
  EXPECT_TRUE(same(consumption_.energy(now + 500 * minute), on_curve(now)));
  EXPECT_TRUE(consumption_.is_paused(now));
  EXPECT_TRUE(consumption_.has_supply(now));
  EXPECT_EQ(consumption_.power_mw(now + 1), 0);
  consumption_.end(Pause::Cause::relay, now + 60 * minute);
  EXPECT_FALSE(consumption_.is_paused(now + 60 * minute));
  const auto missed = on_curve(now + 60 * minute) - on_curve(now);
  EXPECT_GT(missed.import_mw_ns + missed.export_mw_ns, 0);
  EXPECT_TRUE(same(consumption_.energy(now + 90 * minute), on_curve(now + 90 * minute) - missed));
  EXPECT_EQ(consumption_.power_mw(now + 90 * minute), curve_.power_mw(now + 90 * minute + zone_ms));
}

TEST_F(ConsumptionTest, OverlappingPausesCountOnce) {
  consumption_.add({now, now + 30 * minute, Pause::Cause::relay});
  consumption_.add({now + 10 * minute, now + 20 * minute, Pause::Cause::supply});
  consumption_.add({now + 20 * minute, now + 50 * minute, Pause::Cause::supply});
  const auto missed = on_curve(now + 50 * minute) - on_curve(now);
  EXPECT_TRUE(same(consumption_.energy(now + 60 * minute), on_curve(now + 60 * minute) - missed));
  EXPECT_FALSE(consumption_.has_supply(now + 15 * minute));
  EXPECT_TRUE(consumption_.has_supply(now + 5 * minute));
}

TEST_F(ConsumptionTest, ManyPausesAreFoldedWithoutChangingWhatIsCounted) {
  Consumption all(curve_, zone_ms);
  CurveEnergy missed;
  constexpr int count = 3 * static_cast<int>(Consumption::pauses_max);
  for (int i = 0; i < count; ++i) {
    const std::int64_t begin = now + i * 10 * minute;
    consumption_.add({begin, begin + 3 * minute, Pause::Cause::relay});
    missed = missed + (on_curve(begin + 3 * minute) - on_curve(begin));
  }
  const std::int64_t end = now + count * 10 * minute;
  EXPECT_LE(consumption_.pauses().size(), Consumption::pauses_max);
  EXPECT_TRUE(same(consumption_.energy(end), on_curve(end) - missed));
  Consumption restored(curve_, zone_ms);
  restored.restore(consumption_.pauses(), consumption_.folded());
  EXPECT_TRUE(same(restored.energy(end), on_curve(end) - missed));
}

RC_GTEST_PROP(ConsumptionProperty, NeverGoesBackAndEqualsTheSumOfItsParts,
              (std::vector<std::pair<std::uint8_t, std::uint8_t>> pauses)) {
  const LoadCurve curve(5, installed_day_of(5), true);
  Consumption consumption(curve, zone_ms);
  for (const auto& [after, length] : pauses)
    consumption.add({now + after * minute, now + (after + length) * minute,
                     length % 2 == 0 ? Pause::Cause::relay : Pause::Cause::supply});
  // The plain way: minute by minute, each counted unless it lies in a pause.
  CurveEnergy expected = curve.energy(now + zone_ms);
  for (std::int64_t i = 0; i < 520; ++i) {
    const std::int64_t begin = now + i * minute;
    const bool paused = std::ranges::any_of(
        pauses, [&](const auto& pause) { return pause.first <= i && i < pause.first + pause.second; });
    RC_ASSERT(consumption.is_paused(begin) == paused);
    if (!paused) expected = expected + (curve.energy(begin + minute + zone_ms) - curve.energy(begin + zone_ms));
    RC_ASSERT(same(consumption.energy(begin + minute), expected));
  }
}

}  // namespace
}  // namespace duheng::device
