#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/inputs.hpp"
#include "drivers/protocol/settlement_days.hpp"

namespace duheng::drivers {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 1'440 * minute_ms;

static_assert(exists({2024, 2, 29, 23, 59, 59}) && !exists({2023, 2, 29, 0, 0, 0}));
static_assert(!exists({1999, 12, 31, 0, 0, 0}) && !exists({2100, 1, 1, 0, 0, 0}) && !exists({2024, 13, 1, 0, 0, 0}));
static_assert(local_ms_of({2024, 11, 21, 10, 30, 45}) == 1'732'185'045'000);
static_assert(civil_time(INT64_C(1'732'185'045'999)) == CivilTime{2024, 11, 21, 10, 30, 45});
static_assert(civil_time(INT64_C(-1)) == CivilTime{1969, 12, 31, 23, 59, 59});
static_assert(utc_ms_of({2024, 11, 21, 10, 30, 45}, 480) == 1'732'156'245'000);
static_assert(civil_time_of_digits(20'241'121'103'045) == CivilTime{2024, 11, 21, 10, 30, 45});

RC_GTEST_PROP(CivilTimeProperty, ThereAndBackAgain, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto utc_ms = static_cast<std::int64_t>(946'700'000 + random.below(3'155'000'000)) * 1'000;
  const auto zone = static_cast<std::int32_t>(random.below(1'681)) - 840;
  RC_ASSERT(utc_ms_of(civil_time(utc_ms, zone), zone) == utc_ms);
}

TEST(Inputs, DigitsTravelLowPairFirst) {
  EXPECT_EQ(*reversed_bcd("123456", 3, "x"), (Bytes{0x56, 0x34, 0x12}));
  EXPECT_FALSE(reversed_bcd("12345", 3, "x"));
  EXPECT_FALSE(reversed_bcd("12345a", 3, "x"));
  EXPECT_EQ(reversed_bcd("secret", 3, "the password").error().message, "the password must be 6 digits");
}

TEST(Inputs, NumbersAreExact) {
  OperationInputs inputs;
  inputs.arguments = {{"a", "1.50"}, {"b", "-0.001"}, {"c", "1e3"}, {"d", "9223372036854775808"}};
  EXPECT_EQ(*argument_mantissa(inputs, "a", -1), 15);
  EXPECT_EQ(*argument_mantissa(inputs, "b", -4), -10);
  EXPECT_FALSE(argument_mantissa(inputs, "b", -2));
  EXPECT_FALSE(argument_mantissa(inputs, "c", 0));
  EXPECT_FALSE(argument_mantissa(inputs, "d", 0));
  EXPECT_EQ(argument_mantissa(inputs, "e", 0).error().message, "argument 'e' is missing");
}

TEST(SettlementDays, LastOnesNewestFirst) {
  const std::int64_t now = *utc_ms_of({2025, 1, 10, 12, 0, 0}, 480);
  const std::vector<SettlementDay> days{{25, 18}, {5, 0}};
  const auto stamps = last_settlements(days, 4, now, 480);
  EXPECT_EQ(stamps, (std::vector<std::int64_t>{
                        *utc_ms_of({2025, 1, 5, 0, 0, 0}, 480), *utc_ms_of({2024, 12, 25, 18, 0, 0}, 480),
                        *utc_ms_of({2024, 12, 5, 0, 0, 0}, 480), *utc_ms_of({2024, 11, 25, 18, 0, 0}, 480)}));
  EXPECT_TRUE(last_settlements({}, 4, now, 480).empty());
  EXPECT_EQ(last_settlements(std::vector<SettlementDay>{{5, 0}, {5, 0}}, 2, now, 480).size(), 2U);
}

TEST(SettlementDays, NearOneNothingIsCertain) {
  const std::vector<SettlementDay> days{{5, 0}};
  const std::int64_t edge = *utc_ms_of({2025, 1, 5, 0, 0, 0}, 480);
  EXPECT_TRUE(settles_about_now(days, edge, 480));
  EXPECT_TRUE(settles_about_now(days, edge - 30 * minute_ms, 480));
  EXPECT_FALSE(settles_about_now(days, edge - 31 * minute_ms, 480));
  EXPECT_TRUE(settles_about_now(days, edge + 29 * minute_ms, 480));
  EXPECT_FALSE(settles_about_now(days, edge + 30 * minute_ms, 480));
}

RC_GTEST_PROP(SettlementDaysProperty, AreInOrderAndUpToNow, (std::uint64_t seed)) {
  SeededRandom random(seed);
  std::vector<SettlementDay> days;
  for (std::size_t i = 1 + random.below(3); i > 0; --i)
    days.push_back({static_cast<int>(1 + random.below(28)), static_cast<int>(random.below(24))});
  const std::int64_t now =
      *utc_ms_of({2020, 1, 1, 0, 0, 0}, 480) + static_cast<std::int64_t>(random.below(2'000 * day_ms));
  const auto stamps = last_settlements(days, 12, now, 480);
  RC_ASSERT(stamps.size() == 12U);
  RC_ASSERT(stamps.front() <= now);
  RC_ASSERT(std::ranges::is_sorted(stamps, std::greater{}));
  // None in between is left out.
  RC_ASSERT(last_settlements(days, 1, stamps.front() - 1, 480).front() == stamps[1]);
}

}  // namespace
}  // namespace duheng::drivers
