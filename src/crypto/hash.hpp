#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>

#include "base/bytes.hpp"

namespace duheng::crypto {

using Hash256 = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) over the parts one after the other.
[[nodiscard]] Hash256 sha256(std::initializer_list<ByteView> parts);
[[nodiscard]] inline Hash256 sha256(ByteView bytes) { return sha256({bytes}); }
/// SM3 (GB/T 32905-2016).
[[nodiscard]] Hash256 sm3(std::initializer_list<ByteView> parts);
/// HMAC-SHA256 (RFC 2104).
[[nodiscard]] Hash256 hmac_sha256(ByteView key, ByteView message);
/// HKDF-SHA256 (RFC 5869), 32 octets.
[[nodiscard]] Hash256 hkdf_sha256(ByteView key, ByteView salt, ByteView info);
/// Takes the same time whatever the content; false at once only when the sizes differ.
[[nodiscard]] bool equal_in_constant_time(ByteView a, ByteView b) noexcept;

}  // namespace duheng::crypto
