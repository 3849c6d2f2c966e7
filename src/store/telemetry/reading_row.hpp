#pragma once
#include <cstdint>
#include <tuple>

#include "model/reading.hpp"

namespace duheng::store {

/// A reading as telemetry keeps it: its series by number, its frame by reference.
struct ReadingRow {
  std::uint32_t series = 0;
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  std::uint16_t quality = 0;
  std::uint8_t time_source = 0;
  std::int64_t frame = 0;
  std::int64_t received_utc_ms = 0;

  /// The order of readings within a series: by time, then by arrival; the rest only makes it total.
  [[nodiscard]] auto order() const noexcept {
    return std::tuple(time_utc_ms, frame, mantissa, quality, time_source, received_utc_ms);
  }
};

inline constexpr auto without_value_mask =
    static_cast<std::uint16_t>(Quality::invalid_content) | static_cast<std::uint16_t>(Quality::no_value);

/// What a gateway may say of a reading; the other findings are the platform's own.
inline constexpr auto quality_from_gateways = static_cast<std::uint16_t>((1U << 6) - 1);

/// A value stamped before 2000 or more than a day after it was received is kept but believed by nobody: it stays out of
/// aggregates, consumption and the latest values.
[[nodiscard]] constexpr bool plausible_time(std::int64_t time_utc_ms, std::int64_t received_utc_ms) noexcept {
  constexpr std::int64_t year_2000_utc_ms = 946'684'800'000;
  constexpr std::int64_t day_ms = 86'400'000;
  return time_utc_ms >= year_2000_utc_ms && (time_utc_ms <= received_utc_ms || time_utc_ms - day_ms <= received_utc_ms);
}

inline constexpr std::int64_t utc_day_ms = 86'400'000;
/// Days since 1970-01-01, rounded towards the past.
[[nodiscard]] constexpr std::int64_t utc_day_of(std::int64_t time_utc_ms) noexcept {
  return time_utc_ms / utc_day_ms - (time_utc_ms % utc_day_ms < 0 ? 1 : 0);
}

/// Whether two readings of one series and time say the same. Where there is no value, the mantissa means nothing.
[[nodiscard]] constexpr bool same_value(std::int64_t mantissa_a, std::uint16_t quality_a, std::int64_t mantissa_b,
                                        std::uint16_t quality_b) noexcept {
  const int lack_a = quality_a & without_value_mask;
  const int lack_b = quality_b & without_value_mask;
  return lack_a == lack_b && (lack_a != 0 || mantissa_a == mantissa_b);
}

}  // namespace duheng::store
