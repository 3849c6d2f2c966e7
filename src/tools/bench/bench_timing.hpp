#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace duheng::tools {

/// Calls `round` (which does `items` pieces of work) until `seconds` have passed; pieces per second.
template <class Round>
double items_per_second(double seconds, std::uint64_t items, Round&& round) {
  using Clock = std::chrono::steady_clock;
  round();  // caches and branch predictors warm
  const auto begin = Clock::now();
  std::uint64_t done = 0;
  double elapsed = 0;
  do {
    round();
    done += items;
    elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  } while (elapsed < seconds);
  return static_cast<double>(done) / elapsed;
}

/// The value below which `share` (0 to 1) of the samples lie; 0 when there are none. Sorts the samples.
inline double percentile(std::vector<double>& samples, double share) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  return samples[std::min(samples.size() - 1, static_cast<std::size_t>(share * static_cast<double>(samples.size())))];
}

}  // namespace duheng::tools
