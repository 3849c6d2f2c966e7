// What people say about values: everything that was ever said about one, and saying it.
#include <limits>

#include "base/time.hpp"
#include "platform/edits/edit_service.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/edit_requests.hpp"
#include "platform/web/edit_target.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t request_bytes_max = 256U << 10;
constexpr std::size_t edits_shown_max = 5'000;

Json edit_json(const Edit& edit) {
  const auto value = [&edit](std::int64_t mantissa) {
    return exact_value(mantissa, edit.exponent, edit.series_kind, Quality::good);
  };
  Json out{{"kind", to_string(edit.kind)},
           {"time", format_utc(edit.time_utc_ms)},
           {"value", edit.kind == EditKind::withdrawal ? Json(nullptr) : value(edit.mantissa)},
           {"old_value", edit.old_mantissa ? value(*edit.old_mantissa) : Json(nullptr)},
           {"author", edit.author},
           {"reason", edit.reason},
           {"made_at", format_utc(edit.made_utc_ms)},
           {"record", std::to_string(edit.record_number)}};
  if (!edit.method.empty()) out["method"] = edit.method;
  return out;
}

Json version_json(const store::Series& series, const store::PointVersion& version) {
  Json out{{"value", version.edit && version.edit->kind == EditKind::withdrawal
                         ? Json(nullptr)
                         : exact_value(version.point.mantissa, series.exponent, series.kind, version.point.quality)},
           {"quality", to_string(version.point.quality)},
           {"in_force", version.in_force},
           {"edit", version.edit ? edit_json(*version.edit) : Json(nullptr)}};
  if (!version.edit) {
    out["received_at"] = format_utc(version.point.received_utc_ms);
    out["frame"] = std::to_string(version.point.frame.value);
    out["evidence"] = version.point.evidence_count;
  }
  return out;
}

bool covers(const VisibleSeries& found, std::int64_t time) {
  return std::ranges::any_of(found.periods, [time](const store::TimeRange& period) {
    return period.from_utc_ms <= time && time < period.to_utc_ms;
  });
}

Result<HttpResponse> versions(ApiServices& services, RequestContext& context) {
  const std::int64_t time = context.query.required_time("time");
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  Json items = Json::array();
  if (covers(found, time)) {
    DUHENG_TRY(const auto all, services.telemetry.versions(found.series.id, time, {}));
    for (const store::PointVersion& version : all) items.push_back(version_json(found.series, version));
  }
  return json_answer({{"series_id", found.series.id.value},
                      {"register", found.series.register_name},
                      {"unit", found.series.unit},
                      {"exponent", found.series.exponent},
                      {"time", format_utc(time)},
                      {"editable", may_edit_readings(context.caller->role) && found.series.kind == SeriesKind::decimal},
                      {"versions", std::move(items)}});
}

Result<HttpResponse> edits(ApiServices& services, RequestContext& context) {
  const store::TimeRange range{context.query.time("from").value_or(0),
                               context.query.time("to").value_or(std::numeric_limits<std::int64_t>::max())};
  DUHENG_CHECK(context.query.finish());
  if (range.from_utc_ms >= range.to_utc_ms) return fail(ErrorCode::invalid_argument, "\"from\" must be before \"to\"");
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  Json items = Json::array();
  bool is_cut = false;
  const std::vector<Edit> all = services.telemetry.edits(found.series.id, range);
  for (auto edit = all.rbegin(); edit != all.rend(); ++edit) {
    if (!covers(found, edit->time_utc_ms)) continue;
    is_cut = items.size() == edits_shown_max;
    if (is_cut) break;
    items.push_back(edit_json(*edit));
  }
  return json_answer({{"edits", std::move(items)}, {"more", is_cut}});
}

HttpResponse outcome_answer(const EditOutcome& outcome) {
  HttpResponse response = json_answer(
      {{"record", std::to_string(outcome.record_number)}, {"values", outcome.values}, {"applied", outcome.is_applied}});
  response.status = 201;
  return response;
}

Json neighbour_json(const store::Series& series, const std::optional<KnownValue>& value) {
  if (!value) return nullptr;
  return {{"time", format_utc(value->time_utc_ms)},
          {"value", exact_value(value->mantissa, series.exponent, series.kind, Quality::good)}};
}

HttpResponse draft_answer(const store::Series& series, const EstimateCommand& command, const EstimateDraft& draft) {
  Json values = Json::array();
  for (const EstimatedValue& value : draft.values) {
    values.push_back({{"time", format_utc(value.time_utc_ms)},
                      {"value", exact_value(value.mantissa, series.exponent, series.kind, Quality::good)},
                      {"before", neighbour_json(series, value.before)},
                      {"after", neighbour_json(series, value.after)},
                      {"weeks", value.weeks}});
  }
  return json_answer({{"method", to_string(command.method)},
                      {"interval_s", command.interval_ms / 1'000},
                      {"counts_up", command.counts_up},
                      {"present", draft.present},
                      {"values", std::move(values)},
                      {"fingerprint", draft.fingerprint}});
}

Result<HttpResponse> edit(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  DUHENG_TRY(const EditCommand command, parse_edit_request(context.request.body, found.series.exponent));
  DUHENG_TRY(const EditTarget target, edit_target_of(services, found));
  DUHENG_TRY(const EditOutcome outcome, services.edits->apply(author_of(context), target, command));
  return outcome_answer(outcome);
}

Result<HttpResponse> estimates(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  DUHENG_TRY(EstimateRequest wanted, parse_estimate_request(context.request.body));
  DUHENG_TRY(const EditTarget target, edit_target_of(services, found));
  EstimateCommand& command = wanted.command;
  if (command.interval_ms == 0) command.interval_ms = found.interval_s * 1'000;
  command.counts_up = value_counts_up(services, target);
  if (wanted.is_preview) {
    DUHENG_TRY(const EstimateDraft draft, services.edits->draft(target, command));
    return draft_answer(found.series, command, draft);
  }
  DUHENG_TRY(const EditOutcome outcome,
             services.edits->apply_estimates(author_of(context), target, command, wanted.reason, wanted.fingerprint));
  return outcome_answer(outcome);
}

}  // namespace

void add_edit_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act) {
    // Everybody with a session comes through to EditService, which refuses whoever has no right and writes that into
    // the operation log: a refusal at the door would stand in the program's log only.
    router.add(
        method, std::move(pattern), std::move(operation), Permission::any_session(),
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.edits == nullptr) return fail(ErrorCode::unavailable, "values cannot be edited here");
          return act(services, context);
        },
        request_bytes_max);
  };
  router.add(Method::get, "/api/v1/series/{series_id}/versions", "listVersions", Permission::any_session(),
             [&services](RequestContext& context) { return versions(services, context); });
  router.add(Method::get, "/api/v1/series/{series_id}/edits", "listEdits", Permission::any_session(),
             [&services](RequestContext& context) { return edits(services, context); });
  add(Method::post, "/api/v1/series/{series_id}/edits", "editReadings", edit);
  add(Method::post, "/api/v1/series/{series_id}/estimates", "estimateReadings", estimates);
}

}  // namespace duheng::platform::web
