#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform::web {

/// What somebody does to alarms.
struct AlarmDeed {
  std::vector<std::int64_t> numbers;
  std::string text;               ///< a note, or the reason for shelving
  std::int64_t until_utc_ms = 0;  ///< shelving
};
enum class AlarmDeedKind : std::uint8_t { acknowledge, shelve, unshelve };
/// Errors: malformed - not such an object; invalid_argument - naming the field.
[[nodiscard]] Result<AlarmDeed> parse_alarm_deed(std::string_view body, AlarmDeedKind kind);

}  // namespace duheng::platform::web
