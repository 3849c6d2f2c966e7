#include "device/dlt698/metering.hpp"

#include <algorithm>

namespace duheng::device::meter698 {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t mw_ns_per_deciwatthour = 360'000'000'000'000;  // 0.1 Wh; see CurveEnergy
constexpr int steps_per_centikwh = 100;
constexpr std::uint32_t demand_period_identifier = 0x04000103;  // of DL/T 645, minutes as two digits

MeterState mirror_of(const VirtualMeterOptions& options, const MeterQuantities& quantities) {
  const std::int64_t zone_ms = options.zone_offset_minutes * minute_ms;
  return {MeterClock({zone_ms, 0, 0, quantities.installed_utc_ms()}), Consumption(quantities.curve(), zone_ms), {}};
}

device::EventRecord mirror_of(const StoredEvent& event, MeterEvent kind, std::uint8_t phase) {
  device::EventRecord out;
  out.kind = kind;
  out.phase = phase;
  out.begin_utc_ms = event.utc_ms;
  out.begin_own_ms = event.begin_local_ms;
  // How long it lasted by its clock is how long it lasted.
  if (event.end_local_ms != never_ms) {
    out.end_utc_ms = event.utc_ms + std::max<std::int64_t>(event.end_local_ms - event.begin_local_ms, 0);
    out.end_own_ms = event.end_local_ms;
  }
  return out;
}

}  // namespace

Metering::Metering(const VirtualMeterOptions& options)
    : options_(options), quantities_(options_, mirror_), mirror_(mirror_of(options_, quantities_)) {}

CurveEnergy Metering::curve_energy(std::int64_t utc_ms) const {
  return quantities_.curve().energy(utc_ms + options_.zone_offset_minutes * minute_ms);
}

void Metering::follow(const State& state) {
  std::vector<device::Pause> pauses;
  for (const auto& pause : state.pauses)
    pauses.push_back({pause.begin_utc_ms, pause.end_utc_ms, device::Pause::Cause::relay});
  if (pauses != mirror_.consumption.pauses() || state.folded.until_utc_ms != folded_until_utc_ms_)
    mirror_.consumption.restore(std::move(pauses), state.folded.kept_back);
  folded_until_utc_ms_ = state.folded.until_utc_ms;
  mirror_.cleared_utc_ms = state.cleared_utc_ms;
  mirror_.cleared_at = state.cleared_at;
  const auto period =
      static_cast<std::uint8_t>(state.demand_period_minutes / 10 << 4 | state.demand_period_minutes % 10);
  mirror_.set_parameter(demand_period_identifier, ByteView(&period, 1));
  const auto& relay = state.relay;
  mirror_.relay.open = !relay.is_closed();
  mirror_.relay.close_permitted = relay.position == Relay::Position::permitted;
  mirror_.relay.alarm = relay.alarm;
  mirror_.relay.kept_supplied = relay.keep == Relay::Keep::yes;
  mirror_.events = {};
  using Mirrored = std::pair<EventKind, MeterEvent>;
  for (const auto& [kind, mirrored] : {Mirrored{EventKind::loss_of_voltage, MeterEvent::loss_of_voltage},
                                       Mirrored{EventKind::under_voltage, MeterEvent::under_voltage},
                                       Mirrored{EventKind::over_voltage, MeterEvent::over_voltage},
                                       Mirrored{EventKind::phase_break, MeterEvent::phase_break},
                                       Mirrored{EventKind::loss_of_current, MeterEvent::loss_of_current},
                                       Mirrored{EventKind::over_current, MeterEvent::over_current},
                                       Mirrored{EventKind::reverse_flow, MeterEvent::reverse_flow},
                                       Mirrored{EventKind::overload, MeterEvent::overload}})
    for (std::uint8_t phase = 0; phase < phase_count; ++phase)
      for (const auto& event : state.book(of_phase(kind, phase)).kept)
        mirror_.events.add(mirror_of(event, mirrored, static_cast<std::uint8_t>(phase + 1)));
  for (const auto& [kind, mirrored] : {Mirrored{EventKind::voltage_unbalance, MeterEvent::voltage_unbalance},
                                       Mirrored{EventKind::current_unbalance, MeterEvent::current_unbalance},
                                       Mirrored{EventKind::voltage_sequence, MeterEvent::voltage_sequence},
                                       Mirrored{EventKind::current_sequence, MeterEvent::current_sequence}})
    for (const auto& event : state.book(kind).kept) mirror_.events.add(mirror_of(event, mirrored, 0));
  quantities_.forget();
}

void Metering::fold(State& state) const {
  while (state.pauses.size() > State::pauses_max) {
    const auto& oldest = state.pauses.front();
    state.folded.kept_back =
        state.folded.kept_back + (curve_energy(oldest.end_utc_ms) - curve_energy(oldest.begin_utc_ms));
    state.folded.until_utc_ms = oldest.end_utc_ms;
    state.pauses.erase(state.pauses.begin());
  }
}

void Metering::clear(State& draft, std::int64_t utc_ms) const {
  draft.cleared_utc_ms = utc_ms;
  draft.cleared_at = mirror_.consumption.energy(utc_ms);
  draft.demand_cleared_utc_ms = utc_ms;
}

std::int64_t Metering::known_from_utc_ms() const noexcept {
  return std::max(quantities_.floor_utc_ms(), folded_until_utc_ms_);
}

std::int64_t Metering::energy_centi(std::int64_t utc_ms, std::uint8_t quantity, int tariff) const {
  return quantities_.energy(utc_ms, quantity, tariff).value_or(0);
}

std::int64_t Metering::energy_deciwatthour(std::int64_t utc_ms, bool reverse, int tariff) const {
  constexpr std::int64_t limit = energy_limit_centikwh * steps_per_centikwh;
  const auto energy = mirror_.consumption.energy(utc_ms) - mirror_.cleared_at;
  const auto steps = [](CurveEnergy::Wide amount) {
    return static_cast<std::int64_t>(amount / mw_ns_per_deciwatthour);
  };
  if (reverse) {
    const auto amount =
        tariff == 0 ? energy.export_mw_ns : energy.export_by_tariff_mw_ns[static_cast<std::size_t>(tariff - 1)];
    return steps(amount) % limit;
  }
  // What it showed when it was installed, which has no finer digits.
  const std::int64_t initial = quantities_.energy(installed_utc_ms(), 1, tariff).value_or(0);
  const std::int64_t at_first = mirror_.was_cleared() ? 0 : initial;
  const auto amount =
      tariff == 0 ? energy.import_mw_ns : energy.import_by_tariff_mw_ns[static_cast<std::size_t>(tariff - 1)];
  return (at_first * steps_per_centikwh + steps(amount)) % limit;
}

MeterQuantities::Demand Metering::demand(std::int64_t from_utc_ms, std::int64_t utc_ms, bool reverse,
                                         int tariff) const {
  return quantities_.max_demand(from_utc_ms, utc_ms, reverse, tariff);
}

}  // namespace duheng::device::meter698
