#include "platform/web/calibration_marks.hpp"

#include <algorithm>
#include <limits>

namespace duheng::platform::web {
namespace {

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

std::vector<store::TimeRange> joined(std::vector<store::TimeRange> times) {
  std::ranges::sort(times, {}, &store::TimeRange::from_utc_ms);
  std::vector<store::TimeRange> out;
  for (const store::TimeRange& time : times) {
    if (!out.empty() && time.from_utc_ms <= out.back().to_utc_ms) {
      out.back().to_utc_ms = std::max(out.back().to_utc_ms, time.to_utc_ms);
    } else {
      out.push_back(time);
    }
  }
  return out;
}

}  // namespace

std::vector<store::TimeRange> past_calibration_in(std::span<const OverduePeriod> periods,
                                                  const std::string& register_name) {
  std::vector<store::TimeRange> out;
  for (const OverduePeriod& period : periods) {
    if (period.register_name.empty() || period.register_name == register_name)
      out.push_back({period.from_utc_ms, period.to_utc_ms.value_or(end_of_time)});
  }
  return joined(std::move(out));
}

Result<std::vector<store::TimeRange>> past_calibration(const ApiServices& services, const SourceKey& source,
                                                       const std::string& register_name) {
  std::vector<store::TimeRange> out;
  if (services.sensors == nullptr) return out;
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const auto found = snapshot->by_source.find(source);
  if (found == snapshot->by_source.end()) return out;
  for (const auto& [assignment, index] : found->second) {
    DUHENG_TRY(const auto periods, services.sensors->overdue_periods(snapshot->devices[index].device.id));
    for (const store::TimeRange& time : past_calibration_in(periods, register_name)) {
      const store::TimeRange own{std::max(time.from_utc_ms, assignment.from_utc_ms),
                                 std::min(time.to_utc_ms, assignment.to_utc_ms.value_or(end_of_time))};
      if (own.from_utc_ms < own.to_utc_ms) out.push_back(own);
    }
  }
  return joined(std::move(out));
}

bool touches(std::span<const store::TimeRange> times, std::int64_t first_utc_ms, std::int64_t last_utc_ms) noexcept {
  return std::ranges::any_of(times, [&](const store::TimeRange& time) {
    return time.from_utc_ms <= last_utc_ms && first_utc_ms < time.to_utc_ms;
  });
}

}  // namespace duheng::platform::web
