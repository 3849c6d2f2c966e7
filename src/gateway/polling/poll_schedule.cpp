#include "gateway/polling/poll_schedule.hpp"

#include <algorithm>
#include <functional>

namespace duheng::gateway {

std::uint32_t PollSchedule::add(std::int64_t interval_ms, std::uint64_t spread, std::int64_t now_ms) {
  auto entry = static_cast<std::uint32_t>(intervals_ms_.size());
  if (free_entries_.empty()) {
    intervals_ms_.emplace_back();
  } else {
    entry = free_entries_.back();
    free_entries_.pop_back();
  }
  intervals_ms_[entry] = std::max<std::int64_t>(interval_ms, 1);
  const auto phase = static_cast<std::int64_t>(spread % static_cast<std::uint64_t>(intervals_ms_[entry]));
  heap_.push_back({now_ms + phase, entry});
  std::ranges::push_heap(heap_, std::greater<>{});
  return entry;
}

void PollSchedule::remove(std::uint32_t entry) {
  if (intervals_ms_[entry] == 0) return;
  intervals_ms_[entry] = 0;
  ++removed_;
  if (removed_ > heap_.size() / 2) take_out_removed();
}

void PollSchedule::take_out_removed() {
  std::erase_if(heap_, [this](const Due& due) {
    if (intervals_ms_[due.entry] != 0) return false;
    free_entries_.push_back(due.entry);
    return true;
  });
  std::ranges::make_heap(heap_, std::greater<>{});
  removed_ = 0;
}

std::optional<std::uint32_t> PollSchedule::pop_due(std::int64_t now_ms) {
  while (!heap_.empty() && heap_.front().due_ms <= now_ms && intervals_ms_[heap_.front().entry] == 0) {
    std::ranges::pop_heap(heap_, std::greater<>{});
    free_entries_.push_back(heap_.back().entry);
    heap_.pop_back();
    --removed_;
  }
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
