#include "link/icmp_message.hpp"

namespace duheng::link {
namespace {

constexpr std::size_t header_octets = 8;
constexpr std::uint8_t request_v4 = 8;
constexpr std::uint8_t reply_v4 = 0;
constexpr std::uint8_t request_v6 = 128;
constexpr std::uint8_t reply_v6 = 129;

/// RFC 1071.
std::uint16_t checksum(ByteView octets) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) sum += i % 2 == 0 ? octets[i] << 8U : octets[i];
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
std::uint16_t word(ByteView octets, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(octets[at] << 8U | octets[at + 1]);
}

}  // namespace

Bytes encode_echo(const EchoMessage& message, bool is_v6) {
  Bytes out(header_octets, 0);
  if (is_v6)
    out[0] = message.is_reply ? reply_v6 : request_v6;
  else
    out[0] = message.is_reply ? reply_v4 : request_v4;
  const auto put = [&out](std::size_t at, std::uint16_t value) {
    out[at] = static_cast<std::uint8_t>(value >> 8);
    out[at + 1] = static_cast<std::uint8_t>(value);
  };
  put(4, message.identifier);
  put(6, message.sequence);
  out.insert(out.end(), message.data.begin(), message.data.end());
  if (!is_v6) put(2, checksum(out));
  return out;
}

std::optional<EchoMessage> parse_echo(ByteView octets, bool is_v6, bool has_ip_header) noexcept {
  if (has_ip_header) {
    if (octets.empty()) return std::nullopt;
    const std::size_t size = (octets[0] & 0x0FU) * 4U;
    if (octets[0] >> 4 != 4 || size < 20 || octets.size() < size) return std::nullopt;
    octets = octets.subspan(size);
  }
  if (octets.size() < header_octets || octets[1] != 0) return std::nullopt;
  const std::uint8_t request = is_v6 ? request_v6 : request_v4;
  const std::uint8_t reply = is_v6 ? reply_v6 : reply_v4;
  if (octets[0] != request && octets[0] != reply) return std::nullopt;
  if (!is_v6 && checksum(octets) != 0) return std::nullopt;
  return EchoMessage{octets[0] == reply, word(octets, 4), word(octets, 6), octets.subspan(header_octets)};
}

}  // namespace duheng::link
