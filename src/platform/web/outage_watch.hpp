#pragma once
#include <vector>

#include "platform/completeness/outage_book.hpp"
#include "platform/web/api_services.hpp"

namespace duheng::platform::web {

/// What is wrong now with devices that are late or silent, and why: one entry for a gateway that explains all its
/// devices, otherwise one for each device. Judged as completeness judges, over the last hour. Errors: the records'.
[[nodiscard]] Result<std::vector<Outage>> present_outages(const ApiServices& services);

}  // namespace duheng::platform::web
