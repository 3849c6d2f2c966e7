// What may be written, and what methods do.
#include <algorithm>

#include "codec/dlt698/line_settings.hpp"
#include "codec/dlt698/objects/object_table.hpp"
#include "device/curve/day_curve.hpp"
#include "device/dlt698/calendar.hpp"
#include "device/dlt698/registers.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Kind;
using dlt698::Node;
using dlt698::Oad;
namespace objects = dlt698::objects;

constexpr std::uint32_t clock_value = 0x40000200;
constexpr std::uint32_t settlement_days_value = 0x41160200;
constexpr std::uint32_t demand_period_value = 0x41000200;
constexpr std::uint32_t demand_slide_value = 0x41010200;
constexpr std::uint32_t password_value = 0x44010200;
constexpr std::uint32_t address_value = 0x40010200;
constexpr std::uint32_t first_port = 0xF2010201;
constexpr std::size_t address_octets = 6;
constexpr std::int64_t broadcast_limit_ms = 300'000;
constexpr std::size_t settlement_days_max = 3;
constexpr unsigned settlement_day_max = 28;  // so that every month has it
constexpr std::size_t password_max = 16;
constexpr std::uint8_t reset_method = 1;
constexpr std::uint8_t initialise_data_method = 3;
constexpr std::uint8_t initialise_events_method = 5;
constexpr std::uint8_t initialise_demands_method = 6;
constexpr std::uint8_t demand_period_max = 60;
constexpr std::uint8_t freeze_once_method = 3;
constexpr std::uint8_t first_own_method = 127;  // of an object rather than of its class

/// A method by its OMD, without the mode.
constexpr std::uint32_t method(std::uint16_t oi, std::uint8_t number) {
  return static_cast<std::uint32_t>(oi) << 16 | static_cast<std::uint32_t>(number) << 8;
}
constexpr std::uint32_t mode_mask = 0xFFFFFF00;

bool has_kinds(const Node& node, std::initializer_list<Kind> kinds) {
  return std::ranges::equal(node.children, kinds, {}, [](const Node& part) { return part.type->kind; });
}
std::uint64_t number_in(const Node& node) { return dlt698::read_unsigned(node.content); }

/// The only element of an array that names the meter's one relay and has parts of these kinds.
std::expected<const Node*, Dar> relay_item(const Node& argument, std::initializer_list<Kind> kinds) {
  if (argument.type != &dlt698::types::array) return std::unexpected(Dar::type_mismatch);
  if (argument.children.size() != 1) return std::unexpected(Dar::out_of_range);
  const Node& item = argument.children[0];
  if (item.type != &dlt698::types::structure || !has_kinds(item, kinds)) return std::unexpected(Dar::type_mismatch);
  const Oad relay = dlt698::read_oad(item.children[0].content);
  if (relay.oi != 0xF205 || relay.attribute != 2 || relay.index > 1) return std::unexpected(Dar::no_object);
  return &item;
}

}  // namespace

void Registers::note_event(State& draft, std::int64_t utc_ms, EventKind kind,
                           std::vector<std::uint32_t> touched) const {
  const std::int64_t own_ms = clock_local_ms(utc_ms);
  draft.add(kind, {utc_ms, own_ms, own_ms, std::move(touched)});
}

Dar Registers::set(State& draft, std::int64_t utc_ms, Oad oad, const Node& data) const {
  switch (oad.value()) {
    case clock_value:
      return set_clock(draft, utc_ms, data);
    case settlement_days_value:
      return set_settlement_days(draft, utc_ms, data);
    case demand_period_value:
      return set_demand_period(draft, utc_ms, data);
    case demand_slide_value:
      // By blocks only: nothing slides but by the whole period.
      if (data.type != &dlt698::types::unsigned_integer) return Dar::type_mismatch;
      return number_in(data) == draft.demand_period_minutes ? Dar::success : Dar::out_of_range;
    case address_value:
      return set_address(draft, utc_ms, data);
    case password_value:
      return set_password(draft, utc_ms, data);
    default:
      break;
  }
  if (!has_object(oad.oi)) return Dar::no_object;
  return objects::describe(oad.value()) ? Dar::refused : Dar::undefined;
}

Dar Registers::set_clock(State& draft, std::int64_t utc_ms, const Node& data) const {
  if (data.type->kind != Kind::date_time_s && data.type->kind != Kind::date_time) return Dar::type_mismatch;
  const auto wanted = local_ms_in(data);
  if (!wanted) return Dar::out_of_range;
  // From the draft's clock: a list may set it twice.
  const std::int64_t before = clock_local_ms(utc_ms) - state_.correction_ms + draft.correction_ms;
  draft.correction_ms += *wanted - before;
  draft.add(EventKind::clock_set, {utc_ms, before, *wanted, {}});
  return Dar::success;
}

