#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace duheng::platform {

struct ThrottlePolicy {
  int free_failures = 3;               ///< before the first wait
  std::int64_t first_wait_ms = 1'000;  ///< doubled by every further failure
  std::int64_t wait_ms_max = 15 * 60'000;
  std::int64_t forget_after_ms = 60 * 60'000;  ///< without a failure
  std::size_t keys_max = 50'000;               ///< when full, the sixteenth part with the oldest attempts is forgotten
};

/// Slows down guessing, per key (an account, a remote address): exponential back-off. An attempt counts as failed when
/// it begins, so that many at once gain nothing; success takes it back. In memory: a restart forgets. Thread-safe.
class Throttle {
 public:
  explicit Throttle(const Clock& clock, ThrottlePolicy policy = {}) : clock_(clock), policy_(policy) {}

  /// Errors: throttled - not yet, the message says how long to wait; such an attempt does not count.
  [[nodiscard]] Result<void> begin(std::string_view key);
  /// Forgets the key's failures.
  void succeeded(std::string_view key);
  /// Takes the last attempt back and keeps the failures before it: for a key that many share, so that one who may come
  /// in cannot clear the way for guessing.
  void took_back(std::string_view key);
  /// How long the key must wait now, in milliseconds; 0 when it may try.
  [[nodiscard]] std::int64_t wait_ms(std::string_view key) const;
  [[nodiscard]] std::size_t keys() const;

 private:
  struct Entry {
    int failures = 0;
    std::int64_t last_ms = 0;
    std::int64_t blocked_until_ms = 0;
  };
  void make_room(std::int64_t now_ms);

  const Clock& clock_;
  const ThrottlePolicy policy_;
  mutable std::mutex mutex_;  // guards entries_
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace duheng::platform
