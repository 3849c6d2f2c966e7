#include "device/meter/meter_state.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

constexpr std::int64_t lock_ms = 24LL * 3'600'000;

template <class Change>
void add_change(std::vector<Change>& changes, const Change& change, std::size_t most) {
  changes.push_back(change);
  if (changes.size() > most) changes.erase(changes.begin());
}

}  // namespace

Relay::Outcome Relay::take(std::uint8_t command) noexcept {
  using enum dlt645::RelayCommand;
  switch (static_cast<dlt645::RelayCommand>(command)) {
    case trip:
      if (kept_supplied) return Outcome::refused;
      close_permitted = false;
      this->alarm = false;
      if (open) return Outcome::done;
      open = true;
      return Outcome::opened;
    case close_permit:
      close_permitted = open;
      return Outcome::done;
    case close_direct:
      close_permitted = false;
      if (!open) return Outcome::done;
      open = false;
      return Outcome::closed;
    case dlt645::RelayCommand::alarm:
      this->alarm = true;
      return Outcome::done;
    case alarm_release:
      this->alarm = false;
      return Outcome::done;
    case keep_power:
      kept_supplied = true;
      close_permitted = open;
      return Outcome::done;
    case keep_power_release:
      kept_supplied = false;
      return Outcome::done;
  }
  return Outcome::refused;
}

bool Relay::press_button() noexcept {
  if (!open || !close_permitted) return false;
  open = false;
  close_permitted = false;
  return true;
}

PasswordGuard::Verdict PasswordGuard::check(std::uint8_t level, const Password& password, std::uint8_t level_most,
                                            std::int64_t own_ms) noexcept {
  if (own_ms < locked_until_own_ms) return Verdict::locked;
  if (level >= levels || level > level_most) return Verdict::not_authorised;
  if (password == passwords[level]) {
    wrong = 0;
    return Verdict::right;
  }
  if (++wrong >= wrong_most) {
    wrong = 0;
    locked_until_own_ms = own_ms + lock_ms;
  }
  return Verdict::wrong;
}

std::uint16_t MeterSchedule::interval_minutes(std::uint8_t record_class, std::int64_t utc_ms) const noexcept {
  for (auto change = intervals.rbegin(); change != intervals.rend(); ++change)
    if (change->record_class == record_class && change->utc_ms <= utc_ms) return change->minutes;
  return usual_interval_minutes;
}

MeterSchedule::SettlementDays MeterSchedule::settlement_days(std::int64_t utc_ms) const noexcept {
  for (auto change = settlements.rbegin(); change != settlements.rend(); ++change)
    if (change->utc_ms <= utc_ms) return change->days;
  return {100, no_day, no_day};
}

void MeterSchedule::set_interval(const IntervalChange& change) { add_change(intervals, change, changes_max); }
void MeterSchedule::set_settlement_days(const SettlementChange& change) {
  add_change(settlements, change, changes_max);
}
void MeterSchedule::add_freeze_pattern(const FreezePattern& pattern) {
  add_change(freeze_patterns, pattern, changes_max);
}
void MeterSchedule::freeze_now(std::int64_t utc_ms) { add_change(instant_freezes_utc_ms, utc_ms, instant_freezes_max); }

const Bytes* MeterState::find_parameter(std::uint32_t identifier) const noexcept {
  for (const auto& parameter : parameters)
    if (parameter.identifier == identifier) return &parameter.payload;
  return nullptr;
}

void MeterState::set_parameter(std::uint32_t identifier, ByteView payload) {
  for (auto& parameter : parameters)
    if (parameter.identifier == identifier) return parameter.payload.assign(payload.begin(), payload.end());
  parameters.push_back({identifier, Bytes(payload.begin(), payload.end())});
}

}  // namespace duheng::device
