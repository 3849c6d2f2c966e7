#pragma once
#include <cstdint>

namespace duheng::gateway {

enum class ClockPolicy : std::uint8_t {
  none,       ///< clocks are watched, never touched
  broadcast,  ///< small deviations are corrected by the protocol's time broadcast
};

/// What is to be done about a device's clock.
enum class ClockVerdict : std::uint8_t {
  in_step,
  correct,     ///< by broadcast, now
  later,       ///< near midnight, or it was tried today, or our own clock is suspect
  left_alone,  ///< beyond what a broadcast may do, or not allowed: an operator's business
};

struct ClockFinding {
  std::int64_t offset_ms = 0;  ///< device minus gateway
  std::int64_t tolerance_ms = 0;
  std::int64_t step_max_ms = 0;  ///< of a broadcast; 0: the device takes none
  std::int64_t utc_ms = 0;       ///< the gateway's
  std::int32_t zone_offset_minutes = 480;
  bool corrected_today = false;
  bool gateway_suspect = false;
};

/// Freezes and tariffs change at midnight: between 23:50 and 00:10, by the device's clock or ours, nothing is touched.
/// DL/T 645-2007, function 08H: once a day, by at most 5 minutes, not around midnight.
[[nodiscard]] constexpr ClockVerdict judge_clock(const ClockFinding& finding, ClockPolicy policy) noexcept {
  constexpr std::int64_t minute_ms = 60'000;
  constexpr std::int64_t day_ms = 1'440 * minute_ms;
  const std::int64_t amount_ms = finding.offset_ms < 0 ? -finding.offset_ms : finding.offset_ms;
  if (amount_ms <= finding.tolerance_ms) return ClockVerdict::in_step;
  if (policy == ClockPolicy::none || amount_ms > finding.step_max_ms) return ClockVerdict::left_alone;
  if (finding.corrected_today || finding.gateway_suspect) return ClockVerdict::later;
  const auto near_midnight = [&](std::int64_t utc_ms) {
    const std::int64_t local_ms = utc_ms + finding.zone_offset_minutes * minute_ms;
    const std::int64_t of_day_ms = ((local_ms % day_ms) + day_ms) % day_ms;
    return of_day_ms < 10 * minute_ms || of_day_ms >= day_ms - 10 * minute_ms;
  };
  if (near_midnight(finding.utc_ms) || near_midnight(finding.utc_ms + finding.offset_ms)) return ClockVerdict::later;
  return ClockVerdict::correct;
}

}  // namespace duheng::gateway
