#include "device/cjt188/virtual_cjt188_meter.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "device/cjt188/cjt188_line.hpp"

namespace duheng::device {
namespace {

using cjt188::BuiltFrame;
using cjt188::DataIdentifier;
using cjt188::FieldRole;
using cjt188::Function;
using cjt188::MeterFamily;
namespace identifiers = cjt188::identifiers;

constexpr std::string_view memory_key = "cjt188";
constexpr std::int64_t battery_hysteresis_mv = 100;
constexpr std::uint8_t day_of_month_max = 28;  // so that every month has it
// A clock outside is a mistake of the master's.
constexpr int clock_year_first = 2000;
constexpr int clock_year_last = 2099;
constexpr std::int64_t clock_error_ms_max = 100LL * 365 * 86'400'000;

std::optional<std::uint8_t> day_in(ByteView payload) {
  if (payload.size() != 1 || (payload[0] & 0x0F) > 9 || payload[0] >> 4 > 9) return std::nullopt;
  const auto day = static_cast<std::uint8_t>((payload[0] >> 4) * 10 + (payload[0] & 0x0F));
  if (day < 1 || day > day_of_month_max) return std::nullopt;
  return day;
}
void correct_clock(Cjt188State& state, std::int64_t by_ms) {
  state.correction_ms = std::clamp(state.correction_ms + by_ms, -clock_error_ms_max, clock_error_ms_max);
}

}  // namespace

VirtualCjt188Meter::VirtualCjt188Meter(const Cjt188MeterOptions& options)
    : options_(options),
      uid_(options.address.to_string()),
      measures_(options.meter_type, options.seed, options.leaks),
      state_(remembered()),
      powered_(state_.powered),
      boot_pending_(!state_.powered) {
  around_.battery_mv = options.battery_full_mv;
}

/// What a power-on finds. Memory that holds something else is that of another meter: this one begins afresh.
Cjt188State VirtualCjt188Meter::remembered() const {
  if (options_.memory) {
    if (const auto kept = options_.memory->load(memory_key)) {
      if (auto state = Cjt188State::decode(*kept)) return std::move(*state);
      log::warning("fleet", "the memory of a meter holds no state; it begins afresh", {{"device", uid_}});
    }
  }
  Cjt188State fresh;
  fresh.debug_stage = options_.debug_stage;
  fresh.sensed.battery_mv = options_.battery_full_mv;
  return fresh;
}

std::uint64_t VirtualCjt188Meter::bus_key() const noexcept { return bus_key_of(options_.address); }

std::optional<DeviceCommand> VirtualCjt188Meter::last_command() const {
  if (state_.last_command.number == 0) return std::nullopt;
  return state_.last_command;
}

std::int64_t VirtualCjt188Meter::local_ms(std::int64_t utc_ms) const noexcept {
  return utc_ms + options_.zone_offset_minutes * 60'000LL;
}

/// The new state holds only when it is stored: what was answered, or closed, or noted is there after a power cut.
bool VirtualCjt188Meter::commit(std::int64_t utc_ms, Cjt188State next) {
  if (options_.memory) {
    if (const auto stored = options_.memory->store(memory_key, next.encode()); !stored) {
      if (stored.error().code == ErrorCode::unavailable && powered_) {
        powered_ = false;
        off_since_utc_ms_ = utc_ms;
      }
      return false;
    }
  }
  state_ = std::move(next);
  return true;
}

void VirtualCjt188Meter::operate(std::int64_t utc_ms, GasValveInput input, Cjt188State& next) const {
  if (!options_.has_valve) return;
  GasValve valve({}, next.valve);
  for (const Cjt188Event event : valve.take(input)) next.note(utc_ms, event);
  next.valve = valve.state();
  settle_interruption(utc_ms, next);
}

/// Measuring stands still behind a valve that is closed and tight, without supply, and while the meter is the wrong way
/// round.
void VirtualCjt188Meter::settle_interruption(std::int64_t utc_ms, Cjt188State& next) const {
  const bool shut_off = options_.has_valve && !next.valve.open && !next.sensed.valve_leaks;
  const bool stands = shut_off || !next.powered || next.sensed.reversed;
  if (stands != next.interruptions.lasts()) measures_.interrupt(local_ms(utc_ms), stands, next.interruptions);
}

void VirtualCjt188Meter::sense_battery(std::int64_t utc_ms, Cjt188State& next) const {
  next.sensed.battery_mv = around_.battery_mv;
  if (options_.has_valve) {
    GasValve valve({}, next.valve);
    for (const Cjt188Event event : valve.voltage_mv(around_.battery_mv)) next.note(utc_ms, event);
    next.valve = valve.state();
    return;
  }
  const std::int64_t limit_mv = options_.battery_low_mv + (next.battery_low ? battery_hysteresis_mv : 0);
  const bool low = around_.battery_mv < limit_mv;
  if (low == next.battery_low) return;
  next.battery_low = low;
  next.note(utc_ms, low ? Cjt188Event::undervoltage_noticed : Cjt188Event::voltage_restored);
}

/// Takes what surrounds the meter into its state, with the events that belong to it.
void VirtualCjt188Meter::sense(std::int64_t utc_ms, Cjt188State& next) const {
  const auto change = [&](bool Cjt188Surroundings::* fact, Cjt188Event begins, Cjt188Event ends) {
    if (next.sensed.*fact == around_.*fact) return false;
    next.sensed.*fact = around_.*fact;
    next.note(utc_ms, around_.*fact ? begins : ends);
    return true;
  };
  using enum Cjt188Event;
  if (change(&Cjt188Surroundings::magnet, magnetic_field, magnetic_field_gone))
    operate(utc_ms, around_.magnet ? GasValveInput::magnet : GasValveInput::magnet_gone, next);
  if (change(&Cjt188Surroundings::radiation, radiated_field, radiated_field_gone))
    operate(utc_ms, around_.radiation ? GasValveInput::radiation : GasValveInput::radiation_gone, next);
  change(&Cjt188Surroundings::cover_open, cover_opened, cover_closed);
  change(&Cjt188Surroundings::reversed, reversed, reverse_ended);
  next.sensed.valve_leaks = around_.valve_leaks;  // nothing in the meter notices, so that it is no event
  if (next.sensed.battery_mv != around_.battery_mv) sense_battery(utc_ms, next);
  if (next.sensed.drift_ppm != around_.drift_ppm) {
    correct_clock(next, (utc_ms - next.drift_since_utc_ms) / 1'000 * next.sensed.drift_ppm / 1'000);
    next.sensed.drift_ppm = around_.drift_ppm;
    next.drift_since_utc_ms = utc_ms;
  }
  correct_clock(next, clock_jumps_ms_);
  settle_interruption(utc_ms, next);
}

void VirtualCjt188Meter::happen(std::int64_t utc_ms, const DeviceHappening& happening) {
  using Kind = DeviceHappening::Kind;
  const bool on = happening.amount != 0;
  switch (happening.kind) {
    case Kind::clock_jump:
      clock_jumps_ms_ += happening.amount;
      break;
    case Kind::clock_drift:
      around_.drift_ppm = static_cast<std::int32_t>(happening.amount);
      break;
    case Kind::magnetic_field:
      around_.magnet = on;
      break;
    case Kind::radiated_field:
      around_.radiation = on;
      break;
    case Kind::cover:
      around_.cover_open = on;
      break;
    case Kind::reverse:
      around_.reversed = on;
      break;
    case Kind::battery:
      around_.battery_mv = static_cast<std::int32_t>(happening.amount);
      break;
    case Kind::valve_seat:
      around_.valve_leaks = on;
      break;
    case Kind::electrostatic_discharge:
      return discharge(utc_ms);
    case Kind::power:
      return on ? restore_power(utc_ms) : fail_power(utc_ms);
    case Kind::button:
      return press_button(utc_ms);
    default:  // the mains and what goes on there: these meters have none; nor does a measuring part break by itself
      return;
  }
  static_cast<void>(is_awake(utc_ms));
}

/// Switched on, and knowing what surrounds it. Also true of a meter whose program was ended without its supply: whoever
/// starts the program switches it on.
bool VirtualCjt188Meter::is_awake(std::int64_t utc_ms) {
  if (boot_pending_) restore_power(utc_ms);
  if (!powered_ || (state_.sensed == around_ && clock_jumps_ms_ == 0)) return powered_;
  Cjt188State next = state_;
  sense(utc_ms, next);
  if (!commit(utc_ms, std::move(next))) return false;
  clock_jumps_ms_ = 0;
  return true;
}

void VirtualCjt188Meter::discharge(std::int64_t utc_ms) {
  if (!is_awake(utc_ms)) return;
  Cjt188State next = state_;
  next.note(utc_ms, Cjt188Event::electrostatic_discharge);
  operate(utc_ms, GasValveInput::discharge, next);
  static_cast<void>(commit(utc_ms, std::move(next)));
}

void VirtualCjt188Meter::lose_supply(std::int64_t utc_ms, Cjt188State& next) const {
  next.powered = false;
  next.note(utc_ms, Cjt188Event::power_failed);
  operate(utc_ms, GasValveInput::battery_removed, next);
  settle_interruption(utc_ms, next);
}

/// The last charge serves to close the valve and to note it. What does not come to be stored is made up for when the
/// supply is back.
void VirtualCjt188Meter::fail_power(std::int64_t utc_ms) {
  boot_pending_ = false;
  if (!powered_) return;
  powered_ = false;
  off_since_utc_ms_ = utc_ms;
  Cjt188State next = state_;
  lose_supply(utc_ms, next);
  static_cast<void>(commit(utc_ms, std::move(next)));
}

void VirtualCjt188Meter::restore_power(std::int64_t utc_ms) {
  if (powered_) return;
  Cjt188State next = options_.memory ? remembered() : state_;
  if (next.powered) lose_supply(off_since_utc_ms_, next);
  next.powered = true;
  operate(utc_ms, GasValveInput::battery_inserted, next);
  if (!options_.has_valve) next.note(utc_ms, Cjt188Event::power_restored);
  sense(utc_ms, next);
  // Nothing is believed that is not stored: until it can be, the meter stays off.
  powered_ = commit(utc_ms, std::move(next));
  boot_pending_ = !powered_;
  if (powered_) clock_jumps_ms_ = 0;
}

void VirtualCjt188Meter::press_button(std::int64_t utc_ms) {
  if (!options_.has_valve || !is_awake(utc_ms)) return;
  Cjt188State next = state_;
  operate(utc_ms, GasValveInput::local_open, next);
  static_cast<void>(commit(utc_ms, std::move(next)));
}

BuiltFrame VirtualCjt188Meter::refuse(std::int64_t utc_ms, const Peer& peer, std::uint8_t function,
                                      std::uint8_t reason) const {
  return cjt188::error_reply(peer, function, {static_cast<std::uint8_t>(readout(utc_ms).status()), reason});
}

BuiltFrame VirtualCjt188Meter::read(std::int64_t utc_ms, const Peer& peer, DataIdentifier identifier) const {
  std::array<std::uint8_t, 64> payload;
  const auto size = readout(utc_ms).payload(identifier, payload);
  if (!size)
    return refuse(utc_ms, peer, static_cast<std::uint8_t>(Function::read), cjt188_refusals::unknown_identifier);
  return cjt188::read_reply(peer, identifier, ByteView(payload).first(*size));
}

std::uint8_t VirtualCjt188Meter::set_clock(std::int64_t utc_ms, ByteView payload, Cjt188State& next) const {
  if (payload.size() != cjt188::time_octets) return cjt188_refusals::unacceptable_value;
  const auto decoded = cjt188::decode_time(payload.data(), options_.profile->time_order);
  const auto time = cjt188::from_digits(decoded.digits);
  if (decoded.state != cjt188::DecodedTime::State::good || time.year < clock_year_first || time.year > clock_year_last)
    return cjt188_refusals::unacceptable_value;
  correct_clock(next, local_ms_of(time) - readout(utc_ms).clock_local_ms());
  next.note(utc_ms, Cjt188Event::clock_set);
  return 0;
}

std::uint8_t VirtualCjt188Meter::set_day(std::int64_t utc_ms, bool settlement, ByteView payload,
                                         Cjt188State& next) const {
  const auto day = day_in(payload);
  if (!day) return cjt188_refusals::unacceptable_value;
  (settlement ? next.settlement_day : next.reading_day) = *day;
  next.note(utc_ms, Cjt188Event::day_set);
  return 0;
}

std::uint8_t VirtualCjt188Meter::command_valve(std::int64_t utc_ms, ByteView payload, Cjt188State& next) const {
  if (!options_.has_valve) return cjt188_refusals::unknown_identifier;
  if (payload.size() != 1) return cjt188_refusals::unacceptable_value;
  const auto command = cjt188::valve_command_of(*options_.profile, payload[0]);
  if (command == cjt188::ValveCommand::open)
    operate(utc_ms, GasValveInput::remote_permit, next);
  else if (command == cjt188::ValveCommand::close)
    operate(utc_ms, GasValveInput::remote_close, next);
  else
    return cjt188_refusals::unacceptable_value;
  return 0;
}

/// A016: the electronics take over what the mechanical register shows; only volumes, and only in the debug stage.
std::uint8_t VirtualCjt188Meter::set_register(std::int64_t utc_ms, const cjt188::Message& message,
                                              Cjt188State& next) const {
  if (!state_.debug_stage) return cjt188_refusals::not_in_debug_stage;
  const auto layout = cjt188::find_layout(message);
  cjt188::ValueList values;
  if (cjt188::family_of(options_.meter_type) == MeterFamily::heat || !layout ||
      !cjt188::decode_values(**layout, message.payload, *options_.profile, values))
    return cjt188_refusals::unacceptable_value;
  const auto* value = values.find(FieldRole::sync_value);
  if (value == nullptr || value->state != cjt188::ValueState::good || value->unit != cjt188::Unit::cubic_metre ||
      value->unit_scale != 0)
    return cjt188_refusals::unacceptable_value;
  next.register_offset = value->mantissa - measures_.volume(local_ms(utc_ms), state_.interruptions);
  next.note(utc_ms, Cjt188Event::register_set);
  return 0;
}

std::uint8_t VirtualCjt188Meter::change(std::int64_t utc_ms, const cjt188::FrameView& frame,
                                        const cjt188::Message& message, Cjt188State& next) const {
  const DataIdentifier identifier = message.identifier.identifier;
  if (frame.is(Function::write_sync))
    return identifier == identifiers::write_sync ? set_register(utc_ms, message, next)
                                                 : cjt188_refusals::unknown_identifier;
  // The address is where the meter sits on its bus: it is enabled for the field as far as that goes.
  if (frame.is(Function::write_address)) return cjt188_refusals::not_in_debug_stage;
  if (!frame.is(Function::write)) return cjt188_refusals::unknown_function;
  switch (identifier.value) {
    case identifiers::write_clock.value:
      return set_clock(utc_ms, message.payload, next);
    case identifiers::write_settlement_day.value:
      return set_day(utc_ms, true, message.payload, next);
    case identifiers::write_reading_day.value:
      return set_day(utc_ms, false, message.payload, next);
    case identifiers::valve.value:
      return command_valve(utc_ms, message.payload, next);
    case identifiers::factory_enable.value:
      if (!state_.debug_stage) return cjt188_refusals::not_in_debug_stage;
      next.debug_stage = false;
      next.note(utc_ms, Cjt188Event::enabled);
      return 0;
    default:
      return cjt188_refusals::unknown_identifier;
  }
}

BuiltFrame VirtualCjt188Meter::respond(std::int64_t utc_ms, const cjt188::FrameView& frame,
                                       const cjt188::Message& message) {
  const DataIdentifier identifier = message.identifier.identifier;
  Peer peer{options_.meter_type, options_.address, options_.profile, message.sequence};
  peer.identifier_order = message.identifier.order;
  peer.preamble_octets = 0;  // what the ledger writes down is the frame
  if (frame.is(Function::read)) return read(utc_ms, peer, identifier);
  if (frame.is(Function::read_address) && identifier == identifiers::address) return read_address_reply(peer);
  Cjt188State next = state_;
  if (const std::uint8_t reason = change(utc_ms, frame, message, next); reason != 0)
    return refuse(utc_ms, peer, frame.function(), reason);
  next.last_command = {state_.last_command.number + 1, frame.control(), identifier.value,
                       crypto::sha256(frame.octets()), utc_ms};
  if (!commit(utc_ms, std::move(next))) return std::unexpected(cjt188::DecodeError{});
  if (on_command_) on_command_(state_.last_command);
  const std::uint16_t status = readout(utc_ms).status();
  const std::array<std::uint8_t, 2> word{static_cast<std::uint8_t>(status), static_cast<std::uint8_t>(status >> 8)};
  return cjt188::write_reply(peer, static_cast<Function>(frame.function()), identifier, word);
}

std::optional<DeviceAnswer> VirtualCjt188Meter::answer(std::int64_t utc_ms, ByteView question) {
  const auto frame = cjt188::decode_at_start(question);
  if (!frame || frame->from_slave() || !is_awake(utc_ms)) return std::nullopt;
  const bool type_fits = frame->meter_type() == options_.meter_type || frame->meter_type() == cjt188::meter_types::any;
  if (!type_fits || !frame->address().matches(options_.address)) return std::nullopt;
  const auto message = cjt188::parse_message(*frame, options_.profile->identifier_order);
  if (!message) return std::nullopt;
  const auto built = respond(utc_ms, *frame, *message);
  if (!built) return std::nullopt;
  const ByteView octets = built->view();
  return DeviceAnswer{Bytes(octets.begin(), octets.end()), message->identifier.identifier.value};
}

}  // namespace duheng::device
