// Values that a rule objects to: the list, and what people decide about them.
#include "base/time.hpp"
#include "platform/edits/value_review.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/edit_requests.hpp"
#include "platform/web/edit_target.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Json finding_json(const ValueFinding& finding) {
  return {{"id", finding.id},
          {"series_id", finding.series.value},
          {"gateway_id", finding.gateway.value},
          {"device_uid", finding.device_uid},
          {"device", named_or_null(finding.device.value, finding.device_name)},
          {"register", finding.register_name},
          {"unit", finding.unit},
          {"day", store::CivilCalendar::format_day(finding.day)},
          {"time", format_utc(finding.time_utc_ms)},
          {"rule", store::to_string(finding.rule)},
          {"value", finding.value.to_string()},
          {"expected", finding.expected.to_string()},
          {"frame", finding.frame.value == 0 ? Json(nullptr) : Json(std::to_string(finding.frame.value))},
          {"state", to_string(finding.state)},
          {"found_at", format_utc(finding.found_utc_ms)},
          {"decided_by", finding.decided_by.empty() ? Json(nullptr) : Json(finding.decided_by)},
          {"decided_at", time_or_null(finding.decided_utc_ms)},
          {"reason", finding.reason.empty() ? Json(nullptr) : Json(finding.reason)}};
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  FindingQuery query;
  query.page = context.query.integer("page", 1, 100'000, 1);
  query.page_size = context.query.integer("page_size", 1, 200, 50);
  if (const auto state = context.query.choice("state", {"open", "confirmed", "edited"}))
    query.state = finding_state_of(*state);
  if (const auto rule = context.query.choice("rule", {"roll_over", "negative", "spike", "tariff_sum", "phase_sum",
                                                      "voltage_implausible", "power_implausible"}))
    query.rule = store::value_rule_of(*rule);
  query.device = DeviceId{context.query.optional_id("device").value_or(0)};
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const FindingPage page, services.review->list(context.caller->scope(), query));
  Json items = Json::array();
  for (const ValueFinding& finding : page.findings) items.push_back(finding_json(finding));
  return json_answer({{"findings", std::move(items)},
                      {"total", page.total},
                      {"page", query.page},
                      {"page_size", query.page_size},
                      {"time_zone", services.review->calendar().zone()},
                      {"may_decide", may_edit_readings(context.caller->role)}});
}

/// The edit that a decision asks for; `preview`: the value, nothing written.
struct Made {
  std::optional<std::string> preview;
};
Result<Made> make_edit(ApiServices& services, const RequestContext& context, const ValueFinding& finding,
                       const FindingDecision& decision) {
  if (services.edits == nullptr) return fail(ErrorCode::unavailable, "values cannot be edited here");
  DUHENG_TRY(const VisibleSeries found, visible_series(services, *context.caller, finding.series));
  DUHENG_TRY(const EditTarget target, edit_target_of(services, found));
  const std::int8_t exponent = found.series.exponent;
  DUHENG_TRY(const Decimal seen, finding.value.rescaled(exponent));
  const Author author = author_of(context);
  if (decision.action == FindingDecision::Action::correct) {
    const auto value = decision.value->rescaled(exponent);
    if (!value) return fail(ErrorCode::invalid_argument, "\"value\" has more decimal places than the register");
    DUHENG_CHECK(services.edits->apply(
        author, target,
        {EditKind::correction, decision.reason, {{finding.time_utc_ms, value->mantissa, seen.mantissa}}}));
    return Made{};
  }
  const ReplaceCommand command{.time_utc_ms = finding.time_utc_ms,
                               .expected = seen.mantissa,
                               .interval_ms = found.interval_s * 1'000,
                               .method = decision.method,
                               .counts_up = value_counts_up(services, target)};
  if (decision.is_preview) {
    DUHENG_TRY(const EstimatedValue value, services.edits->draft_replacement(target, command));
    return Made{Decimal{value.mantissa, exponent}.to_string()};
  }
  DUHENG_CHECK(services.edits->apply_replacement(author, target, command, decision.reason));
  return Made{};
}

Result<HttpResponse> decide(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const std::int64_t id = context.path_integer("finding_id");
  DUHENG_TRY(const FindingDecision decision, parse_finding_decision(context.request.body));
  const Author author = author_of(context);
  std::optional<std::string> preview;
  if (decision.action == FindingDecision::Action::confirm) {
    DUHENG_CHECK(services.review->confirm(author, id, decision.reason));
  } else {
    DUHENG_TRY(const ValueFinding finding, services.review->get(author.scope, id));
    DUHENG_TRY(Made made, make_edit(services, context, finding, decision));
    preview = std::move(made.preview);
    if (!preview) DUHENG_CHECK(services.review->edited(author, id, decision.reason));
  }
  DUHENG_TRY(const ValueFinding now, services.review->get(author.scope, id));
  Json out = finding_json(now);
  out["preview"] = preview ? Json(*preview) : Json(nullptr);
  return json_answer(out);
}

}  // namespace

void add_edit_review_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act) {
    router.add(method, std::move(pattern), std::move(operation), Permission::any_session(),
               [&services, act](RequestContext& context) -> Result<HttpResponse> {
                 if (services.review == nullptr) return fail(ErrorCode::unavailable, "values are not reviewed here");
                 return act(services, context);
               });
  };
  add(Method::get, "/api/v1/value-findings", "listValueFindings", list);
  // As editReadings: who has no right is refused where that is written into the operation log.
  add(Method::post, "/api/v1/value-findings/{finding_id}/decision", "decideValueFinding", decide);
}

}  // namespace duheng::platform::web
