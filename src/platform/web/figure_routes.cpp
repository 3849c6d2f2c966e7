// Figures followed back to the octets of their frames, and a device's frames by time.
#include <algorithm>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/figure_answers.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t open_end_utc_ms = INT64_MAX;

Result<void> check(const FigureQuestion& question) {
  const bool by_register = !question.device_uid.empty() && !question.register_name.empty();
  const int asked = int{question.frame.has_value()} + int{by_register} + int{question.series.has_value()} +
                    int{question.point.has_value()};
  if (asked != 1)
    return fail(ErrorCode::invalid_argument, "name a frame, a series, a point, or a device_uid and its register");
  if (question.after_utc_ms.has_value() != question.through_utc_ms.has_value() && question.bucket != "hour")
    return fail(ErrorCode::invalid_argument, "after and through belong together");
  if (question.bucket.has_value() != !question.day.empty())
    return fail(ErrorCode::invalid_argument, "bucket and day belong together");
  if (question.bucket && (question.frame || question.point))
    return fail(ErrorCode::invalid_argument, "hours, days, weeks, months and years are those of a series");
  if ((question.bucket == "days") == question.last_day.empty())
    return fail(ErrorCode::invalid_argument, "the bucket days, and no other, has a last_day");
  if (question.bucket == "hour" && !question.after_utc_ms)
    return fail(ErrorCode::invalid_argument, "an hour is named by its beginning, in after");
  if (question.point && !question.after_utc_ms)
    return fail(ErrorCode::invalid_argument, "a point's consumption is that of an interval: after and through");
  return {};
}

Result<FigureQuestion> read_question(RequestContext& context) {
  FigureQuestion question;
  question.frame = context.query.optional_id("frame");
  question.series = context.query.optional_id("series");
  question.point = context.query.optional_id("point");
  question.gateway = context.query.optional_id("gateway");
  question.device_uid = context.query.text("device_uid", 64);
  question.register_name = context.query.text("register", 64);
  question.time_utc_ms = context.query.time("time");
  question.after_utc_ms = context.query.time("after");
  question.through_utc_ms = context.query.time("through");
  question.bucket = context.query.choice("bucket", {"hour", "day", "week", "month", "year", "days"});
  question.day = context.query.text("day", 10);
  question.last_day = context.query.text("last_day", 10);
  question.as_text = context.query.choice("format", {"json", "text"}).value_or("json") == "text";
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(check(question));
  return question;
}

/// A reference to an edit's record: what was said of the caller's own values.
Result<HttpResponse> edits_figure(ApiServices& services, RequestContext& context, const FigureQuestion& question) {
  auto traced = trace_edits(services.journal, FrameReference{*question.frame}.record_number());
  if (!traced && traced.error().code == ErrorCode::not_found) return std::unexpected(no_such_figure());
  if (!traced) return std::unexpected(traced.error());
  std::vector<Edit> visible;
  for (Edit& edit : traced->edits) {
    const SourceKey source{edit.gateway, edit.device_uid};
    DUHENG_TRY(const bool theirs, sees_reading(services, *context.caller, source, edit.time_utc_ms));
    if (theirs) visible.push_back(std::move(edit));
  }
  if (visible.empty()) return std::unexpected(no_such_figure());
  traced->edits = std::move(visible);
  return traced_answer(*traced, question, context);
}

Result<HttpResponse> frame_figure(ApiServices& services, RequestContext& context, const FigureQuestion& question) {
  const auto traced = trace_frame(services.journal, FrameReference{*question.frame});
  if (!traced && traced.error().code == ErrorCode::not_found) return edits_figure(services, context, question);
  if (!traced) return std::unexpected(traced.error());
  const SourceKey source{traced->frame.gateway, traced->frame.device_uid};
  DUHENG_TRY(const bool visible, sees_reading(services, *context.caller, source, traced->frame.received_utc_ms));
  if (!visible) return std::unexpected(no_such_figure());
  return traced_answer(*traced, question, context);
}

/// The series, as long as the caller may see it; of devices that several gateways have sent the caller sees only their
/// own, so that nothing is told of the others.
Result<VisibleSeries> asked_series(ApiServices& services, RequestContext& context, const FigureQuestion& question) {
  if (question.series) {
    auto visible = visible_series(services, *context.caller, SeriesId{*question.series});
    if (!visible && visible.error().code == ErrorCode::not_found) return std::unexpected(no_such_figure());
    return visible;
  }
  std::optional<VisibleSeries> found;
  for (const store::Source& source : services.telemetry.sources()) {
    if (source.device_uid != question.device_uid) continue;
    if (question.gateway && source.gateway.value != *question.gateway) continue;
    const auto series = find_series(services.telemetry, source.gateway, question.device_uid, question.register_name);
    if (!series) continue;
    auto visible = visible_series(services, *context.caller, series->id);
    if (!visible && visible.error().code == ErrorCode::not_found) continue;
    if (!visible) return visible;
    if (found) return fail(ErrorCode::invalid_argument, "several gateways have sent this device: name one");
    found = std::move(*visible);
  }
  if (!found) return std::unexpected(no_such_figure());
  return std::move(*found);
}