Dar Registers::adjust_clock(State& draft, std::int64_t utc_ms, const Node& argument) const {
  if (argument.type->kind != Kind::date_time_s && argument.type->kind != Kind::date_time) return Dar::type_mismatch;
  const auto wanted = local_ms_in(argument);
  if (!wanted) return Dar::out_of_range;
  const std::int64_t before = clock_local_ms(utc_ms) - state_.correction_ms + draft.correction_ms;
  const std::int64_t change = *wanted - before;
  if (change > broadcast_limit_ms || change < -broadcast_limit_ms) return Dar::out_of_range;
  if (draft.corrected_day == day_of(before)) return Dar::refused;
  draft.correction_ms += change;
  draft.corrected_day = day_of(before);
  return Dar::success;
}

Dar Registers::set_settlement_days(State& draft, std::int64_t utc_ms, const Node& data) const {
  if (data.type != &dlt698::types::array) return Dar::type_mismatch;
  if (data.children.empty() || data.children.size() > settlement_days_max) return Dar::out_of_range;
  SettlementRule rule{true_local_ms(utc_ms), {}};
  for (const Node& item : data.children) {
    if (item.type != &dlt698::types::structure || !has_kinds(item, {Kind::unsigned_integer, Kind::unsigned_integer}))
      return Dar::type_mismatch;
    const std::uint64_t day = number_in(item.children[0]);
    const std::uint64_t hour = number_in(item.children[1]);
    if (day < 1 || day > settlement_day_max || hour > 23) return Dar::out_of_range;
    rule.days.push_back({static_cast<std::uint8_t>(day), static_cast<std::uint8_t>(hour)});
  }
  if (draft.settlements.size() == State::rules_max) draft.settlements.erase(draft.settlements.begin());
  draft.settlements.push_back(std::move(rule));
  note_event(draft, utc_ms, EventKind::settlement_programmed, {settlement_days_value});
  note_event(draft, utc_ms, EventKind::programming, {settlement_days_value});
  return Dar::success;
}

Dar Registers::set_demand_period(State& draft, std::int64_t utc_ms, const Node& data) const {
  if (data.type != &dlt698::types::unsigned_integer) return Dar::type_mismatch;
  const std::uint64_t minutes = number_in(data);
  // So that a day has a whole number of them.
  if (minutes < 1 || minutes > demand_period_max || 60 % minutes != 0) return Dar::out_of_range;
  draft.demand_period_minutes = static_cast<std::uint8_t>(minutes);
  note_event(draft, utc_ms, EventKind::programming, {demand_period_value});
  return Dar::success;
}

/// Twelve digits, as the label shows them; its answer still comes from the old address.
Dar Registers::set_address(State& draft, std::int64_t utc_ms, const Node& data) const {
  if (data.type->kind != Kind::octet_string) return Dar::type_mismatch;
  const bool has_digits =
      std::ranges::all_of(data.content, [](std::uint8_t octet) { return (octet >> 4) <= 9 && (octet & 0xF) <= 9; });
  if (data.content.size() != address_octets || !has_digits) return Dar::out_of_range;
  draft.address.assign(data.content.begin(), data.content.end());
  note_event(draft, utc_ms, EventKind::programming, {address_value});
  return Dar::success;
}

/// Method 127 of F201: the port, its COMDCB, what it is for. What changes is the speed; all else a meter has built in.
Dar Registers::set_up_port(State& draft, std::int64_t utc_ms, const Node& argument) const {
  if (argument.type != &dlt698::types::structure || !has_kinds(argument, {Kind::oad, Kind::comdcb, Kind::enumeration}))
    return Dar::type_mismatch;
  if (dlt698::read_oad(argument.children[0].content).value() != first_port) return Dar::no_object;
  const ByteView comdcb = argument.children[1].content;
  if (comdcb.size() != LineSettings::size_octets) return Dar::type_mismatch;
  constexpr std::uint32_t fastest = 19'200;
  const std::uint32_t baud = dlt698::baud_of(comdcb.front());
  static constexpr LineSettings factory;
  const bool is_format_the_same = std::ranges::equal(comdcb.subspan(1), std::span(factory.comdcb).subspan(1));
  if (baud == 0 || baud > fastest || !is_format_the_same) return Dar::out_of_range;
  draft.line.is_set = true;
  std::ranges::copy(comdcb, draft.line.comdcb.begin());
  note_event(draft, utc_ms, EventKind::programming, {0xF2017F00});
  return Dar::success;
}

Dar Registers::set_password(State& draft, std::int64_t utc_ms, const Node& data) const {
  if (data.type->kind != Kind::visible_string) return Dar::type_mismatch;
  if (data.content.empty() || data.content.size() > password_max) return Dar::out_of_range;
  draft.password = std::string(as_text(data.content));
  note_event(draft, utc_ms, EventKind::programming, {password_value});
  return Dar::success;
}

