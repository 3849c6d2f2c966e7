#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/protocol/civil_time.hpp"

namespace duheng::drivers {

/// When a meter settles: at this hour of this day of each month. Days 1 to 28: every month has them.
struct SettlementDay {
  int day = 1;
  int hour = 0;
  friend bool operator==(const SettlementDay&, const SettlementDay&) = default;
};

/// The last `count` settlements up to `now_utc_ms`, newest first; empty without days.
[[nodiscard]] std::vector<std::int64_t> last_settlements(std::span<const SettlementDay> days, std::size_t count,
                                                         std::int64_t now_utc_ms, std::int32_t zone_offset_minutes);

/// Whether a settlement is so near that a meter whose clock is a little wrong may or may not have made it: its
/// settlements cannot be told apart by counting then. Ask again later.
[[nodiscard]] bool settles_about_now(std::span<const SettlementDay> days, std::int64_t now_utc_ms,
                                     std::int32_t zone_offset_minutes);
inline constexpr std::int64_t settlement_guard_ms = 30 * 60'000;

}  // namespace duheng::drivers
