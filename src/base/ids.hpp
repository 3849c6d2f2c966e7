#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace duheng {

/// An integer that cannot be passed where another kind of integer is meant. 0 is "none".
template <class Tag>
struct StrongId {
  std::int64_t value = 0;
  [[nodiscard]] explicit operator bool() const noexcept { return value != 0; }
  friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

using OrganisationId = StrongId<struct OrganisationTag>;
using SiteId = StrongId<struct SiteTag>;
using DeviceId = StrongId<struct DeviceTag>;
using PointId = StrongId<struct PointTag>;
using GatewayId = StrongId<struct GatewayTag>;
using UserId = StrongId<struct UserTag>;
/// A telemetry series: source + register + exponent + unit + kind. Numbered by the telemetry store, rebuilt with it.
using SeriesId = StrongId<struct SeriesTag>;
/// Whoever sends a device's readings: (gateway, device uid). Numbered by the telemetry store, rebuilt with it.
using SourceId = StrongId<struct SourceTag>;

}  // namespace duheng

template <class Tag>
struct std::hash<duheng::StrongId<Tag>> {
  std::size_t operator()(const duheng::StrongId<Tag>& id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
