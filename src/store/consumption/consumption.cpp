#include "store/consumption/consumption.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/consumption/good_values.hpp"

namespace duheng::store {
namespace {

/// 2000-01-01: earlier stamps are flagged as implausible when they come.
constexpr std::int64_t earliest_utc_ms = 946'684'800'000;
constexpr std::int64_t first_window_ms = 86'400'000;
// A series that began today is asked for five windows, not for one for each doubling since 2000.
constexpr std::int64_t window_growth = 8;

/// Exponent and unit must be the store's, or amounts would be wrong by powers of ten.
Result<void> check_series(const TelemetryStore& store, const ChainLink& link) {
  const auto series = store.find_series(link.series);
  if (!series) return fail(ErrorCode::not_found, fmt::format("there is no series {}", link.series.value));
  if (series->exponent != link.exponent || series->unit != link.unit)
    return fail(ErrorCode::invalid_argument,
                fmt::format("series {} is in 10^{} {}, the chain says 10^{} {}", link.series.value, series->exponent,
                            series->unit, link.exponent, link.unit));
  if (link.behaviour == RegisterBehaviour::counts_up && series->kind != SeriesKind::decimal)
    return fail(ErrorCode::invalid_argument,
                fmt::format("series {} holds no decimal numbers: it cannot count up", link.series.value));
  return {};
}

struct StartValue {
  std::size_t link = 0;
  std::optional<Point> point;
};

/// The link to begin with, and the last good value at or before the interval's start: of the register in use, or where
/// that was not read yet, of the nearest one before it, from which nothing is counted but which an answer names.
Result<StartValue> find_start(const TelemetryStore& store, const PointChain& chain, ConsumptionInterval interval,
                              const ConsumptionOptions& options, const QueryOptions& query) {
  StartValue start;
  const auto& links = chain.links;
  const auto found =
      std::ranges::find_if(links, [&](const ChainLink& link) { return link.to_utc_ms >= interval.after_utc_ms; });
  start.link = found == links.end() ? links.size() - 1 : static_cast<std::size_t>(found - links.begin());
  // Nothing stood there: the value to start from is the last one of the register before.
  if (start.link > 0 && links[start.link].from_utc_ms >= interval.after_utc_ms) --start.link;
  while (true) {
    const ChainLink& link = links[start.link];
    const ConsumptionInterval before{link.from_utc_ms, std::min(link.to_utc_ms, interval.after_utc_ms)};
    if (before.after_utc_ms < before.through_utc_ms) {
      DUHENG_TRY(start.point, last_good_value(store, link.series, before, options.points_per_page, query));
    }
    if (start.point || value_at_start(chain, start.link) || start.link == 0) return start;
    --start.link;
  }
}

}  // namespace

Result<void> each_page(const TelemetryStore& store, SeriesId series, ConsumptionInterval interval,
                       std::size_t points_per_page, const QueryOptions& query,
                       const std::function<Result<void>(std::span<const Point>)>& on_points) {
  TimeRange range{interval.after_utc_ms + 1, interval.through_utc_ms + 1};
  while (range.from_utc_ms < range.to_utc_ms) {
    DUHENG_TRY(const PointPage page, store.range(series, range, points_per_page, query));
    DUHENG_CHECK(on_points(page.points));
    if (!page.next_from_utc_ms) return {};
    range.from_utc_ms = *page.next_from_utc_ms;
  }
  return {};
}

Result<std::optional<Point>> last_good_value(const TelemetryStore& store, SeriesId series, ConsumptionInterval interval,
                                             std::size_t points_per_page, const QueryOptions& query) {
  const std::int64_t floor = std::max(interval.after_utc_ms, earliest_utc_ms - 1);
  std::int64_t end = interval.through_utc_ms;
  std::optional<Point> found;
  for (std::int64_t window = first_window_ms; !found && end > floor; window *= window_growth) {
    const std::int64_t begin = end - floor > window ? end - window : floor;
    DUHENG_CHECK(each_page(store, series, {begin, end}, points_per_page, query, [&](std::span<const Point> points) {
      for_each_time(points, [&](std::span<const Point>, const GoodValue& good) {
        if (good.point != nullptr) found = *good.point;
      });
      return Result<void>{};
    }));
    end = begin;
  }
  return found;
}

Result<Consumption> consumption_over(std::span<const std::vector<Point>> points_of_links, const PointChain& chain,
                                     ConsumptionInterval interval, const ConsumptionOptions& options) {
  DUHENG_TRY(ConsumptionWalk walk, ConsumptionWalk::begin(chain, interval, options));
  for (std::size_t i = 0; i < std::min(points_of_links.size(), chain.links.size()); ++i)
    DUHENG_CHECK(walk.add(i, points_of_links[i]));
  return std::move(walk).finish();
}

Result<Consumption> consumption(const TelemetryStore& store, const PointChain& chain, ConsumptionInterval interval,
                                const ConsumptionOptions& options, const QueryOptions& query) {
  DUHENG_CHECK(check_chain(chain));
  for (const ChainLink& link : chain.links) DUHENG_CHECK(check_series(store, link));
  DUHENG_TRY(const StartValue start, find_start(store, chain, interval, options, query));
  DUHENG_TRY(ConsumptionWalk walk, ConsumptionWalk::begin(chain, interval, options, start.link));
  if (start.point) DUHENG_CHECK(walk.add(start.link, {&*start.point, 1}));
  for (std::size_t i = start.link; i < chain.links.size(); ++i) {
    const ChainLink& link = chain.links[i];
    const ConsumptionInterval part{std::max(link.from_utc_ms, interval.after_utc_ms),
                                   std::min(link.to_utc_ms, interval.through_utc_ms)};
    DUHENG_CHECK(each_page(store, link.series, part, options.points_per_page, query,
                           [&](std::span<const Point> points) { return walk.add(i, points); }));
  }
  return std::move(walk).finish();
}

}  // namespace duheng::store
