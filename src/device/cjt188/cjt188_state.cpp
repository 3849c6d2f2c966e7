#include "device/cjt188/cjt188_state.hpp"

namespace duheng::device {
namespace {

constexpr std::uint8_t format = 1;
// A hundred years: what a clock can be off by, and far from any overflow.
constexpr std::int64_t correction_ms_max = 100LL * 366 * 86'400'000;
constexpr std::int64_t register_max = 100'000'000;
constexpr std::int32_t drift_ppm_max = 1'000'000;
constexpr std::int32_t battery_mv_max = 1'000'000;
constexpr std::uint8_t day_max = 28;

enum Flag : std::uint32_t {
  flag_powered = 1U << 0,
  flag_debug_stage = 1U << 1,
  flag_battery_low = 1U << 2,
  flag_magnet = 1U << 3,
  flag_radiation = 1U << 4,
  flag_cover_open = 1U << 5,
  flag_reversed = 1U << 6,
  flag_valve_open = 1U << 7,
  flag_valve_locked = 1U << 8,
  flag_valve_powered = 1U << 9,
  flag_valve_magnet = 1U << 10,
  flag_valve_radiation = 1U << 11,
  flag_valve_leaks = 1U << 12,
  flags_known = (1U << 13) - 1,
};

/// Each flag with its place, for both directions.
template <class State, class OnFlag>
void for_each_flag(State& state, OnFlag&& on_flag) {
  on_flag(flag_powered, state.powered);
  on_flag(flag_debug_stage, state.debug_stage);
  on_flag(flag_battery_low, state.battery_low);
  on_flag(flag_magnet, state.sensed.magnet);
  on_flag(flag_radiation, state.sensed.radiation);
  on_flag(flag_cover_open, state.sensed.cover_open);
  on_flag(flag_reversed, state.sensed.reversed);
  on_flag(flag_valve_open, state.valve.open);
  on_flag(flag_valve_locked, state.valve.locked);
  on_flag(flag_valve_powered, state.valve.powered);
  on_flag(flag_valve_magnet, state.valve.magnet);
  on_flag(flag_valve_radiation, state.valve.radiation);
  on_flag(flag_valve_leaks, state.sensed.valve_leaks);
}

bool is_day(std::uint8_t day) { return day >= 1 && day <= day_max; }
bool within(std::int64_t value, std::int64_t most) { return value >= -most && value <= most; }

bool read_events(ByteReader& in, Cjt188State& out) {
  const std::uint64_t size = in.varint();
  if (!in.ok() || size > Cjt188State::events_kept) return false;
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::int64_t utc_ms = in.zigzag();
    const std::uint8_t event = in.u8();
    if (!in.ok() || event == 0 || event > cjt188_event_last || !within(utc_ms, 40 * correction_ms_max)) return false;
    out.events.push_back({utc_ms, static_cast<Cjt188Event>(event)});
  }
  return true;
}

}  // namespace

void Cjt188State::note(std::int64_t utc_ms, Cjt188Event event) {
  if (events.size() == events_kept) events.erase(events.begin());
  events.push_back({utc_ms, event});
}

Bytes Cjt188State::encode() const {
  Bytes octets;
  ByteWriter out(octets);
  out.u8(format);
  std::uint32_t flags = 0;
  for_each_flag(*this, [&](Flag flag, bool value) { flags |= value ? flag : 0U; });
  out.u32(flags);
  out.u8(static_cast<std::uint8_t>(valve.level));
  out.u8(settlement_day);
  out.u8(reading_day);
  out.zigzag(correction_ms);
  out.zigzag(drift_since_utc_ms);
  out.zigzag(sensed.drift_ppm);
  out.zigzag(sensed.battery_mv);
  out.zigzag(register_offset);
  interruptions.encode(out);
  out.varint(events.size());
  for (const Event& event : events) {
    out.zigzag(event.utc_ms);
    out.u8(static_cast<std::uint8_t>(event.event));
  }
  write_command(out, last_command);
  return octets;
}

Result<Cjt188State> Cjt188State::decode(ByteView octets) {
  ByteReader in(octets);
  Cjt188State out;
  const Error refused{ErrorCode::malformed, "not the state of a CJ/T 188 meter"};
  if (in.u8() != format) return std::unexpected(refused);
  const std::uint32_t flags = in.u32();
  for_each_flag(out, [&](Flag flag, bool& value) { value = (flags & flag) != 0; });
  const std::uint8_t level = in.u8();
  out.valve.level = static_cast<GasValve::Level>(level);
  out.settlement_day = in.u8();
  out.reading_day = in.u8();
  out.correction_ms = in.zigzag();
  out.drift_since_utc_ms = in.zigzag();
  const std::int64_t drift_ppm = in.zigzag();
  const std::int64_t battery_mv = in.zigzag();
  out.register_offset = in.zigzag();
  const bool is_sane = in.ok() && (flags & ~static_cast<std::uint32_t>(flags_known)) == 0 &&
                       level <= static_cast<std::uint8_t>(GasValve::Level::empty) && is_day(out.settlement_day) &&
                       is_day(out.reading_day) && within(out.correction_ms, correction_ms_max) &&
                       within(out.drift_since_utc_ms, 40 * correction_ms_max) && within(drift_ppm, drift_ppm_max) &&
                       within(battery_mv, battery_mv_max) && within(out.register_offset, register_max);
  if (!is_sane || !out.interruptions.decode(in) || !read_events(in, out)) return std::unexpected(refused);
  out.last_command = read_command(in);
  if (!in.ok() || !in.at_end()) return std::unexpected(refused);
  out.sensed.drift_ppm = static_cast<std::int32_t>(drift_ppm);
  out.sensed.battery_mv = static_cast<std::int32_t>(battery_mv);
  return out;
}

}  // namespace duheng::device
