#include "device/cjt188/cjt188_readout.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace duheng::device {
namespace {

using cjt188::DataIdentifier;
using cjt188::FieldRole;
using cjt188::MeterFamily;
using cjt188::Unit;
using cjt188::Value;
using cjt188::ValueState;
using Purpose = ThermalCurve::Purpose;
namespace identifiers = cjt188::identifiers;

constexpr std::int64_t digits8 = 100'000'000;  // a register of eight digits rolls over
constexpr int settlements_kept = 12;           // D120 to D12B
constexpr int settlements_kept_2018 = 24;      // D200 to D217
constexpr int freezes_kept = 62;               // D300 to D33D
constexpr DataIdentifier settlement_2018{0xD200};
constexpr DataIdentifier timed_freeze{0xD300};
constexpr std::int64_t heat_supply_kpa = 600;
constexpr std::int64_t heat_return_kpa = 450;
constexpr std::int64_t lately_ms = 86'400'000;

/// How far into a run of identifiers this one is; nothing when it is outside.
std::optional<int> place_in(DataIdentifier identifier, DataIdentifier first, int size) {
  const int place = identifier.value - first.value;
  if (place < 0 || place >= size) return std::nullopt;
  return place;
}
void set(Value& value, std::int64_t mantissa, Unit unit = Unit::none) {
  value.mantissa = mantissa;
  value.state = ValueState::good;
  if (unit != Unit::none) value.unit_code = cjt188::code_of({unit, 0});
}
/// 10^-9 m3/h to a field's digits.
std::int64_t flow_digits(std::int64_t microlitre_h, std::int8_t exponent) {
  for (int i = -9; i < exponent; ++i) microlitre_h /= 10;
  return microlitre_h;
}

}  // namespace

