#include "codec/cjt188/time.hpp"

#include <algorithm>
#include <cstring>

#include "codec/cjt188/bcd.hpp"

namespace duheng::cjt188 {

namespace {

constexpr std::uint64_t seven_octets = 0x00FFFFFFFFFFFFFF;
constexpr std::uint8_t century = 20;
constexpr std::uint8_t implausible_year = 50;

/// Where, counted in octets from the first, each part stands: CC YY MM DD hh mm ss.
struct Places {
  std::uint8_t part[time_octets];
};
constexpr Places places[] = {
    {{6, 5, 4, 3, 2, 1, 0}},
    {{0, 1, 2, 3, 4, 5, 6}},
    {{5, 6, 4, 3, 2, 1, 0}},
};
constexpr std::size_t order_count = std::size(places);

constexpr std::uint8_t days_of_month[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool is_leap(unsigned year) noexcept { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/// The seven octets with CC on top and ss lowest, whatever the order they travelled in.
constexpr std::uint64_t in_reading_order(std::uint64_t word, TimeOrder order) noexcept {
  switch (order) {
    case TimeOrder::second_first:
      return word;
    case TimeOrder::year_first:
      return __builtin_bswap64(word) >> 8;
    case TimeOrder::century_sixth:
      break;
  }
  return (word & 0x000000FFFFFFFFFF) | (word & 0x0000FF0000000000) << 8 | (word & 0x00FF000000000000) >> 8;
}

/// From CC down to ss: the largest number each may be, and what makes the ones beyond overflow into their top bit.
constexpr std::uint64_t parts_max = 0x14'63'0C'1F'17'3B'3B;
constexpr std::uint64_t beyond_max = 0x7F7F7F7F7F7F7F - parts_max;
constexpr std::uint64_t parts_min = 0x14'00'01'01'00'00'00;
constexpr std::uint64_t top_bits = 0x80808080808080;

/// Whether the seven numbers, each 0..99, name a time of this century that exists.
bool exists(std::uint64_t binary) noexcept {
  const std::uint64_t too_large = binary + beyond_max;
  const std::uint64_t large_enough = (binary | top_bits) - parts_min;
  if (((too_large | ~large_enough) & top_bits) != 0) return false;
  const unsigned day = binary >> 24 & 0xFF;
  if (day <= 28) return true;
  const unsigned month = binary >> 32 & 0xFF;
  const auto year = static_cast<unsigned>(century * 100U + (binary >> 40 & 0xFF));
  return day <= days_of_month[month] + (month == 2 && is_leap(year) ? 1U : 0U);
}

std::uint8_t to_bcd(unsigned number) noexcept { return static_cast<std::uint8_t>(number / 10 << 4 | number % 10); }

}  // namespace

bool is_valid(const DateTime& time) noexcept {
  if (time.month < 1 || time.month > 12 || time.hour > 23 || time.minute > 59 || time.second > 59) return false;
  const unsigned days = days_of_month[time.month] + (time.month == 2 && is_leap(time.year) ? 1U : 0U);
  return time.day >= 1 && time.day <= days;
}

std::int64_t to_digits(const DateTime& time) noexcept {
  const std::int64_t date = (time.year * 100LL + time.month) * 100 + time.day;
  return ((date * 100 + time.hour) * 100 + time.minute) * 100 + time.second;
}

DateTime from_digits(std::int64_t digits) noexcept {
  DateTime time;
  const auto take = [&digits] {
    const auto pair = static_cast<std::uint8_t>(digits % 100);
    digits /= 100;
    return pair;
  };
  time.second = take();
  time.minute = take();
  time.hour = take();
  time.day = take();
  time.month = take();
  time.year = static_cast<std::uint16_t>(digits);
  return time;
}

std::string_view to_string(TimeOrder order) noexcept {
  static constexpr std::string_view names[] = {"second_first", "year_first", "century_sixth"};
  return names[std::min<std::size_t>(static_cast<std::size_t>(order), order_count - 1)];
}

DecodedTime decode_time(const std::uint8_t* octets, TimeOrder preferred) noexcept {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::memcpy(&low, octets, sizeof low);
  std::memcpy(&high, octets + 3, sizeof high);  // the fourth octet twice, so that nothing is read past the seventh
  const std::uint64_t word = low | static_cast<std::uint64_t>(high) << 24;
  if (word == 0 || word == seven_octets) return {DecodedTime::State::no_value, preferred, 0};
  if (bcd::bad_digits(word) != 0) return {};
  DecodedTime found;
  const auto try_order = [&](TimeOrder order) {
    const std::uint64_t digits = in_reading_order(word, order);
    const std::uint64_t binary = bcd::pairs_to_binary(digits);
    if (!exists(binary)) return false;
    const bool plausible = (binary >> 40 & 0xFF) < implausible_year;
    if (found.state == DecodedTime::State::good && !plausible) return false;
    found = {DecodedTime::State::good, order, bcd::to_number(digits)};
    return plausible;
  };
  if (try_order(preferred)) return found;
  for (std::size_t order = 0; order < order_count; ++order) {
    if (try_order(static_cast<TimeOrder>(order))) return found;
  }
  return found;
}

std::array<std::uint8_t, time_octets> encode_time(const DateTime& time, TimeOrder order) noexcept {
  const unsigned parts[time_octets] = {time.year / 100U, time.year % 100U, time.month, time.day,
                                       time.hour,        time.minute,      time.second};
  std::array<std::uint8_t, time_octets> out{};
  const Places& place = places[static_cast<std::size_t>(order)];
  for (std::size_t i = 0; i < time_octets; ++i) out[place.part[i]] = to_bcd(parts[i]);
  return out;
}

}  // namespace duheng::cjt188
