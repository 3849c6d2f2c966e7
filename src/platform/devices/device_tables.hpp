#pragma once
// Internal to this folder.
#include "platform/organisations/scope.hpp"

namespace duheng::platform {

/// not_found when `id` is not a device of the scope.
[[nodiscard]] Result<void> require_device(records::Transaction& transaction, const Scope& scope, DeviceId id);

}  // namespace duheng::platform
