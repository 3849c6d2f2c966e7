#include "codec/dlt698/crc.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace duheng::dlt698::crc {

namespace {

static_assert(std::endian::native == std::endian::little, "words are taken apart as little-endian octets");

constexpr std::size_t slices = 16;
constexpr std::uint16_t polynomial = 0x8408;
using Table = std::array<std::uint16_t, 256>;

/// tables[n][x] is what octet x has become in the register after n further octets.
constexpr std::array<Table, slices> make_tables() {
  std::array<Table, slices> tables{};
  for (unsigned x = 0; x < 256; ++x) {
    unsigned value = x;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1) ^ polynomial : value >> 1;
    tables[0][x] = static_cast<std::uint16_t>(value);
  }
  for (std::size_t n = 1; n < slices; ++n) {
    for (unsigned x = 0; x < 256; ++x) {
      const std::uint16_t before = tables[n - 1][x];
      tables[n][x] = static_cast<std::uint16_t>((before >> 8) ^ tables[0][before & 0xFF]);
    }
  }
  return tables;
}
constexpr std::array<Table, slices> tables = make_tables();

/// Eight octets of a word, the first of which has `behind` + 7 octets of the block after it.
template <std::size_t behind>
inline unsigned fold(std::uint64_t word) noexcept {
  return tables[behind + 7][word & 0xFF] ^ tables[behind + 6][word >> 8 & 0xFF] ^
         tables[behind + 5][word >> 16 & 0xFF] ^ tables[behind + 4][word >> 24 & 0xFF] ^
         tables[behind + 3][word >> 32 & 0xFF] ^ tables[behind + 2][word >> 40 & 0xFF] ^
         tables[behind + 1][word >> 48 & 0xFF] ^ tables[behind][word >> 56];
}

inline std::uint64_t load(const std::uint8_t* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

}  // namespace

std::uint16_t advance(std::uint16_t value, ByteView octets) noexcept {
  const std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  unsigned state = value;
  for (; left >= 16; left -= 16, at += 16) state = fold<8>(load(at) ^ state) ^ fold<0>(load(at + 8));
  if (left >= 8) {
    state = fold<0>(load(at) ^ state);
    left -= 8;
    at += 8;
  }
  for (; left > 0; --left, ++at) state = (state >> 8) ^ tables[0][(state ^ *at) & 0xFF];
  return static_cast<std::uint16_t>(state);
}

}  // namespace duheng::dlt698::crc
