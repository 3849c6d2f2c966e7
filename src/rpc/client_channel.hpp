#pragma once
// For the .cpp files of this folder only.
#include <cstdint>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/error.hpp"
#include "rpc/uplink_client.hpp"

namespace duheng::rpc {

struct ClientChannelOptions {
  std::string address;
  std::string server_name;
  std::int64_t keepalive_ms = 20'000;
  std::int64_t keepalive_timeout_ms = 10'000;
};

/// A connection of its own to the platform with what stands in `identity` now. gRPC never tries again by itself: when
/// and how often is for the caller to decide. Errors: as read_file(); expired - enrol the gateway again; malformed.
[[nodiscard]] Result<std::shared_ptr<grpc::Channel>> make_client_channel(Disk& disk, const Clock& clock,
                                                                         const IdentityFiles& identity,
                                                                         const ClientChannelOptions& options);

}  // namespace duheng::rpc
