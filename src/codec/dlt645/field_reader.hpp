#pragma once
// One field of any kind out of a payload; private to this library.
#include "codec/dlt645/digits.hpp"

namespace duheng::dlt645 {

/// Up to eight octets, the first one lowest.
inline std::uint64_t load(const std::uint8_t* from, std::size_t size) noexcept {
  switch (size) {
    case 2: {
      std::uint16_t half = 0;
      std::memcpy(&half, from, sizeof half);
      return half;
    }
    case 3: {
      std::uint16_t half = 0;
      std::memcpy(&half, from, sizeof half);
      return half | static_cast<std::uint64_t>(from[2]) << 16;
    }
    case 4: {
      std::uint32_t word = 0;
      std::memcpy(&word, from, sizeof word);
      return word;
    }
    default: {
      std::uint64_t word = 0;
      for (std::size_t i = 0; i < size; ++i) word |= static_cast<std::uint64_t>(from[i]) << (8 * i);
      return word;
    }
  }
}

constexpr std::uint64_t all_ones(std::size_t size) noexcept { return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1; }

/// Sets mantissa and state; returns the index of the first bad octet, or `size`.
inline std::size_t read_digits(Value& value, const FieldFormat& format, const std::uint8_t* from) noexcept {
  const std::size_t size = format.size_octets;
  std::uint64_t word = load(from, size);
  if (word == all_ones(size)) {
    value.state = ValueState::no_value;
    value.mantissa = 0;
    return size;
  }
  bool negative = false;
  if (format.kind == FieldKind::signed_bcd) {
    const std::uint64_t sign = 1ULL << (8 * size - 1);
    negative = (word & sign) != 0;
    word &= ~sign;
  }
  if (const std::uint64_t bad = bad_digits(word); bad != 0) {
    value.state = ValueState::invalid;
    value.mantissa = 0;
    return static_cast<std::size_t>(std::countr_zero(bad)) / 8;
  }
  value.state = ValueState::good;
  value.mantissa = negative ? -from_bcd(word) : from_bcd(word);
  return size;
}

struct FieldPlace {
  std::size_t element;
  std::size_t field;
  std::size_t offset;
};

/// Returns the offset of the first bad octet within the field, or its size.
inline std::size_t read_field(Value& value, const FieldFormat& format, FieldPlace place, std::size_t size,
                              ByteView payload) noexcept {
  value.offset = static_cast<std::uint16_t>(place.offset);
  value.size_octets = static_cast<std::uint16_t>(size);
  value.element = static_cast<std::uint8_t>(place.element);
  value.field = static_cast<std::uint8_t>(place.field);
  value.exponent = format.exponent;
  value.unit = format.unit;
  value.kind = format.kind;
  value.role = format.role;
  const std::uint8_t* from = payload.data() + place.offset;
  if (holds_digits(format.kind)) return read_digits(value, format, from);
  value.state = ValueState::good;
  value.mantissa = 0;
  if (format.kind == FieldKind::bits || format.kind == FieldKind::identifier) {
    value.mantissa = static_cast<std::int64_t>(load(from, size));
  }
  return size;
}

}  // namespace duheng::dlt645
