#pragma once
// What a DL/T 698.45 meter keeps without power, in one value, so that a command is kept whole or not at all.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "device/bus/device_bus.hpp"
#include "device/meter/load_curve.hpp"

namespace duheng::device::meter698 {

inline constexpr std::int64_t never_ms = INT64_MAX;
inline constexpr std::int64_t always_ms = INT64_MIN;

/// Stored: append, never renumber.
enum class EventKind : std::uint8_t {
  power_down = 0,
  programming = 1,
  event_clear = 2,
  clock_set = 3,
  settlement_programmed = 4,
  cover_open = 5,
  terminal_cover_open = 6,
  trip = 7,
  close = 8,
  magnetic_field = 9,
  meter_clear = 10,
  demand_clear = 11,
  // Of phase A, B, C.
  loss_of_voltage = 12,
  under_voltage = 15,
  over_voltage = 18,
  phase_break = 21,
  loss_of_current = 24,
  over_current = 27,
  reverse_flow = 30,
  overload = 33,
  // Of the meter as a whole.
  voltage_sequence = 36,
  current_sequence = 37,
  voltage_unbalance = 38,
  current_unbalance = 39,
  over_demand = 40,
};
inline constexpr std::size_t event_kinds = 41;
inline constexpr std::uint8_t phase_count = 3;
/// `phase` from 0.
[[nodiscard]] constexpr EventKind of_phase(EventKind kind, std::size_t phase) noexcept {
  return static_cast<EventKind>(static_cast<std::size_t>(kind) + phase);
}

/// A time in which nothing was drawn: relay open or mains gone.
struct Pause {
  std::int64_t begin_utc_ms = 0;
  std::int64_t end_utc_ms = never_ms;
  friend bool operator==(const Pause&, const Pause&) = default;
};
/// Pauses so long ago that only what they kept back is remembered.
struct FoldedPauses {
  std::int64_t until_utc_ms = always_ms;
  CurveEnergy kept_back;
};

struct StoredEvent {
  std::int64_t utc_ms = 0;               ///< true time, for the order
  std::int64_t begin_local_ms = 0;       ///< as the meter's clock said
  std::int64_t end_local_ms = never_ms;  ///< likewise; never_ms: goes on
  std::vector<std::uint32_t> objects;    ///< programmed or cleared: OAD or OMD
  friend bool operator==(const StoredEvent&, const StoredEvent&) = default;
};
/// The events of one kind since they were last cleared.
struct EventBook {
  static constexpr std::size_t records_max = 10;
  std::int64_t cleared_utc_ms = always_ms;
  std::uint32_t dropped = 0;  ///< counted, but not kept any more
  std::uint32_t dropped_s = 0;
  std::vector<StoredEvent> kept;  ///< the newest last, at most records_max
  friend bool operator==(const EventBook&, const EventBook&) = default;
};

struct SettlementDay {
  std::uint8_t day = 1;
  std::uint8_t hour = 0;
  friend bool operator==(const SettlementDay&, const SettlementDay&) = default;
};
/// Which days settle, from a moment on.
struct SettlementRule {
  std::int64_t from_local_ms = always_ms;
  std::vector<SettlementDay> days{SettlementDay{}};
  friend bool operator==(const SettlementRule&, const SettlementRule&) = default;
};

struct Relay {
  enum class Position : std::uint8_t { closed = 0, open = 1, permitted = 2 };  ///< permitted: open, a key closes it
  enum class Keep : std::uint8_t { no = 0, yes = 1 };
  Position position = Position::closed;
  Keep keep = Keep::no;
  bool alarm = false;
  bool commanded_open = false;
  bool closes_itself = false;       ///< after `limit_minutes`
  std::uint16_t limit_minutes = 0;  ///< 0: for good
  std::int64_t trip_due_utc_ms = never_ms;
  std::int64_t close_due_utc_ms = never_ms;
  [[nodiscard]] bool is_closed() const noexcept { return position == Position::closed; }
  friend bool operator==(const Relay&, const Relay&) = default;
};

/// COMDCB of its RS-485 port. Source: DL/T 698.45-2017, data type 95.
struct LineSettings {
  static constexpr std::size_t size_octets = 5;
  static constexpr std::uint8_t baud_2400 = 3;
  bool is_set = false;  ///< false: nobody has set it, and it speaks at whatever speed its line has
  std::array<std::uint8_t, size_octets> comdcb{baud_2400, 2, 8, 1, 0};
  /// bit/s; 0: not set, or to be found out by itself.
  [[nodiscard]] std::uint32_t baud() const noexcept;
  friend bool operator==(const LineSettings&, const LineSettings&) = default;
};

struct State {
  static constexpr std::size_t address_octets_max = 16;
  static constexpr std::size_t pauses_max = 128;
  static constexpr std::size_t rules_max = 8;
  static constexpr std::size_t instants_max = 3;

  std::int64_t correction_ms = 0;          ///< of the clock
  std::int64_t corrected_day = always_ms;  ///< own day of the last correction by broadcast
  std::int32_t extra_drift_ppm = 0;
  std::int64_t extra_drift_utc_ms = 0;  ///< since when
  bool is_powered = true;
  Relay relay;
  std::vector<Pause> pauses;  ///< in order, not overlapping; at most pauses_max
  FoldedPauses folded;
  std::array<EventBook, event_kinds> events;
  std::vector<SettlementRule> settlements{SettlementRule{}};  ///< in order; at most rules_max
  std::int64_t cleared_utc_ms = always_ms;                    ///< energies and records begin then
  CurveEnergy cleared_at;                                     ///< what was counted until then
  std::int64_t demand_cleared_utc_ms = always_ms;
  std::uint8_t demand_period_minutes = 15;
  std::uint32_t instants_dropped = 0;
  std::vector<std::int64_t> instants_utc_ms;  ///< freezes on command; at most instants_max
  std::optional<std::string> password;        ///< instead of the one given at the factory
  std::optional<DeviceCommand> last_command;
  Bytes address;  ///< instead of the one given at the factory, as its label reads; empty: that one
  LineSettings line;

  [[nodiscard]] EventBook& book(EventKind kind) { return events[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const EventBook& book(EventKind kind) const { return events[static_cast<std::size_t>(kind)]; }
  void add(EventKind kind, StoredEvent event);
};

[[nodiscard]] Bytes encode(const State& state);
/// Errors: malformed - not what encode() wrote; unsupported - written by a later release.
[[nodiscard]] Result<State> decode_state(ByteView octets);

}  // namespace duheng::device::meter698
