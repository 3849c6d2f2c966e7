#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>

namespace duheng::drivers {

/// A moment by a device's own clock, without zone.
struct CivilTime {
  int year = 2000;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  friend auto operator<=>(const CivilTime&, const CivilTime&) = default;
};

/// Whether the moment exists, between 2000 and 2099: no device here counts further.
[[nodiscard]] constexpr bool exists(const CivilTime& time) noexcept {
  using namespace std::chrono;
  if (time.year < 2000 || time.year > 2099 || time.month < 1 || time.day < 1) return false;
  if (time.hour < 0 || time.hour > 23 || time.minute < 0 || time.minute > 59 || time.second < 0 || time.second > 59)
    return false;
  return (year{time.year} / time.month / time.day).ok();
}

/// Milliseconds from 1970-01-01T00:00:00 of the same clock. `time` exists.
[[nodiscard]] constexpr std::int64_t local_ms_of(const CivilTime& time) noexcept {
  using namespace std::chrono;
  const sys_days day = year{time.year} / time.month / time.day;
  return (static_cast<std::int64_t>(day.time_since_epoch().count()) * 86'400 + time.hour * 3'600 + time.minute * 60 +
          time.second) *
         1'000;
}

/// The reverse; milliseconds are cut.
[[nodiscard]] constexpr CivilTime civil_time(std::int64_t local_ms) noexcept {
  using namespace std::chrono;
  const auto whole = floor<days>(milliseconds{local_ms});
  const year_month_day date{sys_days{whole}};
  const auto second = static_cast<int>(duration_cast<seconds>(milliseconds{local_ms} - whole).count());
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          second / 3'600,
          second / 60 % 60,
          second % 60};
}

[[nodiscard]] constexpr std::int64_t zone_ms(std::int32_t zone_offset_minutes) noexcept {
  return std::int64_t{zone_offset_minutes} * 60'000;
}
[[nodiscard]] constexpr CivilTime civil_time(std::int64_t utc_ms, std::int32_t zone_offset_minutes) noexcept {
  return civil_time(utc_ms + zone_ms(zone_offset_minutes));
}
/// Nothing for a moment that does not exist.
[[nodiscard]] constexpr std::optional<std::int64_t> utc_ms_of(const CivilTime& time,
                                                              std::int32_t zone_offset_minutes) noexcept {
  if (!exists(time)) return std::nullopt;
  return local_ms_of(time) - zone_ms(zone_offset_minutes);
}

/// CCYYMMDDhhmmss as one number, the form in which clock registers hold it.
[[nodiscard]] constexpr CivilTime civil_time_of_digits(std::int64_t digits) noexcept {
  const auto part = [&](std::int64_t divisor, std::int64_t modulus) {
    return static_cast<int>(digits / divisor % modulus);
  };
  return {part(10'000'000'000, 10'000),
          part(100'000'000, 100),
          part(1'000'000, 100),
          part(10'000, 100),
          part(100, 100),
          part(1, 100)};
}

}  // namespace duheng::drivers
