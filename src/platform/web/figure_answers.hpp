#pragma once
// Private to the handlers of figures.
#include <cstdint>
#include <optional>
#include <string>

#include "platform/provenance/figure_output.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/router.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {

/// What may be asked: a frame; a series (or a device's register) at a time, at its latest, over an interval, or one of
/// its hours, days, weeks, months, years; a point over an interval.
struct FigureQuestion {
  std::optional<std::int64_t> frame;
  std::optional<std::int64_t> series;
  std::optional<std::int64_t> point;
  std::optional<std::int64_t> gateway;
  std::string device_uid;
  std::string register_name;
  std::optional<std::int64_t> time_utc_ms;
  std::optional<std::int64_t> after_utc_ms;
  std::optional<std::int64_t> through_utc_ms;
  std::optional<std::string> bucket;
  std::string day;
  std::string last_day;  ///< of the bucket "days"
  bool as_text = false;
};

template <class Traced>
[[nodiscard]] HttpResponse traced_answer(const Traced& traced, const FigureQuestion& question,
                                         const RequestContext& context) {
  HttpResponse response;
  response.content_type = question.as_text ? "text/plain; charset=utf-8" : "application/json";
  response.body = question.as_text ? to_text(traced, !wants_english(context.request)) : to_json_text(traced);
  return response;
}

[[nodiscard]] inline Error no_such_figure() { return {ErrorCode::not_found, "there is no such figure"}; }

/// The one period in which the whole of [from, to] is the caller's; nothing: it is not.
[[nodiscard]] std::optional<store::TimeRange> covering_period(const VisibleSeries& visible, std::int64_t from_utc_ms,
                                                              std::int64_t to_utc_ms);
[[nodiscard]] inline bool covers(const VisibleSeries& visible, std::int64_t from_utc_ms, std::int64_t to_utc_ms) {
  return covering_period(visible, from_utc_ms, to_utc_ms).has_value();
}

/// An hour, day, week, month or year of a series. Errors: not_found - nothing there, or not all of it the caller's.
[[nodiscard]] Result<HttpResponse> aggregate_figure(ApiServices& services, RequestContext& context,
                                                    const FigureQuestion& question, const VisibleSeries& visible);
/// What a metering point consumed over an interval. Errors: not_found - no such point, or another's.
[[nodiscard]] Result<HttpResponse> point_figure(ApiServices& services, RequestContext& context,
                                                const FigureQuestion& question);

}  // namespace duheng::platform::web
