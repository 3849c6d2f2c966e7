#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace duheng::gateway {

/// Which group of which meter is to be read when. Times are monotonic milliseconds. A group that could not be read in
/// time (bus busy, program asleep, meter away) is read once when it can be, at its own phase: missed rounds are skipped
/// and counted, never made up in a burst. Pure.
class PollSchedule {
 public:
  /// Enters something to be done every `interval_ms`, first at a moment within [now, now + interval) that `spread`
  /// decides, so that a thousand meters do not speak at once. Returns its number: 0, 1, 2 ...; those of removed entries
  /// are given again.
  std::uint32_t add(std::int64_t interval_ms, std::uint64_t spread, std::int64_t now_ms);
  /// It is not due again. Costs nothing at once: memory is tidied when half of it serves nobody.
  void remove(std::uint32_t entry);
  /// The next entry whose time has come; it is due again at its next round. Nothing when none is due.
  [[nodiscard]] std::optional<std::uint32_t> pop_due(std::int64_t now_ms);
  /// When pop_due() will next give something; INT64_MAX when the schedule is empty; an
  /// earlier time right after remove().
  [[nodiscard]] std::int64_t next_due_ms() const noexcept { return heap_.empty() ? INT64_MAX : heap_.front().due_ms; }
  /// Rounds skipped because their time passed before anybody asked.
  [[nodiscard]] std::uint64_t skipped_rounds() const noexcept { return skipped_rounds_; }

 private:
  struct Due {
    std::int64_t due_ms;
    std::uint32_t entry;
    friend bool operator>(const Due& a, const Due& b) noexcept {
      return a.due_ms != b.due_ms ? a.due_ms > b.due_ms : a.entry > b.entry;
    }
  };
  void take_out_removed();
  std::vector<std::int64_t> intervals_ms_;  // 0: removed, and still in the heap
  std::vector<std::uint32_t> free_entries_;
  std::size_t removed_ = 0;  // of the heap
  std::vector<Due> heap_;    // the earliest is in front
  std::uint64_t skipped_rounds_ = 0;
};

}  // namespace duheng::gateway
