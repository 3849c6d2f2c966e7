#include "device/dlt698/state.hpp"

#include <algorithm>

#include "codec/dlt698/line_settings.hpp"

namespace duheng::device::meter698 {
namespace {

constexpr std::uint8_t layout = 3;
constexpr std::uint8_t layout_with_place = 2;           // before: without address and line
constexpr std::uint8_t layout_with_export_tariffs = 3;  // of the energies kept back and cleared
constexpr std::uint8_t oldest_layout = 1;
constexpr std::size_t objects_max = 64;
constexpr std::uint8_t demand_period_max = 60;

void put_wide(ByteWriter& out, CurveEnergy::Wide value) {
  out.u64(static_cast<std::uint64_t>(value));
  out.u64(static_cast<std::uint64_t>(value >> 64));
}
CurveEnergy::Wide take_wide(ByteReader& in) {
  const auto low = static_cast<CurveEnergy::Wide>(in.u64());
  return static_cast<CurveEnergy::Wide>(static_cast<std::int64_t>(in.u64())) << 64 | low;
}
void put_time(ByteWriter& out, std::int64_t value) { out.u64(static_cast<std::uint64_t>(value)); }
std::int64_t take_time(ByteReader& in) { return static_cast<std::int64_t>(in.u64()); }

/// A count that cannot be is a failure, not a large allocation.
std::size_t take_count(ByteReader& in, std::size_t most) {
  const std::size_t count = in.u8();
  if (count > most) in.set_failed();
  return in.ok() ? count : 0;
}

void put_energy(ByteWriter& out, const CurveEnergy& energy) {
  put_wide(out, energy.import_mw_ns);
  put_wide(out, energy.export_mw_ns);
  for (const auto part : energy.import_by_tariff_mw_ns) put_wide(out, part);
  for (const auto part : energy.export_by_tariff_mw_ns) put_wide(out, part);
}
CurveEnergy take_energy(ByteReader& in, std::uint8_t version) {
  CurveEnergy out;
  out.import_mw_ns = take_wide(in);
  out.export_mw_ns = take_wide(in);
  for (auto& part : out.import_by_tariff_mw_ns) part = take_wide(in);
  if (version < layout_with_export_tariffs) return out;
  for (auto& part : out.export_by_tariff_mw_ns) part = take_wide(in);
  return out;
}

void put_relay(ByteWriter& out, const Relay& relay) {
  out.u8(static_cast<std::uint8_t>(relay.position));
  out.u8(static_cast<std::uint8_t>(relay.keep));
  out.u8(static_cast<std::uint8_t>((relay.alarm ? 1 : 0) | (relay.commanded_open ? 2 : 0) |
                                   (relay.closes_itself ? 4 : 0)));
  out.u16(relay.limit_minutes);
  put_time(out, relay.trip_due_utc_ms);
  put_time(out, relay.close_due_utc_ms);
}
Relay take_relay(ByteReader& in) {
  Relay out;
  const std::uint8_t position = in.u8();
  const std::uint8_t keep = in.u8();
  const std::uint8_t flags = in.u8();
  if (position > 2 || keep > 1 || flags > 7) in.set_failed();
  out.position = static_cast<Relay::Position>(position % 3);
  out.keep = static_cast<Relay::Keep>(keep & 1);
  out.alarm = (flags & 1) != 0;
  out.commanded_open = (flags & 2) != 0;
  out.closes_itself = (flags & 4) != 0;
  out.limit_minutes = in.u16();
  out.trip_due_utc_ms = take_time(in);
  out.close_due_utc_ms = take_time(in);
  return out;
}

void put_book(ByteWriter& out, const EventBook& book) {
  put_time(out, book.cleared_utc_ms);
  out.u32(book.dropped);
  out.u32(book.dropped_s);
  out.u8(static_cast<std::uint8_t>(book.kept.size()));
  for (const auto& event : book.kept) {
    put_time(out, event.utc_ms);
    put_time(out, event.begin_local_ms);
    put_time(out, event.end_local_ms);
    out.u8(static_cast<std::uint8_t>(event.objects.size()));
    for (const auto object : event.objects) out.u32(object);
  }
}
EventBook take_book(ByteReader& in) {
  EventBook out;
  out.cleared_utc_ms = take_time(in);
  out.dropped = in.u32();
  out.dropped_s = in.u32();
  out.kept.resize(take_count(in, EventBook::records_max));
  for (auto& event : out.kept) {
    event.utc_ms = take_time(in);
    event.begin_local_ms = take_time(in);
    event.end_local_ms = take_time(in);
    event.objects.resize(take_count(in, objects_max));
    for (auto& object : event.objects) object = in.u32();
  }
  return out;
}

void put_rules(ByteWriter& out, const std::vector<SettlementRule>& rules) {
  out.u8(static_cast<std::uint8_t>(rules.size()));
  for (const auto& rule : rules) {
    put_time(out, rule.from_local_ms);
    out.u8(static_cast<std::uint8_t>(rule.days.size()));
    for (const auto& day : rule.days) {
      out.u8(day.day);
      out.u8(day.hour);
    }
  }
}
std::vector<SettlementRule> take_rules(ByteReader& in) {
  std::vector<SettlementRule> out(take_count(in, State::rules_max));
  if (out.empty()) in.set_failed();
  for (auto& rule : out) {
    rule.from_local_ms = take_time(in);
    rule.days.resize(take_count(in, 3));
    for (auto& day : rule.days) {
      day.day = in.u8();
      day.hour = in.u8();
      if (day.day < 1 || day.day > 28 || day.hour > 23) in.set_failed();
    }
  }
  return out;
}

void put_command(ByteWriter& out, const DeviceCommand& command) {
  out.u64(command.number);
  out.u16(command.function);
  out.u32(command.identifier);
  out.raw(command.request_hash);
  put_time(out, command.utc_ms);
}
DeviceCommand take_command(ByteReader& in) {
  DeviceCommand out;
  out.number = in.u64();
  out.function = in.u16();
  out.identifier = in.u32();
  std::ranges::copy(in.raw(out.request_hash.size()), out.request_hash.begin());
  out.utc_ms = take_time(in);
  return out;
}

void take_place(ByteReader& in, State& out) {
  const ByteView address = in.raw(take_count(in, State::address_octets_max));
  out.address.assign(address.begin(), address.end());
  out.line.is_set = in.u8() != 0;
  const ByteView comdcb = in.raw(LineSettings::size_octets);
  if (in.ok()) std::ranges::copy(comdcb, out.line.comdcb.begin());
}

}  // namespace

std::uint32_t LineSettings::baud() const noexcept { return is_set ? dlt698::baud_of(comdcb.front()) : 0; }

void State::add(EventKind kind, StoredEvent event) {
  auto& of_kind = book(kind);
  if (event.objects.size() > objects_max) event.objects.resize(objects_max);
  of_kind.kept.push_back(std::move(event));
  if (of_kind.kept.size() <= EventBook::records_max) return;
  const auto& oldest = of_kind.kept.front();
  ++of_kind.dropped;
  if (oldest.end_local_ms != never_ms)
    of_kind.dropped_s +=
        static_cast<std::uint32_t>(std::max<std::int64_t>(oldest.end_local_ms - oldest.begin_local_ms, 0) / 1'000);
  of_kind.kept.erase(of_kind.kept.begin());
}

Bytes encode(const State& state) {
  Bytes octets;
  ByteWriter out(octets);
  out.u8(layout);
  put_time(out, state.correction_ms);
  put_time(out, state.corrected_day);
  out.u32(static_cast<std::uint32_t>(state.extra_drift_ppm));
  put_time(out, state.extra_drift_utc_ms);
  out.u8(state.is_powered ? 1 : 0);
  put_relay(out, state.relay);
  out.u8(static_cast<std::uint8_t>(state.pauses.size()));
  for (const auto& pause : state.pauses) {
    put_time(out, pause.begin_utc_ms);
    put_time(out, pause.end_utc_ms);
  }
  put_time(out, state.folded.until_utc_ms);
  put_energy(out, state.folded.kept_back);
  out.u8(static_cast<std::uint8_t>(state.events.size()));
  for (const auto& book : state.events) put_book(out, book);
  put_rules(out, state.settlements);
  put_time(out, state.cleared_utc_ms);
  put_energy(out, state.cleared_at);
  put_time(out, state.demand_cleared_utc_ms);
  out.u8(state.demand_period_minutes);
  out.u32(state.instants_dropped);
  out.u8(static_cast<std::uint8_t>(state.instants_utc_ms.size()));
  for (const auto moment : state.instants_utc_ms) put_time(out, moment);
  out.u8(state.password ? 1 : 0);
  if (state.password) out.sized(*state.password);
  out.u8(state.last_command ? 1 : 0);
  if (state.last_command) put_command(out, *state.last_command);
  out.u8(static_cast<std::uint8_t>(state.address.size()));
  out.raw(state.address);
  out.u8(state.line.is_set ? 1 : 0);
  out.raw(state.line.comdcb);
  return octets;
}

Result<State> decode_state(ByteView octets) {
  ByteReader in(octets);
  const std::uint8_t version = in.u8();
  if (in.ok() && version > layout) return fail(ErrorCode::unsupported, "a meter's state of a later release");
  State out;
  out.correction_ms = take_time(in);
  out.corrected_day = take_time(in);
  out.extra_drift_ppm = static_cast<std::int32_t>(in.u32());
  out.extra_drift_utc_ms = take_time(in);
  out.is_powered = in.u8() != 0;
  out.relay = take_relay(in);
  out.pauses.resize(take_count(in, State::pauses_max));
  for (auto& pause : out.pauses) {
    pause.begin_utc_ms = take_time(in);
    pause.end_utc_ms = take_time(in);
  }
  out.folded.until_utc_ms = take_time(in);
  out.folded.kept_back = take_energy(in, version);
  const std::size_t books = take_count(in, event_kinds);  // fewer: written before a kind was added
  for (std::size_t i = 0; i < books; ++i) out.events[i] = take_book(in);
  out.settlements = take_rules(in);
  out.cleared_utc_ms = take_time(in);
  out.cleared_at = take_energy(in, version);
  out.demand_cleared_utc_ms = take_time(in);
  out.demand_period_minutes = in.u8();
  if (out.demand_period_minutes < 1 || out.demand_period_minutes > demand_period_max) in.set_failed();
  out.instants_dropped = in.u32();
  out.instants_utc_ms.resize(take_count(in, State::instants_max));
  for (auto& moment : out.instants_utc_ms) moment = take_time(in);
  if (in.u8() != 0) out.password = std::string(in.sized_text());
  if (in.u8() != 0) out.last_command = take_command(in);
  if (version >= layout_with_place) take_place(in, out);
  if (!in.ok() || !in.at_end() || version < oldest_layout) return fail(ErrorCode::malformed, "not a meter's state");
  return out;
}

}  // namespace duheng::device::meter698