cjt188::DateTime civil_of(std::int64_t local_ms) {
  const std::int64_t day = day_of(local_ms);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const std::int64_t seconds = (local_ms - day * DayCurve::day_ms) / 1'000;
  return {static_cast<std::uint16_t>(static_cast<int>(date.year())),
          static_cast<std::uint8_t>(static_cast<unsigned>(date.month())),
          static_cast<std::uint8_t>(static_cast<unsigned>(date.day())),
          static_cast<std::uint8_t>(seconds / 3'600),
          static_cast<std::uint8_t>(seconds / 60 % 60),
          static_cast<std::uint8_t>(seconds % 60)};
}

std::int64_t local_ms_of(const cjt188::DateTime& time) {
  const std::chrono::year_month_day date{std::chrono::year{time.year}, std::chrono::month{time.month},
                                         std::chrono::day{time.day}};
  return std::chrono::sys_days{date}.time_since_epoch().count() * DayCurve::day_ms +
         ((time.hour * 60 + time.minute) * 60 + time.second) * 1'000LL;
}

bool Cjt188Readout::heats() const noexcept { return cjt188::family_of(options_.meter_type) == MeterFamily::heat; }

std::int64_t Cjt188Readout::clock_local_ms() const noexcept {
  const std::int64_t age_ms = local_ms() - measures_.installed_day() * DayCurve::day_ms;
  const std::int64_t drifting_ms = utc_ms_ - state_.drift_since_utc_ms;
  // Parts per million of milliseconds; in seconds first, so that decades fit.
  return local_ms() + age_ms / 1'000 * options_.clock_drift_ppm / 1'000 +
         drifting_ms / 1'000 * state_.sensed.drift_ppm / 1'000 + state_.correction_ms;
}

std::int64_t Cjt188Readout::volume(std::int64_t local_ms) const {
  return std::max<std::int64_t>(0, measures_.volume(local_ms, state_.interruptions) + state_.register_offset);
}

bool Cjt188Readout::happened_lately(std::initializer_list<Cjt188Event> events) const {
  return std::ranges::any_of(state_.events, [&](const Cjt188State::Event& each) {
    return std::ranges::find(events, each.event) != events.end() && utc_ms_ - each.utc_ms < lately_ms;
  });
}

std::uint16_t Cjt188Readout::status() const {
  std::uint8_t octets[2] = {0, 0};
  const auto& bits = options_.profile->status;
  const GasValve valve({}, state_.valve);
  if (options_.has_valve && bits.valve_octet < 2)
    octets[bits.valve_octet] |= valve.is_open() ? bits.valve_open : bits.valve_closed;
  const bool low = options_.has_valve ? valve.level() != GasValve::Level::good : state_.battery_low;
  if (low && bits.battery_octet < 2) octets[bits.battery_octet] |= bits.battery_mask;
  const auto mark = [&](bool holds, std::uint8_t flag) { octets[1] |= holds ? flag : std::uint8_t{0}; };
  using enum Cjt188Event;
  mark(options_.has_valve && valve.waits_for_local_action(), cjt188_status::waits_for_local_action);
  mark(state_.sensed.magnet || happened_lately({magnetic_field, magnetic_field_gone}), cjt188_status::magnetic_field);
  mark(state_.sensed.radiation || happened_lately({electrostatic_discharge, radiated_field, radiated_field_gone}),
       cjt188_status::interference);
  mark(happened_lately({power_failed, power_restored}), cjt188_status::power_failed);
  mark(state_.sensed.cover_open || happened_lately({cover_opened, cover_closed}), cjt188_status::cover_open);
  mark(state_.sensed.reversed || happened_lately({reversed, reverse_ended}), cjt188_status::reversed);
  mark(options_.has_valve && valve.level() == GasValve::Level::empty, cjt188_status::battery_empty);
  return static_cast<std::uint16_t>(octets[0] | octets[1] << 8);
}

/// The newest settlement is 0.
std::int64_t Cjt188Readout::settled_local_ms(int months_back) const {
  const auto now = civil_of(local_ms());
  const int month = now.year * 12 + now.month - 1 - months_back - (now.day < state_.settlement_day ? 1 : 0);
  return local_ms_of({static_cast<std::uint16_t>(month / 12), static_cast<std::uint8_t>(month % 12 + 1),
                      state_.settlement_day, 0, 0, 0});
}

/// The moment of which an identifier tells.
std::int64_t Cjt188Readout::moment_of(DataIdentifier identifier) const {
  if (const auto back = place_in(identifier, identifiers::settlement_last_month, settlements_kept))
    return settled_local_ms(*back);
  if (const auto back = place_in(identifier, settlement_2018, settlements_kept_2018)) return settled_local_ms(*back);
  if (const auto back = place_in(identifier, timed_freeze, freezes_kept))
    return (day_of(local_ms()) - *back) * DayCurve::day_ms;
  return local_ms();
}

/// What counts for the bill. A meter that counts cooling alone settles cooling.
std::int64_t Cjt188Readout::settlement(std::int64_t local_ms) const {
  if (!heats()) return volume(local_ms);
  const bool cools = options_.meter_type == cjt188::meter_types::cooling;
  return measures_.energy(local_ms, cools ? Purpose::cooling : Purpose::heating, state_.interruptions);
}

/// The first energy of 901F is the settlement, or the present cooling; elsewhere it is the settled heat.
std::int64_t Cjt188Readout::energy_first(DataIdentifier identifier, std::int64_t settled_ms) const {
  if (identifier == identifiers::metering && options_.profile->first_energy == cjt188::FirstEnergy::cooling)
    return measures_.energy(local_ms(), Purpose::cooling, state_.interruptions);
  if (place_in(identifier, settlement_2018, settlements_kept_2018))
    return measures_.energy(settled_ms, Purpose::heating, state_.interruptions);
  return settlement(settled_ms);
}

bool Cjt188Readout::fill_totals(Value& value, FieldRole role, DataIdentifier identifier) const {
  const std::int64_t at = moment_of(identifier);
  // What tells of now has the newest settlement in it; a settlement tells of itself.
  const std::int64_t settled_ms = at == local_ms() ? settled_local_ms(0) : at;
  const auto energy = [&](std::int64_t when, Purpose purpose) {
    set(value, measures_.energy(when, purpose, state_.interruptions) % digits8, Unit::kilowatt_hour);
  };
  switch (role) {
    case FieldRole::current_volume:
    case FieldRole::total_flow:
      set(value, volume(at) % digits8, Unit::cubic_metre);
      return true;
    case FieldRole::settlement_volume:
    case FieldRole::settlement_value:
      set(value, settlement(settled_ms) % digits8, heats() ? Unit::kilowatt_hour : Unit::cubic_metre);
      return true;
    case FieldRole::settlement_energy:
      set(value, energy_first(identifier, settled_ms) % digits8, Unit::kilowatt_hour);
      return true;
    case FieldRole::settlement_cooling:
      energy(settled_ms, Purpose::cooling);
      return true;
    case FieldRole::current_energy:
      energy(at, Purpose::heating);
      return true;
    case FieldRole::current_cooling:
      energy(at, Purpose::cooling);
      return true;
    case FieldRole::work_hours:
      set(value, measures_.working_hours(at, state_.interruptions));
      return true;
    default:
      return false;
  }
}

bool Cjt188Readout::fill_present(Value& value, const cjt188::FieldFormat& field, std::int64_t at) const {
  switch (field.role) {
    case FieldRole::power:  // 0.01 kW
      set(value, measures_.power_mw(at, state_.interruptions) / 10'000, Unit::kilowatt);
      return true;
    case FieldRole::flow:
      set(value, flow_digits(measures_.flow_microlitre_h(at, state_.interruptions), field.exponent),
          Unit::cubic_metre_per_hour);
      return true;
    case FieldRole::supply_temperature:
      set(value, measures_.temperatures(at).supply_centidegree);
      return true;
    case FieldRole::return_temperature:
      set(value, measures_.temperatures(at).back_centidegree);
      return true;
    case FieldRole::temperature:  // of a freeze
      if (heats()) set(value, measures_.temperatures(at).supply_centidegree);
      return heats();
    case FieldRole::supply_pressure:
      set(value, heat_supply_kpa);
      return true;
    case FieldRole::return_pressure:
      set(value, heat_return_kpa);
      return true;
    default:
      return false;
  }
}

void Cjt188Readout::fill(Value& value, const cjt188::FieldFormat& field, DataIdentifier identifier) const {
  if (fill_totals(value, field.role, identifier)) return;
  const std::int64_t at = moment_of(identifier);
  if (fill_present(value, field, at)) return;
  switch (field.role) {
    case FieldRole::time:
      value.time_order = options_.profile->time_order;
      return set(value, cjt188::to_digits(civil_of(at == local_ms() ? clock_local_ms() : at)));
    case FieldRole::status:
      return set(value, status());
    case FieldRole::day:
      return set(value, identifier == identifiers::settlement_day ? state_.settlement_day : state_.reading_day);
    default:
      value.state = ValueState::no_value;
  }
}

std::size_t Cjt188Readout::history_octets(DataIdentifier identifier) const noexcept {
  if (place_in(identifier, identifiers::settlement_last_month, settlements_kept)) return 5;
  if (!is_new()) return 0;
  if (place_in(identifier, settlement_2018, settlements_kept_2018)) return heats() ? 15 : 5;
  return place_in(identifier, timed_freeze, freezes_kept) ? 23 : 0;
}

/// 0: the meter has no such thing.
std::size_t Cjt188Readout::payload_octets(DataIdentifier identifier) const noexcept {
  switch (identifier.value) {
    case identifiers::metering.value:
      if (!heats()) return 19;
      return is_new() ? 40 : 43;
    case identifiers::metering_2.value:
      return heats() && is_new() ? 54 : 0;
    case identifiers::power.value:
      return heats() ? (is_new() ? 4 : 5) : 0;
    case identifiers::return_temperature.value:
    case identifiers::supply_temperature.value:
      return heats() ? (is_new() ? 2 : 3) : 0;
    case identifiers::work_hours.value:
      return heats() ? (is_new() ? 4 : 3) : 0;
    case identifiers::clock.value:
      return cjt188::time_octets;
    case identifiers::settlement_day.value:
    case identifiers::reading_day.value:
      return 1;
    default:
      return history_octets(identifier);
  }
}

std::optional<std::size_t> Cjt188Readout::event_payload(std::size_t back, std::span<std::uint8_t> out) const {
  if (back >= state_.events.size()) return std::nullopt;
  const auto& event = state_.events[state_.events.size() - 1 - back];
  out[0] = static_cast<std::uint8_t>(event.event);
  const auto time = cjt188::encode_time(civil_of(event.utc_ms + options_.zone_offset_minutes * 60'000LL),
                                        options_.profile->time_order);
  std::ranges::copy(time, out.begin() + 1);
  return 1 + time.size();
}

std::optional<std::size_t> Cjt188Readout::payload(DataIdentifier identifier, std::span<std::uint8_t> out) const {
  if (const auto back = place_in(identifier, cjt188_identifiers::event_log, static_cast<int>(Cjt188State::events_kept)))
    return event_payload(static_cast<std::size_t>(*back), out);
  const std::size_t size = payload_octets(identifier);
  if (size == 0 || size > out.size()) return std::nullopt;
  // The layout depends on the payload's length only, not on what is in it.
  const auto layout = cjt188::find_layout(cjt188::Message(identifier, options_.meter_type, out.first(size)));
  if (!layout) return std::nullopt;
  std::array<Value, cjt188::ValueList::capacity> values{};
  const auto fields = (*layout)->fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    values[i] = (*layout)->value_list[i];
    fill(values[i], fields[i], identifier);
  }
  if (!cjt188::encode_values(**layout, std::span(values).first(fields.size()), {}, out.first(size)))
    return std::nullopt;
  return size;
}

}  // namespace duheng::device
