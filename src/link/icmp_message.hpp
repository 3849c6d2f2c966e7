#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace duheng::link {

/// An echo message as it travels. RFC 792; RFC 4443, 4.1 and 4.2.
struct EchoMessage {
  bool is_reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  ByteView data;
};

/// With the checksum of version 4; version 6 leaves it to the kernel, which knows the addresses it is made of.
[[nodiscard]] Bytes encode_echo(const EchoMessage& message, bool is_v6);
/// `octets` may begin with an IPv4 header, as raw sockets give them (`has_ip_header`). Nothing: no echo message, or its
/// checksum is wrong.
[[nodiscard]] std::optional<EchoMessage> parse_echo(ByteView octets, bool is_v6, bool has_ip_header) noexcept;

}  // namespace duheng::link
