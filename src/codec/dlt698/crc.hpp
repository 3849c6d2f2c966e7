#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace duheng::dlt698 {

/// The register of CRC-16/X.25 (reflected polynomial 8408H), as HCS and FCS use it.
/// Source: DL/T 698.45-2017, link layer; RFC 1662, appendix C (FCS-16).
namespace crc {
inline constexpr std::uint16_t initial = 0xFFFF;
inline constexpr std::uint16_t final_xor = 0xFFFF;
/// What the register holds after octets and their own check, low octet first, whatever the octets were.
inline constexpr std::uint16_t residue = 0xF0B8;

/// Runs `octets` through the register, sixteen octets at a time.
[[nodiscard]] std::uint16_t advance(std::uint16_t value, ByteView octets) noexcept;
}  // namespace crc

/// The check over `octets`, e.g. 906EH for "123456789"; it travels low octet first.
[[nodiscard]] inline std::uint16_t check_of(ByteView octets) noexcept {
  return crc::advance(crc::initial, octets) ^ crc::final_xor;
}

}  // namespace duheng::dlt698
