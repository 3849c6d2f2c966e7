#include "platform/web/point_chains.hpp"

#include <algorithm>

#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t intervals_to_a_gap = 3;

}  // namespace

std::string usual_register(const std::vector<PointLink>& links) {
  for (auto link = links.rbegin(); link != links.rend(); ++link) {
    if (!link->registers.empty()) return link->registers.front().name;
  }
  return {};
}

std::int64_t point_gap_ms(const ApiServices& services, const std::vector<PointLink>& links) {
  std::int64_t interval_s = 0;
  if (const auto snapshot = services.directory.snapshot()) {
    for (const PointLink& link : links) {
      const DirectoryDevice* device = (*snapshot)->find(link.device);
      if (device != nullptr) interval_s = std::max(interval_s, device->device.details.interval_s);
    }
  }
  // A meter that is read more often than every quarter of an hour is not gappy for a missed minute.
  return std::max<std::int64_t>(interval_s, 900) * 1'000 * intervals_to_a_gap;
}

Result<ResolvedChain> resolve_point_chain(const ApiServices& services, const std::vector<PointLink>& links,
                                          const std::string& register_name) {
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  // Who sees the point sees what was counted there, also by a device that is somebody else's by now.
  return resolve_chain(services.telemetry, links, register_name,
                       [&](DeviceId id) -> Result<std::vector<SourceAssignment>> {
                         std::vector<SourceAssignment> out;
                         const DirectoryDevice* device = snapshot->find(id);
                         if (device == nullptr) return out;
                         for (const DeviceSource& source : device->sources)
                           out.push_back({.id = 0,
                                          .device = id,
                                          .gateway = source.key.gateway,
                                          .device_uid = source.key.device_uid,
                                          .from_utc_ms = source.from_utc_ms,
                                          .to_utc_ms = source.to_utc_ms});
                         return out;
                       });
}

}  // namespace duheng::platform::web
