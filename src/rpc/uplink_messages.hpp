#pragma once
// Between the wire's messages and uplink/messages.hpp. For the .cpp files of this folder only.
#include <memory>

#include "base/error.hpp"
#include "duheng/uplink/v1/uplink.pb.h"
#include "uplink/messages.hpp"

namespace duheng::rpc {

namespace wire = ::duheng::uplink::v1;

/// The batch's body stays in `message`, which becomes its owner.
/// Errors: malformed - no message kind this release knows, or a hash that has not 32 octets.
[[nodiscard]] Result<uplink::SessionRequest> from_wire(std::shared_ptr<wire::SessionRequest> message);
[[nodiscard]] Result<uplink::SessionResponse> from_wire(const wire::SessionResponse& message);
void to_wire(const uplink::SessionRequest& message, wire::SessionRequest& out);
void to_wire(const uplink::SessionResponse& message, wire::SessionResponse& out);

}  // namespace duheng::rpc
