#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "model/reading.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

[[nodiscard]] constexpr bool is_edited(Quality quality) noexcept {
  return has(quality, Quality::corrected | Quality::estimated);
}
/// Whether a value counts in consumption and aggregates: it has one, by reading or by edit, and its time can be true.
[[nodiscard]] constexpr bool is_usable(Quality quality) noexcept {
  return !has(quality, Quality::time_implausible) &&
         (is_edited(quality) || !has(quality, Quality::no_value | Quality::invalid_content));
}

/// What stands at one time of a series after the rules: an edit in force before what was read; of different values read
/// the one that arrived first.
struct GoodValue {
  const Point* point = nullptr;
  bool conflict = false;  ///< other values were read at the same time, and no edit settled it
};

/// Calls on_time(all versions at one time, GoodValue) for every time of `points` (by time, then arrival; whole times).
/// GoodValue::point is null where nothing can be used.
template <class OnTime>
void for_each_time(std::span<const Point> points, OnTime&& on_time) {
  std::size_t begin = 0;
  while (begin < points.size()) {
    std::size_t end = begin + 1;
    while (end < points.size() && points[end].time_utc_ms == points[begin].time_utc_ms) ++end;
    GoodValue good;
    std::size_t usable = 0;
    for (const Point& point : points.subspan(begin, end - begin)) {
      if (!is_usable(point.quality)) continue;
      ++usable;
      if (good.point == nullptr || (is_edited(point.quality) && !is_edited(good.point->quality))) good.point = &point;
    }
    good.conflict = usable > 1 && !is_edited(good.point->quality);
    on_time(points.subspan(begin, end - begin), std::as_const(good));
    begin = end;
  }
}

}  // namespace duheng::store
