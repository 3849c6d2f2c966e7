#pragma once
#include <cstdint>

#include "base/random.hpp"

namespace duheng::link {

struct BackoffRule {
  std::int64_t first_ms = 500;
  std::int64_t longest_ms = 60'000;
};

/// How long to wait before trying again: doubling from `first_ms` to `longest_ms`, each wait drawn evenly from its
/// upper half, so that many callers cut off together do not come back together. Pure.
class Backoff {
 public:
  explicit Backoff(BackoffRule rule = {}) : rule_(rule) {}
  [[nodiscard]] std::int64_t next_ms(Random& random) {
    const std::int64_t ceiling = ceiling_ms_ == 0 ? rule_.first_ms : ceiling_ms_;
    ceiling_ms_ = ceiling > rule_.longest_ms / 2 ? rule_.longest_ms : ceiling * 2;
    const std::int64_t half = ceiling / 2;
    return half + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(ceiling - half) + 1));
  }
  /// After a success.
  void reset() noexcept { ceiling_ms_ = 0; }

 private:
  BackoffRule rule_;
  std::int64_t ceiling_ms_ = 0;
};

}  // namespace duheng::link
