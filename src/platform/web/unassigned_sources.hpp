#pragma once
#include <vector>

#include "platform/web/api_services.hpp"

namespace duheng::platform::web {

/// Senders behind these gateways whose readings are no device's at present.
[[nodiscard]] Result<std::vector<store::Source>> unassigned_sources(const ApiServices& services,
                                                                    const std::vector<Gateway>& gateways);

}  // namespace duheng::platform::web
