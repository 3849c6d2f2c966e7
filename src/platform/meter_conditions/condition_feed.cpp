#include "platform/meter_conditions/condition_feed.hpp"

#include <chrono>

namespace duheng::platform {

ConditionFeed::ConditionFeed(const LiveHub& hub, MeterConditions& conditions, std::function<void()> rebuild)
    : hub_(hub), conditions_(conditions), rebuild_(std::move(rebuild)), thread_([this] { run(); }) {}

ConditionFeed::~ConditionFeed() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ConditionFeed::run() {
  if (rebuild_) rebuild_();
  std::uint64_t change = 0;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    for (const LastHeard& heard : hub_.heard_since(change)) conditions_.take(heard.source, hub_.latest(heard.source));
    lock.lock();
    wake_.wait_for(lock, std::chrono::milliseconds(interval_ms), [this] { return stopping_; });
  }
}

}  // namespace duheng::platform
