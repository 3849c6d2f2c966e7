#pragma once
#include <span>
#include <string>
#include <vector>

#include "platform/sensors/sensors.hpp"
#include "platform/web/api_services.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform::web {

/// The times in which values of that sender's register came from a sensor past its calibration date, as the devices had
/// it; ascending, apart from each other. Empty where no sensors are kept. Errors: those of the records.
[[nodiscard]] Result<std::vector<store::TimeRange>> past_calibration(const ApiServices& services,
                                                                     const SourceKey& source,
                                                                     const std::string& register_name);
/// Of a device's periods those of one register; ascending, apart from each other.
[[nodiscard]] std::vector<store::TimeRange> past_calibration_in(std::span<const OverduePeriod> periods,
                                                                const std::string& register_name);
/// Whether any of the times lies within first to last, both included.
[[nodiscard]] bool touches(std::span<const store::TimeRange> times, std::int64_t first_utc_ms,
                           std::int64_t last_utc_ms) noexcept;

}  // namespace duheng::platform::web
