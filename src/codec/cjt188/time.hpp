#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/cjt188/error.hpp"

namespace duheng::cjt188 {

/// A calendar time without zone, as the meter's own clock shows it (China: UTC+8).
struct DateTime {
  std::uint16_t year = 2000;
  std::uint8_t month = 1;
  std::uint8_t day = 1;
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;
  friend auto operator<=>(const DateTime&, const DateTime&) = default;
};
/// Month, day of that month, hour, minute and second exist.
[[nodiscard]] bool is_valid(const DateTime& time) noexcept;
/// CCYYMMDDhhmmss as one number.
[[nodiscard]] std::int64_t to_digits(const DateTime& time) noexcept;
/// The reverse; not checked, see is_valid().
[[nodiscard]] DateTime from_digits(std::int64_t digits) noexcept;

/// In which order the seven octets of a time travel. CC is the century, 20H.
enum class TimeOrder : std::uint8_t {
  second_first,   ///< ss mm hh DD MM YY CC: most meters
  year_first,     ///< CC YY MM DD hh mm ss: as the standard prints it
  century_sixth,  ///< ss mm hh DD MM CC YY: a gas module
};
/// "second_first", "year_first", "century_sixth".
[[nodiscard]] std::string_view to_string(TimeOrder order) noexcept;

inline constexpr std::size_t time_octets = 7;

struct DecodedTime {
  enum class State : std::uint8_t {
    good,
    no_value,  ///< all octets 00H or all FFH: the meter has no clock
    invalid,   ///< no order gives a time that exists
  };
  State state = State::invalid;
  TimeOrder order = TimeOrder::second_first;
  std::int64_t digits = 0;  ///< CCYYMMDDhhmmss, if good
};
/// Reads the seven octets at `octets` in whichever order gives a time that exists in this century. When more than one
/// does, a year before 2050 goes first, then the preferred order, then the order of the enumerators.
/// Source: CJ/T 188-2004 and -2018, real time; the orders are those of captures.
[[nodiscard]] DecodedTime decode_time(const std::uint8_t* octets, TimeOrder preferred) noexcept;
[[nodiscard]] std::array<std::uint8_t, time_octets> encode_time(const DateTime& time, TimeOrder order) noexcept;

}  // namespace duheng::cjt188
