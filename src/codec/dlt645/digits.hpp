#pragma once
// Decimal digits read a word at a time; private to this library.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "codec/dlt645/value.hpp"

namespace duheng::dlt645 {

static_assert(std::endian::native == std::endian::little, "words are read as little-endian octets");

[[nodiscard]] constexpr bool holds_digits(FieldKind kind) noexcept {
  return kind < FieldKind::bits || kind == FieldKind::digits;
}

/// Marks, in each nibble's lowest place, the digits above 9: bit 3 together with bit 2 or bit 1.
template <class Word>
[[nodiscard]] constexpr Word bad_digits(Word word) noexcept {
  constexpr Word ones = static_cast<Word>(0x1111111111111111ULL);
  return (word >> 3) & ((word >> 2) | (word >> 1)) & ones;
}

/// Sixteen BCD digits to a number, pairs first, then pairs of pairs.
[[nodiscard]] constexpr std::int64_t from_bcd(std::uint64_t word) noexcept {
  const std::uint64_t pairs = word - 6 * ((word >> 4) & 0x0F0F0F0F0F0F0F0F);
  const std::uint64_t fours = (pairs & 0x00FF00FF00FF00FF) + 100 * ((pairs >> 8) & 0x00FF00FF00FF00FF);
  const std::uint64_t eights = (fours & 0x0000FFFF0000FFFF) + 10'000 * ((fours >> 16) & 0x0000FFFF0000FFFF);
  return static_cast<std::int64_t>((eights & 0xFFFFFFFF) + 100'000'000 * (eights >> 32));
}

/// Eight BCD digits to a number.
[[nodiscard]] constexpr std::int64_t from_bcd_8(std::uint32_t word) noexcept {
  const std::uint32_t pairs = word - 6 * ((word >> 4) & 0x0F0F0F0FU);
  const std::uint32_t fours = (pairs & 0x00FF00FFU) + 100 * ((pairs >> 8) & 0x00FF00FFU);
  return static_cast<std::int64_t>((fours & 0xFFFFU) + 10'000 * (fours >> 16));
}

// A Value is written as three words: the mantissa, where it stands and what it is, and how it went.
static_assert(sizeof(Value) == 24 && offsetof(Value, mantissa) == 0 && offsetof(Value, offset) == 8 &&
              offsetof(Value, size_octets) == 10 && offsetof(Value, element) == 12 && offsetof(Value, field) == 13 &&
              offsetof(Value, exponent) == 14 && offsetof(Value, unit) == 15 && offsetof(Value, kind) == 16 &&
              offsetof(Value, role) == 17 && offsetof(Value, state) == 18);

/// A field of at most four octets of digits, ready for use.
struct DigitFormat {
  std::uint64_t place = 0;   ///< the second word of a Value at offset 0, element 0
  std::uint64_t nature = 0;  ///< the third word, state good
  std::uint32_t mask = 0;    ///< the octets of the field
  std::uint32_t sign = 0;    ///< its sign bit, if it is signed
  std::uint32_t size_octets = 0;
  /// What the second word grows by from element to element.
  [[nodiscard]] constexpr std::uint64_t step() const noexcept { return size_octets | 1ULL << 32; }
};

[[nodiscard]] constexpr DigitFormat digit_format_of(const FieldFormat& format) noexcept {
  DigitFormat out;
  const std::uint32_t size = format.size_octets;
  out.size_octets = size;
  out.mask = size >= 4 ? 0xFFFFFFFFU : (1U << (8 * size)) - 1;
  out.sign = format.kind == FieldKind::signed_bcd ? 1U << (8 * size - 1) : 0;
  out.place = static_cast<std::uint64_t>(size) << 16 |
              static_cast<std::uint64_t>(static_cast<std::uint8_t>(format.exponent)) << 48 |
              static_cast<std::uint64_t>(format.unit) << 56;
  out.nature = static_cast<std::uint64_t>(format.kind) | static_cast<std::uint64_t>(format.role) << 8;
  return out;
}

/// Writes a value whose octets, `word` masked, are digits; false, and nothing of use written, when they are not.
[[nodiscard]] inline bool write_good_digits(Value* to, std::uint32_t word, const DigitFormat& format,
                                            std::uint64_t place) noexcept {
  auto* const out = reinterpret_cast<unsigned char*>(to);
  const std::uint32_t digits = word & ~format.sign;
  const std::uint64_t negative = (word & format.sign) != 0 ? ~0ULL : 0ULL;
  const std::uint64_t mantissa = (static_cast<std::uint64_t>(from_bcd_8(digits)) ^ negative) - negative;
  std::memcpy(out, &mantissa, 8);
  std::memcpy(out + 8, &place, 8);
  std::memcpy(out + 16, &format.nature, 8);
  return bad_digits(digits) == 0;
}

/// Writes one value from the field's octets, `word` masked, to `to`. Returns the index of the first octet that holds no
/// digits, or 4.
[[nodiscard]] inline std::uint32_t write_digits(Value* to, std::uint32_t word, const DigitFormat& format,
                                                std::uint64_t place) noexcept {
  if (write_good_digits(to, word, format, place)) return 4;
  to->mantissa = 0;
  to->state = word == format.mask ? ValueState::no_value : ValueState::invalid;
  if (to->state == ValueState::no_value) return 4;
  return static_cast<std::uint32_t>(std::countr_zero(bad_digits(word & ~format.sign))) / 8;
}

/// Writes into the storage of a ValueList.
class ValueWriter {
 public:
  explicit ValueWriter(ValueList& list) noexcept : list_(list) {}
  [[nodiscard]] Value* at(std::size_t index) noexcept { return list_.values_ + index; }
  void set_size(std::size_t size) noexcept { list_.size_ = size; }
  [[nodiscard]] std::size_t room() const noexcept { return ValueList::capacity - list_.size_; }
  [[nodiscard]] Value& add() noexcept { return list_.values_[list_.size_++]; }

 private:
  ValueList& list_;
};

}  // namespace duheng::dlt645
