#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/dlt698/grammar.hpp"

namespace duheng::dlt698 {

/// Numbers of the application layer travel highest octet first; `octets` of 1 to 8.
[[nodiscard]] std::uint64_t read_unsigned(ByteView octets) noexcept;
[[nodiscard]] std::int64_t read_signed(ByteView octets) noexcept;
/// float32 from 4 octets, float64 from 8; nothing for other sizes.
[[nodiscard]] std::optional<double> read_float(ByteView octets) noexcept;

/// Object attribute descriptor: which attribute of which object. Source: DL/T 698.45-2017, application layer (OAD).
struct Oad {
  std::uint16_t oi = 0;
  std::uint8_t attribute = 0;  ///< bits 0-4 attribute (0 all), bits 5-7 feature
  std::uint8_t index = 0;      ///< 0 all, n the n-th element or the n-th latest record
  static constexpr Oad from(std::uint32_t value) noexcept {
    return {static_cast<std::uint16_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
            static_cast<std::uint8_t>(value)};
  }
  [[nodiscard]] constexpr std::uint32_t value() const noexcept {
    return static_cast<std::uint32_t>(oi) << 16 | static_cast<std::uint32_t>(attribute) << 8 | index;
  }
  [[nodiscard]] constexpr std::uint8_t attribute_number() const noexcept { return attribute & 0x1F; }
  [[nodiscard]] constexpr std::uint8_t feature() const noexcept { return attribute >> 5; }
  /// "00100200"
  [[nodiscard]] std::string to_string() const;
  friend constexpr bool operator==(const Oad&, const Oad&) = default;
};
/// The content of an OAD element, four octets.
[[nodiscard]] Oad read_oad(ByteView octets) noexcept;

/// A moment as devices tell it, unchecked: years such as FFFFH mean "not given". Source: DL/T 698.45-2017 (date_time,
/// date, time, date_time_s).
struct CalendarTime {
  static constexpr std::uint16_t year_not_given = 0xFFFF;
  static constexpr std::uint8_t not_given = 0xFF;
  std::uint16_t year = year_not_given;
  std::uint8_t month = not_given;
  std::uint8_t day = not_given;
  std::uint8_t weekday = not_given;  ///< 0 Sunday to 6; some devices send 7 for Sunday
  std::uint8_t hour = not_given;
  std::uint8_t minute = not_given;
  std::uint8_t second = not_given;
  std::uint16_t millisecond = year_not_given;
  friend bool operator==(const CalendarTime&, const CalendarTime&) = default;
};
/// The content of an element of one of the four kinds; nothing when kind or size is another.
[[nodiscard]] std::optional<CalendarTime> read_time(Kind kind, ByteView octets) noexcept;
/// Whether every part of `kind` is given and the moment exists in the calendar.
[[nodiscard]] bool is_valid(Kind kind, const CalendarTime& time) noexcept;
/// "2016-09-12 00:00:31"; a date_time "2016-09-12(dow 1) 00:00:31.683"; parts not given as FF.
[[nodiscard]] std::string to_string(Kind kind, const CalendarTime& time);

/// "15 min" of the three octets of a TI; units beyond the standard's as "15 unit 9".
[[nodiscard]] std::string interval_text(ByteView octets);

/// PIID and PIID-ACD: who asks for what belongs to which answer.
struct Piid {
  std::uint8_t raw = 0;
  [[nodiscard]] constexpr bool is_high_priority() const noexcept { return (raw & 0x80) != 0; }
  /// In answers: the server has events waiting (read 33200200). Reserved in questions.
  [[nodiscard]] constexpr bool has_events() const noexcept { return (raw & 0x40) != 0; }
  [[nodiscard]] constexpr std::uint8_t sequence() const noexcept { return raw & 0x3F; }
};

/// What a DAR says, in English; empty for codes without a meaning at hand, which are carried through.
/// Source: DL/T 698.45-2017, application layer (data access result).
[[nodiscard]] std::string_view dar_text(std::uint8_t code) noexcept;

}  // namespace duheng::dlt698
