#pragma once
// For the .cpp files of this folder only.
#include <grpcpp/grpcpp.h>
#include <string>

#include "base/clock.hpp"
#include "rpc/uplink_server.hpp"

namespace duheng::rpc {

/// Who the caller is. Its certificate is judged once more, so that not everything hangs on the hook in the handshake.
[[nodiscard]] Result<Peer> peer_of(const grpc::ServerContextBase& context, const std::string& trust_root,
                                   const Clock& clock);

}  // namespace duheng::rpc
