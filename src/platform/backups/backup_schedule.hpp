#pragma once
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace duheng::platform {

/// When backups are made and how long they are kept; changed by administrators while the platform runs.
struct BackupSchedule {
  bool is_enabled = true;
  std::int64_t minute_of_day = 150;  ///< civil time of the daily backup: 02:30
  std::string time_zone = "Asia/Shanghai";
  std::int64_t daily_keep_days = 35;
  std::int64_t monthly_keep_months = 84;  ///< six years at least (T/CITS 565-2025, 6.5)
  std::int64_t drill_every_days = 30;
  friend bool operator==(const BackupSchedule&, const BackupSchedule&) = default;
};

/// Errors: invalid_argument - the message names what is out of range; not_found - no such zone.
[[nodiscard]] Result<void> check_schedule(const BackupSchedule& schedule);
/// The latest planned moment that is not after `now_utc_ms`. On a day whose clock is set forward over it, the moment
/// comes as much later. Errors: not_found - no such zone.
[[nodiscard]] Result<std::int64_t> last_due_utc_ms(const BackupSchedule& schedule, std::int64_t now_utc_ms);
/// The first planned moment after `now_utc_ms`.
[[nodiscard]] Result<std::int64_t> next_due_utc_ms(const BackupSchedule& schedule, std::int64_t now_utc_ms);

}  // namespace duheng::platform
