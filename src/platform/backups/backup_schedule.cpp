#include "platform/backups/backup_schedule.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "store/backup/backup_retention.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t minutes_of_day = 1'440;

Result<void> in_range(std::string_view what, std::int64_t value, std::int64_t minimum, std::int64_t maximum) {
  if (value >= minimum && value <= maximum) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("{} must be from {} to {}", what, minimum, maximum));
}

/// The planned moment of the civil day that `utc_ms` lies in.
Result<std::int64_t> moment_of_day(const BackupSchedule& schedule, std::int64_t utc_ms) {
  DUHENG_TRY(const std::string date, civil_date(utc_ms, schedule.time_zone));
  DUHENG_TRY(const CivilDay day, civil_day(date, schedule.time_zone));
  const std::int64_t plain = day.begin_utc_ms + schedule.minute_of_day * minute_ms;
  DUHENG_TRY(const std::int64_t offset_before, zone_offset_ms(day.begin_utc_ms, schedule.time_zone));
  DUHENG_TRY(const std::int64_t offset_then, zone_offset_ms(plain, schedule.time_zone));
  return plain + offset_before - offset_then;
}

}  // namespace

Result<void> check_schedule(const BackupSchedule& schedule) {
  DUHENG_CHECK(in_range("minute_of_day", schedule.minute_of_day, 0, minutes_of_day - 1));
  DUHENG_CHECK(in_range("daily_keep_days", schedule.daily_keep_days, 7, 3'660));
  DUHENG_CHECK(in_range("monthly_keep_months", schedule.monthly_keep_months, store::monthly_keep_months_min, 1'200));
  DUHENG_CHECK(in_range("drill_every_days", schedule.drill_every_days, 1, 92));
  DUHENG_CHECK(zone_offset_ms(0, schedule.time_zone));
  return {};
}

Result<std::int64_t> last_due_utc_ms(const BackupSchedule& schedule, std::int64_t now_utc_ms) {
  DUHENG_TRY(const std::int64_t today, moment_of_day(schedule, now_utc_ms));
  if (today <= now_utc_ms) return today;
  DUHENG_TRY(const std::string date, civil_date(now_utc_ms, schedule.time_zone));
  DUHENG_TRY(const CivilDay day, civil_day(date, schedule.time_zone));
  return moment_of_day(schedule, day.begin_utc_ms - 1);
}

Result<std::int64_t> next_due_utc_ms(const BackupSchedule& schedule, std::int64_t now_utc_ms) {
  DUHENG_TRY(const std::int64_t today, moment_of_day(schedule, now_utc_ms));
  if (today > now_utc_ms) return today;
  DUHENG_TRY(const std::string date, civil_date(now_utc_ms, schedule.time_zone));
  DUHENG_TRY(const CivilDay day, civil_day(date, schedule.time_zone));
  return moment_of_day(schedule, day.end_utc_ms);
}

}  // namespace duheng::platform
