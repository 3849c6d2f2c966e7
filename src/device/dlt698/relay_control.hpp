#pragma once
// The relay of a meter and what it does to what is drawn. Functions on a draft of the state: whoever calls them
// commits.
#include <functional>

#include "device/dlt698/dar.hpp"
#include "device/dlt698/state.hpp"

namespace duheng::device::meter698 {

/// The meter's own clock (local time) at a moment of true time.
using OwnClock = std::function<std::int64_t(std::int64_t utc_ms)>;

struct TripCommand {
  std::uint8_t alarm_minutes = 0;   ///< warns for so long first
  std::uint16_t limit_minutes = 0;  ///< 0: for good
  bool closes_itself = false;       ///< after the limit
};
/// Errors: refused - the meter is to keep power.
[[nodiscard]] Dar command_trip(State& draft, std::int64_t utc_ms, const TripCommand& command, const OwnClock& clock);
/// `at_once`: closes; else somebody must press the meter's key. A trip that waits is called off.
void command_close(State& draft, std::int64_t utc_ms, bool at_once, const OwnClock& clock);
/// Keeping power calls off a trip and closes the relay.
void command_keep(State& draft, std::int64_t utc_ms, bool keep, const OwnClock& clock);
/// Somebody presses the key: closes a relay whose closing is permitted.
void press_key(State& draft, std::int64_t utc_ms, const OwnClock& clock);
/// What waits for its time, in order. True when anything happened.
bool let_time_pass(State& draft, std::int64_t utc_ms, const OwnClock& clock);

/// The mains fail or come back.
void set_powered(State& draft, std::int64_t utc_ms, bool powered);

}  // namespace duheng::device::meter698
