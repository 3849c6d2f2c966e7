#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "device/dlt698/state.hpp"

namespace duheng::device::meter698 {

/// An event object of the meter, or one phase of it.
struct EventObject {
  std::uint16_t oi = 0;
  EventKind kind = EventKind::power_down;
  std::uint16_t per_mille_a_month = 0;  ///< how often life brings one, beside those that commands cause
  std::uint16_t seconds_max = 0;        ///< how long such a one lasts
  std::uint32_t own_column = 0;         ///< of what its records hold beside the standard's: an OAD, 0 none
};
[[nodiscard]] std::span<const EventObject> event_objects() noexcept;
/// nullptr when the meter has no such event, or has it by phases.
[[nodiscard]] const EventObject* find_event_object(std::uint16_t oi) noexcept;
/// Of an event by phases what belongs to one, from 0.
[[nodiscard]] std::optional<EventObject> find_phase_event(std::uint16_t oi, std::size_t phase) noexcept;

struct EventRecord {
  std::uint32_t number = 0;  ///< 0, 1, 2 ... since the last clearing
  std::int64_t utc_ms = 0;
  std::int64_t begin_local_ms = 0;
  std::int64_t end_local_ms = never_ms;  ///< never_ms: goes on
  std::vector<std::uint32_t> objects;
};
struct EventTotals {
  std::uint32_t count = 0;
  std::uint32_t seconds = 0;
};

/// What happened to a meter: its installation, what its seed brought since, and what its state remembers. A pure
/// function of seed, state and time. What the seed brings is short (seconds to minutes) and never at a quarter of an
/// hour, so that no freeze falls into it; curves do not show it.
class EventLog {
 public:
  EventLog(std::uint64_t seed, std::int64_t installed_utc_ms, std::int64_t zone_ms)
      : seed_(seed), installed_utc_ms_(installed_utc_ms), zone_ms_(zone_ms) {}

  /// The newest EventBook::records_max that had begun by then, the oldest first.
  [[nodiscard]] std::vector<EventRecord> records(const State& state, const EventObject& object,
                                                 std::int64_t utc_ms) const;
  [[nodiscard]] EventTotals totals(const State& state, const EventObject& object, std::int64_t utc_ms) const;

 private:
  [[nodiscard]] std::vector<EventRecord> seeded(const State& state, const EventObject& object,
                                                std::int64_t utc_ms) const;
  [[nodiscard]] std::optional<EventRecord> at_installation(const EventObject& object) const;
  [[nodiscard]] std::optional<EventRecord> in_month(const EventObject& object, std::int64_t month) const;

  std::uint64_t seed_;
  std::int64_t installed_utc_ms_;
  std::int64_t zone_ms_;
};

}  // namespace duheng::device::meter698
