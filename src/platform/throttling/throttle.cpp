#include "platform/throttling/throttle.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace duheng::platform {

Result<void> Throttle::begin(std::string_view key) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  const std::scoped_lock lock(mutex_);
  auto found = entries_.find(std::string{key});
  if (found != entries_.end() && now_ms - found->second.last_ms >= policy_.forget_after_ms) {
    entries_.erase(found);
    found = entries_.end();
  }
  if (found == entries_.end()) {
    make_room(now_ms);
    found = entries_.emplace(std::string{key}, Entry{}).first;
  }
  Entry& entry = found->second;
  if (now_ms < entry.blocked_until_ms) {
    return fail(ErrorCode::throttled,
                fmt::format("too many failures; try again in {} s", (entry.blocked_until_ms - now_ms + 999) / 1000));
  }
  ++entry.failures;
  entry.last_ms = now_ms;
  if (entry.failures >= policy_.free_failures) {
    // 2^30 times any wait is beyond every ceiling; the shift must not overflow before it is cut.
    const int doublings = std::min(entry.failures - policy_.free_failures, 30);
    entry.blocked_until_ms = now_ms + std::min(policy_.first_wait_ms << doublings, policy_.wait_ms_max);
  }
  return {};
}

void Throttle::succeeded(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(std::string{key});
}

void Throttle::took_back(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(std::string{key});
  if (found == entries_.end()) return;
  found->second.blocked_until_ms = 0;
  if (--found->second.failures <= 0) entries_.erase(found);
}

std::int64_t Throttle::wait_ms(std::string_view key) const {
  const std::int64_t now_ms = clock_.monotonic_ms();
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(std::string{key});
  return found == entries_.end() ? 0 : std::max<std::int64_t>(found->second.blocked_until_ms - now_ms, 0);
}

std::size_t Throttle::keys() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

void Throttle::make_room(std::int64_t now_ms) {
  if (entries_.size() < policy_.keys_max) return;
  std::erase_if(entries_, [&](const auto& item) { return now_ms - item.second.last_ms >= policy_.forget_after_ms; });
  if (entries_.size() < policy_.keys_max) return;
  // One key in sixteen goes at once, so that a flood of new keys does not search the whole table for each.
  std::vector<std::int64_t> ages;
  ages.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) ages.push_back(entry.last_ms);
  const auto cut = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 16);
  std::nth_element(ages.begin(), cut, ages.end());
  std::size_t to_remove = ages.size() / 16 + 1;
  std::erase_if(entries_, [&](const auto& item) {
    if (to_remove == 0 || item.second.last_ms > *cut) return false;
    --to_remove;
    return true;
  });
}

}  // namespace duheng::platform
