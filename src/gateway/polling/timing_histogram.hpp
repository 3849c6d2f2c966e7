#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace duheng::gateway {

/// Percentiles are the upper bounds of the classes they fall in, and never above the longest.
struct TimingFigures {
  std::uint64_t samples = 0;
  std::uint64_t missed = 0;  ///< whole periods without a reading
  std::uint32_t p50_per_mille = 0;
  std::uint32_t p95_per_mille = 0;
  std::uint32_t p99_per_mille = 0;
  std::uint32_t max_per_mille = 0;
};

/// How far apart readings are, in thousandths of the period asked for (1000: exactly one period). Fixed classes, so its
/// size never grows. Pure.
class TimingHistogram {
 public:
  /// Upper bounds of the classes, in thousandths; beyond the last is one class more.
  static constexpr std::array<std::uint32_t, 20> bounds_per_mille{250,   500,   750,   900,   950,   980,   990,
                                                                  995,   1'000, 1'005, 1'010, 1'020, 1'050, 1'100,
                                                                  1'250, 1'500, 2'000, 3'000, 5'000, 10'000};
  static constexpr std::size_t class_count = bounds_per_mille.size() + 1;

  /// One distance; a period of 0 is passed over.
  void add(std::int64_t distance_ms, std::int64_t period_ms) noexcept;
  [[nodiscard]] TimingFigures figures() const noexcept;
  [[nodiscard]] std::span<const std::uint32_t> counts() const noexcept { return counts_; }
  /// Of all distances, in thousandths.
  [[nodiscard]] std::uint64_t sum_per_mille() const noexcept { return sum_per_mille_; }

 private:
  [[nodiscard]] std::uint32_t percentile(std::uint64_t samples, std::uint32_t per_cent) const noexcept;
  std::array<std::uint32_t, class_count> counts_{};
  std::uint32_t max_per_mille_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t sum_per_mille_ = 0;
};

/// Of one round of one device. Monotonic milliseconds.
struct RoundTiming {
  std::int64_t last_ms = INT64_MIN;
  TimingHistogram histogram;
  /// The distance to the reading before, where there was one.
  std::optional<std::int64_t> note(std::int64_t now_ms, std::int64_t period_ms) noexcept {
    const std::int64_t before_ms = last_ms;
    last_ms = now_ms;
    if (before_ms == INT64_MIN) return std::nullopt;
    histogram.add(now_ms - before_ms, period_ms);
    return now_ms - before_ms;
  }
};

}  // namespace duheng::gateway
