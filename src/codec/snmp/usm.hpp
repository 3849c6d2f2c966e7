#pragma once
#include <cstdint>
#include <string>

#include "codec/snmp/message.hpp"

namespace duheng::snmp {

/// The user-based security model, RFC 3414. HMAC-SHA-96 (RFC 3414, 7) and HMAC-192-SHA-256 (RFC 7860, 4.2.1).
enum class Authentication : std::uint8_t { none, sha1, sha256 };
/// CFB128-AES-128 (RFC 3826).
enum class Privacy : std::uint8_t { none, aes128 };

/// Keys of one user at one engine. Secret.
struct UserKeys {
  Authentication authentication = Authentication::none;
  Privacy privacy = Privacy::none;
  Bytes authentication_key{};
  Bytes privacy_key{};
};

/// A password made into a key (RFC 3414, A.2): a hash over a mebibyte, some milliseconds; keep it. Errors:
/// invalid_argument - shorter than the eight octets of RFC 3414, 11.2, or no such hash.
[[nodiscard]] Result<Bytes> key_of_password(Authentication hash, std::string_view password);
/// A key for one engine only, so that who reads it there can use it nowhere else. RFC 3414, 2.6.
[[nodiscard]] Bytes localised_key(Authentication hash, ByteView key, ByteView engine_id);

struct Outgoing {
  std::int32_t message_id = 0;
  bool is_reportable = true;
  ByteView engine_id;  ///< the authoritative one's
  std::int32_t engine_boots = 0;
  std::int32_t engine_time_s = 0;
  std::string_view user;
  std::uint64_t salt = 0;  ///< never twice under one key
};
/// A whole message, encrypted and authenticated as the keys say. Errors: internal - the cipher refused.
[[nodiscard]] Result<Bytes> seal_message(const Outgoing& header, const UserKeys& keys, const ScopedPdu& scoped);

/// Checks a message's authenticity, takes off its encryption. What a message says of its own level counts for nothing:
/// it must be what the keys ask for. Errors: checksum_mismatch - not authentic: nothing in it can be believed;
/// forbidden - less protected than the keys ask for; malformed, unsupported - no such message inside.
[[nodiscard]] Result<ScopedPdu> open_message(ByteView octets, const SecureMessage& message, const UserKeys& keys);

}  // namespace duheng::snmp
