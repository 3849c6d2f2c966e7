#include "platform/exports/bucket_visibility.hpp"

namespace duheng::platform {

VisiblePart visible_part(std::span<const store::TimeRange> periods, const store::AggregateRow& row) noexcept {
  for (const store::TimeRange& period : periods) {
    const bool begins_inside = period.from_utc_ms <= row.after_utc_ms;
    if (begins_inside && row.through_utc_ms <= period.to_utc_ms) return {true, true};
    if (row.value_count == 0) continue;
    if (period.from_utc_ms <= row.first.time_utc_ms && row.last.time_utc_ms < period.to_utc_ms)
      return {true, begins_inside};
  }
  return {};
}

}  // namespace duheng::platform
