#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/decimal.hpp"
#include "codec/dlt645/data_identifier.hpp"
#include "codec/dlt645/error.hpp"

namespace duheng::dlt645 {

/// What has become of one field.
enum class ValueState : std::uint8_t {
  good,      ///< `mantissa` (numbers, times, bits) or the octets (text, raw) hold the content
  no_value,  ///< all octets FFH: the meter has no such thing, e.g. an absent phase
  invalid,   ///< not decimal digits; keep the frame for diagnosis
};

/// One field of a payload, exactly as the meter gave it.
/// Numbers: mantissa x 10^exponent in `unit`. Times: the digits as one number, e.g. YYMMDDWW (see FieldKind). Bits: the
/// word. Data identifiers: the number. Text and raw: the octets `offset`..`offset + size_octets` of the payload.
struct Value {
  std::int64_t mantissa;
  std::uint16_t offset;  ///< into the payload given to decode_values()
  std::uint16_t size_octets;
  std::uint8_t element;  ///< item of the block, from 0
  std::uint8_t field;    ///< field of the item, from 0
  std::int8_t exponent;
  Unit unit;
  FieldKind kind;
  FieldRole role;
  ValueState state;
  [[nodiscard]] Decimal decimal() const noexcept { return {mantissa, exponent}; }
};

/// Up to 255 values without allocation. Reusable; clear() is free.
class ValueList {
 public:
  static constexpr std::size_t capacity = 255;
  ValueList() noexcept {}  // NOLINT: the values are meant to stay unset
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const Value& operator[](std::size_t index) const noexcept { return values_[index]; }
  [[nodiscard]] const Value* begin() const noexcept { return values_; }
  [[nodiscard]] const Value* end() const noexcept { return values_ + size_; }
  /// The value of a block's element and field; nullptr when the meter gave fewer.
  [[nodiscard]] const Value* find(std::size_t element, std::size_t field = 0) const noexcept;

 private:
  friend class ValueWriter;
  std::size_t size_ = 0;
  Value values_[capacity];
};

/// A payload joined from following frames may be longer than one frame; this much is read at once.
inline constexpr std::size_t payload_octets_max = 65'535;

/// Reads the payload of a reply: DATA without 33H, without the data identifier and, in following frames, without SEQ;
/// what came in several frames must have been joined before.
/// Errors:
///   malformed     - the payload's length does not fit the identifier; `out` is empty.
///   bad_bcd_digit - a digit above 9; octet_offset is the first such octet. `out` is complete all the same: the good
///                   values are good, the others have state `invalid`.
/// Records whose length differs from the known layout become one raw value. Pure, no allocation.
/// Source: DL/T 645-2007, Annex A (formats); signs and absent phases as real meters send them.
[[nodiscard]] std::expected<void, DecodeError> decode_values(const DataDescription& description, ByteView payload,
                                                             ValueList& out) noexcept;

/// Writes a number, time, bit set or identifier into `out`, which must have exactly format.size_octets octets.
/// Errors: limit_exceeded - too many digits, or a sign the field cannot carry (a signed field gives its top bit to the
/// sign: XX.XXXX reaches 79.9999); invalid_argument - `out` has another size, or the kind is text or raw.
[[nodiscard]] std::expected<void, DecodeError> encode_value(const FieldFormat& format, std::int64_t mantissa,
                                                            std::span<std::uint8_t> out) noexcept;
/// Fills a field with FFH, "no value".
void encode_no_value(std::span<std::uint8_t> out) noexcept;

/// A calendar time without zone, as the meter's own clock shows it; two-digit years count from 2000.
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
/// 0 = Sunday, as the meter counts.
[[nodiscard]] std::uint8_t weekday_of(const DateTime& time) noexcept;
/// The number that the wire carries: YYMMDDhhmmss, YYMMDDhhmm, YYMMDDWW, hhmmss by `kind`; 0 for other kinds.
[[nodiscard]] std::int64_t to_digits(const DateTime& time, FieldKind kind) noexcept;
/// The reverse, for those kinds; what the kind does not hold stays as in a default DateTime. Not checked: see
/// is_valid().
[[nodiscard]] DateTime from_digits(std::int64_t digits, FieldKind kind) noexcept;
/// Six octets ss mm hh DD MM YY. Errors: bad_bcd_digit, truncated.
[[nodiscard]] std::expected<DateTime, DecodeError> decode_date_time(ByteView plain) noexcept;
[[nodiscard]] std::array<std::uint8_t, 6> encode_date_time(const DateTime& time) noexcept;

/// Whether a value of a time kind names a time that exists; true for other kinds.
[[nodiscard]] bool is_calendar_valid(const Value& value) noexcept;

/// The content for people: "220.4", "16:09:25", "2017-06-05", "0050" (bits), text as such, raw as hexadecimal; "" for
/// no value. `payload` is what decode_values() was given.
[[nodiscard]] std::string to_text(const Value& value, ByteView payload);

}  // namespace duheng::dlt645
