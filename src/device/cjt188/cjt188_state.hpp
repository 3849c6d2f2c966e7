#pragma once
#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "device/bus/device_bus.hpp"
#include "device/cjt188/gas_valve.hpp"
#include "device/cjt188/interruptions.hpp"

namespace duheng::device {

/// What surrounds a meter: facts it senses, not its own doing.
struct Cjt188Surroundings {
  std::int32_t battery_mv = 6'000;
  std::int32_t drift_ppm = 0;  ///< of its quartz, besides its usual one
  bool magnet = false;
  bool radiation = false;
  bool cover_open = false;
  bool reversed = false;
  bool valve_leaks = false;  ///< what is drawn goes through its closed valve; the meter measures it and knows no better
  friend bool operator==(const Cjt188Surroundings&, const Cjt188Surroundings&) = default;
};

/// All of a meter that does not follow from seed and time: one value in its memory, so that it changes as a whole.
struct Cjt188State {
  struct Event {
    std::int64_t utc_ms = 0;
    Cjt188Event event = Cjt188Event::closed_by_command;
    friend bool operator==(const Event&, const Event&) = default;
  };
  static constexpr std::size_t events_kept = 64;

  std::int64_t correction_ms = 0;       ///< of its clock
  std::int64_t drift_since_utc_ms = 0;  ///< since when `sensed.drift_ppm` adds to it
  std::uint8_t settlement_day = 1;
  std::uint8_t reading_day = 1;
  bool powered = true;
  bool debug_stage = false;          ///< before A019: the register may be set
  std::int64_t register_offset = 0;  ///< 0.01 m3 by which A016 moved the register
  bool battery_low = false;          ///< of meters without a valve; with one the valve knows
  Cjt188Surroundings sensed;
  GasValve::State valve;
  Interruptions interruptions;
  std::vector<Event> events;   ///< the newest last
  DeviceCommand last_command;  ///< number 0: there was none

  void note(std::int64_t utc_ms, Cjt188Event event);
  [[nodiscard]] Bytes encode() const;
  /// Errors: malformed - not such a state; a meter then begins afresh.
  [[nodiscard]] static Result<Cjt188State> decode(ByteView octets);
  friend bool operator==(const Cjt188State&, const Cjt188State&) = default;
};

}  // namespace duheng::device
