#pragma once
#include <cstdint>

namespace duheng::device {

/// The weather all virtual devices of one fleet share: that of a city in the north of China. Pure.

/// Mean outdoor temperature of a day since 1970-01-01, in 0.1 °C: the month's mean, joined by straight lines, and a
/// few degrees that wander from week to week.
[[nodiscard]] std::int64_t outdoor_mean_decidegree(std::int64_t day);
/// The same at a moment: coldest before sunrise, warmest in the afternoon. In 0.01 °C.
[[nodiscard]] std::int64_t outdoor_centidegree(std::int64_t local_ms);
/// 15 November to 15 March: when district heating runs.
[[nodiscard]] bool is_heating_season(std::int64_t day);
/// 1 June to 15 September.
[[nodiscard]] bool is_cooling_season(std::int64_t day);
/// How much of a system's full output a day needs, in per mille; 0 outside the season, never 0 within it.
[[nodiscard]] std::int64_t heating_need_per_mille(std::int64_t day);
[[nodiscard]] std::int64_t cooling_need_per_mille(std::int64_t day);

}  // namespace duheng::device
