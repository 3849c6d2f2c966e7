// What changes a virtual meter: commands of a master, and what befalls it.
#include <algorithm>

#include "crypto/hash.hpp"
#include "device/meter/meter_parameters.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device {
namespace {

constexpr std::uint32_t address_identifier = 0x04000401;
constexpr std::uint32_t speed_identifier = 0x04000703;

using dlt645::DataIdentifier;
using dlt645::FieldKind;
using dlt645::Function;
namespace error_bits = dlt645::error_bits;

// Who may do what; lower levels may do more.
constexpr std::uint8_t level_of_writing = 4;
constexpr std::uint8_t level_of_control = 4;
constexpr std::uint8_t level_of_clearing = 4;
constexpr std::uint8_t level_of_clearing_meter = 2;

constexpr std::int64_t correction_limit_ms = 300'000;   // broadcast time moves a clock by 5 min at most,
constexpr std::int64_t midnight_distance_ms = 300'000;  // and never so near to midnight, where freezes are made
constexpr std::uint16_t esam_check_failed = 0x0004;     // SERR: there is no security module
constexpr std::uint32_t demand_period_identifier = 0x04000103;
constexpr std::uint32_t all_events = 0xFFFFFFFF;
constexpr std::uint32_t without_di0 = 0xFFFFFF00;
constexpr std::uint8_t one_kind = 0xFF;
constexpr std::array<std::uint16_t, 6> load_intervals_minutes{1, 5, 10, 15, 30, 60};

Bytes as_detail(DataIdentifier identifier) {
  const auto octets = identifier.to_plain();
  return {octets.begin(), octets.end()};
}

PasswordGuard::Password password_in(const std::array<std::uint8_t, 4>& level_and_password) {
  return {level_and_password[1], level_and_password[2], level_and_password[3]};
}

bool is_pattern(const dlt645::FreezeTime& time) {
  constexpr auto any = dlt645::FreezeTime::any;
  if (time.minute > 59 || (time.hour != any && time.hour > 23)) return false;
  if (time.day != any && (time.day < 1 || time.day > 31 || time.hour == any)) return false;
  return time.month == any || (time.month >= 1 && time.month <= 12 && time.day != any);
}

/// Days and hours a meter settles at: those every month has.
bool is_settlement_day(std::int64_t day_hour) {
  return day_hour / 100 >= 1 && day_hour / 100 <= 28 && day_hour % 100 <= 23;
}

/// The incident is over at once: its record has one moment.
EventRecord moment_record(MeterEvent kind, std::int64_t utc_ms, std::int64_t own_ms) {
  EventRecord out;
  out.kind = kind;
  out.begin_utc_ms = out.end_utc_ms = utc_ms;
  out.begin_own_ms = out.end_own_ms = own_ms;
  return out;
}

}  // namespace

/// One command on its way: what it would make of the meter, and what is answered.
struct VirtualMeter::Command {
  std::int64_t utc_ms;
  std::int64_t own_ms;
  const dlt645::FrameView& question;
  ByteView plain;
  MeterState next;
  std::uint8_t error = 0;                                   // not 0: refused, `next` is forgotten
  bool attempt_counted = false;                             // but for the number of wrong passwords in it
  std::uint32_t identifier = 0;                             // what was written or done
  std::optional<dlt645::FrameBuffer> reply = std::nullopt;  // other than the usual empty one

  void refuse(std::uint8_t bits) noexcept { error = bits; }
  bool authorise(std::uint8_t level, const PasswordGuard::Password& password, std::uint8_t level_most) {
    const auto verdict = next.passwords.check(level, password, level_most, own_ms);
    if (verdict == PasswordGuard::Verdict::right) return true;
    attempt_counted = verdict == PasswordGuard::Verdict::wrong;
    refuse(error_bits::password_error);
    return false;
  }
  bool authorise(const dlt645::Authority& authority, std::uint8_t level_most) {
    return authorise(authority.level, authority.password, level_most);
  }
  void book(MeterEvent kind, const std::array<std::uint8_t, 4>& operator_code, Bytes detail = {}) {
    EventRecord record = moment_record(kind, utc_ms, own_ms);
    record.operator_code = operator_code;
    record.detail = std::move(detail);
    next.events.add(std::move(record));
  }
};

