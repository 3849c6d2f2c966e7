#pragma once
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace duheng::rpc {

/// "host:port" or "[v6]:port". Errors: invalid_argument.
struct HostAndPort {
  std::string host{};
  std::string port{};
  [[nodiscard]] static Result<HostAndPort> parse(const std::string& address);
};

/// The certificates (PEM, leaf first) that the TLS server at the address shows, after a full handshake, so that it is
/// known to own the leaf's key. Nothing is verified: that is the caller's next step, and nothing is sent.
/// Errors: unavailable - no connection, or no TLS server; timed_out; invalid_argument - the address.
[[nodiscard]] Result<std::string> fetch_server_chain(const std::string& address, std::int64_t timeout_ms);

}  // namespace duheng::rpc
