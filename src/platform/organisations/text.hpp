#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::platform {

/// A text that people read: whole UTF-8 (RFC 3629) without control characters, within `octets_min` and `octets_max`.
/// Errors: invalid_argument - naming `what`.
[[nodiscard]] Result<void> check_text(std::string_view what, std::string_view text, std::size_t octets_min,
                                      std::size_t octets_max);

/// `text` with A to Z made small; other letters have no case here.
[[nodiscard]] std::string to_lower_ascii(std::string_view text);

}  // namespace duheng::platform
