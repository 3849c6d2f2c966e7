#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/alarms/alarm_condition.hpp"
#include "platform/alarms/alarm_kinds.hpp"
#include "platform/alarms/topology.hpp"

namespace duheng::platform::alarms {

/// Stored: append, never renumber.
enum class Stage : std::uint8_t {
  pending = 0,  ///< the condition holds, not yet for long enough; never stored, never shown
  active = 1,   ///< it holds
  over = 2,  ///< it does not hold any more; waits for its rest, and when major or critical for somebody to have seen it
  closed = 3,  ///< final
};

/// What happened to an alarm. Stored: append, never renumber.
enum class Step : std::uint8_t {
  raised = 1,
  held_back = 2,  ///< counted, but shown under its cause
  surfaced = 3,   ///< the cause is over and this is not
  repeated = 4,
  severity_rose = 5,
  severity_fell = 6,
  acknowledged = 7,
  shelved = 8,
  unshelved = 9,
  escalated = 10,
  over = 11,
  closed = 12,
};
[[nodiscard]] std::string_view to_string(Stage stage) noexcept;
[[nodiscard]] std::string_view to_string(Step step) noexcept;
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;
[[nodiscard]] std::string_view to_string(SubjectKind kind) noexcept;

/// Times are UTC milliseconds, 0: not (yet).
struct Alarm {
  std::int64_t number = 0;
  std::string kind{};
  Subject subject{};
  Severity severity = Severity::warning;
  std::map<std::string, std::string> facts{};
  Stage stage = Stage::pending;
  std::int64_t raised_utc_ms = 0;
  std::int64_t rang_utc_ms = 0;  ///< when it last asked for somebody's eyes
  std::int64_t over_utc_ms = 0;
  std::int64_t closed_utc_ms = 0;
  std::int64_t raised_times = 1;  ///< with the first
  std::int64_t acknowledged_utc_ms = 0;
  std::string acknowledged_by{};
  std::string note{};
  std::int64_t shelved_until_utc_ms = 0;
  std::string shelved_by{};
  std::string shelve_reason{};
  std::int64_t held_by = 0;         ///< the number of the alarm it is shown under; 0: it is shown itself
  std::int64_t release_utc_ms = 0;  ///< the cause is over: when it comes up itself if it still holds
  bool escalated = false;
  std::int64_t affected = 0;      ///< how many it holds back
  std::int64_t organisation = 0;  ///< whose it was when it was raised, 0: the platform's; of a flood: whose it gathers
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

struct Transition {
  std::int64_t number = 0;  ///< of the alarm
  std::int64_t at_utc_ms = 0;
  Step step = Step::raised;
  Severity severity = Severity::warning;
  std::string author{};  ///< empty: the platform
  std::string text{};    ///< note, reason, or "#12" for the cause
};

struct MachineRules {
  std::int64_t escalation_ms = 15 * 60'000;  ///< a critical one that nobody acknowledged for so long
  std::size_t flood_rings = 20;              ///< of one kind and organisation within a minute; more are gathered
  std::int64_t shelve_ms_max = 30LL * 86'400'000;
};

/// What the machine did since it was last asked.
struct Changes {
  std::map<std::int64_t, Alarm> alarms{};  ///< as they are now
  std::vector<Transition> transitions{};
  bool rang = false;
  [[nodiscard]] bool empty() const noexcept { return alarms.empty(); }
};

/// The rules of alarms, without I/O: conditions, people's doings and time go in, changed alarms and history come out.
/// One alarm stands for each (kind, subject). Not thread-safe.
class AlarmMachine {
 public:
  static constexpr int ancestors_max = 16;
  AlarmMachine(const Topology& topology, const MachineRules& rules) : topology_(topology), rules_(rules) {}
  AlarmMachine(const AlarmMachine&) = delete;
  AlarmMachine& operator=(const AlarmMachine&) = delete;

  /// Takes over what was stored: alarms that are not closed, in any order, before anything else. Numbers go on after
  /// `last_number`.
  void restore(std::vector<Alarm> alarms, std::int64_t last_number);

  void raise(const Condition& condition, std::int64_t now_utc_ms);
  void clear(std::string_view kind, const Subject& subject, std::int64_t now_utc_ms);
  /// What time alone brings.
  void advance(std::int64_t now_utc_ms);
  [[nodiscard]] std::optional<std::int64_t> next_due_utc_ms() const;

