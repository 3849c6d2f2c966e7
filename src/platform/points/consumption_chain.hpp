#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/devices/devices.hpp"
#include "platform/points/metering_points.hpp"
#include "store/consumption/point_chain.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// What is known of a point's register for computing over it.
struct ResolvedChain {
  store::PointChain chain;  ///< without links when nothing of it was ever read
  /// Links of the point with this register of which no reading ever came, by their begin: they are missing from the
  /// chain and must be told.
  std::vector<std::int64_t> unread_links;
};

/// Whose readings are a device's and when.
using SourcesOfDevice = std::function<Result<std::vector<SourceAssignment>>(DeviceId)>;

/// Which series stood behind a register of a point from when to when. A device that another gateway reads, or a series
/// whose exponent or unit changed, makes a link of its own: from the first value of the later series on. Start and end
/// readings go to the first and last of them. Errors: not_found - no link has the register; invalid_argument - a
/// reading has more decimal places than the register; otherwise the store's.
[[nodiscard]] Result<ResolvedChain> resolve_chain(const store::TelemetryStore& telemetry,
                                                  const std::vector<PointLink>& links, std::string_view register_name,
                                                  const SourcesOfDevice& sources);

}  // namespace duheng::platform
