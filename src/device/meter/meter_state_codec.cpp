// What a meter keeps, as octets: version, then the parts in the order of MeterState.
#include <algorithm>

#include "device/meter/meter_state.hpp"

namespace duheng::device {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::int64_t latest_utc_ms = 7'000'000'000'000;  // the year 2191
constexpr std::uint8_t phases_most = 3;

void write_wide(ByteWriter& out, CurveEnergy::Wide amount) {
  out.u64(static_cast<std::uint64_t>(amount));
  out.u64(static_cast<std::uint64_t>(amount >> 64));
}
CurveEnergy::Wide read_wide(ByteReader& in) {
  const std::uint64_t low = in.u64();
  const std::uint64_t high = in.u64();
  const auto amount = static_cast<CurveEnergy::Wide>(high) << 64 | low;
  // A thousand years at a gigawatt are less.
  constexpr auto most = static_cast<CurveEnergy::Wide>(1) << 104;
  if (amount > most || amount < -most) in.set_failed();
  return amount;
}

/// A moment at which such a meter may have been in use: the curve's cost grows with the distance to its first day.
std::int64_t read_moment(ByteReader& in) {
  const std::int64_t utc_ms = in.zigzag();
  if (utc_ms < 0 || utc_ms > latest_utc_ms) in.set_failed();
  return utc_ms;
}

/// One that may never have been.
std::int64_t read_moment_or(ByteReader& in, std::int64_t never) {
  const std::int64_t utc_ms = in.zigzag();
  if (utc_ms != never && (utc_ms < 0 || utc_ms > latest_utc_ms)) in.set_failed();
  return utc_ms;
}

constexpr std::uint8_t no_energy = 0;
constexpr std::uint8_t energy_without_export_tariffs = 1;  // as older meters wrote it
constexpr std::uint8_t whole_energy = 2;

/// Most meters have none of it: one octet then.
void write_energy(ByteWriter& out, const CurveEnergy& energy) {
  const bool any = energy.import_mw_ns != 0 || energy.export_mw_ns != 0;  // their parts are not negative
  out.u8(any ? whole_energy : no_energy);
  if (!any) return;
  write_wide(out, energy.import_mw_ns);
  write_wide(out, energy.export_mw_ns);
  for (const auto part : energy.import_by_tariff_mw_ns) write_wide(out, part);
  for (const auto part : energy.export_by_tariff_mw_ns) write_wide(out, part);
}
CurveEnergy read_energy(ByteReader& in) {
  CurveEnergy out;
  const std::uint8_t parts = in.u8();
  if (parts > whole_energy) in.set_failed();
  if (parts == no_energy || !in.ok()) return out;
  out.import_mw_ns = read_wide(in);
  out.export_mw_ns = read_wide(in);
  for (auto& part : out.import_by_tariff_mw_ns) part = read_wide(in);
  if (parts == energy_without_export_tariffs) return out;
  for (auto& part : out.export_by_tariff_mw_ns) part = read_wide(in);
  return out;
}

template <class Item, class Write>
void write_list(ByteWriter& out, const std::vector<Item>& items, Write&& write) {
  out.varint(items.size());
  for (const auto& item : items) write(item);
}
/// Each item takes at least one octet, so a list longer than what is left is none.
template <class Item, class Read>
std::vector<Item> read_list(ByteReader& in, Read&& read) {
  std::vector<Item> out;
  const std::uint64_t count = in.varint();
  if (count > in.remaining()) in.set_failed();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) out.push_back(read());
  return out;
}

template <std::size_t size>
void read_array(ByteReader& in, std::array<std::uint8_t, size>& into) {
  const ByteView octets = in.raw(size);
  for (std::size_t i = 0; i < octets.size(); ++i) into[i] = octets[i];
}

MeterEvent read_kind(ByteReader& in) {
  const std::uint8_t kind = in.u8();
  if (kind >= meter_event_count) in.set_failed();
  return in.ok() ? static_cast<MeterEvent>(kind) : MeterEvent::power_down;
}
std::uint8_t read_phase(ByteReader& in) {
  const std::uint8_t phase = in.u8();
  if (phase > phases_most) in.set_failed();
  return phase;
}

