#include "codec/hexlog/time_text.hpp"

#include "codec/hexlog/characters.hpp"

namespace duheng::codec::hexlog {

namespace {

/// The digits at `at`: how many (at most 9 are looked at) and their value.
struct Number {
  std::size_t digits = 0;
  int value = 0;
};
Number number_at(std::string_view line, std::size_t at) noexcept {
  Number out;
  while (out.digits < 9 && is_digit(at_or_nul(line, at + out.digits))) {
    out.value = out.value * 10 + (line[at + out.digits] - '0');
    ++out.digits;
  }
  return out;
}

bool is_year(const Number& number) noexcept {
  return number.digits == 4 && number.value >= 1990 && number.value <= 2199;
}
bool is_month(int value) noexcept { return value >= 1 && value <= 12; }
bool is_day(int value) noexcept { return value >= 1 && value <= 31; }
/// Whether a word or a number goes on at `at`.
bool goes_on(std::string_view line, std::size_t at) noexcept {
  const char c = at_or_nul(line, at);
  return is_digit(c) || is_letter(c);
}

/// HH:MM:SS with an optional fraction; HH:MM only when `seconds_optional`.
std::size_t clock_size(std::string_view line, std::size_t at, bool seconds_optional) noexcept {
  const Number hour = number_at(line, at);
  if (hour.digits < 1 || hour.digits > 2 || hour.value > 23) return 0;
  std::size_t end = at + hour.digits;
  if (at_or_nul(line, end) != ':') return 0;
  const Number minute = number_at(line, end + 1);
  if (minute.digits != 2 || minute.value > 59) return 0;
  end += 3;
  const Number second = at_or_nul(line, end) == ':' ? number_at(line, end + 1) : Number{};
  if (second.digits != 2 || second.value > 60) return seconds_optional && !goes_on(line, end) ? end - at : 0;
  end += 3;
  const char separator = at_or_nul(line, end);
  const Number fraction = number_at(line, end + 1);
  const bool is_fraction = (separator == '.' && fraction.digits > 0) || (separator == ',' && fraction.digits >= 3) ||
                           (separator == ':' && fraction.digits == 3);
  if (is_fraction) {
    end += 1 + fraction.digits;
  } else if (separator == ':' && is_hex(at_or_nul(line, end + 1))) {
    return 0;  // a fourth pair: octets with colons
  }
  if (at_or_nul(line, end) == 'Z') ++end;
  return goes_on(line, end) ? 0 : end - at;
}

/// "+08:00", "-0500", after a blank or none.
std::size_t zone_size(std::string_view line, std::size_t at) noexcept {
  const std::size_t blank = at_or_nul(line, at) == ' ' ? 1 : 0;
  const char sign = at_or_nul(line, at + blank);
  if (sign != '+' && (sign != '-' || blank != 0)) return 0;
  const Number first = number_at(line, at + blank + 1);
  std::size_t end = at + blank + 1 + first.digits;
  if (first.digits == 4 && first.value <= 1'400) return goes_on(line, end) ? 0 : end - at;
  if (first.digits != 2 || first.value > 14 || at_or_nul(line, end) != ':') return 0;
  if (number_at(line, end + 1).digits != 2) return 0;
  end += 3;
  return goes_on(line, end) ? 0 : end - at;
}

struct Date {
  std::size_t size = 0;
  bool stands_alone = false;  ///< a date also without a time of day behind it
};
Date date_at(std::string_view line, std::size_t at) noexcept {
  const Number first = number_at(line, at);
  const char separator = at_or_nul(line, at + first.digits);
  if (first.digits == 8) {
    const bool fits = first.value >= 1990'01'01 && first.value <= 2199'12'31 && is_month(first.value / 100 % 100) &&
                      is_day(first.value % 100);
    return fits ? Date{8, false} : Date{};
  }
  if (separator != '-' && separator != '/' && separator != '.') return {};
  const Number second = number_at(line, at + first.digits + 1);
  if (first.digits == 2 && second.digits == 2 && separator != '.') {
    return is_month(first.value) && is_day(second.value) ? Date{5, false} : Date{};
  }
  if (!is_year(first) || second.digits < 1 || second.digits > 2 || !is_month(second.value)) return {};
  const std::size_t third_at = at + first.digits + 1 + second.digits;
  if (at_or_nul(line, third_at) != separator) return {};
  const Number third = number_at(line, third_at + 1);
  if (third.digits < 1 || third.digits > 2 || !is_day(third.value)) return {};
  return {third_at + 1 + third.digits - at, true};
}

}  // namespace

std::size_t time_size(std::string_view line, std::size_t at) noexcept {
  if (!is_digit(at_or_nul(line, at))) return 0;
  if (const Date date = date_at(line, at); date.size > 0) {
    std::size_t clock_at = at + date.size;
    const char separator = at_or_nul(line, clock_at);
    if (separator == ' ' || separator == 'T' || separator == '-' || separator == '_') ++clock_at;
    while (clock_at < at + date.size + 3 && at_or_nul(line, clock_at) == ' ') ++clock_at;
    const std::size_t clock = clock_at > at + date.size ? clock_size(line, clock_at, true) : 0;
    if (clock > 0) return clock_at + clock + zone_size(line, clock_at + clock) - at;
    const bool continues = separator == '-' && is_hex(at_or_nul(line, at + date.size + 1));
    if (date.stands_alone && !continues && !goes_on(line, at + date.size)) return date.size;
    return 0;
  }
  const std::size_t clock = clock_size(line, at, false);
  return clock > 0 ? clock + zone_size(line, at + clock) : 0;
}

}  // namespace duheng::codec::hexlog
