#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/tariffs/point_tariffs.hpp"

namespace duheng::platform::web {

/// A tariff as somebody describes it, and, for a change, the version that was seen and why.
struct TariffRequest {
  TariffDetails details;
  std::int64_t version = 0;
  std::string reason;
};
/// Errors: malformed - not such an object; invalid_argument - naming the field.
[[nodiscard]] Result<TariffRequest> parse_tariff_request(std::string_view body, bool is_change);
/// Errors: as parse_tariff_request().
[[nodiscard]] Result<TariffChange> parse_tariff_change(std::string_view body);
/// Only a reason. Errors: as parse_tariff_request().
[[nodiscard]] Result<std::string> parse_withdrawal(std::string_view body);

/// A filter's tariff: its code, or "-" for none. Errors: invalid_argument - there is no such tariff.
[[nodiscard]] Result<TariffId> asked_tariff(const TariffDesk& desk, const std::string& code);

}  // namespace duheng::platform::web
