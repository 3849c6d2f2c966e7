#pragma once
#include <vector>

#include "platform/web/api_services.hpp"
#include "platform/web/router.hpp"

namespace duheng::platform::web {

/// The one place that turns a caller into what they see: their organisation with all below it. Handlers ask here and
/// nowhere else.
[[nodiscard]] Result<VisibleOrganisations> visible_organisations(const ApiServices& services, const Caller& caller);

/// A device of the caller's. Errors: not_found - none such, or another's.
struct VisibleDevice {
  DeviceSnapshotPtr snapshot;  ///< keeps `device` alive
  const DirectoryDevice* device = nullptr;
};
[[nodiscard]] Result<VisibleDevice> visible_device(const ApiServices& services, const Caller& caller, DeviceId id);

/// A series, and in which times its readings are the caller's: those in which its sender is assigned to a device of
/// theirs. Who sees everything also sees the times in which it is assigned to nobody.
struct VisibleSeries {
  store::Series series;
  SourceKey source;
  std::vector<store::TimeRange> periods;  ///< ascending, apart from each other, not empty
  std::int64_t interval_s = 900;          ///< planned, of the latest device
};
/// Errors: not_found - none such, or never the caller's.
[[nodiscard]] Result<VisibleSeries> visible_series(const ApiServices& services, const Caller& caller, SeriesId id);

/// The same for a sender, for handlers that go through many. Empty: never the caller's.
[[nodiscard]] std::vector<store::TimeRange> visible_periods(const DeviceSnapshot& snapshot,
                                                            const VisibleOrganisations& visible,
                                                            const SourceKey& source);

/// Whether a reading of that sender at that time is the caller's.
[[nodiscard]] Result<bool> sees_reading(const ApiServices& services, const Caller& caller, const SourceKey& source,
                                        std::int64_t time_utc_ms);

/// The series of a device: those of the senders assigned to it now, or of the last one when none is.
[[nodiscard]] std::vector<store::Series> series_of_device(const ApiServices& services, const DirectoryDevice& device);

}  // namespace duheng::platform::web