Result<void> VirtualMeter::keep_command(MeterState next, const DeviceCommand& done) {
  next.last_command = done;
  next.last_command->number = state_.last_command ? state_.last_command->number + 1 : 1;
  DUHENG_CHECK(keep(std::move(next)));
  if (listener_) listener_(*state_.last_command);
  return {};
}

std::optional<VirtualMeter::Answer> VirtualMeter::carry_out(Command& command) {
  const std::uint8_t function = command.question.function();
  const auto refusal = Answer{dlt645::error_reply(address(), function, command.error), {}};
  if (command.error != 0) {
    if (!command.attempt_counted) return refusal;
    MeterState next = state_;
    next.passwords = command.next.passwords;
    return keep(std::move(next)) ? std::optional(refusal) : std::nullopt;
  }
  DeviceCommand done;
  done.function = function;
  done.identifier = command.identifier;
  done.request_hash = crypto::sha256(command.question.octets());
  done.utc_ms = command.utc_ms;
  if (!keep_command(std::move(command.next), done)) return std::nullopt;
  return Answer{command.reply ? *command.reply : dlt645::accept_reply(address(), function), {command.identifier}};
}

std::optional<VirtualMeter::Answer> VirtualMeter::obey(std::int64_t utc_ms, const dlt645::FrameView& question,
                                                       ByteView plain) {
  const auto own = address();
  const auto refuse = [&](std::uint8_t error) {
    return Answer{dlt645::error_reply(own, question.function(), error), {}};
  };
  Command command{utc_ms, state_.clock.own_ms(utc_ms), question, plain, state_};
  switch (static_cast<Function>(question.function())) {
    case Function::write:
      write(command);
      break;
    case Function::change_password:
      change_password(command);
      break;
    case Function::control:
      control(command);
      break;
    case Function::clear_demand:
    case Function::clear_meter:
    case Function::clear_events:
      clear(command);
      break;
    case Function::freeze:
      freeze(command);
      break;
    case Function::change_speed: {
      const auto word = dlt645::parse_octet(plain);
      if (!word || dlt645::speed_of(*word) == 0) return refuse(error_bits::speed_cannot_be_changed);
      // Kept, so that the meter is found again after a power failure.
      command.identifier = speed_identifier;
      command.next.set_parameter(speed_identifier, ByteView(&*word, 1));
      command.reply = dlt645::change_speed_reply(own, *word);
      break;
    }
    case Function::multi_function_output: {
      const auto output = dlt645::parse_octet(plain);
      if (!output || dlt645::output_name(*output).empty()) return refuse(error_bits::other_error);
      return Answer{dlt645::multi_function_output_reply(own, *output), {}};
    }
    case Function::security:
      return Answer{dlt645::security_error_reply(own, esam_check_failed), {}};
    case Function::write_address:
      if (!options_.programming_key || !write_address(command)) return std::nullopt;
      break;
    default:
      return refuse(error_bits::other_error);
  }
  return carry_out(command);
}

/// False: these octets are no meter's address.
bool VirtualMeter::write_address(Command& command) {
  const auto wanted = dlt645::parse_address(command.plain);
  if (!wanted || wanted->has_unknown_digits() || wanted->is_broadcast()) return false;
  command.identifier = address_identifier;
  command.next.set_parameter(address_identifier, wanted->wire());
  command.book(MeterEvent::programming, {}, as_detail(dlt645::DataIdentifier{address_identifier}));
  return true;
}

