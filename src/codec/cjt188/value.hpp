#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "codec/cjt188/layout.hpp"
#include "codec/cjt188/profile.hpp"
#include "codec/cjt188/time.hpp"

namespace duheng::cjt188 {

/// The values of one payload without allocation. Reusable; clear() is free.
class ValueList {
 public:
  static constexpr std::size_t capacity = 16;
  ValueList() noexcept {}  // NOLINT: the values are meant to stay unset
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const Value& operator[](std::size_t index) const noexcept { return values_[index]; }
  [[nodiscard]] const Value* begin() const noexcept { return values_; }
  [[nodiscard]] const Value* end() const noexcept { return values_ + size_; }
  /// The value of that role; nullptr when the payload has none.
  [[nodiscard]] const Value* find(FieldRole role) const noexcept;

 private:
  friend std::expected<void, DecodeError> decode_values(const Layout&, ByteView, const Profile&, ValueList&) noexcept;
  std::size_t size_ = 0;
  Value values_[capacity];
};

/// Reads a payload by its layout.
/// Errors:
///   malformed     - the payload has not the layout's length; `out` is empty.
///   bad_bcd_digit - a digit above 9 or a time that does not exist; octet_offset is the first such octet, or the first
///                   of that time. `out` is complete all the same: the good values are good, the others `invalid`.
/// Pure, no allocation.
/// Source: CJ/T 188-2004 and -2018, data formats.
[[nodiscard]] std::expected<void, DecodeError> decode_values(const Layout& layout, ByteView payload,
                                                             const Profile& profile, ValueList& out) noexcept;

/// Writes values that decode_values() might have given back into `out`, which must have layout.octets. What is not good
/// is written as FFH (numbers, times). Address and raw fields, which a Value does not hold, come from `octets`, a
/// payload of the same layout, or are 00H when that is empty.
/// Errors: limit_exceeded - too many digits, or a negative number; invalid_argument - sizes or roles do not fit.
[[nodiscard]] std::expected<void, DecodeError> encode_values(const Layout& layout, std::span<const Value> values,
                                                             ByteView octets, std::span<std::uint8_t> out) noexcept;

/// The content for people: "556677.00" (the field's decimals), "2015-05-11 22:01:31", "21 84" (status), "17"; an
/// address as it is displayed; raw octets as hexadecimal; "" for no value. `payload` is what decode_values() was given.
[[nodiscard]] std::string to_text(const Value& value, ByteView payload);
/// "m3", or "m3 x10" when the unit octet scales; empty for none.
[[nodiscard]] std::string unit_text(const Value& value);

}  // namespace duheng::cjt188
