#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// Which series' days changed after they had been settled, in the order in which that was noted. A day that waits to be
/// told is noted once. The owner locks.
class ChangeLog {
 public:
  struct Entry {
    std::uint64_t number = 0;  ///< ascending, from 1
    ChangedDay day;
  };

  [[nodiscard]] std::int32_t settled_before() const noexcept { return settled_before_; }
  /// Days at all times are comparable; before the first settling nothing is noted.
  void settle_before(std::int32_t utc_day) noexcept { settled_before_ = std::max(settled_before_, utc_day); }

  /// Notes that something came for this time, if its day is settled.
  void note(SeriesId series, std::int64_t time_utc_ms) {
    const std::int64_t day = utc_day_of(time_utc_ms);
    if (day >= settled_before_) return;
    const auto bounded =
        static_cast<std::int32_t>(std::max<std::int64_t>(day, std::numeric_limits<std::int32_t>::min()));
    // Whoever was told of the day may have looked already, so it is noted again.
    const auto [waiting, is_new] = waiting_.try_emplace({series.value, bounded}, last_number_ + 1);
    if (!is_new && waiting->second > told_through_) return;
    waiting->second = ++last_number_;
    entries_.push_back({last_number_, {series, bounded}});
  }
  /// An entry kept from before.
  void load(const Entry& entry) {
    waiting_[{entry.day.series.value, entry.day.utc_day}] = entry.number;
    entries_.push_back(entry);
    last_number_ = std::max(last_number_, entry.number);
  }
  [[nodiscard]] const std::deque<Entry>& entries() const noexcept { return entries_; }
  [[nodiscard]] std::uint64_t last_number() const noexcept { return last_number_; }

  /// The oldest up to number `through_max`.
  [[nodiscard]] ChangePage tell(std::size_t days_max, std::uint64_t through_max) {
    ChangePage out;
    std::set<std::pair<std::int64_t, std::int32_t>> told;
    for (const Entry& entry : entries_) {
      if (out.days.size() == days_max || entry.number > through_max) break;
      if (told.emplace(entry.day.series.value, entry.day.utc_day).second) out.days.push_back(entry.day);
      out.through = entry.number;
    }
    told_through_ = std::max(told_through_, out.through);
    return out;
  }
  void forget(std::uint64_t through) {
    while (!entries_.empty() && entries_.front().number <= through) {
      const auto waiting = waiting_.find({entries_.front().day.series.value, entries_.front().day.utc_day});
      if (waiting != waiting_.end() && waiting->second == entries_.front().number) waiting_.erase(waiting);
      entries_.pop_front();
    }
  }

 private:
  std::int32_t settled_before_ = std::numeric_limits<std::int32_t>::min();
  std::uint64_t last_number_ = 0;
  std::deque<Entry> entries_;
  std::uint64_t told_through_ = 0;
  std::map<std::pair<std::int64_t, std::int32_t>, std::uint64_t> waiting_;  // to the day's newest number
};

}  // namespace duheng::store
