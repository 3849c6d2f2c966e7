#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "gateway/orders/field_access.hpp"
#include "gateway/upkeep/clock_rule.hpp"
#include "gateway/upkeep/progress.hpp"

namespace duheng::gateway {

struct UpkeepSettings {
  ClockPolicy clock = ClockPolicy::none;
  std::int64_t first_within_ms = 900'000;  ///< after a start everything is looked at once within this time
  std::int64_t piece_ms = 86'400'000;      ///< of a history at a time; then others on the line have their turn
  bool histories = true;                   ///< false: memories are read on demand only
  std::int64_t days_back_max = 35;         ///< of what a device notes at intervals, where more could be had
  /// Of all lines together, so that what was missed does not stand before live readings in the spool; 0: no limit.
  std::int64_t history_questions_per_s = 200;
  std::int64_t retry_ms = 60'000;  ///< after a failure, growing to the fetch interval
  std::int64_t room_ms = 2'000;    ///< how often to look whether a busy line has room
  std::int64_t save_ms = 30'000;
  std::int64_t recheck_ms = 60'000;  ///< of a clock that was corrected
};

struct UpkeepStatistics {
  std::uint64_t history_questions = 0;
  std::uint64_t history_values = 0;
  std::uint64_t history_failures = 0;  ///< refusals, silence, answers that do not fit
  std::uint64_t clock_checks = 0;
  std::uint64_t clock_corrections = 0;
  std::uint64_t clocks_left_alone = 0;  ///< checks that found a clock which an operator must see to
  std::size_t behind = 0;               ///< memories that are being caught up now
};

/// What a gateway does for its devices beside polling: fetches what they remember (load profile, freezes, events) up to
/// date, oldest first, and watches their clocks. Always behind live questions: one question at a time on each line, and
/// only where FieldAccess::has_room(). Not thread-safe. The owner calls work() at next_wake_ms() and after every input.
class Upkeep {
 public:
  Upkeep(const Clock& clock, FieldAccess& field, HistoryProgress known, UpkeepSettings settings = {});
  ~Upkeep();

  void device_added(std::string_view uid);
  void device_removed(std::string_view uid);
  void work();
  /// The channel opened, or has room.
  void stir(std::uint32_t channel);
  [[nodiscard]] std::int64_t next_wake_ms() const;

  /// What became of a question. Returns whether the ticket is one of ours.
  bool exchange(std::uint32_t ticket, const drivers::Exchange& exchange);
  void lost(std::uint32_t ticket);

  // Progress counts only when the values are durable.
  void batch_closed();
  void batch_stored();
  /// The file's new content, at most every `save_ms`, or at once at the end; nothing when nothing is new.
  [[nodiscard]] std::optional<Bytes> take_save(bool at_once = false);

  [[nodiscard]] UpkeepStatistics statistics() const;

 private:
  struct Task;
  struct Line {
    std::deque<std::uint32_t> waiting;  ///< tasks whose time has come
    std::uint32_t ticket = 0;           ///< of the question that is out; 0: none
    std::int64_t corrected_day = INT64_MIN;
  };
  struct Due {
    std::int64_t at_ms;
    std::uint32_t task;
    std::uint32_t round;
    friend bool operator>(const Due& a, const Due& b) noexcept { return a.at_ms > b.at_ms; }
  };
  struct Reached {
    std::uint32_t task;
    std::uint32_t life;
    std::int16_t history;
    std::int64_t through_utc_ms;
  };

  void add_item(Task& task, std::int16_t history, std::int64_t interval_ms);
  /// At the time of its next item.
  void schedule(std::uint32_t task);
  void pump(std::uint32_t channel, std::int64_t now_ms);
  /// False when the task cannot go on now.
  bool advance(std::uint32_t task, std::uint32_t channel);
  bool advance_history(Task& task, std::uint32_t number, const FieldAccess::Place& place);
  bool advance_clock(Task& task, std::uint32_t number, const FieldAccess::Place& place);
  bool put(Task& task, std::uint32_t number, const FieldAccess::Place& place, const drivers::Query& query);
  /// Whether another history question may be asked now; then it counts.
  bool take_token();
  void put_freezes_first(Task& task, const FieldAccess::Place& place);
  /// False: none of its items is due.
  bool begin_work(Task& task, const FieldAccess::Place& place);
  void begin_piece(Task& task, const FieldAccess::Place& place, const drivers::ModelHistory& history);
  void piece_done(Task& task, std::uint32_t number, const drivers::ModelHistory& history, bool failed);
  /// The item is due again after `next_ms`; the task goes to the line's end when others are due, else leaves it.
  void item_done(Task& task, std::uint32_t number, std::int64_t next_ms);
  void leave_line(Task& task, std::uint32_t number);
  void after_history(Task& task, std::uint32_t number, const drivers::Exchange& exchange);
  void after_clock(Task& task, std::uint32_t number, const drivers::Exchange& exchange);
  void judge(Task& task, std::uint32_t number, const FieldAccess::Place& place);
  void reach(Task& task, std::uint32_t number, std::int64_t through_utc_ms);
  void wait_in_line(std::uint32_t task, std::uint32_t channel);

  const Clock& clock_;
  FieldAccess& field_;
  UpkeepSettings settings_;
  HistoryProgress progress_;  ///< what is durable
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> free_tasks_;
  std::map<std::string, std::uint32_t, std::less<>> devices_;  ///< tasks by uid
  std::map<std::uint32_t, Line> lines_;
  std::set<std::uint32_t> stirred_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::map<std::uint32_t, std::uint32_t> asked_;  ///< task by ticket
  std::uint32_t next_ticket_ = 1;
  std::int64_t look_again_ms_ = INT64_MAX;
  std::int64_t tokens_milli_ = 0;  ///< thousandths of history questions that may be asked now
  std::int64_t tokens_at_ms_ = 0;
  bool room_wanted_ = false;  ///< by a task of the line looked at
  std::vector<Reached> reached_;
  std::vector<Reached> closing_;
  bool unsaved_ = false;
  std::int64_t save_at_ms_ = 0;
  UpkeepStatistics counts_;
};

}  // namespace duheng::gateway
