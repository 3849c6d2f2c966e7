#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

namespace duheng::platform {

/// Readings per second over the last ten seconds, from a count that only rises. Thread-safe.
class ReadingRate {
 public:
  void sample(std::int64_t monotonic_ms, std::uint64_t count) {
    std::lock_guard lock{mutex_};
    samples_.emplace_back(monotonic_ms, count);
    while (samples_.size() > 2 && samples_[1].first <= monotonic_ms - window_ms) samples_.pop_front();
  }
  [[nodiscard]] double per_second() const {
    std::lock_guard lock{mutex_};
    if (samples_.size() < 2 || samples_.back().first == samples_.front().first) return 0;
    return static_cast<double>(samples_.back().second - samples_.front().second) * 1'000.0 /
           static_cast<double>(samples_.back().first - samples_.front().first);
  }

 private:
  static constexpr std::int64_t window_ms = 10'000;
  mutable std::mutex mutex_;
  std::deque<std::pair<std::int64_t, std::uint64_t>> samples_;
};

}  // namespace duheng::platform
