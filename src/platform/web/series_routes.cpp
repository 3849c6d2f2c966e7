#include <algorithm>
#include <limits>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t curve_range_ms_max = std::int64_t{50} * 366 * 86'400'000;
constexpr std::size_t points_per_question = 20'000;

store::TimeRange cut(const store::TimeRange& a, const store::TimeRange& b) noexcept {
  return {std::max(a.from_utc_ms, b.from_utc_ms), std::min(a.to_utc_ms, b.to_utc_ms)};
}

Json mark_json(const store::Series& series, const store::CurveBucket::Mark& mark) {
  return {{"time", format_utc(mark.time_utc_ms)},
          {"value", exact_value(mark.mantissa, series.exponent, series.kind, Quality::good)},
          {"frame", std::to_string(mark.frame.value)}};
}

/// "corrected", "estimated", both joined by a comma, or nothing.
std::string edits_in(const store::CurveBucket& bucket) {
  const auto all = static_cast<Quality>(bucket.quality_union);
  std::string out;
  if (has(all, Quality::corrected)) out = "corrected";
  if (has(all, Quality::estimated)) out += out.empty() ? "estimated" : ",estimated";
  return out;
}

Result<HttpResponse> curve(ApiServices& services, RequestContext& context) {
  const store::TimeRange asked{context.query.required_time("from"), context.query.required_time("to")};
  const auto buckets = context.query.integer("buckets", 1, 5'000, 500);
  DUHENG_CHECK(context.query.finish());
  if (asked.from_utc_ms < 0 || asked.from_utc_ms >= asked.to_utc_ms) {
    return fail(ErrorCode::invalid_argument, "\"from\" must be before \"to\", and not before 1970");
  }
  if (asked.to_utc_ms - asked.from_utc_ms > curve_range_ms_max)
    return fail(ErrorCode::invalid_argument, "at most 50 years at once");
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  const std::int64_t bucket_ms = (asked.to_utc_ms - asked.from_utc_ms + buckets - 1) / buckets;

  Json items = Json::array();
  for (const store::TimeRange& period : found.periods) {
    const store::TimeRange part = cut(asked, period);
    if (part.from_utc_ms >= part.to_utc_ms) continue;
    const std::int64_t part_buckets =
        std::max<std::int64_t>(1, (part.to_utc_ms - part.from_utc_ms + bucket_ms - 1) / bucket_ms);
    DUHENG_TRY(const std::vector<store::CurveBucket> drawn,
               services.telemetry.curve(found.series.id, part, static_cast<std::size_t>(part_buckets), {}));
    for (const store::CurveBucket& bucket : drawn) {
      if (bucket.value_count == 0) continue;
      Json item{{"start", format_utc(bucket.from_utc_ms)},        {"count", bucket.value_count},
                {"first", mark_json(found.series, bucket.first)}, {"last", mark_json(found.series, bucket.last)},
                {"min", mark_json(found.series, bucket.minimum)}, {"max", mark_json(found.series, bucket.maximum)}};
      if (const std::string edited = edits_in(bucket); !edited.empty()) item["edited"] = edited;
      items.push_back(std::move(item));
    }
  }
  return json_answer({{"series_id", found.series.id.value},
                      {"register", found.series.register_name},
                      {"unit", found.series.unit},
                      {"exponent", found.series.exponent},
                      {"from", format_utc(asked.from_utc_ms)},
                      {"to", format_utc(asked.to_utc_ms)},
                      {"bucket_ms", bucket_ms},
                      {"buckets", std::move(items)}});
}

/// The newest `limit` points of a range, oldest first. The store reads forwards, so that windows before the end are
/// tried, each larger than the last, until one holds enough.
Result<std::vector<store::Point>> newest(const store::TelemetryStore& telemetry, SeriesId series,
                                         const store::TimeRange& range, std::size_t limit, std::int64_t window_ms) {
  while (true) {
    const std::int64_t from =
        range.to_utc_ms - range.from_utc_ms <= window_ms ? range.from_utc_ms : range.to_utc_ms - window_ms;
    std::vector<store::Point> points;
    std::optional<std::int64_t> next = from;
    while (next) {
      DUHENG_TRY(store::PointPage page, telemetry.range(series, {*next, range.to_utc_ms}, points_per_question, {}));
      std::ranges::move(page.points, std::back_inserter(points));
      if (points.size() > limit) points.erase(points.begin(), points.end() - static_cast<std::ptrdiff_t>(limit));
      next = page.next_from_utc_ms;
    }
    if (points.size() == limit || from == range.from_utc_ms) return points;
    window_ms = window_ms > range.to_utc_ms / 8 ? range.to_utc_ms : window_ms * 8;
  }
}

Result<HttpResponse> readings(ApiServices& services, RequestContext& context) {
  const auto before = context.query.time("before");
  const auto limit = static_cast<std::size_t>(context.query.integer("limit", 1, 1'000, 100));
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  const SeriesId id = found.series.id;
  const auto latest = services.telemetry.latest({&id, 1}).front();
  Json items = Json::array();
  if (latest) {
    const store::TimeRange all{
        0, std::min(before.value_or(std::numeric_limits<std::int64_t>::max()), latest->time_utc_ms + 1)};
    const std::int64_t window_ms = static_cast<std::int64_t>(limit) * found.interval_s * 2'000;
    for (auto period = found.periods.rbegin(); period != found.periods.rend() && items.size() < limit; ++period) {
      const store::TimeRange part = cut(all, *period);
      if (part.from_utc_ms >= part.to_utc_ms) continue;
      DUHENG_TRY(const std::vector<store::Point> points,
                 newest(services.telemetry, id, part, limit - items.size(), window_ms));
      for (auto point = points.rbegin(); point != points.rend(); ++point)
        items.push_back(reading_json(found.series, *point));
    }
  }
  return json_answer({{"readings", std::move(items)}});
}

}  // namespace

void add_series_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/series/{series_id}/curve", "getCurve", Permission::any_session(),
             [&services](RequestContext& context) { return curve(services, context); });
  router.add(Method::get, "/api/v1/series/{series_id}/readings", "listReadings", Permission::any_session(),
             [&services](RequestContext& context) { return readings(services, context); });
}

}  // namespace duheng::platform::web
