#include <algorithm>
#include <bit>
#include <limits>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/calibration_marks.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"
#include "store/aggregates/aggregate_mean.hpp"
#include "store/telemetry/downsampling.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t curve_range_ms_max = std::int64_t{50} * 366 * 86'400'000;
constexpr std::size_t points_per_question = 20'000;
constexpr std::size_t lttb_points_max = 500'000;

store::TimeRange cut(const store::TimeRange& a, const store::TimeRange& b) noexcept {
  return {std::max(a.from_utc_ms, b.from_utc_ms), std::min(a.to_utc_ms, b.to_utc_ms)};
}

Json mark_json(const store::Series& series, const store::CurveBucket::Mark& mark) {
  return {{"time", format_utc(mark.time_utc_ms)},
          {"value", exact_value(mark.mantissa, series.exponent, series.kind, Quality::good)},
          {"frame", std::to_string(mark.frame.value)}};
}

/// "corrected", "estimated", both joined by a comma, or nothing.
std::string edits_in(std::uint16_t qualities) {
  const auto all = static_cast<Quality>(qualities);
  std::string out;
  if (has(all, Quality::corrected)) out = "corrected";
  if (has(all, Quality::estimated)) out += out.empty() ? "estimated" : ",estimated";
  return out;
}

enum class CurveShape : std::uint8_t { minmax, mean, lttb };

/// What is asked of one period of a curve.
struct CurveQuestion {
  const store::Series& series;
  CurveShape shape;
  std::int64_t bucket_ms;
  const std::vector<store::TimeRange>& past_calibration;
};

void add_mean(const store::Series& series, const store::CurveBucket& bucket, Json& item) {
  if (const auto mean = store::floating_mean_of(bucket); series.kind == SeriesKind::ieee_bits && mean) {
    item["mean"] = exact_value(std::bit_cast<std::int64_t>(*mean), series.exponent, series.kind, Quality::good);
    item["mean_rounded"] = item["mean"];
  } else if (series.kind == SeriesKind::decimal) {
    const auto count = static_cast<std::uint32_t>(bucket.value_count);
    item["mean"] = store::exact_mean(bucket.value_sum, series.exponent, count);
    item["mean_rounded"] = store::rounded_mean(bucket.value_sum, series.exponent, count);
  }
}

Result<void> add_columns(ApiServices& services, const CurveQuestion& question, const store::TimeRange& part,
                         Json& items) {
  const store::Series& series = question.series;
  const std::int64_t buckets =
      std::max<std::int64_t>(1, (part.to_utc_ms - part.from_utc_ms + question.bucket_ms - 1) / question.bucket_ms);
  DUHENG_TRY(const std::vector<store::CurveBucket> drawn,
             services.telemetry.curve(series.id, part, static_cast<std::size_t>(buckets), {}));
  for (const store::CurveBucket& bucket : drawn) {
    if (bucket.value_count == 0) continue;
    Json item{{"start", format_utc(bucket.from_utc_ms)},  {"count", bucket.value_count},
              {"first", mark_json(series, bucket.first)}, {"last", mark_json(series, bucket.last)},
              {"min", mark_json(series, bucket.minimum)}, {"max", mark_json(series, bucket.maximum)}};
    if (question.shape == CurveShape::mean) add_mean(series, bucket, item);
    if (const std::string edited = edits_in(bucket.quality_union); !edited.empty()) item["edited"] = edited;
    if (touches(question.past_calibration, bucket.first.time_utc_ms, bucket.last.time_utc_ms))
      item["past_calibration"] = true;
    items.push_back(std::move(item));
  }
  return {};
}

/// Every reading of the period, to choose from. Errors: limit_exceeded - too many.
Result<std::vector<store::Point>> all_points(const store::TelemetryStore& telemetry, SeriesId series,
                                             const store::TimeRange& part) {
  std::vector<store::Point> points;
  std::optional<std::int64_t> next = part.from_utc_ms;
  while (next) {
    DUHENG_TRY(store::PointPage page, telemetry.range(series, {*next, part.to_utc_ms}, points_per_question, {}));
    std::ranges::move(page.points, std::back_inserter(points));
    if (points.size() > lttb_points_max)
      return fail(ErrorCode::limit_exceeded, "too many readings to choose from: ask for a shorter time, or for minmax");
    next = page.next_from_utc_ms;
  }
  return points;
}

