#include "gateway/polling/poll_schedule.hpp"

#include <algorithm>
#include <functional>

namespace duheng::gateway {

std::uint32_t PollSchedule::add(std::int64_t interval_ms, std::uint64_t spread, std::int64_t now_ms) {
  const auto entry = static_cast<std::uint32_t>(intervals_ms_.size());
  intervals_ms_.push_back(std::max<std::int64_t>(interval_ms, 1));
  const auto phase = static_cast<std::int64_t>(spread % static_cast<std::uint64_t>(intervals_ms_.back()));
  heap_.push_back({now_ms + phase, entry});
  std::ranges::push_heap(heap_, std::greater<>{});
  return entry;
}

std::optional<std::uint32_t> PollSchedule::pop_due(std::int64_t now_ms) {
  if (heap_.empty() || heap_.front().due_ms > now_ms) return std::nullopt;
  std::ranges::pop_heap(heap_, std::greater<>{});
  Due& due = heap_.back();
  const std::int64_t interval_ms = intervals_ms_[due.entry];
  const std::int64_t rounds = (now_ms - due.due_ms) / interval_ms + 1;
  skipped_rounds_ += static_cast<std::uint64_t>(rounds - 1);
  due.due_ms += rounds * interval_ms;
  const std::uint32_t entry = due.entry;
  std::ranges::push_heap(heap_, std::greater<>{});
  return entry;
}

}  // namespace duheng::gateway
