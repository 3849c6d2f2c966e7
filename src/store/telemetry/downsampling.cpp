#include "store/telemetry/downsampling.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace duheng::store {
namespace {

/// A point as the triangles see it: counted from the first one, so that a double holds the differences that matter.
struct Place {
  double time = 0;
  double value = 0;
};

class Places {
 public:
  Places(std::span<const Point> points, SeriesKind kind) : points_(points), kind_(kind) {
    indices_.reserve(points.size());
    for (std::size_t i = 0; i < points.size(); ++i)
      if (has_value(points[i])) indices_.push_back(i);
  }
  [[nodiscard]] std::size_t size() const noexcept { return indices_.size(); }
  [[nodiscard]] std::size_t index(std::size_t i) const noexcept { return indices_[i]; }
  [[nodiscard]] std::vector<std::size_t> indices() && noexcept { return std::move(indices_); }
  [[nodiscard]] Place operator[](std::size_t i) const noexcept {
    const Point& origin = points_[indices_.front()];
    const Point& point = points_[indices_[i]];
    const double time = difference(point.time_utc_ms, origin.time_utc_ms);
    if (kind_ != SeriesKind::ieee_bits) return {time, difference(point.mantissa, origin.mantissa)};
    // Halved, so that the difference of the greatest and the least stays finite.
    return {time, std::bit_cast<double>(point.mantissa) / 2 - std::bit_cast<double>(origin.mantissa) / 2};
  }

 private:
  [[nodiscard]] bool has_value(const Point& point) const noexcept {
    if ((static_cast<std::uint16_t>(point.quality) & without_value_mask) != 0) return false;
    return kind_ != SeriesKind::ieee_bits || std::isfinite(std::bit_cast<double>(point.mantissa));
  }
  static double difference(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<double>(static_cast<__int128>(a) - b);
  }

  std::span<const Point> points_;
  SeriesKind kind_;
  std::vector<std::size_t> indices_;
};

Place mean_of(const Places& places, std::size_t begin, std::size_t end) {
  Place mean;
  const auto count = static_cast<double>(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const Place place = places[i];
    mean.time += place.time / count;
    mean.value += place.value / count;
  }
  return mean;
}

/// Twice the area, which orders them as well.
double area(const Place& a, const Place& b, const Place& c) noexcept {
  return std::fabs((a.time - c.time) * (b.value - a.value) - (a.time - b.time) * (c.value - a.value));
}

}  // namespace

std::vector<std::size_t> lttb(std::span<const Point> points, SeriesKind kind, std::size_t count) {
  Places places(points, kind);
  const std::size_t size = places.size();
  if (size <= count) return std::move(places).indices();
  std::vector<std::size_t> chosen;
  if (count == 0) return chosen;
  chosen.reserve(count);
  chosen.push_back(places.index(0));
  if (count == 1) return chosen;
  // The points between the first and the last in count - 2 buckets of nearly equal size.
  const std::size_t buckets = count - 2;
  const auto begin_of = [&](std::size_t bucket) {
    if (bucket >= buckets) return size - 1;
    return 1 + static_cast<std::size_t>(static_cast<unsigned __int128>(bucket) * (size - 2) / buckets);
  };
  Place left = places[0];
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::size_t begin = begin_of(bucket);
    const std::size_t end = begin_of(bucket + 1);
    const Place right = bucket + 1 == buckets ? places[size - 1] : mean_of(places, end, begin_of(bucket + 2));
    std::size_t best = begin;
    double best_area = -1;
    for (std::size_t i = begin; i < end; ++i) {
      const double one = area(left, places[i], right);
      if (!(one > best_area)) continue;
      best = i;
      best_area = one;
    }
    chosen.push_back(places.index(best));
    left = places[best];
  }
  chosen.push_back(places.index(size - 1));
  return chosen;
}

std::int64_t ExactMean::rounded() const noexcept {
  if (remainder == 0) return quotient;
  const std::uint64_t missing = count - remainder;
  const bool is_up = remainder == missing ? quotient >= 0 : remainder > missing;
  return is_up ? quotient + 1 : quotient;
}

std::optional<ExactMean> mean_of(const CurveBucket& bucket) noexcept {
  if (bucket.value_count == 0) return std::nullopt;
  const auto count = static_cast<__int128>(bucket.value_count);
  __int128 quotient = bucket.value_sum / count;
  __int128 remainder = bucket.value_sum % count;
  if (remainder < 0) {
    remainder += count;
    --quotient;
  }
  return ExactMean{static_cast<std::int64_t>(quotient), static_cast<std::uint64_t>(remainder), bucket.value_count};
}

std::optional<double> floating_mean_of(const CurveBucket& bucket) noexcept {
  if (bucket.value_count == 0) return std::nullopt;
  return bucket.floating_sum / static_cast<double>(bucket.value_count);
}

void FloatingSum::add(double number) {
  std::size_t kept = 0;
  for (double part : parts_) {
    if (std::fabs(number) < std::fabs(part)) std::swap(number, part);
    const double sum = number + part;
    const double lost = part - (sum - number);
    if (lost != 0 && std::isfinite(sum)) parts_[kept++] = lost;
    number = sum;
  }
  parts_.resize(kept);
  if (std::isfinite(number))
    parts_.push_back(number);
  else
    beyond_ += number;
}

double FloatingSum::rounded() const noexcept {
  if (beyond_ != 0) return beyond_;  // also when it is not a number
  if (parts_.empty()) return 0;
  std::size_t at = parts_.size() - 1;
  double sum = parts_[at];
  double lost = 0;
  while (at > 0 && lost == 0) {
    const double before = sum;
    const double part = parts_[--at];
    sum = before + part;
    lost = part - (sum - before);
  }
  // Half way between two doubles the parts that are left decide, as if there had been one rounding.
  if (at > 0 && ((lost < 0 && parts_[at - 1] < 0) || (lost > 0 && parts_[at - 1] > 0))) {
    const double twice = lost * 2;
    const double moved = sum + twice;
    if (twice == moved - sum) sum = moved;
  }
  return sum;
}

}  // namespace duheng::store
