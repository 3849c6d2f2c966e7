#include "store/aggregates/civil_calendar.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
std::int64_t at(std::string_view text) { return *parse_iso8601(text); }
std::int32_t day(std::string_view text) { return *CivilCalendar::parse_day(text); }

TEST(CivilCalendar, TheMidnightReadingIsTheLastOfTheDayItEnds) {
  const auto calendar = *CivilCalendar::open("Asia/Shanghai");
  EXPECT_EQ(calendar.day_of(at("2026-03-02T00:00:00+08:00")), day("2026-03-01"));
  EXPECT_EQ(calendar.day_of(at("2026-03-02T00:00:00.001+08:00")), day("2026-03-02"));
  EXPECT_EQ(calendar.day(day("2026-03-01")).after_utc_ms, at("2026-02-28T16:00:00Z"));
  EXPECT_EQ(calendar.day(day("2026-03-01")).through_utc_ms, at("2026-03-01T16:00:00Z"));
}

TEST(CivilCalendar, DaysOfTheChangeOfTheClocksHave23And25Hours) {
  const auto calendar = *CivilCalendar::open("Europe/Berlin");
  const auto length = [&](std::string_view date) {
    const auto bucket = calendar.day(day(date));
    return (bucket.through_utc_ms - bucket.after_utc_ms) / hour_ms;
  };
  EXPECT_EQ(length("2026-03-28"), 24);
  EXPECT_EQ(length("2026-03-29"), 23);
  EXPECT_EQ(length("2026-10-25"), 25);
  EXPECT_EQ(calendar.hours(day("2026-03-29")).size(), 23U);
  EXPECT_EQ(calendar.hours(day("2026-10-25")).size(), 25U);
  // The hour that comes twice: both belong to the one day.
  EXPECT_EQ(calendar.day_of(at("2026-10-25T02:30:00+02:00")), day("2026-10-25"));
  EXPECT_EQ(calendar.day_of(at("2026-10-25T02:30:00+01:00")), day("2026-10-25"));
}

TEST(CivilCalendar, ADayWithoutMidnightBeginsAtItsFirstMoment) {
  // In Havana the clocks go from 00:00 to 01:00.
  const auto calendar = *CivilCalendar::open("America/Havana");
  const auto bucket = calendar.day(day("2026-03-08"));
  EXPECT_EQ(bucket.after_utc_ms, at("2026-03-08T05:00:00Z"));
  EXPECT_EQ((bucket.through_utc_ms - bucket.after_utc_ms) / hour_ms, 23);
}

TEST(CivilCalendar, HoursOfAHalfHourZoneAreItsOwn) {
  const auto calendar = *CivilCalendar::open("Asia/Kolkata");
  const auto hours = calendar.hours(day("2026-01-05"));
  ASSERT_EQ(hours.size(), 24U);
  EXPECT_EQ(hours[0].after_utc_ms, at("2026-01-04T18:30:00Z"));
}

TEST(CivilCalendar, DaysFollowOneAnother) {
  const auto calendar = *CivilCalendar::open("Europe/Berlin");
  const auto days = calendar.days(day("2026-01-01"), day("2026-12-31"));
  ASSERT_EQ(days.size(), 365U);
  for (std::size_t i = 0; i < days.size(); ++i) {
    EXPECT_EQ(calendar.day_of(days[i].through_utc_ms), day("2026-01-01") + static_cast<std::int32_t>(i));
    if (i > 0) {
      EXPECT_EQ(days[i].after_utc_ms, days[i - 1].through_utc_ms);
    }
  }
  EXPECT_TRUE(calendar.days(5, 4).empty());
}

TEST(CivilCalendar, KnowsMonths) {
  EXPECT_EQ(CivilCalendar::month_of(day("1970-01-31")), 0);
  EXPECT_EQ(CivilCalendar::month_of(day("1969-12-31")), -1);
  EXPECT_EQ(CivilCalendar::month_of(day("2026-11-21")), 56 * 12 + 10);
  for (std::int32_t month = -30; month < 1'000; ++month) {
    EXPECT_EQ(CivilCalendar::month_of(CivilCalendar::first_day_of(month)), month);
    EXPECT_EQ(CivilCalendar::month_of(CivilCalendar::last_day_of(month)), month);
    EXPECT_EQ(CivilCalendar::month_of(CivilCalendar::first_day_of(month) - 1), month - 1);
  }
  const std::int32_t february = CivilCalendar::month_of(day("2028-02-10"));
  EXPECT_EQ(CivilCalendar::format_day(CivilCalendar::last_day_of(february)), "2028-02-29");
}

TEST(CivilCalendar, ReadsAndWritesDays) {
  EXPECT_EQ(CivilCalendar::format_day(day("2026-11-21")), "2026-11-21");
  EXPECT_FALSE(CivilCalendar::parse_day("2026-02-30"));
  EXPECT_FALSE(CivilCalendar::parse_day("2026-2-3"));
  EXPECT_FALSE(CivilCalendar::parse_day("2026-02-03x"));
  EXPECT_EQ(CivilCalendar::open("Nowhere/Town").error().code, ErrorCode::not_found);
}

TEST(CivilCalendar, WeeksAreThoseOfIso8601) {
  const auto week = [](std::string_view date) { return CivilCalendar::format_week(*CivilCalendar::parse_day(date)); };
  const auto begin = [](std::string_view date) {
    return CivilCalendar::format_day(CivilCalendar::week_begin(*CivilCalendar::parse_day(date)));
  };
  EXPECT_EQ(week("2026-01-01"), "2026-W01");  // a Thursday
  EXPECT_EQ(week("2025-12-29"), "2026-W01");
  EXPECT_EQ(week("2025-12-28"), "2025-W52");
  EXPECT_EQ(week("2026-12-31"), "2026-W53");  // a year of 53 weeks
  EXPECT_EQ(week("2027-01-03"), "2026-W53");
  EXPECT_EQ(week("2027-01-04"), "2027-W01");
  EXPECT_EQ(week("2021-01-01"), "2020-W53");
  EXPECT_EQ(week("2024-12-30"), "2025-W01");
  EXPECT_EQ(begin("2026-11-21"), "2026-11-16");
  EXPECT_EQ(begin("2026-11-16"), "2026-11-16");
  EXPECT_EQ(begin("2027-01-03"), "2026-12-28");
}

}  // namespace
}  // namespace duheng::store
