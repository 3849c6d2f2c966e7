#include "device/dlt698/relay_control.hpp"

#include <algorithm>

namespace duheng::device::meter698 {
namespace {

constexpr std::int64_t minute_ms = 60'000;

bool draws(const State& state) { return state.is_powered && state.relay.is_closed(); }

/// Begins or ends a pause when what the state says no longer fits the last one.
void note_load(State& draft, std::int64_t utc_ms) {
  const bool is_paused = !draft.pauses.empty() && draft.pauses.back().end_utc_ms == never_ms;
  if (draws(draft) != is_paused) return;
  if (!is_paused) {
    // Time that was set back must not make pauses overlap.
    const std::int64_t earliest = draft.pauses.empty() ? utc_ms : draft.pauses.back().end_utc_ms;
    draft.pauses.push_back({std::max(utc_ms, earliest), never_ms});
    return;
  }
  auto& last = draft.pauses.back();
  last.end_utc_ms = utc_ms;
  if (last.end_utc_ms <= last.begin_utc_ms) draft.pauses.pop_back();
}

void note_event(State& draft, EventKind kind, std::int64_t utc_ms, const OwnClock& clock) {
  draft.add(kind, {utc_ms, clock(utc_ms), clock(utc_ms), {}});
}

void open_relay(State& draft, std::int64_t utc_ms, const OwnClock& clock) {
  auto& relay = draft.relay;
  relay.trip_due_utc_ms = never_ms;
  relay.alarm = false;
  if (relay.is_closed()) note_event(draft, EventKind::trip, utc_ms, clock);
  relay.position = Relay::Position::open;
  relay.close_due_utc_ms =
      relay.closes_itself && relay.limit_minutes > 0 ? utc_ms + relay.limit_minutes * minute_ms : never_ms;
  note_load(draft, utc_ms);
}

void close_relay(State& draft, std::int64_t utc_ms, const OwnClock& clock) {
  auto& relay = draft.relay;
  relay.close_due_utc_ms = never_ms;
  if (!relay.is_closed()) note_event(draft, EventKind::close, utc_ms, clock);
  relay.position = Relay::Position::closed;
  note_load(draft, utc_ms);
}

void call_off_trip(Relay& relay) {
  relay.trip_due_utc_ms = never_ms;
  relay.commanded_open = false;
  relay.alarm = false;
}

}  // namespace

Dar command_trip(State& draft, std::int64_t utc_ms, const TripCommand& command, const OwnClock& clock) {
  auto& relay = draft.relay;
  if (relay.keep == Relay::Keep::yes) return Dar::refused;
  relay.commanded_open = true;
  relay.limit_minutes = command.limit_minutes;
  relay.closes_itself = command.closes_itself;
  relay.trip_due_utc_ms = utc_ms + command.alarm_minutes * minute_ms;
  relay.alarm = command.alarm_minutes > 0 && relay.is_closed();
  let_time_pass(draft, utc_ms, clock);
  return Dar::success;
}

void command_close(State& draft, std::int64_t utc_ms, bool at_once, const OwnClock& clock) {
  call_off_trip(draft.relay);
  if (at_once) return close_relay(draft, utc_ms, clock);
  draft.relay.close_due_utc_ms = never_ms;
  if (!draft.relay.is_closed()) draft.relay.position = Relay::Position::permitted;
}

void command_keep(State& draft, std::int64_t utc_ms, bool keep, const OwnClock& clock) {
  draft.relay.keep = keep ? Relay::Keep::yes : Relay::Keep::no;
  if (keep) command_close(draft, utc_ms, true, clock);
}

void press_key(State& draft, std::int64_t utc_ms, const OwnClock& clock) {
  if (draft.relay.position == Relay::Position::permitted) close_relay(draft, utc_ms, clock);
}

bool let_time_pass(State& draft, std::int64_t utc_ms, const OwnClock& clock) {
  bool happened = false;
  while (true) {
    const auto& relay = draft.relay;
    const std::int64_t due = std::min(relay.trip_due_utc_ms, relay.close_due_utc_ms);
    if (due == never_ms || due > utc_ms) return happened;
    happened = true;
    if (relay.trip_due_utc_ms == due)
      open_relay(draft, due, clock);
    else
      command_close(draft, due, true, clock);
  }
}

void set_powered(State& draft, std::int64_t utc_ms, bool powered) {
  draft.is_powered = powered;
  note_load(draft, utc_ms);
}

}  // namespace duheng::device::meter698
