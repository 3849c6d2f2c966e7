#include "device/dlt698/calendar.hpp"

#include <chrono>

#include "codec/dlt698/message.hpp"
#include "device/curve/day_curve.hpp"

namespace duheng::device::meter698 {

using dlt698::CalendarTime;
using dlt698::Kind;

CalendarTime calendar_of(std::int64_t local_ms) noexcept {
  const std::int64_t day = day_of(local_ms);
  const std::chrono::sys_days days{std::chrono::days{day}};
  const std::chrono::year_month_day date{days};
  const std::int64_t in_day_ms = local_ms - day * day_ms;
  const std::int64_t seconds = in_day_ms / 1'000;
  CalendarTime out;
  out.year = static_cast<std::uint16_t>(static_cast<int>(date.year()));
  out.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
  out.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
  out.weekday = static_cast<std::uint8_t>(std::chrono::weekday{days}.c_encoding());
  out.hour = static_cast<std::uint8_t>(seconds / 3'600);
  out.minute = static_cast<std::uint8_t>(seconds / 60 % 60);
  out.second = static_cast<std::uint8_t>(seconds % 60);
  out.millisecond = static_cast<std::uint16_t>(in_day_ms % 1'000);
  return out;
}

std::int64_t local_ms_of(const CalendarTime& time) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{time.year}, std::chrono::month{time.month},
                                         std::chrono::day{time.day}};
  const std::int64_t day = std::chrono::sys_days{date}.time_since_epoch().count();
  return day * day_ms + ((time.hour * 60 + time.minute) * 60 + time.second) * 1'000LL;
}

std::optional<std::int64_t> local_ms_in(const dlt698::Node& data) noexcept {
  const Kind kind = data.type->kind;
  if (kind != Kind::date_time_s && kind != Kind::date_time) return std::nullopt;
  const auto time = dlt698::read_time(kind, data.content);
  if (!time) return std::nullopt;
  // Of a date_time only what a date_time_s has, too.
  CalendarTime seconds = *time;
  if (!dlt698::is_valid(Kind::date_time_s, seconds)) return std::nullopt;
  return local_ms_of(seconds);
}

dlt698::Node moment_node(std::int64_t local_ms) { return dlt698::make::date_time_s(calendar_of(local_ms)); }

std::int64_t month_of(std::int64_t local_ms) noexcept {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day_of(local_ms)}}};
  return static_cast<int>(date.year()) * 12LL + static_cast<unsigned>(date.month()) - 1;
}

std::int64_t month_day_ms(std::int64_t month, unsigned day) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(month / 12)},
                                         std::chrono::month{static_cast<unsigned>(month % 12 + 1)},
                                         std::chrono::day{day}};
  return std::chrono::sys_days{date}.time_since_epoch().count() * day_ms;
}

}  // namespace duheng::device::meter698
