#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng {

/// "2026-11-21T09:12:55.123Z".
[[nodiscard]] std::string format_utc(std::int64_t utc_ms);
/// Reads ISO 8601 with an offset ("Z", "+08:00"); fractions beyond milliseconds are cut.
/// Errors: malformed - not such a time.
[[nodiscard]] Result<std::int64_t> parse_iso8601(std::string_view text);

/// A civil day in an IANA time zone, as the half-open interval [begin_utc_ms, end_utc_ms).
struct CivilDay {
  std::int64_t begin_utc_ms = 0;
  std::int64_t end_utc_ms = 0;
};
/// `date` is "YYYY-MM-DD". Errors: malformed - no such date; not_found - no such zone in the machine's zone database.
[[nodiscard]] Result<CivilDay> civil_day(std::string_view date, std::string_view iana_zone);
/// The date "YYYY-MM-DD" that `utc_ms` falls on in the zone. Errors: not_found - no such zone.
[[nodiscard]] Result<std::string> civil_date(std::int64_t utc_ms, std::string_view iana_zone);
/// Milliseconds to add to UTC for local time in the zone at that moment. Errors: not_found.
[[nodiscard]] Result<std::int64_t> zone_offset_ms(std::int64_t utc_ms, std::string_view iana_zone);

}  // namespace duheng
