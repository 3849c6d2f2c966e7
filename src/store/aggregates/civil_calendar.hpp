#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/consumption/consumption.hpp"

namespace duheng::store {

/// Civil days, hours and months of one IANA zone. A day is its date's number (days since 1970-01-01), a month the
/// number of months since January 1970. Buckets are (after, through]: what is stamped at the end of an interval belongs
/// to it, so the midnight reading is the last of the day it ends. Days may have 23 or 25 hours. Thread-safe.
class CivilCalendar {
 public:
  /// Errors: not_found - no such zone in the machine's zone database.
  [[nodiscard]] static Result<CivilCalendar> open(std::string_view iana_zone);

  [[nodiscard]] const std::string& zone() const noexcept { return zone_; }
  /// The day whose bucket holds the moment.
  [[nodiscard]] std::int32_t day_of(std::int64_t utc_ms) const;
  [[nodiscard]] ConsumptionInterval day(std::int32_t day) const;
  /// Of first to last, both included, without a break.
  [[nodiscard]] std::vector<ConsumptionInterval> days(std::int32_t first, std::int32_t last) const;
  /// The hours of a day from its beginning; the last one is cut where the day ends.
  [[nodiscard]] std::vector<ConsumptionInterval> hours(std::int32_t day) const;

  [[nodiscard]] static std::int32_t month_of(std::int32_t day);
  [[nodiscard]] static std::int32_t first_day_of(std::int32_t month);
  [[nodiscard]] static std::int32_t last_day_of(std::int32_t month) { return first_day_of(month + 1) - 1; }
  /// The Monday of the day's week (ISO 8601).
  [[nodiscard]] static std::int32_t week_begin(std::int32_t day);
  /// "2026-W01": the year is that of the week's Thursday.
  [[nodiscard]] static std::string format_week(std::int32_t day);
  /// "2026-11-21". Errors of the reverse: malformed.
  [[nodiscard]] static std::string format_day(std::int32_t day);
  [[nodiscard]] static Result<std::int32_t> parse_day(std::string_view text);

 private:
  CivilCalendar(std::string zone, const void* handle) : zone_(std::move(zone)), handle_(handle) {}
  [[nodiscard]] std::int64_t begin_of(std::int32_t day) const;
  std::string zone_;
  const void* handle_;  // date::time_zone, which lives as long as the program
};

}  // namespace duheng::store
