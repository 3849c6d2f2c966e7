#pragma once
// What servers and clients of this folder share. For .cpp files only.
#include <cstdint>
#include <grpcpp/grpcpp.h>
#include <string>

#include "base/error.hpp"

namespace duheng::rpc {

/// gRPC's own log lines go into ours: errors as warnings; failed TLS handshakes are counted and told with the peer and
/// the reason, which gRPC gives nobody else. Once per process; later calls do nothing.
void adopt_grpc_log();
[[nodiscard]] std::uint64_t handshakes_failed();

[[nodiscard]] Error error_of(const grpc::Status& status);
[[nodiscard]] grpc::Status status_of(const Error& error);
/// "ipv4:10.0.0.1:4711" or "ipv6:%5B::1%5D:4711" as "10.0.0.1" or "::1".
[[nodiscard]] std::string address_of(const std::string& grpc_peer);

}  // namespace duheng::rpc
