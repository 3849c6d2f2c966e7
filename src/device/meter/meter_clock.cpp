#include "device/meter/meter_clock.hpp"

#include <algorithm>
#include <chrono>

#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

constexpr ClockChange never_changed{INT64_MIN, 0, 0};

}  // namespace

dlt645::DateTime civil_time(std::int64_t local_ms) noexcept {
  const std::int64_t day = day_of(local_ms);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const std::int64_t seconds = (local_ms - day * DayCurve::day_ms) / 1'000;
  dlt645::DateTime out;
  out.year = static_cast<std::uint16_t>(static_cast<int>(date.year()));
  out.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
  out.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
  out.hour = static_cast<std::uint8_t>(seconds / 3'600);
  out.minute = static_cast<std::uint8_t>(seconds / 60 % 60);
  out.second = static_cast<std::uint8_t>(seconds % 60);
  return out;
}

std::int64_t local_ms_of(const dlt645::DateTime& time) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{time.year}, std::chrono::month{time.month},
                                         std::chrono::day{time.day}};
  const std::int64_t day = std::chrono::sys_days{date}.time_since_epoch().count();
  return day * DayCurve::day_ms + ((time.hour * 60 + time.minute) * 60 + time.second) * 1'000LL;
}

std::int64_t MeterClock::extra_ms(std::int64_t length_ms, std::int32_t ppm) noexcept {
  return length_ms / 1'000 * ppm / 1'000;
}

std::int64_t MeterClock::shown(std::int64_t utc_ms, const ClockChange& change) const noexcept {
  // Parts per million of milliseconds; in seconds first, so that decades fit.
  const std::int64_t drift_ms = (utc_ms - options_.installed_utc_ms) / 1'000 * options_.drift_ppm / 1'000;
  const std::int64_t extra = change.extra_ppm == 0 ? 0 : extra_ms(utc_ms - change.utc_ms, change.extra_ppm);
  return utc_ms + options_.zone_ms + options_.offset_ms + drift_ms + extra + change.correction_ms;
}

std::int64_t MeterClock::own_ms(std::int64_t utc_ms) const noexcept {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change)
    if (change->utc_ms <= utc_ms) return shown(utc_ms, *change);
  return shown(utc_ms, never_changed);
}

std::int64_t MeterClock::solve(std::int64_t own_ms, const ClockChange& change) const noexcept {
  std::int64_t at = own_ms - options_.zone_ms - options_.offset_ms - change.correction_ms;
  if (options_.drift_ppm == 0 && change.extra_ppm == 0) return at;
  for (int round = 0; round < 12; ++round) at -= shown(at, change) - own_ms;
  // Drift comes in whole milliseconds: the first moment that shows at least this much.
  while (shown(at, change) >= own_ms) --at;
  while (shown(at, change) < own_ms) ++at;
  return at;
}

std::optional<std::int64_t> MeterClock::utc_of(std::int64_t own_ms, std::int64_t now_utc_ms) const noexcept {
  std::int64_t until = now_utc_ms;  // the last moment of the stretch looked at
  for (std::size_t i = changes_.size() + 1; i-- > 0;) {
    const ClockChange& change = i == 0 ? never_changed : changes_[i - 1];
    const std::int64_t from = change.utc_ms;
    std::int64_t at = solve(own_ms, change);
    // A slow clock shows a millisecond twice now and then, perhaps when the stretch begins.
    if (i > 0 && at < from && shown(from, change) == own_ms) at = from;
    if (at >= from && at <= until) return at;
    if (i > 0) until = std::min(until, from - 1);
  }
  return std::nullopt;
}

void MeterClock::add(const ClockChange& change) {
  // True time was set back: what came later is no past any more.
  while (!changes_.empty() && changes_.back().utc_ms >= change.utc_ms) changes_.pop_back();
  changes_.push_back(change);
  if (changes_.size() <= changes_max) return;
  changes_.erase(changes_.begin());
  ClockChange& oldest = changes_.front();
  oldest.correction_ms -= extra_ms(oldest.utc_ms, oldest.extra_ppm);
  oldest.utc_ms = 0;
}

void MeterClock::set(std::int64_t utc_ms, std::int64_t own_ms) {
  ClockChange change = changes_.empty() ? never_changed : changes_.back();
  change.utc_ms = utc_ms;
  change.correction_ms = 0;
  change.correction_ms = own_ms - shown(utc_ms, change);
  add(change);
}

void MeterClock::set_extra_drift(std::int64_t utc_ms, std::int32_t ppm) {
  const std::int64_t own = own_ms(utc_ms);
  ClockChange change{utc_ms, 0, ppm};
  change.correction_ms = own - shown(utc_ms, change);
  add(change);
}

}  // namespace duheng::device
