#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "link/channel.hpp"

namespace duheng::link {

/// Plans have no place for a channel without port. A UDP channel to this port (the echo service's, RFC 862) stands for
/// ICMP echo to the same host, which is what answers there today.
inline constexpr std::uint16_t echo_port = 7;

/// ICMP and ICMPv6 echo (RFC 792, RFC 4443) to one host. Each write() is one echo request that carries these octets, at
/// most `icmp_octets_max`; each `octets` is one reply: the round trip in microseconds, four octets, low octet first,
/// then what came back. Replies to requests that were not sent are dropped.
///
/// Uses the datagram sockets that Linux gives to groups within net.ipv4.ping_group_range, else a raw socket, which
/// needs CAP_NET_RAW. When neither is allowed `closed` follows with a message that says what to set.
[[nodiscard]] std::unique_ptr<Channel> make_icmp_client(EventLoop& loop, const std::string& host);
inline constexpr std::size_t icmp_octets_max = 1'400;

}  // namespace duheng::link
