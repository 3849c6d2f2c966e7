#pragma once
#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace duheng {

/// CRC-32 with the reflected polynomial EDB88320H, start and final value FFFFFFFFH (ISO 3309, as in zip files).
[[nodiscard]] constexpr std::uint32_t crc32(ByteView octets) noexcept {
  constexpr auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < out.size(); ++i) {
      std::uint32_t rest = i;
      for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0xEDB88320U : 0U);
      out[i] = rest;
    }
    return out;
  }();
  std::uint32_t sum = 0xFFFFFFFFU;
  for (const std::uint8_t octet : octets) sum = (sum >> 8) ^ table[(sum ^ octet) & 0xFF];
  return ~sum;
}

}  // namespace duheng
