#include "codec/dlt698/value.hpp"

#include <array>
#include <bit>
#include <fmt/format.h>

namespace duheng::dlt698 {

namespace {

constexpr std::uint8_t dar_other = 255;

constexpr std::array<std::string_view, 36> dar_texts = {"success",
                                                        "hardware failure",
                                                        "temporarily unavailable",
                                                        "read or write refused",
                                                        "object undefined",
                                                        "interface class does not match",
                                                        "object does not exist",
                                                        "type does not match",
                                                        "out of range",
                                                        "data block unavailable",
                                                        "fragmented transfer cancelled",
                                                        "not in fragmented transfer",
                                                        "block write cancelled",
                                                        "no block write under way",
                                                        "block number invalid",
                                                        "password wrong or not authorised",
                                                        "line speed cannot be changed",
                                                        "too many year zones",
                                                        "too many day slots",
                                                        "too many tariffs",
                                                        "security does not match",
                                                        "repeated recharge",
                                                        "ESAM verification failed",
                                                        "security authentication failed",
                                                        "customer number does not match",
                                                        "recharge count wrong",
                                                        "purchase above the hoarding limit",
                                                        "address abnormal",
                                                        "symmetric decryption error",
                                                        "asymmetric decryption error",
                                                        "signature error",
                                                        "meter suspended",
                                                        "time tag invalid",
                                                        "request timed out",
                                                        "ESAM P1 P2 wrong",
                                                        "ESAM length wrong"};

unsigned days_in(unsigned year, unsigned month) noexcept {
  static constexpr std::array<std::uint8_t, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && is_leap ? 29 : days[month - 1];
}

bool has_date(Kind kind) noexcept { return kind != Kind::time; }
bool has_clock(Kind kind) noexcept { return kind != Kind::date; }
bool has_weekday(Kind kind) noexcept { return kind == Kind::date_time || kind == Kind::date; }

std::string two_digits(std::uint8_t part) {
  return part == CalendarTime::not_given ? "FF" : fmt::format("{:02}", part);
}
std::string four_digits(std::uint16_t part) {
  return part == CalendarTime::year_not_given ? "FFFF" : fmt::format("{:04}", part);
}

}  // namespace

std::uint64_t read_unsigned(ByteView octets) noexcept {
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

std::int64_t read_signed(ByteView octets) noexcept {
  const std::uint64_t value = read_unsigned(octets);
  const std::size_t unused_bits = octets.empty() || octets.size() > 8 ? 0 : 64 - 8 * octets.size();
  return static_cast<std::int64_t>(value << unused_bits) >> unused_bits;
}

std::optional<double> read_float(ByteView octets) noexcept {
  if (octets.size() == sizeof(float)) return std::bit_cast<float>(static_cast<std::uint32_t>(read_unsigned(octets)));
  if (octets.size() == sizeof(double)) return std::bit_cast<double>(read_unsigned(octets));
  return std::nullopt;
}

std::string Oad::to_string() const { return fmt::format("{:08X}", value()); }

Oad read_oad(ByteView octets) noexcept { return Oad::from(static_cast<std::uint32_t>(read_unsigned(octets))); }

std::optional<CalendarTime> read_time(Kind kind, ByteView octets) noexcept {
  CalendarTime time;
  const auto put_date = [&] {
    time.year = static_cast<std::uint16_t>(octets[0] << 8 | octets[1]);
    time.month = octets[2];
    time.day = octets[3];
  };
  const auto put_clock = [&](std::size_t at) {
    time.hour = octets[at];
    time.minute = octets[at + 1];
    time.second = octets[at + 2];
  };
  if (kind == Kind::date_time && octets.size() == types::date_time.size_octets) {
    put_date();
    time.weekday = octets[4];
    put_clock(5);
    time.millisecond = static_cast<std::uint16_t>(octets[8] << 8 | octets[9]);
  } else if (kind == Kind::date && octets.size() == types::date.size_octets) {
    put_date();
    time.weekday = octets[4];
  } else if (kind == Kind::time && octets.size() == types::time.size_octets) {
    put_clock(0);
  } else if (kind == Kind::date_time_s && octets.size() == types::date_time_s.size_octets) {
    put_date();
    put_clock(4);
  } else {
    return std::nullopt;
  }
  return time;
}

bool is_valid(Kind kind, const CalendarTime& time) noexcept {
  if (has_date(kind)) {
    if (time.year == CalendarTime::year_not_given || time.month < 1 || time.month > 12) return false;
    if (time.day < 1 || time.day > days_in(time.year, time.month)) return false;
  }
  if (has_weekday(kind) && time.weekday > 7) return false;
  if (has_clock(kind) && (time.hour > 23 || time.minute > 59 || time.second > 59)) return false;
  return kind != Kind::date_time || time.millisecond < 1000;
}

std::string to_string(Kind kind, const CalendarTime& time) {
  std::string text;
  if (has_date(kind)) text = four_digits(time.year) + "-" + two_digits(time.month) + "-" + two_digits(time.day);
  if (has_weekday(kind)) {
    text += time.weekday == CalendarTime::not_given ? "(dow FF)" : fmt::format("(dow {})", time.weekday);
  }
  if (!has_clock(kind)) return text;
  if (has_date(kind)) text += ' ';
  text += two_digits(time.hour) + ":" + two_digits(time.minute) + ":" + two_digits(time.second);
  if (kind != Kind::date_time) return text;
  return text + (time.millisecond == CalendarTime::year_not_given ? ".FFFF" : fmt::format(".{:03}", time.millisecond));
}

std::string interval_text(ByteView octets) {
  static constexpr std::string_view units[] = {"s", "min", "h", "day", "month", "year"};
  if (octets.size() != types::ti.size_octets) return {};
  const unsigned count = octets[1] * 256U + octets[2];
  if (octets[0] < std::size(units)) return fmt::format("{} {}", count, units[octets[0]]);
  return fmt::format("{} unit {}", count, octets[0]);
}

std::string_view dar_text(std::uint8_t code) noexcept {
  if (code == dar_other) return "other";
  return code < dar_texts.size() ? dar_texts[code] : std::string_view{};
}

}  // namespace duheng::dlt698