void VirtualMeter::write(Command& command) {
  const auto request = dlt645::parse_write_request(command.plain);
  if (!request) return command.refuse(error_bits::other_error);
  command.identifier = request->identifier.value;
  if (!command.authorise(request->authority, level_of_writing)) return;
  const std::uint32_t identifier = request->identifier.value;
  if (!is_content_of(request->identifier, request->payload) && (identifier & without_di0) != 0x04000B00)
    return command.refuse(dlt645::describe(request->identifier) ? error_bits::other_error
                                                                : error_bits::no_requested_data);
  const auto number = request->identifier.di(0);
  if (identifier == 0x04000101 || identifier == 0x04000102) {
    write_clock(command, *request);
  } else if ((identifier & without_di0) == 0x04000A00 && number >= 2 && number <= 7) {
    const auto minutes = static_cast<std::uint16_t>(digits_of(request->payload).value_or(0));
    if (std::ranges::find(load_intervals_minutes, minutes) == load_intervals_minutes.end())
      return command.refuse(error_bits::other_error);
    command.next.schedule.set_interval({command.utc_ms, static_cast<std::uint8_t>(number - 1), minutes});
  } else if ((identifier & without_di0) == 0x04000B00 && number >= 1 && number <= 3) {
    write_settlement_day(command, *request);
  } else if (const auto* known = find_meter_parameter(identifier); known != nullptr && known->writable) {
    if (identifier == demand_period_identifier) {
      const auto minutes = digits_of(request->payload).value_or(0);
      if (minutes < 1 || minutes > 60 || 60 % minutes != 0) return command.refuse(error_bits::other_error);
      command.next.demand_cleared_utc_ms = command.utc_ms;  // a maximum over another period is another quantity
    }
    command.next.set_parameter(identifier, request->payload);
  } else {
    return command.refuse(error_bits::other_error);
  }
  if (command.error != 0) return;
  command.book(MeterEvent::programming, request->authority.operator_code, as_detail(request->identifier));
}

void VirtualMeter::write_clock(Command& command, const dlt645::WriteRequest& request) {
  const bool is_date = request.identifier.value == 0x04000101;
  auto shown = civil_time(command.own_ms);
  const auto written =
      dlt645::from_digits(digits_of(request.payload).value_or(0), is_date ? FieldKind::date_weekday : FieldKind::time);
  if (is_date) {
    shown.year = written.year;
    shown.month = written.month;
    shown.day = written.day;
  } else {
    shown.hour = written.hour;
    shown.minute = written.minute;
    shown.second = written.second;
  }
  if (!dlt645::is_valid(shown)) return command.refuse(error_bits::other_error);
  EventRecord record = moment_record(MeterEvent::clock_set, command.utc_ms, command.own_ms);
  record.end_own_ms = local_ms_of(shown);
  record.operator_code = request.authority.operator_code;
  command.next.clock.set(command.utc_ms, record.end_own_ms);
  command.next.events.add(std::move(record));
}

void VirtualMeter::write_settlement_day(Command& command, const dlt645::WriteRequest& request) {
  const auto day_hour = digits_of(request.payload);
  const std::size_t place = request.identifier.di(0) - 1U;
  if (request.payload.size() != 2 || !day_hour) return command.refuse(error_bits::other_error);
  const bool is_none = *day_hour == MeterSchedule::no_day && place > 0;
  if (!is_none && !is_settlement_day(*day_hour)) return command.refuse(error_bits::other_error);
  auto days = command.next.schedule.settlement_days(command.utc_ms);
  Bytes before;
  for (const auto day : days)
    for (const int two : {day % 100, day / 100}) before.push_back(static_cast<std::uint8_t>(two / 10 << 4 | two % 10));
  days[place] = static_cast<std::uint16_t>(*day_hour);
  command.next.schedule.set_settlement_days({command.utc_ms, days});
  command.book(MeterEvent::settlement_programming, request.authority.operator_code, std::move(before));
}

void VirtualMeter::change_password(Command& command) {
  const auto request = dlt645::parse_change_password(command.plain);
  if (!request) return command.refuse(error_bits::other_error);
  command.identifier = request->identifier.value;
  const int level = request->identifier.di(0) - 1;
  const bool is_password = (request->identifier.value & without_di0) == 0x04000C00;
  if (!is_password || level < 0 || level >= PasswordGuard::levels) return command.refuse(error_bits::no_requested_data);
  const auto target = static_cast<std::uint8_t>(level);
  if (!command.authorise(request->old_level_and_password[0], password_in(request->old_level_and_password), target))
    return;
  if (request->new_level_and_password[0] != target) return command.refuse(error_bits::other_error);
  command.next.passwords.passwords[target] = password_in(request->new_level_and_password);
  command.book(MeterEvent::programming, {}, as_detail(request->identifier));
  command.reply = dlt645::change_password_reply(address(), request->new_level_and_password);
}

