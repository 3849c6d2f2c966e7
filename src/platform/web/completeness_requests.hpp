#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "platform/completeness/missing_cause.hpp"

namespace duheng::platform::web {

/// The body of rereadMissing: what is missing of a register on a day is to be asked for again.
struct RereadRequest {
  std::string register_name;
  std::int32_t day = 0;               ///< store::CivilCalendar
  std::optional<MissingCause> cause;  ///< nothing: whatever the cause
};
/// Errors: malformed - not such an object; invalid_argument - naming the field.
[[nodiscard]] Result<RereadRequest> parse_reread_request(std::string_view body);

}  // namespace duheng::platform::web
