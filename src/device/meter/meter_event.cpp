#include "device/meter/meter_event.hpp"

#include <algorithm>

#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

using enum MeterEvent;

constexpr std::array<MeterEventInfo, meter_event_count> infos{{
    {power_down, 0x03110000, EventLayout::begin_end, false, false, 0, 3},
    {programming, 0x03300000, EventLayout::programming, false, false, 0, 3},
    {meter_clear, 0x03300100, EventLayout::meter_clear, false, false, 0, 1},
    {demand_clear, 0x03300200, EventLayout::demand_clear, false, false, 0, 1},
    {event_clear, 0x03300300, EventLayout::event_clear, false, false, 0, 1},
    {clock_set, 0x03300400, EventLayout::clock_set, false, false, 0, 2},
    {settlement_programming, 0x03300C00, EventLayout::settlement, false, false, 0, 1},
    {cover_open, 0x03300D00, EventLayout::cover, false, false, 0, 2},
    {terminal_cover_open, 0x03300E00, EventLayout::cover, false, false, 0, 3},
    {loss_of_voltage, 0x03010000, EventLayout::phase, true, true, 0x10, 2},
    {under_voltage, 0x03020000, EventLayout::phase, true, true, 0x11, 1},
    {over_voltage, 0x03030000, EventLayout::phase, true, true, 0x12, 1},
    {phase_break, 0x03040000, EventLayout::phase, true, true, 0x13, 1},
    {all_phase_loss_of_voltage, 0x03050000, EventLayout::all_phases, false, true, 0, 1},
    {voltage_sequence, 0x03070000, EventLayout::sequence, false, true, 0x14, 1},
    {current_sequence, 0x03080000, EventLayout::sequence, false, true, 0x15, 1},
    {loss_of_current, 0x030B0000, EventLayout::phase_current, true, true, 0x18, 1},
    {reverse_flow, 0x030E0000, EventLayout::phase_current, true, true, 0x1B, 1},
    {overload, 0x030F0000, EventLayout::phase_current, true, true, 0x1C, 1},
    {magnetic_field, 0x03350000, EventLayout::magnetic, false, false, 0, 1},
    {trip, 0x1D000001, EventLayout::relay, false, false, 0, 1},
    {close, 0x1E000001, EventLayout::relay, false, false, 0, 1},
    {voltage_unbalance, 0x03090000, EventLayout::unbalance, false, true, 0x16, 0},
    {current_unbalance, 0x030A0000, EventLayout::unbalance, false, true, 0x17, 0},
    {over_current, 0x030C0000, EventLayout::phase_current, true, true, 0x19, 0},
    {over_demand, 0x03120000, EventLayout::over_limit, false, false, 0, 0},
}};
static_assert([] {
  for (std::size_t i = 0; i < infos.size(); ++i)
    if (static_cast<std::size_t>(infos[i].kind) != i) return false;
  return true;
}());

constexpr std::uint64_t seeds_of_events = 200;

bool survives_clearing(MeterEvent kind) noexcept {
  return kind == meter_clear || kind == demand_clear || kind == event_clear;
}
std::uint32_t bit_of(MeterEvent kind) noexcept { return 1U << static_cast<unsigned>(kind); }

}  // namespace

const MeterEventInfo& info_of(MeterEvent kind) noexcept { return infos[static_cast<std::size_t>(kind)]; }
std::span<const MeterEventInfo> meter_events() noexcept { return infos; }

std::size_t EventBook::seeded_count(MeterEvent kind, std::uint8_t phase) const {
  const auto& info = info_of(kind);
  const std::uint8_t phases = !info.per_phase ? 0 : three_phase_ ? 3 : 1;
  if ((seeded_gone_ & bit_of(kind)) != 0 || phase > phases || info.seeded_most == 0) return 0;
  // A single-phase meter has no sequence.
  if (!three_phase_ && info.layout == EventLayout::sequence) return 0;
  return mixed(seed_, seeds_of_events + static_cast<std::uint64_t>(kind), phase) % (info.seeded_most + 1U);
}

