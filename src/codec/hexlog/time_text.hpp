#pragma once
// Private: dates and times of day in a line of a log.
#include <string_view>

namespace duheng::codec::hexlog {

/// How many characters from `at` on are a date, a time of day, or both; 0 when it is neither. `at` must not stand
/// inside a word or number. Looks at a bounded number of characters.
[[nodiscard]] std::size_t time_size(std::string_view line, std::size_t at) noexcept;

}  // namespace duheng::codec::hexlog
