#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// Fewer points that look the same: Largest-Triangle-Three-Buckets.
///
/// Source    S. Steinarsson, "Downsampling Time Series for Visual Representation", University of Iceland, 2013,
///           section 4.2.
/// Input     points by time, as range() gives them; those without a value, and doubles that are not finite, are left
/// out. Returns   the indices into `points` of `count` of them at most, ascending: real points, each with its frame.
/// The
///           first and the last with a value are among them when `count` is 2 or more; all when there are no more than
///           `count`. Areas are compared as doubles of exact differences; of equal ones the earliest point stands.
/// Pure, in time proportional to the points.
[[nodiscard]] std::vector<std::size_t> lttb(std::span<const Point> points, SeriesKind kind, std::size_t count);

/// A mean of integers without rounding: quotient + remainder / count.
struct ExactMean {
  std::int64_t quotient = 0;    ///< in mantissas, rounded towards minus infinity
  std::uint64_t remainder = 0;  ///< below count
  std::uint64_t count = 0;
  /// The nearest integer, halves away from zero, as registers are rounded on a bill.
  [[nodiscard]] std::int64_t rounded() const noexcept;
  friend bool operator==(const ExactMean&, const ExactMean&) = default;
};
/// Of the readings with a value in a bucket of any kind but ieee_bits, repeated evidence included; nothing without one.
[[nodiscard]] std::optional<ExactMean> mean_of(const CurveBucket& bucket) noexcept;
/// The same of ieee_bits: the sum, correctly rounded, by the count.
[[nodiscard]] std::optional<double> floating_mean_of(const CurveBucket& bucket) noexcept;

/// A sum of doubles that is rounded once, at the end: the same for every order of the numbers, so that engines that
/// find rows in another order agree. Where a partial sum is beyond the greatest double, the result is infinite.
///
/// Source    J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997, section 2.4 (expansions).
class FloatingSum {
 public:
  void add(double number);
  [[nodiscard]] double rounded() const noexcept;

 private:
  std::vector<double> parts_;  // by size, ascending; no two overlap
  double beyond_ = 0;          // sum of what is not finite
};

}  // namespace duheng::store
