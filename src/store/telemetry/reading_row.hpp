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

/// Whether two readings of one series and time say the same. Where there is no value, the mantissa means nothing.
[[nodiscard]] constexpr bool same_value(std::int64_t mantissa_a, std::uint16_t quality_a, std::int64_t mantissa_b,
                                        std::uint16_t quality_b) noexcept {
  const int lack_a = quality_a & without_value_mask;
  const int lack_b = quality_b & without_value_mask;
  return lack_a == lack_b && (lack_a != 0 || mantissa_a == mantissa_b);
}

}  // namespace duheng::store
