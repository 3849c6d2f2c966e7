#include "device/cjt188/virtual_cjt188_meter.hpp"

#include <algorithm>
#include <chrono>

#include "device/cjt188/cjt188_line.hpp"

namespace duheng::device {
namespace {

using cjt188::BuiltFrame;
using cjt188::DataIdentifier;
using cjt188::Edition;
using cjt188::FieldRole;
using cjt188::Function;
using cjt188::MeterFamily;
using cjt188::Unit;
using cjt188::ValueState;
using Purpose = ThermalCurve::Purpose;
namespace identifiers = cjt188::identifiers;

constexpr std::int64_t digits8 = 100'000'000;  // a register of eight digits rolls over
constexpr int settlements_kept = 12;
constexpr std::size_t events_kept = 64;
constexpr std::uint8_t day_of_month_max = 28;  // so that every month has it
constexpr std::int64_t heat_supply_kpa = 600;
constexpr std::int64_t heat_return_kpa = 450;

cjt188::DateTime civil(std::int64_t local_ms) {
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
bool is_settlement(DataIdentifier identifier) {
  return identifier >= identifiers::settlement_last_month &&
         identifier.value < identifiers::settlement_last_month.value + settlements_kept;
}
void set(cjt188::Value& value, std::int64_t mantissa, Unit unit = Unit::none) {
  value.mantissa = mantissa;
  value.state = ValueState::good;
  if (unit != Unit::none) value.unit_code = cjt188::code_of({unit, 0});
}
/// 10^-9 m3/h to a field's digits.
std::int64_t flow_digits(std::int64_t microlitre_h, std::int8_t exponent) {
  for (int i = -9; i < exponent; ++i) microlitre_h /= 10;
  return microlitre_h;
}
std::optional<std::uint8_t> day_in(ByteView payload) {
  if (payload.size() != 1 || (payload[0] & 0x0F) > 9 || payload[0] >> 4 > 9) return std::nullopt;
  const auto day = static_cast<std::uint8_t>((payload[0] >> 4) * 10 + (payload[0] & 0x0F));
  if (day < 1 || day > day_of_month_max) return std::nullopt;
  return day;
}

}  // namespace

VirtualCjt188Meter::VirtualCjt188Meter(const Cjt188MeterOptions& options)
    : options_(options),
      uid_(options.address.to_string()),
      measures_(options.meter_type, options.seed, options.leaks),
      battery_mv_(options.battery_full_mv) {}

std::uint64_t VirtualCjt188Meter::bus_key() const noexcept { return bus_key_of(options_.address); }

std::int64_t VirtualCjt188Meter::local_ms(std::int64_t utc_ms) const noexcept {
  return utc_ms + options_.zone_offset_minutes * 60'000LL;
}
std::int64_t VirtualCjt188Meter::clock_local_ms(std::int64_t utc_ms) const noexcept {
  const std::int64_t age_ms = local_ms(utc_ms) - measures_.installed_day() * DayCurve::day_ms;
  // Parts per million of milliseconds; in seconds first, so that decades fit.
  return local_ms(utc_ms) + age_ms / 1'000 * options_.clock_drift_ppm / 1'000 + correction_ms_;
}
cjt188::DateTime VirtualCjt188Meter::clock(std::int64_t utc_ms) const { return civil(clock_local_ms(utc_ms)); }

std::uint16_t VirtualCjt188Meter::status() const noexcept {
  std::uint8_t octets[2] = {0, 0};
  const auto& bits = options_.profile->status;
  if (options_.has_valve && bits.valve_octet < 2)
    octets[bits.valve_octet] |= valve_.is_open() ? bits.valve_open : bits.valve_closed;
  const bool low = options_.has_valve ? valve_.level() != GasValve::Level::good : battery_mv_ < options_.battery_low_mv;
  if (low && bits.battery_octet < 2) octets[bits.battery_octet] |= bits.battery_mask;
  if (options_.has_valve && valve_.waits_for_local_action()) octets[1] |= status_waits_for_local_action;
  return static_cast<std::uint16_t>(octets[0] | octets[1] << 8);
}

void VirtualCjt188Meter::note(std::int64_t utc_ms, bool was_open, const std::vector<GasEvent>& happened) {
  for (const GasEvent event : happened) {
    if (events_.size() == events_kept) events_.erase(events_.begin());
    events_.push_back({utc_ms, event});
  }
  if (was_open && !valve_.is_open()) measures_.valve_closed(local_ms(utc_ms));
  if (!was_open && valve_.is_open()) measures_.valve_opened(local_ms(utc_ms));
}
void VirtualCjt188Meter::at_the_meter(std::int64_t utc_ms, GasValveInput input) {
  if (!options_.has_valve) return;
  const bool was_open = valve_.is_open();
  note(utc_ms, was_open, valve_.take(input));
}
void VirtualCjt188Meter::battery_mv(std::int64_t utc_ms, std::int32_t millivolt) {
  battery_mv_ = millivolt;
  if (!options_.has_valve) return;
  const bool was_open = valve_.is_open();
  note(utc_ms, was_open, valve_.voltage_mv(millivolt));
}

std::int64_t VirtualCjt188Meter::settled_local_ms(std::int64_t utc_ms, int months_back) const {
  const auto now = civil(local_ms(utc_ms));
  const int month = now.year * 12 + now.month - 1 - months_back - (now.day < settlement_day_ ? 1 : 0);
  return local_ms_of(
      {static_cast<std::uint16_t>(month / 12), static_cast<std::uint8_t>(month % 12 + 1), settlement_day_, 0, 0, 0});
}

/// What 901F calls settlement: the newest, or for D120 to D12B that of so many months before. A meter that counts
/// cooling alone settles cooling.
std::int64_t VirtualCjt188Meter::settlement_of(std::int64_t utc_ms, DataIdentifier identifier) const {
  const int back = is_settlement(identifier) ? identifier.value - identifiers::settlement_last_month.value : 0;
  const std::int64_t at = settled_local_ms(utc_ms, back);
  if (cjt188::family_of(options_.meter_type) != MeterFamily::heat) return measures_.volume(at);
  const bool cools = options_.meter_type == cjt188::meter_types::cooling;
  return measures_.energy(at, cools ? Purpose::cooling : Purpose::heating);
}

/// The first energy of 901F.
std::int64_t VirtualCjt188Meter::energy_first(std::int64_t utc_ms) const {
  if (options_.profile->first_energy == cjt188::FirstEnergy::cooling)
    return measures_.energy(local_ms(utc_ms), Purpose::cooling);
  return settlement_of(utc_ms, identifiers::metering);
}

void VirtualCjt188Meter::fill(cjt188::Value& value, const cjt188::FieldFormat& field, std::int64_t utc_ms,
                              DataIdentifier identifier) const {
  const std::int64_t now = local_ms(utc_ms);
  const bool is_combined = identifier == identifiers::metering_2;
  const bool heats = cjt188::family_of(options_.meter_type) == MeterFamily::heat;
  switch (field.role) {
    case FieldRole::current_volume:
    case FieldRole::total_flow:
      return set(value, measures_.volume(now) % digits8, Unit::cubic_metre);
    case FieldRole::settlement_volume:
    case FieldRole::settlement_value:
      return set(value, settlement_of(utc_ms, identifier) % digits8, heats ? Unit::kilowatt_hour : Unit::cubic_metre);
    case FieldRole::settlement_energy:
      return set(value, (is_combined ? settlement_of(utc_ms, identifier) : energy_first(utc_ms)) % digits8,
                 Unit::kilowatt_hour);
    case FieldRole::settlement_cooling:
      return set(value, measures_.energy(settled_local_ms(utc_ms, 0), Purpose::cooling) % digits8, Unit::kilowatt_hour);
    case FieldRole::current_energy:
      return set(value, measures_.energy(now, Purpose::heating) % digits8, Unit::kilowatt_hour);
    case FieldRole::current_cooling:
      return set(value, measures_.energy(now, Purpose::cooling) % digits8, Unit::kilowatt_hour);
    case FieldRole::power:  // 0.01 kW
      return set(value, measures_.power_mw(now) / 10'000, Unit::kilowatt);
    case FieldRole::flow:
      return set(value, flow_digits(measures_.flow_microlitre_h(now), field.exponent), Unit::cubic_metre_per_hour);
    case FieldRole::supply_temperature:
      return set(value, measures_.temperatures(now).supply_centidegree);
    case FieldRole::return_temperature:
      return set(value, measures_.temperatures(now).back_centidegree);
    case FieldRole::supply_pressure:
      return set(value, heat_supply_kpa);
    case FieldRole::return_pressure:
      return set(value, heat_return_kpa);
    case FieldRole::work_hours:
      return set(value, measures_.working_hours(now));
    case FieldRole::time:
      value.time_order = options_.profile->time_order;
      return set(value, cjt188::to_digits(clock(utc_ms)));
    case FieldRole::status:
      return set(value, status());
    case FieldRole::day:
      return set(value, identifier == identifiers::settlement_day ? settlement_day_ : reading_day_);
    default:
      value.state = ValueState::no_value;
  }
}

/// 0: the meter has no such thing.
std::size_t VirtualCjt188Meter::payload_octets(DataIdentifier identifier) const noexcept {
  const bool heats = cjt188::family_of(options_.meter_type) == MeterFamily::heat;
  const bool is_new = options_.profile->edition == Edition::edition_2018;
  if (is_settlement(identifier)) return 5;
  switch (identifier.value) {
    case identifiers::metering.value:
      if (!heats) return 19;
      return is_new ? 40 : 43;
    case identifiers::metering_2.value:
      return heats && is_new ? 54 : 0;
    case identifiers::power.value:
      return heats ? (is_new ? 4 : 5) : 0;
    case identifiers::return_temperature.value:
    case identifiers::supply_temperature.value:
      return heats ? (is_new ? 2 : 3) : 0;
    case identifiers::work_hours.value:
      return heats ? (is_new ? 4 : 3) : 0;
    case identifiers::clock.value:
      return cjt188::time_octets;
    case identifiers::settlement_day.value:
    case identifiers::reading_day.value:
      return 1;
    default:
      return 0;
  }
}

std::optional<std::size_t> VirtualCjt188Meter::payload_of(std::int64_t utc_ms, DataIdentifier identifier,
                                                          std::span<std::uint8_t> out) const {
  const std::size_t size = payload_octets(identifier);
  if (size == 0 || size > out.size()) return std::nullopt;
  // The layout depends on the payload's length only, not on what is in it.
  const auto layout = cjt188::find_layout(cjt188::Message(identifier, options_.meter_type, out.first(size)));
  if (!layout) return std::nullopt;
  std::array<cjt188::Value, cjt188::ValueList::capacity> values{};
  const auto fields = (*layout)->fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    values[i] = (*layout)->value_list[i];
    fill(values[i], fields[i], utc_ms, identifier);
  }
  if (!cjt188::encode_values(**layout, std::span(values).first(fields.size()), {}, out.first(size)))
    return std::nullopt;
  return size;
}

BuiltFrame VirtualCjt188Meter::refuse(const Peer& peer, std::uint8_t function, std::uint8_t reason) const {
  return cjt188::error_reply(peer, function, {static_cast<std::uint8_t>(status()), reason});
}

BuiltFrame VirtualCjt188Meter::read(std::int64_t utc_ms, const Peer& peer, DataIdentifier identifier) {
  constexpr auto function = static_cast<std::uint8_t>(Function::read);
  std::array<std::uint8_t, 64> payload;
  const auto size = payload_of(utc_ms, identifier, payload);
  if (!size) return refuse(peer, function, cjt188_refusals::unknown_identifier);
  return cjt188::read_reply(peer, identifier, ByteView(payload).first(*size));
}

bool VirtualCjt188Meter::set_clock(std::int64_t utc_ms, ByteView payload) {
  if (payload.size() != cjt188::time_octets) return false;
  const auto time = cjt188::decode_time(payload.data(), options_.profile->time_order);
  if (time.state != cjt188::DecodedTime::State::good) return false;
  correction_ms_ += local_ms_of(cjt188::from_digits(time.digits)) - clock_local_ms(utc_ms);
  return true;
}

bool VirtualCjt188Meter::command_valve(std::int64_t utc_ms, ByteView payload) {
  if (!options_.has_valve || payload.size() != 1) return false;
  const auto command = cjt188::valve_command_of(*options_.profile, payload[0]);
  if (command == cjt188::ValveCommand::open)
    at_the_meter(utc_ms, GasValveInput::remote_permit);
  else if (command == cjt188::ValveCommand::close)
    at_the_meter(utc_ms, GasValveInput::remote_close);
  else
    return false;
  return true;
}

BuiltFrame VirtualCjt188Meter::write(std::int64_t utc_ms, const Peer& peer, DataIdentifier identifier,
                                     ByteView payload) {
  constexpr auto function = static_cast<std::uint8_t>(Function::write);
  bool taken = false;
  if (identifier == identifiers::write_clock) {
    taken = set_clock(utc_ms, payload);
  } else if (identifier == identifiers::valve && options_.has_valve) {
    taken = command_valve(utc_ms, payload);
  } else if (identifier == identifiers::write_settlement_day || identifier == identifiers::write_reading_day) {
    const auto day = day_in(payload);
    if (day) (identifier == identifiers::write_settlement_day ? settlement_day_ : reading_day_) = *day;
    taken = day.has_value();
  } else {
    return refuse(peer, function, cjt188_refusals::unknown_identifier);
  }
  if (!taken) return refuse(peer, function, cjt188_refusals::unacceptable_value);
  const std::array<std::uint8_t, 2> word{static_cast<std::uint8_t>(status()), static_cast<std::uint8_t>(status() >> 8)};
  return cjt188::write_reply(peer, Function::write, identifier, word);
}

std::optional<DeviceAnswer> VirtualCjt188Meter::answer(std::int64_t utc_ms, ByteView question) {
  const auto frame = cjt188::decode_at_start(question);
  if (!frame || frame->from_slave() || !valve_.is_powered()) return std::nullopt;
  const bool type_fits = frame->meter_type() == options_.meter_type || frame->meter_type() == cjt188::meter_types::any;
  if (!type_fits || !frame->address().matches(options_.address)) return std::nullopt;
  const auto message = cjt188::parse_message(*frame, options_.profile->identifier_order);
  if (!message) return std::nullopt;
  const DataIdentifier identifier = message->identifier.identifier;
  Peer peer{options_.meter_type, options_.address, options_.profile, message->sequence};
  peer.identifier_order = message->identifier.order;
  peer.preamble_octets = 0;  // what the ledger writes down is the frame
  const auto built = [&]() -> BuiltFrame {
    if (frame->is(Function::read)) return read(utc_ms, peer, identifier);
    if (frame->is(Function::read_address) && identifier == identifiers::address) return read_address_reply(peer);
    if (frame->is(Function::write)) return write(utc_ms, peer, identifier, message->payload);
    return refuse(peer, frame->function(), cjt188_refusals::unknown_function);
  }();
  if (!built) return std::nullopt;
  const ByteView octets = built->view();
  return DeviceAnswer{Bytes(octets.begin(), octets.end()), identifier.value};
}

}  // namespace duheng::device
