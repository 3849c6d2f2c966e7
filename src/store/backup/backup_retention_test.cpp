#include "store/backup/backup_retention.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

#include "base/time.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

std::vector<SetMoment> daily(std::int64_t first_utc_ms, int days) {
  std::vector<SetMoment> sets;
  for (int i = 0; i < days; ++i) sets.push_back({static_cast<std::uint64_t>(i) + 1, first_utc_ms + i * day_ms});
  return sets;
}

TEST(BackupRetention, KeepsTheDaysAndOneOfEachMonthForSixYearsAndMore) {
  const std::int64_t begin = *parse_iso8601("2019-01-01T02:00:00+08:00");
  const auto sets = daily(begin, 8 * 365);
  const std::int64_t now = sets.back().begun_utc_ms;
  const auto removable = removable_sets(sets, {}, now).value();
  std::map<std::string, int> kept_of_month;
  int young = 0;
  for (const SetMoment& set : sets) {
    if (removable.contains(set.number)) continue;
    if (set.begun_utc_ms >= now - 35 * day_ms) ++young;
    ++kept_of_month[civil_date(set.begun_utc_ms, "Asia/Shanghai")->substr(0, 7)];
  }
  EXPECT_EQ(young, 36);
  // 2026-12-29 is the last one; 84 months before it is December 2019.
  EXPECT_EQ(kept_of_month.begin()->first, "2019-12");
  EXPECT_EQ(kept_of_month.at("2021-05"), 1);
  EXPECT_FALSE(removable.contains(365)) << "2019-12-31 is the newest of its month";
  EXPECT_TRUE(removable.contains(334)) << "2019-11-30 is older than 84 months";
}

TEST(BackupRetention, NeverLessThanSixYears) {
  EXPECT_EQ(removable_sets({}, {.monthly_keep_months = 71}, 0).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(removable_sets({}, {.monthly_keep_months = 72}, 0));
  EXPECT_EQ(removable_sets(daily(0, 1), {.time_zone = "Nowhere"}, 0).error().code, ErrorCode::not_found);
}

TEST(BackupRetention, TheNewestStaysHoweverOld) {
  EXPECT_TRUE(removable_sets(daily(0, 1), {}, 100LL * 366 * day_ms)->empty());
  EXPECT_EQ(removable_sets(daily(0, 2), {}, 100LL * 366 * day_ms).value(), std::set<std::uint64_t>{1});
}

RC_GTEST_PROP(BackupRetention, EveryMonthThatIsKeptHasItsSet, ()) {
  std::vector<SetMoment> sets;
  std::int64_t at = 1'600'000'000'000;
  for (const auto gap_days : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 90))) {
    at += gap_days * day_ms;
    sets.push_back({sets.size() + 1, at});
  }
  const std::int64_t now = at + *rc::gen::inRange<std::int64_t>(0, 4'000) * day_ms;
  const BackupRetention retention;
  const auto removable = removable_sets(sets, retention, now).value();
  for (const SetMoment& set : sets) {
    if (now - set.begun_utc_ms <= retention.daily_keep_days * day_ms) RC_ASSERT(!removable.contains(set.number));
    if (now - set.begun_utc_ms > 72LL * 30 * day_ms || !removable.contains(set.number)) continue;
    const std::string month = civil_date(set.begun_utc_ms, "Asia/Shanghai")->substr(0, 7);
    RC_ASSERT(std::ranges::any_of(sets, [&](const SetMoment& other) {
      return !removable.contains(other.number) && other.begun_utc_ms >= set.begun_utc_ms &&
             civil_date(other.begun_utc_ms, "Asia/Shanghai")->substr(0, 7) == month;
    }));
  }
  if (!sets.empty()) RC_ASSERT(!removable.contains(sets.back().number));
}

}  // namespace
}  // namespace duheng::store
