#pragma once
#include <optional>
#include <vector>

#include "platform/orders/job.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/order_requests.hpp"

namespace duheng::platform::web {

/// The devices of a request, all of them visible to the caller, as their gateways know them.
/// Errors: not_found - one of `devices`; invalid_argument - nothing fits the filter; limit_exceeded.
[[nodiscard]] Result<std::vector<JobTarget>> job_targets(ApiServices& services, const Caller& caller,
                                                         const std::vector<DeviceId>& devices,
                                                         const std::optional<DeviceFilter>& filter);

}  // namespace duheng::platform::web