  /// Errors of the three: not_found - no such open alarm; conflict - it is so already.
  [[nodiscard]] Result<void> acknowledge(std::int64_t number, std::string_view author, std::string_view note,
                                         std::int64_t now_utc_ms);
  /// Besides: invalid_argument - the time is past or too far away, or no reason is given.
  [[nodiscard]] Result<void> shelve(std::int64_t number, std::string_view author, std::string_view reason,
                                    std::int64_t until_utc_ms, std::int64_t now_utc_ms);
  [[nodiscard]] Result<void> unshelve(std::int64_t number, std::string_view author, std::int64_t now_utc_ms);
  /// Undoes what a person did, when it could not be stored; what take_changes() would tell about it is forgotten.
  void put_back(const Alarm& before);

  /// Call it after each bundle of conditions: only here new causes take in what already stands below them.
  [[nodiscard]] Changes take_changes(std::int64_t now_utc_ms);
  /// Null when there is none, or it is closed.
  [[nodiscard]] const Alarm* find(std::int64_t number) const;
  [[nodiscard]] const Alarm* find(std::string_view kind, const Subject& subject) const;
  [[nodiscard]] std::size_t open() const noexcept { return entries_.size(); }
  /// Calls `visit(const Alarm&)` for every one that is not closed.
  template <class Visit>
  void each(Visit&& visit) const {
    for (const auto& [number, entry] : entries_) visit(entry.alarm);
  }

 private:
  struct Entry {
    Alarm alarm{};
    AlarmKind kind{};
    std::optional<std::int64_t> due{};
  };
  struct Flood {
    std::deque<std::int64_t> rings{};
    std::int64_t group = 0;  ///< its alarm's number; may be closed
  };
  using Key = std::pair<std::string, Subject>;
  using FloodKey = std::pair<std::string, std::int64_t>;

  void raise_now(const Condition& condition, std::int64_t now);
  Entry& make(const Condition& condition, std::int64_t now);
  void update_standing(Entry& entry, const Condition& condition, std::int64_t now);
  void activate(Entry& entry, std::int64_t now);
  void show(Entry& entry, Step step, std::int64_t now);
  void stand_again(Entry& entry, const Condition& condition, std::int64_t now);
  void end(Entry& entry, std::int64_t now);
  void close(std::int64_t number, std::int64_t now, bool tell);
  void handle_due(Entry& entry, std::int64_t now);
  void surface(Entry& entry, std::int64_t now);

  // Cause and effect.
  [[nodiscard]] std::int64_t cause_of(const Entry& entry) const;
  void hold(Entry& entry, std::int64_t cause, std::int64_t now, bool tell);
  void let_go(Entry& entry, std::int64_t now);
  void take_in_dependants(std::int64_t now);
  void release_dependants(std::int64_t cause, std::int64_t now);
  void stands(const Entry& entry);
  void stands_no_more(const Entry& entry);
  [[nodiscard]] std::int64_t flood_group(const Entry& entry, std::int64_t now);
  [[nodiscard]] std::int64_t make_flood(const Entry& entry, std::int64_t organisation, std::int64_t now);

  void note(Entry& entry, Step step, std::int64_t now, std::string_view author = {}, std::string text = {});
  void touch(const Entry& entry) { changes_.alarms[entry.alarm.number] = entry.alarm; }
  void reschedule(Entry& entry);
  [[nodiscard]] std::optional<std::int64_t> due_of(const Entry& entry) const;
  [[nodiscard]] Entry* entry_of(std::int64_t number);

  const Topology& topology_;
  const MachineRules rules_;
  std::int64_t next_number_ = 1;
  std::unordered_map<std::int64_t, Entry> entries_;  // references stay valid while others come and go
  std::map<Key, std::int64_t> by_key_;
  std::set<std::pair<std::int64_t, std::int64_t>> due_;                  // time, number
  std::map<Subject, std::set<std::int64_t>> silences_;                   // what cannot be heard, by subject
  std::unordered_map<std::int64_t, std::set<std::int64_t>> dependants_;  // by cause
  std::map<FloodKey, Flood> floods_;
  bool causes_came_ = false;
  Changes changes_;
};

}  // namespace duheng::platform::alarms
