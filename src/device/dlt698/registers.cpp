#include "device/dlt698/registers.hpp"

#include <algorithm>

namespace duheng::device::meter698 {
namespace {

constexpr std::string_view state_key = "dlt698";

VirtualMeterOptions curve_options(const Dlt698MeterOptions& options) {
  VirtualMeterOptions out;
  out.seed = options.seed;
  out.three_phase = options.three_phase;
  out.exports = options.exports;
  out.zone_offset_minutes = options.zone_offset_minutes;
  return out;
}

/// A meter whose memory holds nothing it can read is as it left the factory.
State remembered(const Dlt698MeterOptions& options) {
  if (!options.memory) return {};
  const auto octets = options.memory->load(state_key);
  if (!octets) return {};
  auto state = decode_state(*octets);
  return state ? std::move(*state) : State{};
}

}  // namespace

Registers::Registers(const Dlt698MeterOptions& options)
    : options_(options),
      zone_ms_(options.zone_offset_minutes * 60'000LL),
      state_(remembered(options)),
      address_(address_in(state_, options)),
      metering_(curve_options(options)),
      events_(options.seed, metering_.installed_utc_ms(), zone_ms_) {
  metering_.follow(state_);
}

dlt698::ServerAddress Registers::address_in(const State& state, const Dlt698MeterOptions& options) {
  if (state.address.empty()) return options.address;
  return dlt698::ServerAddress::parse(to_hex(state.address)).value_or(options.address);
}

const std::string& Registers::password() const noexcept {
  return state_.password ? *state_.password : options_.password;
}

std::int64_t Registers::clock_local_ms(std::int64_t utc_ms) const {
  // Parts per million of milliseconds; in seconds first, so that decades fit.
  const auto drifted = [&](std::int64_t since_utc_ms, std::int64_t ppm) {
    return (utc_ms - since_utc_ms) / 1'000 * ppm / 1'000;
  };
  return true_local_ms(utc_ms) + options_.clock_offset_ms +
         drifted(metering_.installed_utc_ms(), options_.clock_drift_ppm) +
         drifted(state_.extra_drift_utc_ms, state_.extra_drift_ppm) + state_.correction_ms;
}

bool Registers::commit(State draft) {
  metering_.fold(draft);
  if (options_.memory && !options_.memory->store(state_key, encode(draft))) return false;
  state_ = std::move(draft);
  address_ = address_in(state_, options_);
  metering_.follow(state_);
  return true;
}

bool Registers::let_time_pass(std::int64_t utc_ms) {
  // Asked before every question: nothing is copied when nothing waits.
  const auto& relay = state_.relay;
  if (std::min(relay.trip_due_utc_ms, relay.close_due_utc_ms) > utc_ms) return true;
  State next = draft();
  return !meter698::let_time_pass(next, utc_ms, own_clock()) || commit(std::move(next));
}

bool Registers::press_key(std::int64_t utc_ms) {
  State next = draft();
  meter698::press_key(next, utc_ms, own_clock());
  return commit(std::move(next));
}

void Registers::lasting_event(State& draft, std::int64_t utc_ms, std::int64_t own_ms, EventKind kind, bool begins) {
  auto& kept = draft.book(kind).kept;
  const bool goes_on = !kept.empty() && kept.back().end_local_ms == never_ms;
  if (begins && !goes_on) draft.add(kind, {utc_ms, own_ms, never_ms, {}});
  if (!begins && goes_on) kept.back().end_local_ms = own_ms;
}

/// The limits are those of the DL/T 645 meter.
void Registers::set_voltage(State& draft, std::int64_t utc_ms, std::int64_t per_mille) const {
  constexpr std::int64_t lost = 780;
  constexpr std::int64_t low = 900;
  constexpr std::int64_t high = 1'100;
  for (std::size_t phase = 0; phase < phases(); ++phase) {
    const auto note = [&](EventKind kind, bool is_so) {
      lasting_event(draft, utc_ms, clock_local_ms(utc_ms), of_phase(kind, phase), is_so);
    };
    note(EventKind::loss_of_voltage, per_mille < lost);
    note(EventKind::under_voltage, per_mille >= lost && per_mille < low);
    note(EventKind::over_voltage, per_mille > high);
  }
}

bool Registers::happen(std::int64_t utc_ms, const DeviceHappening& happening) {
  using enum DeviceHappening::Kind;
  if (!let_time_pass(utc_ms)) return false;
  State next = draft();
  const std::int64_t own_ms = clock_local_ms(utc_ms);
  switch (happening.kind) {
    case clock_jump:
      next.correction_ms += happening.amount;
      break;
    case clock_drift:
      next.correction_ms += (utc_ms - next.extra_drift_utc_ms) / 1'000 * next.extra_drift_ppm / 1'000;
      next.extra_drift_utc_ms = utc_ms;
      next.extra_drift_ppm = static_cast<std::int32_t>(happening.amount);
      break;
    case magnetic_field:
      lasting_event(next, utc_ms, own_ms, EventKind::magnetic_field, happening.amount != 0);
      break;
    case cover:
      lasting_event(next, utc_ms, own_ms, EventKind::cover_open, happening.amount != 0);
      break;
    case power:
      lasting_event(next, utc_ms, own_ms, EventKind::power_down, happening.amount == 0);
      set_powered(next, utc_ms, happening.amount != 0);
      break;
    case voltage:
      set_voltage(next, utc_ms, happening.amount);
      break;
    default:
      if (!notice(next, utc_ms, happening)) return true;
  }
  return commit(std::move(next));
}

/// What goes on in its supply; false: nothing that such a meter notices.
bool Registers::notice(State& draft, std::int64_t utc_ms, const DeviceHappening& happening) const {
  using Kind = DeviceHappening::Kind;
  struct Noticed {
    Kind kind;
    EventKind event;
    bool by_phase;
    bool needs_phases;
  };
  constexpr std::array<Noticed, 11> known{{{Kind::phase_break, EventKind::phase_break, true, false},
                                           {Kind::loss_of_current, EventKind::loss_of_current, true, false},
                                           {Kind::over_current, EventKind::over_current, true, false},
                                           {Kind::overload, EventKind::overload, true, false},
                                           {Kind::reverse_flow, EventKind::reverse_flow, true, false},
                                           {Kind::voltage_sequence, EventKind::voltage_sequence, false, true},
                                           {Kind::current_sequence, EventKind::current_sequence, false, true},
                                           {Kind::voltage_unbalance, EventKind::voltage_unbalance, false, true},
                                           {Kind::current_unbalance, EventKind::current_unbalance, false, true},
                                           {Kind::over_demand, EventKind::over_demand, false, false},
                                           {Kind::terminal_cover, EventKind::terminal_cover_open, false, false}}};
  const auto found = std::ranges::find(known, happening.kind, &Noticed::kind);
  if (found == known.end() || (found->needs_phases && phases() == 1)) return false;
  const std::int64_t own_ms = clock_local_ms(utc_ms);
  const bool begins = happening.amount != 0;
  if (!found->by_phase) {
    lasting_event(draft, utc_ms, own_ms, found->event, begins);
    return true;
  }
  for (std::size_t phase = 0; phase < phases(); ++phase)
    if (happening.phase == 0 || happening.phase == phase + 1)
      lasting_event(draft, utc_ms, own_ms, of_phase(found->event, phase), begins);
  return true;
}

}  // namespace duheng::device::meter698
