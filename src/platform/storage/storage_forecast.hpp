#pragma once
#include <cstdint>
#include <optional>
#include <span>

namespace duheng::platform::storage {

/// What was measured last on a day (UTC).
struct DailySample {
  std::int64_t day = 0;  ///< days since 1970-01-01
  std::uint64_t bytes = 0;
};

/// Growth a day: the median of the slopes between all pairs of days (Theil-Sen), so that an odd day, or one without a
/// sample, hardly moves it; files that grow in steps are told right, a lasting jump counts in part while it is among
/// the samples. Negative when it shrinks; nothing before there are two days.
[[nodiscard]] std::optional<double> growth_bytes_per_day(std::span<const DailySample> samples);

/// Days until `free_bytes` are used up at that growth; nothing when it does not grow, or lasts longer than a century.
[[nodiscard]] std::optional<double> days_left(std::uint64_t free_bytes, std::optional<double> growth);

}  // namespace duheng::platform::storage
