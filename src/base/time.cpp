#include "base/time.hpp"

#include <chrono>
#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>
#include <sstream>

namespace duheng {
namespace {

using SysMs = date::sys_time<std::chrono::milliseconds>;

SysMs to_sys(std::int64_t utc_ms) { return SysMs{std::chrono::milliseconds{utc_ms}}; }

Result<const date::time_zone*> find_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string{name});
  } catch (const std::exception&) {
    return fail(ErrorCode::not_found, fmt::format("no time zone '{}' in this machine's zone database", name));
  }
}

Result<date::year_month_day> parse_date(std::string_view text) {
  std::istringstream in{std::string{text}};
  date::year_month_day day{};
  in >> date::parse("%F", day);
  if (in.fail() || !day.ok() || in.peek() != std::istringstream::traits_type::eof() || text.size() != 10) {
    return fail(ErrorCode::malformed, "not a date of the form YYYY-MM-DD");
  }
  return day;
}

}  // namespace

std::string format_utc(std::int64_t utc_ms) {
  const auto time = to_sys(utc_ms);
  const auto day = date::floor<date::days>(time);
  const date::year_month_day ymd{day};
  const date::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<std::int64_t> parse_iso8601(std::string_view text) {
  std::string normal{text};
  if (normal.ends_with('Z')) normal.replace(normal.size() - 1, 1, "+00:00");
  std::istringstream in{normal};
  date::sys_time<std::chrono::nanoseconds> time;
  in >> date::parse("%FT%T%Ez", time);
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) {
    return fail(ErrorCode::malformed, "not an ISO 8601 time with offset");
  }
  return date::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

Result<CivilDay> civil_day(std::string_view text, std::string_view iana_zone) {
  DUHENG_TRY(const auto* zone, find_zone(iana_zone));
  DUHENG_TRY(const auto day, parse_date(text));
  // choose::earliest: where midnight falls into a gap or fold the day starts at the first instant that bears the date.
  const auto begin = zone->to_sys(date::local_days{day}, date::choose::earliest);
  const auto end = zone->to_sys(date::local_days{day} + date::days{1}, date::choose::earliest);
  return CivilDay{std::chrono::duration_cast<std::chrono::milliseconds>(begin.time_since_epoch()).count(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(end.time_since_epoch()).count()};
}

Result<std::string> civil_date(std::int64_t utc_ms, std::string_view iana_zone) {
  DUHENG_TRY(const auto* zone, find_zone(iana_zone));
  return date::format("%F", date::floor<date::days>(zone->to_local(to_sys(utc_ms))));
}

Result<std::int64_t> zone_offset_ms(std::int64_t utc_ms, std::string_view iana_zone) {
  DUHENG_TRY(const auto* zone, find_zone(iana_zone));
  return std::chrono::duration_cast<std::chrono::milliseconds>(zone->get_info(to_sys(utc_ms)).offset).count();
}

}  // namespace duheng
