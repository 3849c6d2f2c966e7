#include "store/table_files/xlsx_cells.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace duheng::store::table_files {
namespace {

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

std::string without_exponent(std::string_view text) {
  const auto mark = text.find('e');
  if (mark == std::string_view::npos || mark + 1 == text.size()) return std::string{text};
  int exponent = 0;
  const std::string_view after = text.substr(mark + (text[mark + 1] == '+' ? 2 : 1));
  std::from_chars(after.data(), after.data() + after.size(), exponent);
  std::string digits;
  std::string sign;
  int point = 0;
  bool behind_point = false;
  for (const char c : text.substr(0, mark)) {
    if (c == '-') {
      sign = "-";
    } else if (c == '.') {
      behind_point = true;
    } else {
      digits += c;
      point += behind_point ? 0 : 1;
    }
  }
  point += exponent;
  if (point <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  const auto whole = static_cast<std::size_t>(point);
  if (whole >= digits.size()) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

Result<std::string> plain_number(std::string_view text) {
  const auto value = number_of(text);
  if (!value) return fail(ErrorCode::malformed, "holds no number");
  if (std::abs(*value) >= 1e15)
    return fail(ErrorCode::malformed, "holds a number of more than 15 digits: give the column the format text");
  if (std::abs(*value) < 1e-100) return "0";
  return without_exponent(fmt::format("{:.15g}", *value));
}

Result<std::string> serial_time(std::string_view text, bool since_1904) {
  using namespace std::chrono;
  const auto serial = number_of(text);
  if (!serial) return fail(ErrorCode::malformed, "holds no date");
  // Spreadsheets take 1900 for a leap year: before its March a serial date is a day off, and nobody measured then.
  const double first = since_1904 ? 0 : 61;
  if (*serial < first || *serial > 2'958'466)
    return fail(ErrorCode::malformed, "holds no date between March 1900 and 9999");
  const sys_days origin = since_1904 ? sys_days{year{1904} / 1 / 1} : sys_days{year{1899} / 12 / 30};
  const sys_time<milliseconds> at = origin + milliseconds{std::llround(*serial * 86'400'000.0)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                time.hours().count(), time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) out += fmt::format(".{:03}", time.subseconds().count());
  return out;
}

bool is_date_format(int id) noexcept {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

bool is_date_format(std::string_view code) noexcept {
  bool quoted = false;
  bool bracketed = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '[' || c == ']') {
      bracketed = c == '[' && !quoted;
    } else if (!quoted && !bracketed && std::string_view("dmyhsDMYHS").find(c) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

std::optional<std::size_t> column_of_reference(std::string_view reference) noexcept {
  std::size_t column = 0;
  std::size_t letters = 0;
  while (letters < reference.size() && reference[letters] >= 'A' && reference[letters] <= 'Z') {
    column = column * 26 + static_cast<std::size_t>(reference[letters] - 'A') + 1;
    if (++letters > 3) return std::nullopt;
  }
  if (letters == 0 || column > 16'384) return std::nullopt;
  return column - 1;
}

}  // namespace duheng::store::table_files