void VirtualMeter::control(Command& command) {
  const auto request = dlt645::parse_control_request(command.plain);
  if (!request) return command.refuse(error_bits::other_error);
  command.identifier = request->command;
  if (!command.authorise(request->authority, level_of_control)) return;
  const auto valid_until = dlt645::decode_date_time(request->valid_until);
  if (!valid_until || !dlt645::is_valid(*valid_until) || local_ms_of(*valid_until) < command.own_ms)
    return command.refuse(error_bits::other_error);
  auto& consumption = command.next.consumption;
  switch (command.next.relay.take(request->command)) {
    case Relay::Outcome::refused:
      return command.refuse(error_bits::other_error);
    case Relay::Outcome::opened:
      consumption.add({command.utc_ms, Pause::open_end, Pause::Cause::relay});
      return command.book(MeterEvent::trip, request->authority.operator_code);
    case Relay::Outcome::closed:
      consumption.end(Pause::Cause::relay, command.utc_ms);
      return command.book(MeterEvent::close, request->authority.operator_code);
    case Relay::Outcome::done:
      return;
  }
}

void VirtualMeter::clear(Command& command) {
  const auto request = dlt645::parse_clear_request(command.plain);
  const auto function = static_cast<Function>(command.question.function());
  if (!request || request->events.has_value() != (function == Function::clear_events))
    return command.refuse(error_bits::other_error);
  const auto& by = request->authority;
  auto& next = command.next;
  if (!command.authorise(by, function == Function::clear_meter ? level_of_clearing_meter : level_of_clearing)) return;
  if (function == Function::clear_demand) {
    next.demand_cleared_utc_ms = command.utc_ms;
    return command.book(MeterEvent::demand_clear, by.operator_code, records(command.utc_ms).demands_before_clear());
  }
  if (function == Function::clear_meter) {
    next.cleared_utc_ms = next.demand_cleared_utc_ms = command.utc_ms;
    next.cleared_at = next.consumption.energy(command.utc_ms);
    next.schedule.instant_freezes_utc_ms.clear();
    next.events.clear_all();
    return command.book(MeterEvent::meter_clear, by.operator_code, records(command.utc_ms).energies_before_clear());
  }
  command.identifier = request->events->value;
  if (command.identifier == all_events) {
    next.events.clear_all();
  } else {
    const auto named = std::ranges::find_if(meter_events(), [&](const MeterEventInfo& info) {
      return request->events->di(0) == one_kind &&
             (info.identifier & without_di0) == (command.identifier & without_di0);
    });
    if (named == meter_events().end()) return command.refuse(error_bits::no_requested_data);
    const bool is_of_clearing = named->kind == MeterEvent::meter_clear || named->kind == MeterEvent::demand_clear ||
                                named->kind == MeterEvent::event_clear;
    if (is_of_clearing) return command.refuse(error_bits::other_error);
    next.events.clear(named->kind);
  }
  command.book(MeterEvent::event_clear, by.operator_code, as_detail(*request->events));
}

void VirtualMeter::freeze(Command& command) {
  const auto time = dlt645::parse_freeze(command.plain);
  if (!time) return command.refuse(error_bits::other_error);
  if (*time == dlt645::FreezeTime{}) return command.next.schedule.freeze_now(command.utc_ms);
  if (!is_pattern(*time)) return command.refuse(error_bits::other_error);
  command.next.schedule.add_freeze_pattern({command.utc_ms, *time});
}