Dar Registers::act(State& draft, std::int64_t utc_ms, std::uint32_t omd, const Node& argument) const {
  const auto oi = static_cast<std::uint16_t>(omd >> 16);
  const auto number = static_cast<std::uint8_t>(omd >> 8);
  switch (omd & mode_mask) {
    case method(0x4000, first_own_method):
      return adjust_clock(draft, utc_ms, argument);
    case method(0x8001, first_own_method):
    case method(0x8001, first_own_method + 1):
      command_keep(draft, utc_ms, number == first_own_method, own_clock());
      return Dar::success;
    case method(0x4300, initialise_data_method):
      return clear_meter(draft, utc_ms);
    case method(0x4300, initialise_events_method):
      return clear_events(draft, utc_ms, omd);
    case method(0x4300, initialise_demands_method):
      return clear_demand(draft, utc_ms);
    case method(0xF201, first_own_method):
      return set_up_port(draft, utc_ms, argument);
    case method(0x5000, freeze_once_method):
      return freeze_now(draft, utc_ms);
    default:
      break;
  }
  if (oi == 0x8000 && number >= first_own_method) return act_on_relay(draft, utc_ms, number, argument);
  if ((find_event_object(oi) != nullptr || find_phase_event(oi, 0)) && number == reset_method)
    return clear_events(draft, utc_ms, omd);
  if (!has_object(oi)) return Dar::no_object;
  return objects::describe_method(omd) ? Dar::refused : Dar::undefined;
}

Dar Registers::act_on_relay(State& draft, std::int64_t utc_ms, std::uint8_t number, const Node& argument) const {
  const OwnClock clock = own_clock();
  switch (number) {
    case 127:
    case 128:
      draft.relay.alarm = number == 127;
      return Dar::success;
    case 129: {
      const auto item =
          relay_item(argument, {Kind::oad, Kind::unsigned_integer, Kind::unsigned_integer, Kind::boolean});
      if (!item) return item.error();
      const auto& parts = (*item)->children;
      if (parts[1].content.size() != 1 || parts[2].content.size() != 2) return Dar::type_mismatch;
      return command_trip(draft, utc_ms,
                          {static_cast<std::uint8_t>(number_in(parts[1])),
                           static_cast<std::uint16_t>(number_in(parts[2])), number_in(parts[3]) != 0},
                          clock);
    }
    case 130: {
      const auto item = relay_item(argument, {Kind::oad, Kind::enumeration});
      if (!item) return item.error();
      const std::uint64_t command = number_in((*item)->children[1]);
      if (command > 1) return Dar::out_of_range;
      command_close(draft, utc_ms, command == 1, clock);
      return Dar::success;
    }
    default:
      return Dar::undefined;
  }
}

namespace {

/// What clears others is never cleared itself.
bool is_kept_for_ever(EventKind kind) {
  return kind == EventKind::event_clear || kind == EventKind::meter_clear || kind == EventKind::demand_clear;
}

void forget_events(State& draft, EventKind kind, std::int64_t utc_ms) {
  draft.book(kind) = {};
  draft.book(kind).cleared_utc_ms = utc_ms;
}
void forget_all_events(State& draft, std::int64_t utc_ms) {
  for (std::size_t kind = 0; kind < event_kinds; ++kind)
    if (!is_kept_for_ever(static_cast<EventKind>(kind))) forget_events(draft, static_cast<EventKind>(kind), utc_ms);
}

}  // namespace

/// Energies, demands, freezes and events begin anew; parameters, clock and relay stay.
Dar Registers::clear_meter(State& draft, std::int64_t utc_ms) const {
  metering_.clear(draft, utc_ms);
  forget_all_events(draft, utc_ms);
  draft.instants_dropped += static_cast<std::uint32_t>(draft.instants_utc_ms.size());
  draft.instants_utc_ms.clear();
  note_event(draft, utc_ms, EventKind::meter_clear, {});
  return Dar::success;
}

Dar Registers::clear_demand(State& draft, std::int64_t utc_ms) const {
  draft.demand_cleared_utc_ms = utc_ms;
  note_event(draft, utc_ms, EventKind::demand_clear, {});
  return Dar::success;
}

/// Of one object or of all.
Dar Registers::clear_events(State& draft, std::int64_t utc_ms, std::uint32_t omd) const {
  const auto oi = static_cast<std::uint16_t>(omd >> 16);
  const bool all = oi == 0x4300;
  const auto* single = find_event_object(oi);
  if (single != nullptr && is_kept_for_ever(single->kind)) return Dar::refused;
  for (std::size_t phase = 0; phase < phase_count; ++phase)
    if (const auto object = find_phase_event(oi, phase)) forget_events(draft, object->kind, utc_ms);
  if (single != nullptr) forget_events(draft, single->kind, utc_ms);
  if (all) forget_all_events(draft, utc_ms);
  note_event(draft, utc_ms, EventKind::event_clear, {omd});
  return Dar::success;
}

Dar Registers::freeze_now(State& draft, std::int64_t utc_ms) const {
  draft.instants_utc_ms.push_back(utc_ms);
  if (draft.instants_utc_ms.size() > State::instants_max) {
    draft.instants_utc_ms.erase(draft.instants_utc_ms.begin());
    ++draft.instants_dropped;
  }
  return Dar::success;
}

}  // namespace duheng::device::meter698
