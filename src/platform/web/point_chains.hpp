#pragma once
#include <string>
#include <vector>

#include "platform/points/consumption_chain.hpp"
#include "platform/web/api_services.hpp"

namespace duheng::platform::web {

/// The first register of the latest link that has any; empty: nothing was ever installed.
[[nodiscard]] std::string usual_register(const std::vector<PointLink>& links);

/// The point's chain of series. Who sees the point sees what was counted there, also by a device that is somebody
/// else's by now. Errors: as resolve_chain().
[[nodiscard]] Result<ResolvedChain> resolve_point_chain(const ApiServices& services,
                                                        const std::vector<PointLink>& links,
                                                        const std::string& register_name);

/// How long nothing may come before it is a gap, from the intervals at which the point's devices are to be read.
[[nodiscard]] std::int64_t point_gap_ms(const ApiServices& services, const std::vector<PointLink>& links);

}  // namespace duheng::platform::web
