#pragma once
// Packed decimal digits, a word at a time. Private to this folder.
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace duheng::cjt188::bcd {

/// Marks, in each nibble's lowest place, the digits above 9: bit 3 together with bit 2 or bit 1.
constexpr std::uint64_t bad_digits(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x1111111111111111;
  return (word >> 3) & ((word >> 2) | (word >> 1)) & ones;
}

/// Each octet of two good digits becomes the number 0..99.
constexpr std::uint64_t pairs_to_binary(std::uint64_t word) noexcept {
  return word - 6 * ((word >> 4) & 0x0F0F0F0F0F0F0F0F);
}

/// Sixteen good digits to a number, pairs first, then pairs of pairs.
constexpr std::int64_t to_number(std::uint64_t word) noexcept {
  const std::uint64_t pairs = pairs_to_binary(word);
  const std::uint64_t fours = (pairs & 0x00FF00FF00FF00FF) + 100 * ((pairs >> 8) & 0x00FF00FF00FF00FF);
  const std::uint64_t eights = (fours & 0x0000FFFF0000FFFF) + 10'000 * ((fours >> 16) & 0x0000FFFF0000FFFF);
  return static_cast<std::int64_t>((eights & 0xFFFFFFFF) + 100'000'000 * (eights >> 32));
}

/// One to four octets, the first one lowest.
inline std::uint32_t load(const std::uint8_t* from, std::size_t size) noexcept {
  std::uint32_t word = 0;
  std::uint16_t half = 0;
  switch (size) {
    case 4:
      std::memcpy(&word, from, sizeof word);
      return word;
    case 3:
      std::memcpy(&half, from, sizeof half);
      return half | static_cast<std::uint32_t>(from[2]) << 16;
    case 2:
      std::memcpy(&half, from, sizeof half);
      return half;
    default:
      return from[0];
  }
}

/// Writes `size` octets of digits; false when the number has more.
inline bool store(std::int64_t number, std::uint8_t* to, std::size_t size) noexcept {
  if (number < 0) return false;
  for (std::size_t i = 0; i < size; ++i) {
    to[i] = static_cast<std::uint8_t>(number / 10 % 10 << 4 | number % 10);
    number /= 100;
  }
  return number == 0;
}

}  // namespace duheng::cjt188::bcd
