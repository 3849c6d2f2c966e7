#include "tools/bench/history/history_world.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/aggregates/civil_calendar.hpp"

namespace duheng::tools {

HistoryWorld::HistoryWorld(std::uint32_t meters, std::uint32_t days)
    : meters_(meters),
      days_(days),
      late_day_(store::CivilCalendar::last_day_of(
          store::CivilCalendar::month_of(first_day + static_cast<std::int32_t>(days * 3 / 10)))) {}

std::int32_t HistoryWorld::value(std::uint32_t meter, std::uint32_t step) noexcept {
  // At least 3 a step and at most 2 of noise: it never falls.
  constexpr std::uint32_t usual_min = 3;
  constexpr std::uint32_t kinds = 17;
  std::uint64_t noise = (std::uint64_t{meter} << 32U | step) * 0x9e3779b97f4a7c15ULL;
  noise ^= noise >> 29U;
  return static_cast<std::int32_t>(meter * 100 + step * (usual_min + meter % kinds) + noise % usual_min);
}

bool HistoryWorld::is_late(std::uint32_t meter, std::uint32_t step) const noexcept {
  const std::int64_t after = late_day_ * day_ms;
  const std::int64_t time = time_utc_ms(step);
  return is_late_meter(meter) && time > after && time <= after + day_ms;
}

std::uint64_t HistoryWorld::late_readings() const noexcept { return std::uint64_t{(meters_ + 9) / 10} * steps_per_day; }

std::uint32_t HistoryWorld::last_step_of(std::int32_t day) const noexcept {
  return std::min(steps() - 1, static_cast<std::uint32_t>(day + 1 - first_day) * steps_per_day);
}

std::uint32_t OrderCheck::next_due(std::uint32_t step) const noexcept {
  while (!with_late_ && step < world_.steps() && world_.is_late(meter_, step)) ++step;
  return step;
}

Result<void> OrderCheck::add(std::span<const store::ReadingRow> rows) {
  for (const store::ReadingRow& row : rows) {
    next_step_ = next_due(next_step_);
    if (next_step_ >= world_.steps() || row.time_utc_ms != HistoryWorld::time_utc_ms(next_step_)) {
      return fail(ErrorCode::conflict,
                  fmt::format("meter {}: a value of {} where another time is due", meter_, row.time_utc_ms));
    }
    if (row.mantissa != HistoryWorld::value(meter_, next_step_)) {
      return fail(ErrorCode::conflict, fmt::format("meter {}: {} at {}, {} went in", meter_, row.mantissa,
                                                   row.time_utc_ms, HistoryWorld::value(meter_, next_step_)));
    }
    ++next_step_;
  }
  return {};
}

Result<void> OrderCheck::finish() const {
  if (next_due(next_step_) == world_.steps()) return {};
  return fail(ErrorCode::conflict, fmt::format("meter {}: values are missing from {} on", meter_,
                                               HistoryWorld::time_utc_ms(next_due(next_step_))));
}

}  // namespace duheng::tools
