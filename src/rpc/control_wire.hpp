#pragma once
// Between the control stream's wire form and control_messages.hpp. For the .cpp files of this folder only.
#include "base/error.hpp"
#include "duheng/control/v1/control.pb.h"
#include "rpc/control_messages.hpp"

namespace duheng::rpc {

namespace control_wire = ::duheng::control::v1;

/// Errors: malformed - no kind this release knows, an id that has not 16 octets, a hash that has not 32, a number out
/// of its range; limit_exceeded - a list or a text beyond what any release sends.
[[nodiscard]] Result<control::FromGateway> from_wire(const control_wire::GatewayMessage& message);
[[nodiscard]] Result<control::FromPlatform> from_wire(const control_wire::PlatformMessage& message);
void to_wire(const control::FromGateway& message, control_wire::GatewayMessage& out);
void to_wire(const control::FromPlatform& message, control_wire::PlatformMessage& out);

}  // namespace duheng::rpc
