#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/clock.hpp"

namespace duheng::simulation {

/// True time of the simulated world, and what happens when. Events of one moment run in the order they were entered.
class EventQueue {
 public:
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
  void at(std::int64_t time_ms, std::function<void()> event) {
    events_.emplace(std::pair(std::max(time_ms, now_ms_), order_++), std::move(event));
  }
  void after(std::int64_t delay_ms, std::function<void()> event) { at(now_ms_ + delay_ms, std::move(event)); }
  void run_until(std::int64_t time_ms) {
    while (!events_.empty() && events_.begin()->first.first <= time_ms) {
      auto node = events_.extract(events_.begin());
      now_ms_ = node.key().first;
      node.mapped()();
    }
    now_ms_ = time_ms;
  }

 private:
  std::int64_t now_ms_ = 0;
  std::uint64_t order_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>> events_;
};

/// A machine's own clock: it follows true time, but an operator may set it.
class NodeClock final : public Clock {
 public:
  static constexpr std::int64_t epoch_utc_ms = 1'780'000'000'000;
  explicit NodeClock(const EventQueue& queue) : queue_(queue) {}
  [[nodiscard]] std::int64_t utc_ms() const override { return epoch_utc_ms + queue_.now_ms() + offset_ms_; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return queue_.now_ms() * 1'000'000; }
  void set_offset_ms(std::int64_t offset_ms) { offset_ms_ = offset_ms; }

 private:
  const EventQueue& queue_;
  std::int64_t offset_ms_ = 0;
};

/// Lets an event find out that what it was meant for is gone.
class Generation {
 public:
  [[nodiscard]] std::function<void()> guard(std::function<void()> event) const {
    return [current = current_, mine = *current_, event = std::move(event)] {
      if (*current == mine) event();
    };
  }
  void next() { ++*current_; }

 private:
  std::shared_ptr<std::uint64_t> current_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace duheng::simulation
