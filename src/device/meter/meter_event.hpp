#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::device {

/// What a DL/T 645 meter keeps a book of. Stored: append, never renumber.
enum class MeterEvent : std::uint8_t {
  power_down = 0,
  programming = 1,
  meter_clear = 2,
  demand_clear = 3,
  event_clear = 4,
  clock_set = 5,
  settlement_programming = 6,
  cover_open = 7,
  terminal_cover_open = 8,
  loss_of_voltage = 9,
  under_voltage = 10,
  over_voltage = 11,
  phase_break = 12,
  all_phase_loss_of_voltage = 13,
  voltage_sequence = 14,
  current_sequence = 15,
  loss_of_current = 16,
  reverse_flow = 17,
  overload = 18,
  magnetic_field = 19,
  trip = 20,
  close = 21,
  voltage_unbalance = 22,
  current_unbalance = 23,
  over_current = 24,
  over_demand = 25,
};
inline constexpr std::size_t meter_event_count = 26;

/// How a record of that kind is laid out on the wire; see meter_event_records.cpp.
enum class EventLayout : std::uint8_t {
  begin_end,      ///< 12 octets
  programming,    ///< 50: time, operator, ten identifiers
  meter_clear,    ///< 106: time, operator, 24 energies before
  demand_clear,   ///< 202: time, operator, 24 demands with their times before
  event_clear,    ///< 14: time, operator, what was cleared
  clock_set,      ///< 16: operator, time before, time after
  settlement,     ///< 16: time, operator, three settlement days before
  cover,          ///< 60: begin, end, six energies before, six after
  phase,          ///< 131: begin, end, what flowed meanwhile, what was measured then, ampere-hours
  phase_current,  ///< 115: the same without ampere-hours
  all_phases,     ///< 15: begin, current, end
  sequence,       ///< 76: begin, end, what flowed meanwhile, also by phases
  unbalance,      ///< 78: begin, end, highest rate, what flowed meanwhile, also by phases
  over_limit,     ///< 20: begin, end, the highest demand then and when; the first of six entries, forward active
  magnetic,       ///< 28: begin, end, two energies before, two after
  relay,          ///< 34: time, operator, six energies
};

struct MeterEventInfo {
  MeterEvent kind = MeterEvent::power_down;
  std::uint32_t identifier = 0;  ///< of the count; records are at + 1 … + 10, those of a phase at + phase << 8
  EventLayout layout = EventLayout::begin_end;
  bool per_phase = false;
  bool has_minutes = false;      ///< the count comes with how long they lasted together
  std::uint8_t short_group = 0;  ///< DI3 of its newer identifiers, 10H … 1CH; 0: has none
  std::uint8_t seeded_most = 0;  ///< so many may have happened before installation
};
[[nodiscard]] const MeterEventInfo& info_of(MeterEvent kind) noexcept;
[[nodiscard]] std::span<const MeterEventInfo> meter_events() noexcept;

/// One thing that happened. Times in both true time and what the meter's clock showed.
struct EventRecord {
  static constexpr std::int64_t open_end = std::numeric_limits<std::int64_t>::max();
  MeterEvent kind = MeterEvent::power_down;
  std::uint8_t phase = 0;  ///< 1 A, 2 B, 3 C; 0: none, or all
  std::int64_t begin_utc_ms = 0;
  std::int64_t begin_own_ms = 0;
  std::int64_t end_utc_ms = open_end;
  std::int64_t end_own_ms = open_end;
  std::array<std::uint8_t, 4> operator_code{};
  Bytes detail;  ///< by layout: identifiers, energies or days before
  friend bool operator==(const EventRecord&, const EventRecord&) = default;
  [[nodiscard]] bool has_ended(std::int64_t utc_ms) const noexcept { return end_utc_ms <= utc_ms; }
  [[nodiscard]] bool lasts(std::int64_t utc_ms) const noexcept { return begin_utc_ms <= utc_ms && utc_ms < end_utc_ms; }
};

/// What is counted of one kind (and phase).
struct EventTally {
  MeterEvent kind = MeterEvent::power_down;
  std::uint8_t phase = 0;
  std::uint32_t count = 0;
  std::int64_t forgotten_ms = 0;  ///< how long those lasted whose records are overwritten
  friend bool operator==(const EventTally&, const EventTally&) = default;
};

/// The book: counters for ever, the last ten records of each kind and phase. Beside what really happens it holds what
/// the seed says happened at the factory and at installation, before the curve begins.
class EventBook {
 public:
  static constexpr std::size_t records_kept = 10;

  EventBook() = default;
  EventBook(std::uint64_t seed, std::int64_t installed_utc_ms, std::int64_t installed_own_ms, bool three_phase)
      : seed_(seed),
        installed_utc_ms_(installed_utc_ms),
        installed_own_ms_(installed_own_ms),
        three_phase_(three_phase) {}

  void add(EventRecord record);
  /// Ends what of that kind and phase lasts; false when nothing does.
  bool end(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms, std::int64_t own_ms);
  [[nodiscard]] bool lasts(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms) const noexcept;
  void clear(MeterEvent kind);
  /// All but those that clearing itself leaves: clears of meter, demand and events, which no one may take away.
  void clear_all();

  [[nodiscard]] std::uint32_t count(MeterEvent kind, std::uint8_t phase) const;
  /// How long they lasted until then.
  [[nodiscard]] std::int64_t duration_ms(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms) const;
  /// `last` from 1, the newest; nothing when there were not so many or it is overwritten.
  [[nodiscard]] std::optional<EventRecord> record(MeterEvent kind, std::uint8_t phase, std::size_t last) const;

  [[nodiscard]] const std::vector<EventRecord>& records() const noexcept { return records_; }
  [[nodiscard]] const std::vector<EventTally>& tallies() const noexcept { return tallies_; }
  [[nodiscard]] std::uint32_t seeded_gone() const noexcept { return seeded_gone_; }
  void restore(std::vector<EventRecord> records, std::vector<EventTally> tallies, std::uint32_t seeded_gone);

 private:
  [[nodiscard]] std::size_t seeded_count(MeterEvent kind, std::uint8_t phase) const;
  [[nodiscard]] EventRecord seeded(MeterEvent kind, std::uint8_t phase, std::size_t last) const;
  [[nodiscard]] EventTally& tally(MeterEvent kind, std::uint8_t phase);
  [[nodiscard]] const EventTally* find_tally(MeterEvent kind, std::uint8_t phase) const;

  std::uint64_t seed_ = 0;
  std::int64_t installed_utc_ms_ = 0;
  std::int64_t installed_own_ms_ = 0;
  bool three_phase_ = false;
  std::vector<EventRecord> records_;  // in the order they came
  std::vector<EventTally> tallies_;
  std::uint32_t seeded_gone_ = 0;  // bit by kind
};

}  // namespace duheng::device