EventRecord EventBook::seeded(MeterEvent kind, std::uint8_t phase, std::size_t last) const {
  const std::uint64_t drawn = mixed(seed_, seeds_of_events + 100 + static_cast<std::uint64_t>(kind) * 4 + phase, last);
  EventRecord out;
  out.kind = kind;
  out.phase = phase;
  // One after the other on the days before installation; all over before the first energy is counted.
  const std::int64_t before_ms =
      static_cast<std::int64_t>(last) * DayCurve::day_ms - static_cast<std::int64_t>(drawn % 1'000) * 60'000;
  const std::int64_t length_ms = static_cast<std::int64_t>(1 + drawn / 1'000 % 90) * 60'000;
  out.begin_utc_ms = installed_utc_ms_ - before_ms - 2 * length_ms;
  out.begin_own_ms = installed_own_ms_ - before_ms - 2 * length_ms;
  out.end_utc_ms = out.begin_utc_ms + length_ms;
  out.end_own_ms = out.begin_own_ms + length_ms;
  return out;
}

EventTally& EventBook::tally(MeterEvent kind, std::uint8_t phase) {
  for (auto& known : tallies_)
    if (known.kind == kind && known.phase == phase) return known;
  return tallies_.emplace_back(EventTally{kind, phase, 0, 0});
}

const EventTally* EventBook::find_tally(MeterEvent kind, std::uint8_t phase) const {
  for (const auto& known : tallies_)
    if (known.kind == kind && known.phase == phase) return &known;
  return nullptr;
}

void EventBook::add(EventRecord record) {
  auto& counted = tally(record.kind, record.phase);
  ++counted.count;
  const auto alike = [&](const EventRecord& other) { return other.kind == record.kind && other.phase == record.phase; };
  if (static_cast<std::size_t>(std::ranges::count_if(records_, alike)) >= records_kept) {
    const auto oldest = std::ranges::find_if(records_, alike);
    if (oldest->end_utc_ms != EventRecord::open_end) counted.forgotten_ms += oldest->end_utc_ms - oldest->begin_utc_ms;
    records_.erase(oldest);
  }
  records_.push_back(std::move(record));
}

bool EventBook::end(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms, std::int64_t own_ms) {
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (record->kind != kind || record->phase != phase || record->end_utc_ms != EventRecord::open_end) continue;
    record->end_utc_ms = std::max(utc_ms, record->begin_utc_ms);
    record->end_own_ms = own_ms;
    return true;
  }
  return false;
}

bool EventBook::lasts(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms) const noexcept {
  return std::ranges::any_of(records_, [&](const EventRecord& record) {
    return record.kind == kind && record.phase == phase && record.lasts(utc_ms);
  });
}

void EventBook::clear(MeterEvent kind) {
  std::erase_if(records_, [kind](const EventRecord& record) { return record.kind == kind; });
  std::erase_if(tallies_, [kind](const EventTally& counted) { return counted.kind == kind; });
  seeded_gone_ |= bit_of(kind);
}

void EventBook::clear_all() {
  for (const auto& info : infos)
    if (!survives_clearing(info.kind)) clear(info.kind);
}

std::uint32_t EventBook::count(MeterEvent kind, std::uint8_t phase) const {
  const auto* counted = find_tally(kind, phase);
  return static_cast<std::uint32_t>(seeded_count(kind, phase)) + (counted == nullptr ? 0 : counted->count);
}

std::int64_t EventBook::duration_ms(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms) const {
  const auto* counted = find_tally(kind, phase);
  std::int64_t out = counted == nullptr ? 0 : counted->forgotten_ms;
  for (const auto& record : records_)
    if (record.kind == kind && record.phase == phase)
      out += std::max<std::int64_t>(0, std::min(utc_ms, record.end_utc_ms) - record.begin_utc_ms);
  for (std::size_t last = 1; last <= seeded_count(kind, phase); ++last) {
    const auto record = seeded(kind, phase, last);
    out += record.end_utc_ms - record.begin_utc_ms;
  }
  return out;
}

std::optional<EventRecord> EventBook::record(MeterEvent kind, std::uint8_t phase, std::size_t last) const {
  if (last == 0 || last > records_kept) return std::nullopt;
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (record->kind != kind || record->phase != phase) continue;
    if (--last == 0) return *record;
  }
  if (last > seeded_count(kind, phase)) return std::nullopt;
  return seeded(kind, phase, last);
}

void EventBook::restore(std::vector<EventRecord> records, std::vector<EventTally> tallies, std::uint32_t seeded_gone) {
  records_ = std::move(records);
  tallies_ = std::move(tallies);
  seeded_gone_ = seeded_gone;
}

}  // namespace duheng::device
