#include "device/dlt698/event_log.hpp"

#include <algorithm>
#include <array>

#include "device/curve/day_curve.hpp"
#include "device/dlt698/calendar.hpp"

namespace duheng::device::meter698 {
namespace {

using enum EventKind;

constexpr std::uint32_t programmed_objects = 0x33020206;
constexpr std::uint32_t cleared_objects = 0x330C0206;
constexpr std::array objects{
    EventObject{0x3011, power_down, 250, 50},
    EventObject{0x3012, programming, 0, 0, programmed_objects},
    EventObject{0x3015, event_clear, 0, 0, cleared_objects},
    EventObject{0x3016, clock_set},
    EventObject{0x301A, settlement_programmed},
    EventObject{0x301B, cover_open, 4, 600},
    EventObject{0x301C, terminal_cover_open, 15, 600},
    EventObject{0x301F, trip},
    EventObject{0x3020, close},
    EventObject{0x302A, magnetic_field, 5, 300},
    EventObject{0x3013, meter_clear},
    EventObject{0x3014, demand_clear},
    EventObject{0x3009, over_demand},
    EventObject{0x300F, voltage_sequence},
    EventObject{0x3010, current_sequence},
    EventObject{0x301D, voltage_unbalance},
    EventObject{0x301E, current_unbalance},
};
constexpr std::array phase_objects{
    EventObject{0x3000, loss_of_voltage},      EventObject{0x3001, under_voltage, 8, 300},
    EventObject{0x3002, over_voltage, 4, 300}, EventObject{0x3003, phase_break},
    EventObject{0x3004, loss_of_current},      EventObject{0x3005, over_current},
    EventObject{0x3007, reverse_flow},         EventObject{0x3008, overload},
};
static_assert(objects.size() + phase_objects.size() * phase_count == event_kinds);

constexpr std::uint64_t event_seeds = 30;
constexpr std::uint64_t per_mille = 1'000;
constexpr std::int64_t quarters_a_day = 96;
constexpr std::int64_t quarter_ms = 900'000;
constexpr std::int64_t installed_at_ms = 36'000'000;       // ten in the morning
constexpr std::int64_t installation_takes_ms = 1'200'000;  // what the terminal cover stays off for
constexpr std::uint32_t address_object = 0x40010200;

std::uint32_t seconds_of(std::int64_t begin_ms, std::int64_t end_ms) {
  return end_ms == never_ms ? 0 : static_cast<std::uint32_t>(std::max<std::int64_t>(end_ms - begin_ms, 0) / 1'000);
}

}  // namespace

std::span<const EventObject> event_objects() noexcept { return objects; }

const EventObject* find_event_object(std::uint16_t oi) noexcept {
  for (const auto& object : objects)
    if (object.oi == oi) return &object;
  return nullptr;
}

std::optional<EventObject> find_phase_event(std::uint16_t oi, std::size_t phase) noexcept {
  for (const auto& object : phase_objects)
    if (object.oi == oi && phase < phase_count) {
      EventObject out = object;
      out.kind = of_phase(object.kind, phase);
      return out;
    }
  return std::nullopt;
}

std::optional<EventRecord> EventLog::at_installation(const EventObject& object) const {
  const std::int64_t utc_ms = installed_utc_ms_ + installed_at_ms;
  const std::int64_t local_ms = utc_ms + zone_ms_;
  if (object.kind == terminal_cover_open) return EventRecord{0, utc_ms, local_ms, local_ms + installation_takes_ms, {}};
  if (object.kind == programming) return EventRecord{0, utc_ms, local_ms, local_ms, {address_object}};
  if (object.kind == clock_set) return EventRecord{0, utc_ms, local_ms, local_ms, {}};
  return std::nullopt;
}

std::optional<EventRecord> EventLog::in_month(const EventObject& object, std::int64_t month) const {
  const auto draw = [&](std::uint64_t what) {
    return mixed(seed_, event_seeds + static_cast<std::uint64_t>(object.kind),
                 static_cast<std::uint64_t>(month) * 8 + what);
  };
  if (draw(0) % per_mille >= object.per_mille_a_month) return std::nullopt;
  const auto day = static_cast<unsigned>(draw(1) % 28 + 1);
  const auto quarter = static_cast<std::int64_t>(draw(2) % quarters_a_day);
  const auto lasts_ms = static_cast<std::int64_t>(draw(3) % object.seconds_max + 1) * 1'000;
  // Within the quarter, away from its ends.
  const auto room_s = static_cast<std::uint64_t>((quarter_ms - lasts_ms) / 1'000 - 120);
  const std::int64_t within_ms = 60'000 + static_cast<std::int64_t>(draw(4) % room_s) * 1'000;
  const std::int64_t begin_ms = month_day_ms(month, day) + quarter * quarter_ms + within_ms;
  return EventRecord{0, begin_ms - zone_ms_, begin_ms, begin_ms + lasts_ms, {}};
}

std::vector<EventRecord> EventLog::seeded(const State& state, const EventObject& object, std::int64_t utc_ms) const {
  std::vector<EventRecord> out;
  const auto take = [&](const std::optional<EventRecord>& event) {
    if (event && event->utc_ms > installed_utc_ms_ && event->utc_ms <= utc_ms &&
        event->utc_ms > state.book(object.kind).cleared_utc_ms)
      out.push_back(*event);
  };
  take(at_installation(object));
  if (object.per_mille_a_month == 0 || utc_ms < installed_utc_ms_) return out;
  const std::int64_t last = month_of(utc_ms + zone_ms_);
  for (std::int64_t month = month_of(installed_utc_ms_ + zone_ms_); month <= last; ++month)
    take(in_month(object, month));
  std::ranges::sort(out, {}, &EventRecord::utc_ms);  // the month of the installation may have had one before noon
  return out;
}

std::vector<EventRecord> EventLog::records(const State& state, const EventObject& object, std::int64_t utc_ms) const {
  auto out = seeded(state, object, utc_ms);
  const auto& book = state.book(object.kind);
  for (const auto& event : book.kept)
    out.push_back({0, event.utc_ms, event.begin_local_ms, event.end_local_ms, event.objects});
  const auto total = static_cast<std::uint32_t>(out.size() + book.dropped);
  std::ranges::sort(out, {}, &EventRecord::utc_ms);
  if (out.size() > EventBook::records_max)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(EventBook::records_max));
  for (std::size_t i = 0; i < out.size(); ++i) out[i].number = total - static_cast<std::uint32_t>(out.size() - i);
  return out;
}

EventTotals EventLog::totals(const State& state, const EventObject& object, std::int64_t utc_ms) const {
  const auto& book = state.book(object.kind);
  EventTotals out{book.dropped, book.dropped_s};
  for (const auto& event : seeded(state, object, utc_ms)) {
    ++out.count;
    out.seconds += seconds_of(event.begin_local_ms, event.end_local_ms);
  }
  for (const auto& event : book.kept) {
    ++out.count;
    out.seconds += seconds_of(event.begin_local_ms, event.end_local_ms);
  }
  return out;
}

}  // namespace duheng::device::meter698
