#include "store/aggregates/civil_calendar.hpp"

#include <chrono>
#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>
#include <sstream>

namespace duheng::store {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

const date::time_zone& zone_at(const void* handle) { return *static_cast<const date::time_zone*>(handle); }
date::local_days local(std::int32_t day) { return date::local_days{date::days{day}}; }
date::year_month_day date_of(std::int32_t day) { return date::year_month_day{date::sys_days{date::days{day}}}; }

}  // namespace

Result<CivilCalendar> CivilCalendar::open(std::string_view iana_zone) {
  try {
    const date::time_zone* zone = date::locate_zone(std::string{iana_zone});
    return CivilCalendar(std::string{iana_zone}, zone);
  } catch (const std::exception&) {
    return fail(ErrorCode::not_found, fmt::format("no time zone '{}' in this machine's zone database", iana_zone));
  }
}

std::int64_t CivilCalendar::begin_of(std::int32_t day) const {
  // Where midnight falls into a gap or fold, the day begins at the first instant that bears the date.
  const auto begin = zone_at(handle_).to_sys(local(day), date::choose::earliest);
  return std::chrono::duration_cast<std::chrono::milliseconds>(begin.time_since_epoch()).count();
}

std::int32_t CivilCalendar::day_of(std::int64_t utc_ms) const {
  // A bucket ends with its last millisecond's successor.
  const date::sys_time<std::chrono::milliseconds> inside{std::chrono::milliseconds{utc_ms - 1}};
  const auto day = date::floor<date::days>(zone_at(handle_).to_local(inside));
  return static_cast<std::int32_t>(day.time_since_epoch().count());
}

ConsumptionInterval CivilCalendar::day(std::int32_t day) const { return {begin_of(day), begin_of(day + 1)}; }

std::vector<ConsumptionInterval> CivilCalendar::days(std::int32_t first, std::int32_t last) const {
  std::vector<ConsumptionInterval> out;
  if (first > last) return out;
  std::int64_t begin = begin_of(first);
  for (std::int32_t day = first; day <= last; ++day) {
    const std::int64_t end = begin_of(day + 1);
    out.push_back({begin, end});
    begin = end;
  }
  return out;
}

std::vector<ConsumptionInterval> CivilCalendar::hours(std::int32_t day_number) const {
  const ConsumptionInterval whole = day(day_number);
  std::vector<ConsumptionInterval> out;
  for (std::int64_t begin = whole.after_utc_ms; begin < whole.through_utc_ms; begin += hour_ms)
    out.push_back({begin, std::min(begin + hour_ms, whole.through_utc_ms)});
  return out;
}

std::int32_t CivilCalendar::month_of(std::int32_t day) {
  const auto date = date_of(day);
  return (static_cast<int>(date.year()) - 1970) * 12 + static_cast<std::int32_t>(static_cast<unsigned>(date.month())) -
         1;
}

std::int32_t CivilCalendar::first_day_of(std::int32_t month) {
  const int year = 1970 + (month >= 0 ? month / 12 : -((11 - month) / 12));
  const auto of_year = static_cast<unsigned>(month - (year - 1970) * 12 + 1);
  const date::sys_days first = date::year{year} / date::month{of_year} / 1;
  return static_cast<std::int32_t>(first.time_since_epoch().count());
}

std::int32_t CivilCalendar::week_begin(std::int32_t day) {
  const std::int32_t after_monday = ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  return day - after_monday;
}

std::string CivilCalendar::format_week(std::int32_t day) {
  const std::int32_t thursday = week_begin(day) + 3;
  const std::int32_t first_of_year = first_day_of(month_of(thursday) / 12 * 12);
  return fmt::format("{}-W{:02}", format_day(thursday).substr(0, 4), (thursday - first_of_year) / 7 + 1);
}

std::string CivilCalendar::format_day(std::int32_t day) {
  const auto date = date_of(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Result<std::int32_t> CivilCalendar::parse_day(std::string_view text) {
  std::istringstream in{std::string{text}};
  date::year_month_day day{};
  in >> date::parse("%F", day);
  if (in.fail() || !day.ok() || in.peek() != std::istringstream::traits_type::eof() || text.size() != 10)
    return fail(ErrorCode::malformed, "not a date of the form YYYY-MM-DD");
  return static_cast<std::int32_t>(date::sys_days{day}.time_since_epoch().count());
}

}  // namespace duheng::store