void VirtualMeter::correct_clock(std::int64_t utc_ms, const dlt645::FrameView& question, ByteView plain) {
  const auto time = dlt645::decode_date_time(plain);
  if (!time || !dlt645::is_valid(*time)) return;
  const std::int64_t own_ms = state_.clock.own_ms(utc_ms);
  const std::int64_t change_ms = local_ms_of(*time) - own_ms;
  const std::int64_t today = day_of(own_ms);
  const std::int64_t into_day_ms = own_ms - today * DayCurve::day_ms;
  if (change_ms > correction_limit_ms || change_ms < -correction_limit_ms || today == state_.corrected_day) return;
  if (into_day_ms < midnight_distance_ms || into_day_ms > DayCurve::day_ms - midnight_distance_ms) return;
  MeterState next = state_;
  next.clock.set(utc_ms, local_ms_of(*time));
  next.corrected_day = today;
  DeviceCommand done;
  done.function = question.function();
  done.request_hash = crypto::sha256(question.octets());
  done.utc_ms = utc_ms;
  static_cast<void>(keep_command(std::move(next), done));
}

Result<void> VirtualMeter::begin_incident(const MeterIncident& incident) {
  const auto& info = info_of(incident.kind);
  const std::uint8_t phases = !info.per_phase ? 0 : options_.three_phase ? 3 : 1;
  if (info.per_phase ? incident.phase < 1 || incident.phase > phases : incident.phase != 0)
    return fail(ErrorCode::invalid_argument, "the meter has no such phase, or the incident none");
  if (incident.end_utc_ms < incident.begin_utc_ms)
    return fail(ErrorCode::invalid_argument, "the incident ends before it begins");
  MeterState next = state_;
  EventRecord record;
  record.kind = incident.kind;
  record.phase = incident.phase;
  record.begin_utc_ms = incident.begin_utc_ms;
  record.begin_own_ms = state_.clock.own_ms(incident.begin_utc_ms);
  record.end_utc_ms = incident.end_utc_ms;
  if (incident.end_utc_ms != EventRecord::open_end) record.end_own_ms = state_.clock.own_ms(incident.end_utc_ms);
  next.events.add(std::move(record));
  if (incident.kind == MeterEvent::power_down)
    next.consumption.add({incident.begin_utc_ms, incident.end_utc_ms, Pause::Cause::supply});
  return keep(std::move(next));
}

Result<void> VirtualMeter::end_incident(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms) {
  MeterState next = state_;
  if (!next.events.end(kind, phase, utc_ms, state_.clock.own_ms(utc_ms)))
    return fail(ErrorCode::not_found, "nothing of that kind lasts");
  if (kind == MeterEvent::power_down) next.consumption.end(Pause::Cause::supply, utc_ms);
  return keep(std::move(next));
}

Result<bool> VirtualMeter::press_button(std::int64_t utc_ms) {
  MeterState next = state_;
  if (!next.relay.press_button() || !state_.consumption.has_supply(utc_ms)) return false;
  next.consumption.end(Pause::Cause::relay, utc_ms);
  next.events.add(moment_record(MeterEvent::close, utc_ms, state_.clock.own_ms(utc_ms)));
  DUHENG_CHECK(keep(std::move(next)));
  return true;
}

void VirtualMeter::set_supply(std::int64_t utc_ms, bool on) {
  const bool is_off = state_.events.lasts(MeterEvent::power_down, 0, utc_ms);
  if (on && is_off) static_cast<void>(end_incident(MeterEvent::power_down, 0, utc_ms));
  if (!on && !is_off) static_cast<void>(begin_incident({.kind = MeterEvent::power_down, .begin_utc_ms = utc_ms}));
}

void VirtualMeter::set_voltage(std::int64_t utc_ms, std::int64_t per_mille) {
  using enum MeterEvent;
  constexpr std::int64_t lost = 780;
  constexpr std::int64_t low = 900;
  constexpr std::int64_t high = 1'100;
  const std::array<std::pair<MeterEvent, bool>, 3> is_so{{{loss_of_voltage, per_mille < lost},
                                                          {under_voltage, per_mille >= lost && per_mille < low},
                                                          {over_voltage, per_mille > high}}};
  const std::uint8_t phases = options_.three_phase ? 3 : 1;
  for (const auto& [kind, now] : is_so)
    for (std::uint8_t phase = 1; phase <= phases; ++phase) {
      const bool before = state_.events.lasts(kind, phase, utc_ms);
      if (now && !before) static_cast<void>(begin_incident({.kind = kind, .phase = phase, .begin_utc_ms = utc_ms}));
      if (!now && before) static_cast<void>(end_incident(kind, phase, utc_ms));
    }
}

