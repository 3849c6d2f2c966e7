#pragma once
#include "platform/exports/export.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/export_requests.hpp"
#include "platform/web/permission.hpp"

namespace duheng::platform::web {

/// The days of the aggregates' zone that `wanted.range` touches. Errors: unavailable - there are no aggregates now;
/// invalid_argument - the range is empty, or out of what days there are.
[[nodiscard]] Result<store::DaySpan> days_of_export(const ApiServices& services, const ExportRequest& wanted);

/// What the caller may see of what they want: each series only while it was a device of theirs. Errors: not_found - a
/// device, site or series that is not the caller's; limit_exceeded - more than export_limits::parts_max.
[[nodiscard]] Result<ExportPlan> resolve_export(const ApiServices& services, const Caller& caller,
                                                const ExportRequest& wanted);

/// Whether the caller may still see all that a plan of theirs holds, as far as it existed at `until_utc_ms`. Errors:
/// forbidden - devices were taken from them since; otherwise as the records.
[[nodiscard]] Result<void> may_still_see(const ApiServices& services, const Caller& caller, const ExportPlan& plan,
                                         std::int64_t until_utc_ms);

}  // namespace duheng::platform::web
