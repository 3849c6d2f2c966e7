#include "device/meter/meter_moments.hpp"

#include <algorithm>
#include <numeric>

#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = DayCurve::day_ms;
constexpr int months_looked_back = 15;
constexpr std::int64_t steps_skipped_most = 40;  // an hour or a day that the clock was set past
constexpr int record_classes = 6;

std::int64_t rounded_down(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

struct Month {
  int number = 0;  // year x 12 + month - 1
  [[nodiscard]] dlt645::DateTime at(int day, int hour, int minute) const {
    return {static_cast<std::uint16_t>(number / 12), static_cast<std::uint8_t>(number % 12 + 1),
            static_cast<std::uint8_t>(day),          static_cast<std::uint8_t>(hour),
            static_cast<std::uint8_t>(minute),       0};
  }
};
Month month_of(std::int64_t own_ms) {
  const auto time = civil_time(own_ms);
  return {time.year * 12 + time.month - 1};
}

/// The last moment before `own_ms` (or at it) that a freeze pattern names, or nothing within its period's reach.
std::optional<std::int64_t> last_match(const dlt645::FreezeTime& pattern, std::int64_t own_ms) {
  constexpr auto any = dlt645::FreezeTime::any;
  const std::int64_t minute = pattern.minute * minute_ms;
  if (pattern.hour == any) {
    const std::int64_t hour = rounded_down(own_ms, hour_ms) + minute;
    return hour <= own_ms ? hour : hour - hour_ms;
  }
  if (pattern.day == any) {
    const std::int64_t day = rounded_down(own_ms, day_ms) + pattern.hour * hour_ms + minute;
    return day <= own_ms ? day : day - day_ms;
  }
  Month month = month_of(own_ms);
  for (int back = 0; back < 12 * 9; ++back, --month.number) {  // 29 February may be eight years away
    if (pattern.month != any && month.number % 12 + 1 != pattern.month) continue;
    const auto time = month.at(pattern.day, pattern.hour, pattern.minute);
    if (dlt645::is_valid(time) && local_ms_of(time) <= own_ms) return local_ms_of(time);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> MeterMoments::kept(std::int64_t own_ms) const {
  const auto utc_ms = state_.clock.utc_of(own_ms, now_utc_ms_);
  return utc_ms && *utc_ms >= floor_utc_ms_ ? utc_ms : std::nullopt;
}

std::optional<std::int64_t> MeterMoments::stepped(std::int64_t step_ms, std::size_t last, std::size_t most) const {
  if (last == 0 || last > most) return std::nullopt;
  std::int64_t own_ms = rounded_down(state_.clock.own_ms(now_utc_ms_), step_ms);
  std::size_t found = 0;
  for (std::int64_t tried = 0; tried < static_cast<std::int64_t>(last) + steps_skipped_most; ++tried, own_ms -= step_ms)
    if (const auto utc_ms = kept(own_ms); utc_ms && ++found == last) return utc_ms;
  return std::nullopt;
}

std::optional<std::int64_t> MeterMoments::daily(std::size_t last) const { return stepped(day_ms, last, daily_kept); }
std::optional<std::int64_t> MeterMoments::hourly(std::size_t last) const { return stepped(hour_ms, last, hourly_kept); }

std::optional<std::int64_t> MeterMoments::instant(std::size_t last) const {
  const auto& all = state_.schedule.instant_freezes_utc_ms;
  if (last == 0 || last > all.size()) return std::nullopt;
  const std::int64_t utc_ms = all[all.size() - last];
  return utc_ms >= floor_utc_ms_ ? std::optional(utc_ms) : std::nullopt;
}

std::optional<std::int64_t> MeterMoments::timed(std::size_t last) const {
  if (last == 0 || last > timed_kept) return std::nullopt;
  const auto& patterns = state_.schedule.freeze_patterns;
  std::int64_t until_utc_ms = now_utc_ms_;
  std::size_t found = 0;
  for (auto pattern = patterns.rbegin(); pattern != patterns.rend(); ++pattern) {
    std::int64_t own_ms = state_.clock.own_ms(until_utc_ms);
    for (std::size_t tried = 0; tried < timed_kept + steps_skipped_most; ++tried) {
      const auto match = last_match(pattern->time, own_ms);
      if (!match || *match < state_.clock.own_ms(pattern->utc_ms)) break;
      const auto utc_ms = kept(*match);
      if (utc_ms && *utc_ms <= until_utc_ms && *utc_ms >= pattern->utc_ms && ++found == last) return utc_ms;
      own_ms = *match - 1;
    }
    until_utc_ms = pattern->utc_ms - 1;
  }
  return std::nullopt;
}

std::vector<std::uint16_t> MeterMoments::days_ever() const {
  std::vector<std::uint16_t> out;
  const auto add = [&](const MeterSchedule::SettlementDays& days) {
    for (const auto day : days)
      if (day != MeterSchedule::no_day && std::ranges::find(out, day) == out.end()) out.push_back(day);
  };
  add(state_.schedule.settlement_days(INT64_MIN));
  for (const auto& change : state_.schedule.settlements) add(change.days);
  std::ranges::sort(out, std::greater<>{});
  return out;
}

std::optional<std::int64_t> MeterMoments::settlement(std::size_t last) const {
  if (last == 0) return std::nullopt;
  const auto days = days_ever();
  Month month = month_of(state_.clock.own_ms(now_utc_ms_));
  std::size_t found = 0;
  for (int back = 0; back < months_looked_back; ++back, --month.number)
    for (const auto day_hour : days) {
      const auto time = month.at(day_hour / 100, day_hour % 100, 0);
      if (!dlt645::is_valid(time)) continue;
      const auto utc_ms = kept(local_ms_of(time));
      if (!utc_ms) continue;
      const auto in_force = state_.schedule.settlement_days(*utc_ms);
      if (std::ranges::find(in_force, day_hour) != in_force.end() && ++found == last) return utc_ms;
    }
  return std::nullopt;
}

std::int64_t MeterMoments::load_step_ms() const {
  std::int64_t step = MeterSchedule::usual_interval_minutes;
  for (const auto& change : state_.schedule.intervals) step = std::gcd(step, std::int64_t{change.minutes});
  return step * minute_ms;
}

std::optional<MeterMoments::LoadMoment> MeterMoments::load_moment(std::uint8_t record_class,
                                                                  std::int64_t own_ms) const {
  const auto utc_ms = kept(own_ms);
  if (!utc_ms || !state_.consumption.has_supply(*utc_ms)) return std::nullopt;
  LoadMoment out{*utc_ms, own_ms, 0};
  for (std::uint8_t number = 1; number <= record_classes; ++number) {
    if (record_class != 0 && number != record_class) continue;
    if (own_ms % (state_.schedule.interval_minutes(number, *utc_ms) * minute_ms) == 0)
      out.classes |= static_cast<std::uint8_t>(1U << (number - 1));
  }
  if (out.classes == 0) return std::nullopt;
  return out;
}

std::vector<MeterMoments::LoadMoment> MeterMoments::load_records(std::uint8_t record_class, From from,
                                                                 std::int64_t from_own_ms, std::size_t count) const {
  const std::int64_t step_ms = load_step_ms();
  const std::int64_t now_own_ms = state_.clock.own_ms(now_utc_ms_);
  const std::int64_t oldest_own_ms = std::max(rounded_down(now_own_ms, day_ms) - load_days_kept * day_ms,
                                              rounded_down(state_.clock.own_ms(floor_utc_ms_), step_ms));
  std::vector<LoadMoment> out;
  if (from == From::newest) {
    for (std::int64_t own_ms = rounded_down(now_own_ms, step_ms); own_ms >= oldest_own_ms && out.size() < count;
         own_ms -= step_ms)
      if (const auto moment = load_moment(record_class, own_ms)) out.push_back(*moment);
    std::ranges::reverse(out);
    return out;
  }
  std::int64_t own_ms = oldest_own_ms;
  if (from == From::given) own_ms = std::max(own_ms, rounded_down(from_own_ms + step_ms - 1, step_ms));
  // A clock that was set back has records ahead of what it shows now: they will be overwritten.
  for (; own_ms <= now_own_ms && out.size() < count; own_ms += step_ms)
    if (const auto moment = load_moment(record_class, own_ms)) out.push_back(*moment);
  return out;
}

}  // namespace duheng::device
