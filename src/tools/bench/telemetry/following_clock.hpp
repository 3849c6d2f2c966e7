#pragma once
#include <atomic>

#include "base/clock.hpp"

namespace duheng::tools {

/// A wall clock that stands where the readings are, so that days close as they pass; intervals are real.
class FollowingClock final : public Clock {
 public:
  explicit FollowingClock(std::int64_t utc_ms) : utc_ms_(utc_ms) {}
  [[nodiscard]] std::int64_t utc_ms() const override { return utc_ms_; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return real_.monotonic_ns(); }
  /// Forward only.
  void move_to(std::int64_t utc_ms) {
    if (utc_ms > utc_ms_) utc_ms_ = utc_ms;
  }

 private:
  SystemClock real_;
  std::atomic<std::int64_t> utc_ms_;
};

}  // namespace duheng::tools
