#include "codec/modbus/checksum.hpp"

#include <array>

namespace duheng::modbus {

namespace {

constexpr std::uint16_t polynomial_reflected = 0xA001;
constexpr std::uint16_t initial = 0xFFFF;
constexpr std::size_t slices = 8;
using Table = std::array<std::uint16_t, 256>;

/// Table k holds what an octet does to the register once k further octets have gone through.
constexpr std::array<Table, slices> make_tables() {
  std::array<Table, slices> tables{};
  for (unsigned octet = 0; octet < 256; ++octet) {
    auto crc = static_cast<std::uint16_t>(octet);
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = (crc & 1U) != 0;
      crc = static_cast<std::uint16_t>(crc >> 1);
      if (carry) crc ^= polynomial_reflected;
    }
    tables[0][octet] = crc;
  }
  for (std::size_t k = 1; k < slices; ++k) {
    for (std::size_t octet = 0; octet < 256; ++octet) {
      const std::uint16_t before = tables[k - 1][octet];
      tables[k][octet] = static_cast<std::uint16_t>((before >> 8) ^ tables[0][before & 0xFF]);
    }
  }
  return tables;
}

constexpr std::array<Table, slices> tables = make_tables();

}  // namespace

std::uint16_t crc16_of(ByteView octets) noexcept {
  const std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  std::uint16_t crc = initial;
  for (; left >= slices; left -= slices, at += slices) {
    // The register reaches over the first two octets only; the other six are looked up as they are.
    const auto low = static_cast<std::uint8_t>(at[0] ^ (crc & 0xFF));
    const auto high = static_cast<std::uint8_t>(at[1] ^ (crc >> 8));
    crc = static_cast<std::uint16_t>(tables[7][low] ^ tables[6][high] ^ tables[5][at[2]] ^ tables[4][at[3]] ^
                                     tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]]);
  }
  if (left >= 4) {
    const auto low = static_cast<std::uint8_t>(at[0] ^ (crc & 0xFF));
    const auto high = static_cast<std::uint8_t>(at[1] ^ (crc >> 8));
    crc = static_cast<std::uint16_t>(tables[3][low] ^ tables[2][high] ^ tables[1][at[2]] ^ tables[0][at[3]]);
    left -= 4;
    at += 4;
  }
  if (left >= 2) {
    const auto low = static_cast<std::uint8_t>(at[0] ^ (crc & 0xFF));
    const auto high = static_cast<std::uint8_t>(at[1] ^ (crc >> 8));
    crc = static_cast<std::uint16_t>(tables[1][low] ^ tables[0][high]);
    left -= 2;
    at += 2;
  }
  if (left == 1) crc = static_cast<std::uint16_t>((crc >> 8) ^ tables[0][(crc ^ at[0]) & 0xFF]);
  return crc;
}

std::uint8_t lrc_of(ByteView octets) noexcept {
  unsigned sum = 0;
  for (const std::uint8_t octet : octets) sum += octet;
  return static_cast<std::uint8_t>(0U - sum);
}

}  // namespace duheng::modbus