void write_events(ByteWriter& out, const EventBook& events) {
  out.u32(events.seeded_gone());
  write_list(out, events.tallies(), [&](const EventTally& tally) {
    out.u8(static_cast<std::uint8_t>(tally.kind));
    out.u8(tally.phase);
    out.varint(tally.count);
    out.zigzag(tally.forgotten_ms);
  });
  write_list(out, events.records(), [&](const EventRecord& record) {
    out.u8(static_cast<std::uint8_t>(record.kind));
    out.u8(record.phase);
    out.zigzag(record.begin_utc_ms);
    out.zigzag(record.begin_own_ms);
    out.zigzag(record.end_utc_ms);
    out.zigzag(record.end_own_ms);
    out.raw(record.operator_code);
    out.sized(record.detail);
  });
}
void read_events(ByteReader& in, EventBook& events) {
  const std::uint32_t gone = in.u32();
  auto tallies = read_list<EventTally>(in, [&] {
    EventTally tally;
    tally.kind = read_kind(in);
    tally.phase = read_phase(in);
    tally.count = static_cast<std::uint32_t>(in.varint());
    tally.forgotten_ms = in.zigzag();
    return tally;
  });
  auto records = read_list<EventRecord>(in, [&] {
    EventRecord record;
    record.kind = read_kind(in);
    record.phase = read_phase(in);
    record.begin_utc_ms = read_moment(in);
    record.begin_own_ms = read_moment(in);
    record.end_utc_ms = read_moment_or(in, EventRecord::open_end);
    record.end_own_ms = read_moment_or(in, EventRecord::open_end);
    read_array(in, record.operator_code);
    const ByteView detail = in.sized();
    record.detail.assign(detail.begin(), detail.end());
    return record;
  });
  events.restore(std::move(records), std::move(tallies), gone);
}

void write_clock_and_pauses(ByteWriter& out, const MeterState& state) {
  write_list(out, state.clock.changes(), [&](const ClockChange& change) {
    out.zigzag(change.utc_ms);
    out.zigzag(change.correction_ms);
    out.zigzag(change.extra_ppm);
  });
  out.zigzag(state.corrected_day);
  write_list(out, state.consumption.pauses(), [&](const Pause& pause) {
    out.zigzag(pause.begin_utc_ms);
    out.zigzag(pause.end_utc_ms);
    out.u8(static_cast<std::uint8_t>(pause.cause));
  });
  write_energy(out, state.consumption.folded());
}
void read_clock_and_pauses(ByteReader& in, MeterState& state) {
  state.clock.restore(read_list<ClockChange>(in, [&] {
    ClockChange change;
    change.utc_ms = read_moment(in);
    change.correction_ms = in.zigzag();
    const std::int64_t ppm = in.zigzag();
    const bool fits = ppm >= -MeterClock::extra_ppm_max && ppm <= MeterClock::extra_ppm_max &&
                      change.correction_ms >= -latest_utc_ms && change.correction_ms <= latest_utc_ms;
    if (!fits) in.set_failed();
    change.extra_ppm = fits ? static_cast<std::int32_t>(ppm) : 0;
    return change;
  }));
  state.corrected_day = in.zigzag();
  auto pauses = read_list<Pause>(in, [&] {
    Pause pause;
    pause.begin_utc_ms = read_moment(in);
    pause.end_utc_ms = read_moment_or(in, Pause::open_end);
    if (pause.end_utc_ms < pause.begin_utc_ms) in.set_failed();
    pause.cause = in.u8() == 0 ? Pause::Cause::relay : Pause::Cause::supply;
    return pause;
  });
  const CurveEnergy folded = read_energy(in);
  const bool in_order = std::ranges::is_sorted(pauses, {}, &Pause::begin_utc_ms);
  if (!in_order) in.set_failed();
  if (in.ok()) state.consumption.restore(std::move(pauses), folded);
}

void write_passwords_and_relay(ByteWriter& out, const MeterState& state) {
  for (const auto& password : state.passwords.passwords) out.raw(password);
  out.u8(state.passwords.wrong);
  out.zigzag(state.passwords.locked_until_own_ms);
  const auto& relay = state.relay;
  out.u8(static_cast<std::uint8_t>((relay.open ? 1 : 0) | (relay.close_permitted ? 2 : 0) | (relay.alarm ? 4 : 0) |
                                   (relay.kept_supplied ? 8 : 0)));
}
void read_passwords_and_relay(ByteReader& in, MeterState& state) {
  for (auto& password : state.passwords.passwords) read_array(in, password);
  state.passwords.wrong = in.u8();
  state.passwords.locked_until_own_ms = in.zigzag();
  const std::uint8_t bits = in.u8();
  state.relay = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
}

