#include "gateway/polling/timing_histogram.hpp"

#include <algorithm>
#include <numeric>

namespace duheng::gateway {
namespace {

constexpr std::int64_t whole = 1'000;
constexpr std::int64_t most = 1'000'000'000;

/// A counter that is full stays so.
void count(std::uint32_t& counter) noexcept {
  if (counter != UINT32_MAX) ++counter;
}

}  // namespace

void TimingHistogram::add(std::int64_t distance_ms, std::int64_t period_ms) noexcept {
  if (period_ms <= 0 || distance_ms < 0) return;
  const std::int64_t limited_ms = std::min(distance_ms, INT64_MAX / (2 * whole));
  const auto per_mille = static_cast<std::uint32_t>(std::min((limited_ms * whole + period_ms / 2) / period_ms, most));
  const auto bound = std::ranges::lower_bound(bounds_per_mille, per_mille);
  count(counts_[static_cast<std::size_t>(bound - bounds_per_mille.begin())]);
  max_per_mille_ = std::max(max_per_mille_, per_mille);
  sum_per_mille_ += per_mille;
  // Half a period late is late; from one and a half on, a reading is missing.
  missed_ += std::max<std::uint32_t>((per_mille + whole / 2) / whole, 1) - 1;
}

std::uint32_t TimingHistogram::percentile(std::uint64_t samples, std::uint32_t per_cent) const noexcept {
  constexpr std::uint64_t hundred = 100;
  const std::uint64_t wanted = (samples * per_cent + hundred - 1) / hundred;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bounds_per_mille.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(bounds_per_mille[i], max_per_mille_);
  }
  return max_per_mille_;
}

TimingFigures TimingHistogram::figures() const noexcept {
  TimingFigures out;
  out.samples = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  if (out.samples == 0) return out;
  out.missed = missed_;
  out.p50_per_mille = percentile(out.samples, 50);
  out.p95_per_mille = percentile(out.samples, 95);
  out.p99_per_mille = percentile(out.samples, 99);
  out.max_per_mille = max_per_mille_;
  return out;
}

}  // namespace duheng::gateway
