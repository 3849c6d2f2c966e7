#include "drivers/protocol/settlement_days.hpp"

#include <algorithm>
#include <functional>

namespace duheng::drivers {

std::vector<std::int64_t> last_settlements(std::span<const SettlementDay> days, std::size_t count,
                                           std::int64_t now_utc_ms, std::int32_t zone_offset_minutes) {
  std::vector<std::int64_t> out;
  if (days.empty()) return out;
  constexpr int months_a_year = 12;
  const CivilTime now = civil_time(now_utc_ms, zone_offset_minutes);
  int month = now.year * months_a_year + now.month - 1;
  // One month more than `count`: this month's may all be to come.
  for (std::size_t back = 0; back <= count; ++back, --month) {
    for (const SettlementDay& day : days) {
      const CivilTime time{month / months_a_year, month % months_a_year + 1, day.day, day.hour, 0, 0};
      const auto utc_ms = utc_ms_of(time, zone_offset_minutes);
      if (utc_ms && *utc_ms <= now_utc_ms) out.push_back(*utc_ms);
    }
  }
  std::ranges::sort(out, std::greater{});
  const auto doubles = std::ranges::unique(out);
  out.erase(doubles.begin(), doubles.end());
  if (out.size() > count) out.resize(count);
  return out;
}

bool settles_about_now(std::span<const SettlementDay> days, std::int64_t now_utc_ms, std::int32_t zone_offset_minutes) {
  const auto next = last_settlements(days, 1, now_utc_ms + settlement_guard_ms, zone_offset_minutes);
  return !next.empty() && next.front() > now_utc_ms - settlement_guard_ms;
}

}  // namespace duheng::drivers