void write_schedule(ByteWriter& out, const MeterSchedule& schedule) {
  write_list(out, schedule.intervals, [&](const MeterSchedule::IntervalChange& change) {
    out.zigzag(change.utc_ms);
    out.u8(change.record_class);
    out.varint(change.minutes);
  });
  write_list(out, schedule.settlements, [&](const MeterSchedule::SettlementChange& change) {
    out.zigzag(change.utc_ms);
    for (const auto day : change.days) out.u16(day);
  });
  write_list(out, schedule.freeze_patterns, [&](const MeterSchedule::FreezePattern& pattern) {
    out.zigzag(pattern.utc_ms);
    out.u8(pattern.time.minute);
    out.u8(pattern.time.hour);
    out.u8(pattern.time.day);
    out.u8(pattern.time.month);
  });
  write_list(out, schedule.instant_freezes_utc_ms, [&](std::int64_t utc_ms) { out.zigzag(utc_ms); });
}
void read_schedule(ByteReader& in, MeterSchedule& schedule) {
  schedule.intervals = read_list<MeterSchedule::IntervalChange>(in, [&] {
    MeterSchedule::IntervalChange change;
    change.utc_ms = read_moment(in);
    change.record_class = in.u8();
    change.minutes = static_cast<std::uint16_t>(in.varint());
    if (change.minutes == 0) in.set_failed();  // would be divided by
    return change;
  });
  schedule.settlements = read_list<MeterSchedule::SettlementChange>(in, [&] {
    MeterSchedule::SettlementChange change;
    change.utc_ms = read_moment(in);
    for (auto& day : change.days) day = in.u16();
    return change;
  });
  schedule.freeze_patterns = read_list<MeterSchedule::FreezePattern>(in, [&] {
    MeterSchedule::FreezePattern pattern;
    pattern.utc_ms = read_moment(in);
    pattern.time.minute = in.u8();
    pattern.time.hour = in.u8();
    pattern.time.day = in.u8();
    pattern.time.month = in.u8();
    return pattern;
  });
  schedule.instant_freezes_utc_ms = read_list<std::int64_t>(in, [&] { return read_moment(in); });
}

void write_last_command(ByteWriter& out, const std::optional<DeviceCommand>& command) {
  out.u8(command ? 1 : 0);
  if (command) write_command(out, *command);
}
std::optional<DeviceCommand> read_last_command(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  return read_command(in);
}

}  // namespace

Bytes encode_meter_state(const MeterState& state) {
  Bytes octets;
  ByteWriter out(octets);
  out.u8(version);
  write_clock_and_pauses(out, state);
  write_passwords_and_relay(out, state);
  write_schedule(out, state.schedule);
  write_list(out, state.parameters, [&](const WrittenParameter& parameter) {
    out.u32(parameter.identifier);
    out.sized(parameter.payload);
  });
  out.zigzag(state.cleared_utc_ms);
  write_energy(out, state.cleared_at);
  out.zigzag(state.demand_cleared_utc_ms);
  write_last_command(out, state.last_command);
  write_events(out, state.events);
  return octets;
}

Result<void> decode_meter_state(ByteView stored, MeterState& state) {
  ByteReader in(stored);
  if (in.u8() != version) return fail(ErrorCode::malformed, "a meter state of another version");
  MeterState read = state;
  read_clock_and_pauses(in, read);
  read_passwords_and_relay(in, read);
  read_schedule(in, read.schedule);
  read.parameters = read_list<WrittenParameter>(in, [&] {
    WrittenParameter parameter;
    parameter.identifier = in.u32();
    const ByteView payload = in.sized();
    parameter.payload.assign(payload.begin(), payload.end());
    return parameter;
  });
  read.cleared_utc_ms = read_moment_or(in, INT64_MIN);
  read.cleared_at = read_energy(in);
  read.demand_cleared_utc_ms = read_moment_or(in, INT64_MIN);
  read.last_command = read_last_command(in);
  read_events(in, read.events);
  if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "a meter state that cannot be read");
  state = std::move(read);
  return {};
}

}  // namespace duheng::device
