#pragma once
#include <cstdint>
#include <string>

#include "codec/snmp/pdu.hpp"

namespace duheng::snmp {

enum class Version : std::uint8_t { v1 = 0, v2c = 1, v3 = 3 };

/// Which version a message says it is. Errors: malformed - no SNMP message; unsupported - another version.
[[nodiscard]] Result<Version> version_of(ByteView octets);

/// RFC 1901: version, community, PDU.
struct CommunityMessage {
  std::string_view community;        ///< a secret: never log it
  std::size_t community_offset = 0;  ///< of its text, from the message's first octet
  ByteView pdu;
};
/// Errors: malformed; unsupported - not of version 2c.
[[nodiscard]] Result<CommunityMessage> parse_community_message(ByteView octets);
[[nodiscard]] Bytes encode_community_message(std::string_view community, const Pdu& pdu);

/// RFC 3412, section 6 and RFC 3414, section 2.4, as it travels.
struct SecureMessage {
  static constexpr std::uint8_t flag_authenticated = 1;
  static constexpr std::uint8_t flag_private = 2;
  static constexpr std::uint8_t flag_reportable = 4;
  std::int32_t message_id = 0;
  std::uint8_t flags = 0;
  ByteView engine_id;
  std::int32_t engine_boots = 0;
  std::int32_t engine_time_s = 0;
  std::string_view user;
  ByteView authentication;
  std::size_t authentication_offset = 0;  ///< from the message's first octet
  ByteView privacy;                       ///< the salt
  ByteView data;                          ///< encrypted octets, or the whole element of a plain ScopedPDU
  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
};
/// Errors: malformed; unsupported - another version or security model.
[[nodiscard]] Result<SecureMessage> parse_secure_message(ByteView octets);

struct ScopedPdu {
  Bytes engine_id{};
  std::string context{};
  Pdu pdu{};
  friend bool operator==(const ScopedPdu&, const ScopedPdu&) = default;
};
/// `octets` may have padding behind it, as decryption leaves it. Errors: malformed, unsupported.
[[nodiscard]] Result<ScopedPdu> parse_scoped_pdu(ByteView octets);
void put_scoped_pdu(Bytes& out, const ScopedPdu& scoped);

/// Overwrites a community with 00H where the octets are one whole message or several, one behind the other.
void mask_communities(Bytes& octets);

}  // namespace duheng::snmp
