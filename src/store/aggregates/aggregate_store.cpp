#include "store/aggregates/aggregate_store.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::store {
namespace {

bool fits(SeriesId series, std::int32_t day) {
  return series.value > 0 && series.value <= aggregate_limits::series_max && day >= aggregate_limits::first_day_min &&
         day < aggregate_limits::day_max;
}

}  // namespace

std::string_view to_string(RowMaking::Kind kind) noexcept {
  switch (kind) {
    case RowMaking::Kind::provisional:
      return "provisional";
    case RowMaking::Kind::settled:
      return "settled";
    case RowMaking::Kind::changed:
      return "changed";
  }
  return "unknown";
}

DayFigure figure_of(const DayRow& row) {
  const bool is_over_gap = (row.row.findings & aggregate_findings::over_gap) != 0;
  return {row.series,
          row.day,
          row.row.findings,
          row.row.value_count,
          row.row.slots_expected,
          row.row.slots_present,
          row.row.increase,
          row.row.increase_edited,
          is_over_gap ? row.row.increase_since_utc_ms : 0,
          is_over_gap ? row.row.first.time_utc_ms : 0};
}

Result<void> check_write(const AggregateWrite& change) {
  const auto making_fits = [](const RowMaking& making) {
    return fits(making.series.first, making.first_day) && fits(making.series.last, making.last_day) &&
           making.first_day <= making.last_day &&
           making.last_day - making.first_day < aggregate_limits::making_days_max;
  };
  const bool sound =
      std::ranges::all_of(change.rows, [](const DayRow& row) { return fits(row.series, row.day); }) &&
      std::ranges::all_of(change.removed, [](const SeriesDay& day) { return fits(day.series, day.day); }) &&
      std::ranges::all_of(change.hours, [](const HourRows& rows) { return fits(rows.series, rows.day); }) &&
      std::ranges::all_of(change.makings, making_fits) &&
      (!change.cleared || (fits(change.cleared->series.first, change.cleared->first_day) &&
                           fits(change.cleared->series.last, change.cleared->last_day)));
  if (!sound)
    return fail(ErrorCode::invalid_argument,
                fmt::format("series must be from 1 to {}, days from {} to {}", aggregate_limits::series_max,
                            aggregate_limits::first_day_min, aggregate_limits::day_max - 1));
  return {};
}

}  // namespace duheng::store