/// Real points, each a column of its own.
Result<void> add_chosen(ApiServices& services, const CurveQuestion& question, const store::TimeRange& part,
                        std::size_t count, Json& items) {
  const store::Series& series = question.series;
  DUHENG_TRY(const std::vector<store::Point> points, all_points(services.telemetry, series.id, part));
  for (const std::size_t index : store::lttb(points, series.kind, count)) {
    const store::Point& point = points[index];
    const Json mark = mark_json(series, {point.time_utc_ms, point.mantissa, point.frame, point.quality});
    Json item{{"start", format_utc(point.time_utc_ms)},
              {"count", 1},
              {"first", mark},
              {"last", mark},
              {"min", mark},
              {"max", mark}};
    if (const std::string edited = edits_in(static_cast<std::uint16_t>(point.quality)); !edited.empty())
      item["edited"] = edited;
    if (touches(question.past_calibration, point.time_utc_ms, point.time_utc_ms)) item["past_calibration"] = true;
    items.push_back(std::move(item));
  }
  return {};
}

Result<HttpResponse> curve(ApiServices& services, RequestContext& context) {
  const store::TimeRange asked{context.query.required_time("from"), context.query.required_time("to")};
  const auto buckets = context.query.integer("buckets", 1, 5'000, 500);
  const std::string word = context.query.choice("shape", {"minmax", "mean", "lttb"}).value_or("minmax");
  const CurveShape shape = word == "lttb" ? CurveShape::lttb : word == "mean" ? CurveShape::mean : CurveShape::minmax;
  DUHENG_CHECK(context.query.finish());
  if (asked.from_utc_ms < 0 || asked.from_utc_ms >= asked.to_utc_ms) {
    return fail(ErrorCode::invalid_argument, "\"from\" must be before \"to\", and not before 1970");
  }
  if (asked.to_utc_ms - asked.from_utc_ms > curve_range_ms_max)
    return fail(ErrorCode::invalid_argument, "at most 50 years at once");
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  const std::int64_t bucket_ms = (asked.to_utc_ms - asked.from_utc_ms + buckets - 1) / buckets;

  DUHENG_TRY(const auto overdue, past_calibration(services, found.source, found.series.register_name));
  const CurveQuestion question{found.series, shape, bucket_ms, overdue};
  Json items = Json::array();
  for (const store::TimeRange& period : found.periods) {
    const store::TimeRange part = cut(asked, period);
    if (part.from_utc_ms >= part.to_utc_ms) continue;
    if (shape != CurveShape::lttb) {
      DUHENG_CHECK(add_columns(services, question, part, items));
      continue;
    }
    // Each period gets its share of the points, so that all together there are not more than asked for.
    const std::int64_t share = buckets * (part.to_utc_ms - part.from_utc_ms) / (asked.to_utc_ms - asked.from_utc_ms);
    DUHENG_CHECK(
        add_chosen(services, question, part, static_cast<std::size_t>(std::max<std::int64_t>(1, share)), items));
  }
  return json_answer({{"series_id", found.series.id.value},
                      {"register", found.series.register_name},
                      {"unit", found.series.unit},
                      {"exponent", found.series.exponent},
                      {"from", format_utc(asked.from_utc_ms)},
                      {"to", format_utc(asked.to_utc_ms)},
                      {"shape", word},
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
  DUHENG_TRY(const auto overdue, past_calibration(services, found.source, found.series.register_name));
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
      for (auto point = points.rbegin(); point != points.rend(); ++point) {
        items.push_back(reading_json(found.series, *point));
        if (touches(overdue, point->time_utc_ms, point->time_utc_ms)) items.back()["past_calibration"] = true;
      }
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
