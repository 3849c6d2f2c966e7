#pragma once
#include <cstdint>

#include "base/random.hpp"
#include "link/backoff.hpp"

namespace duheng::gateway {

struct OfflineRule {
  std::uint32_t failures_until_offline = 3;  ///< exchanges in a row without an answer, retries included in each
  link::BackoffRule retry{5'000, 300'000};
};

/// Whether a meter answers. A meter that does not is asked again with growing pauses, so that it does not hold up the
/// others on its bus. Pure; times are monotonic milliseconds.
class MeterHealth {
 public:
  [[nodiscard]] bool may_ask(std::int64_t now_ms) const noexcept { return now_ms >= silent_until_ms_; }
  [[nodiscard]] bool offline() const noexcept { return offline_; }
  void answered() noexcept {
    failures_ = 0;
    offline_ = false;
    silent_until_ms_ = INT64_MIN;
    backoff_.reset();
  }
  /// Returns true when the meter has just gone offline.
  bool failed(const OfflineRule& rule, std::int64_t now_ms, Random& random) {
    if (++failures_ < rule.failures_until_offline) return false;
    const bool news = !offline_;
    if (news) backoff_ = link::Backoff(rule.retry);
    offline_ = true;
    silent_until_ms_ = now_ms + backoff_.next_ms(random);
    return news;
  }

 private:
  std::uint32_t failures_ = 0;
  bool offline_ = false;
  std::int64_t silent_until_ms_ = INT64_MIN;
  link::Backoff backoff_;
};

}  // namespace duheng::gateway
