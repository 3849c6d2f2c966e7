#pragma once
// For tests over real sockets and lines.
#include <chrono>

#include "link/event_loop.hpp"

namespace duheng::link {

/// Serves the loop until the condition holds; false when it does not within ten seconds.
template <class Condition>
[[nodiscard]] bool wait_for(EventLoop& loop, Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.run_for_ms(5);
  }
  return true;
}

}  // namespace duheng::link
