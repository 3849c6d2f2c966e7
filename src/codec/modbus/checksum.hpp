#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace duheng::modbus {

/// CRC-16 of RTU: polynomial 8005H reflected (A001H), initial FFFFH, no final exclusive-or. Sent low octet first.
/// Eight octets a step. Source: Modbus over Serial Line V1.02, 6.2.2 (CRC generation).
[[nodiscard]] std::uint16_t crc16_of(ByteView octets) noexcept;

/// LRC of ASCII mode: two's complement of the sum of the octets (not of the characters), modulo 256.
/// Source: Modbus over Serial Line V1.02, 6.2.1 (LRC generation).
[[nodiscard]] std::uint8_t lrc_of(ByteView octets) noexcept;

}  // namespace duheng::modbus