Result<HttpResponse> interval_figure(ApiServices& services, RequestContext& context, const FigureQuestion& question,
                                     const VisibleSeries& visible) {
  const store::ConsumptionInterval interval{*question.after_utc_ms, *question.through_utc_ms};
  if (!covers(visible, interval.after_utc_ms, interval.through_utc_ms)) return std::unexpected(no_such_figure());
  DUHENG_TRY(const auto traced, trace_consumption(services.journal, services.telemetry, visible.series.id, interval));
  // The value it starts from may stand before the interval, in somebody else's time.
  for (const TracedValue& value : traced.values)
    if (!covers(visible, value.time_utc_ms, value.time_utc_ms)) return std::unexpected(no_such_figure());
  return traced_answer(traced, question, context);
}

Result<HttpResponse> figure(ApiServices& services, RequestContext& context) {
  DUHENG_TRY(const FigureQuestion question, read_question(context));
  if (question.frame) return frame_figure(services, context, question);
  if (question.point) return point_figure(services, context, question);
  DUHENG_TRY(const VisibleSeries visible, asked_series(services, context, question));
  if (question.bucket) return aggregate_figure(services, context, question, visible);
  if (question.after_utc_ms) return interval_figure(services, context, question, visible);
  std::optional<std::int64_t> time = question.time_utc_ms;
  if (!time) {
    const auto latest = services.telemetry.latest({&visible.series.id, 1}).front();
    if (latest) time = latest->time_utc_ms;
  }
  if (!time || !covers(visible, *time, *time)) return std::unexpected(no_such_figure());
  DUHENG_TRY(const auto traced, trace_value(services.journal, services.telemetry, visible.series.id, *time));
  return traced_answer(traced, question, context);
}

Json found_frame_json(const store::FoundFrame& frame) {
  return {{"frame", std::to_string(frame.reference.value)},
          {"protocol", to_string(frame.protocol)},
          {"sent", time_or_null(frame.sent_utc_ms)},
          {"received", time_or_null(frame.received_utc_ms)},
          {"stored", format_utc(frame.journalled_utc_ms)},
          {"request", to_hex(frame.request)},
          {"response", to_hex(frame.response)},
          {"readings", frame.reading_count}};
}

/// Newest first, over all times in which somebody sent for this device.
Result<HttpResponse> device_frames(ApiServices& services, RequestContext& context) {
  const auto from = context.query.time("from");
  const auto to = context.query.time("to");
  const auto after = context.query.optional_id("after");
  const auto limit = static_cast<std::size_t>(context.query.integer("limit", 1, 200, 50));
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleDevice found,
             visible_device(services, *context.caller, DeviceId{context.path_integer("device_id")}));
  Json items = Json::array();
  Json next = nullptr;
  std::uint64_t not_indexed = 0;
  for (auto source = found.device->sources.rbegin(); source != found.device->sources.rend(); ++source) {
    store::FrameQuery query;
    query.gateway = source->key.gateway;
    query.device_uid = source->key.device_uid;
    query.from_utc_ms = std::max(from.value_or(0), source->from_utc_ms);
    query.to_utc_ms = std::min(to.value_or(open_end_utc_ms), source->to_utc_ms.value_or(open_end_utc_ms));
    query.frames_max = limit - items.size();
    if (after) query.after = FrameReference{*after};
    if (query.from_utc_ms >= query.to_utc_ms) continue;
    DUHENG_TRY(const store::FramePage page, services.journal.frames_of(query));
    not_indexed += page.segments_not_indexed;
    for (const store::FoundFrame& frame : page.frames) items.push_back(found_frame_json(frame));
    if (!page.next && items.size() < limit) continue;
    // Sources of one device follow one another in time and so in the journal.
    next = page.next ? Json(std::to_string(page.next->value)) : items.back()["frame"];
    break;
  }
  return json_answer({{"frames", std::move(items)}, {"next", std::move(next)}, {"segments_not_indexed", not_indexed}});
}

}  // namespace

void add_figure_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/figure", "traceFigure", Permission::any_session(),
             [&services](RequestContext& context) { return figure(services, context); });
  router.add(Method::get, "/api/v1/devices/{device_id}/frames", "listDeviceFrames", Permission::any_session(),
             [&services](RequestContext& context) { return device_frames(services, context); });
}

}  // namespace duheng::platform::web
