#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "platform/meter_conditions/meter_conditions.hpp"

namespace duheng::platform {

/// Looks at the newest values of whoever was heard since the last look. Derived and lossy like the live values: what
/// was replaced before it was looked at is not judged, the newest always is.
class ConditionFeed {
 public:
  static constexpr std::int64_t interval_ms = 2'000;
  /// `rebuild` is called once, first, on the feed's thread: it gives the conditions what the store has.
  ConditionFeed(const LiveHub& hub, MeterConditions& conditions, std::function<void()> rebuild);
  ~ConditionFeed();
  ConditionFeed(const ConditionFeed&) = delete;
  ConditionFeed& operator=(const ConditionFeed&) = delete;

 private:
  void run();
  const LiveHub& hub_;
  MeterConditions& conditions_;
  std::function<void()> rebuild_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duheng::platform
