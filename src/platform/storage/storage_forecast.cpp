#include "platform/storage/storage_forecast.hpp"

#include <algorithm>
#include <vector>

namespace duheng::platform::storage {

std::optional<double> growth_bytes_per_day(std::span<const DailySample> samples) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (std::size_t j = i + 1; j < samples.size(); ++j) {
      const auto days = static_cast<double>(samples[j].day - samples[i].day);
      if (days <= 0) continue;
      slopes.push_back((static_cast<double>(samples[j].bytes) - static_cast<double>(samples[i].bytes)) / days);
    }
  }
  if (slopes.empty()) return std::nullopt;
  std::ranges::sort(slopes);
  const std::size_t middle = slopes.size() / 2;
  return slopes.size() % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2;
}

std::optional<double> days_left(std::uint64_t free_bytes, std::optional<double> growth) {
  constexpr double century_days = 36'525;
  if (!growth || *growth <= 0) return std::nullopt;
  const double days = static_cast<double>(free_bytes) / *growth;
  return days < century_days ? std::optional{days} : std::nullopt;
}

}  // namespace duheng::platform::storage