void VirtualMeter::happen(std::int64_t utc_ms, const DeviceHappening& happening) {
  using Kind = DeviceHappening::Kind;
  const auto book = [&](MeterEvent kind) {
    const bool lasts = state_.events.lasts(kind, 0, utc_ms);
    if (happening.amount != 0 && !lasts) static_cast<void>(begin_incident({.kind = kind, .begin_utc_ms = utc_ms}));
    if (happening.amount == 0 && lasts) static_cast<void>(end_incident(kind, 0, utc_ms));
  };
  switch (happening.kind) {
    case Kind::clock_jump: {
      MeterState next = state_;
      next.clock.set(utc_ms, state_.clock.own_ms(utc_ms) + happening.amount);
      static_cast<void>(keep(std::move(next)));
      return;
    }
    case Kind::clock_drift: {
      MeterState next = state_;
      next.clock.set_extra_drift(utc_ms, static_cast<std::int32_t>(std::clamp<std::int64_t>(
                                             happening.amount, -MeterClock::extra_ppm_max, MeterClock::extra_ppm_max)));
      static_cast<void>(keep(std::move(next)));
      return;
    }
    case Kind::magnetic_field:
      return book(MeterEvent::magnetic_field);
    case Kind::cover:
      return book(MeterEvent::cover_open);
    case Kind::voltage:
      return set_voltage(utc_ms, happening.amount);
    case Kind::power:
      return set_supply(utc_ms, happening.amount != 0);
    default:
      return notice(utc_ms, happening);
  }
}

/// What goes on in its supply, by kind, and by phase where the kind has phases.
void VirtualMeter::notice(std::int64_t utc_ms, const DeviceHappening& happening) {
  using Kind = DeviceHappening::Kind;
  using enum MeterEvent;
  constexpr std::array<std::pair<Kind, MeterEvent>, 11> noticed{{{Kind::phase_break, phase_break},
                                                                 {Kind::loss_of_current, loss_of_current},
                                                                 {Kind::over_current, over_current},
                                                                 {Kind::overload, overload},
                                                                 {Kind::reverse_flow, reverse_flow},
                                                                 {Kind::voltage_sequence, voltage_sequence},
                                                                 {Kind::current_sequence, current_sequence},
                                                                 {Kind::voltage_unbalance, voltage_unbalance},
                                                                 {Kind::current_unbalance, current_unbalance},
                                                                 {Kind::over_demand, over_demand},
                                                                 {Kind::terminal_cover, terminal_cover_open}}};
  const auto found = std::ranges::find(noticed, happening.kind, &std::pair<Kind, MeterEvent>::first);
  if (found == noticed.end()) return;
  const MeterEvent kind = found->second;
  const bool needs_phases =
      info_of(kind).layout == EventLayout::sequence || info_of(kind).layout == EventLayout::unbalance;
  if (needs_phases && !options_.three_phase) return;
  const std::uint8_t phases = !info_of(kind).per_phase ? 0 : options_.three_phase ? 3 : 1;
  for (std::uint8_t phase = phases == 0 ? 0 : 1; phase <= phases; ++phase) {
    if (phases != 0 && happening.phase != 0 && happening.phase != phase) continue;
    const bool lasts = state_.events.lasts(kind, phase, utc_ms);
    if (happening.amount != 0 && !lasts)
      static_cast<void>(begin_incident({.kind = kind, .phase = phase, .begin_utc_ms = utc_ms}));
    if (happening.amount == 0 && lasts) static_cast<void>(end_incident(kind, phase, utc_ms));
  }
}

}  // namespace duheng::device
