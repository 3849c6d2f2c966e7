// What gateways make of the values of single devices, and what a rule would make of the last hour.
#include <algorithm>

#include "base/time.hpp"
#include "drivers/models/rule_text.hpp"
#include "drivers/processing/point_processor.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/order_targets.hpp"
#include "platform/web/processing_requests.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t change_body_bytes_max = std::size_t{1} << 20;
constexpr std::size_t preview_points_max = 1'000;
constexpr std::int64_t hour_ms = 3'600'000;

Json rule_json(const std::string& text) { return text.empty() ? Json(nullptr) : Json::parse(text, nullptr, false); }

Json version_json(const RuleVersion& version) {
  return {{"id", version.number},
          {"into", version.into},
          {"rule", rule_json(version.text)},
          {"reason", version.reason},
          {"changed_by", version.changed_by_name},
          {"from", format_utc(version.from_utc_ms)},
          {"to", version.to_utc_ms ? Json(format_utc(*version.to_utc_ms)) : Json(nullptr)},
          {"state", to_string(version.state)},
          {"problem", version.problem}};
}

Result<HttpResponse> device_processing(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const DeviceId device{context.path_integer("device_id")};
  DUHENG_TRY(const DeviceProcessing found, services.processing->device(context.caller->scope(), device));
  DUHENG_TRY(const auto versions, services.processing->history(context.caller->scope(), device));
  Json rules = Json::array();
  for (const auto& rule : found.rules) rules.push_back(version_json(rule));
  Json model_rules = Json::array();
  for (const auto& text : found.model_rules) model_rules.push_back(rule_json(text));
  Json registers = Json::array();
  for (std::size_t i = 0; i < found.registers.size(); ++i)
    registers.push_back(
        {{"name", found.registers[i]}, {"unit", found.measures[i].first}, {"exponent", found.measures[i].second}});
  Json history = Json::array();
  for (const auto& version : versions) history.push_back(version_json(version));
  return json_answer({{"gateway_id", found.gateway ? Json(found.gateway.value) : Json(nullptr)},
                      {"rules", std::move(rules)},
                      {"model_rules", std::move(model_rules)},
                      {"registers", std::move(registers)},
                      {"history", std::move(history)}});
}

Result<HttpResponse> change(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(RuleRequest wanted, parse_rule_request(context.request.body));
  DUHENG_TRY(const auto targets, job_targets(services, *context.caller, wanted.devices, wanted.filter));
  NewRule rule{{}, std::move(wanted.into), std::move(wanted.rule), std::move(wanted.reason)};
  for (const JobTarget& target : targets) rule.devices.push_back(target.device);
  DUHENG_TRY(const RuleOutcome outcome, services.processing->set(author_of(context), rule));
  Json refusals = Json::array();
  for (const auto& refusal : outcome.refusals)
    refusals.push_back({{"device_id", refusal.device.value}, {"reason", refusal.reason}, {"detail", refusal.detail}});
  return json_answer({{"set", outcome.set}, {"same", outcome.same}, {"refusals", std::move(refusals)}});
}

/// The values of a register in the last hours, as far as the caller may see them.
struct Raw {
  std::int8_t exponent = 0;
  std::string unit;
  std::vector<store::Point> points;
  bool is_cut = false;
};

Result<Raw> raw_values(ApiServices& services, RequestContext& context, const std::string& name,
                       const store::TimeRange& asked) {
  Raw out;
  DUHENG_TRY(const VisibleDevice device,
             visible_device(services, *context.caller, DeviceId{context.path_integer("device_id")}));
  for (const store::Series& series : series_of_device(services, *device.device)) {
    if (series.register_name != name || series.kind != SeriesKind::decimal) continue;
    const auto visible = visible_series(services, *context.caller, series.id);
    if (!visible) continue;
    std::vector<store::Point> points;
    for (const auto& period : visible->periods) {
      const store::TimeRange part{std::max(asked.from_utc_ms, period.from_utc_ms),
                                  std::min(asked.to_utc_ms, period.to_utc_ms)};
      if (part.from_utc_ms >= part.to_utc_ms) continue;
      DUHENG_TRY(const store::PointPage page, services.telemetry.range(series.id, part, preview_points_max, {}));
      std::ranges::copy(page.points, std::back_inserter(points));
      out.is_cut = out.is_cut || page.next_from_utc_ms.has_value();
    }
    // A register that changed its scale is two series: the one with the newer values counts.
    if (!out.points.empty() && (points.empty() || points.back().time_utc_ms < out.points.back().time_utc_ms)) continue;
    out.points = std::move(points);
    out.exponent = series.exponent;
    out.unit = series.unit;
  }
  return out;
}

Result<HttpResponse> preview(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const PreviewRequest wanted, parse_preview_request(context.request.body));
  auto rule = drivers::parse_processing_rule(wanted.rule);
  if (!rule) return fail(ErrorCode::invalid_argument, rule.error().message);
  const std::int64_t now_ms = services.clock.utc_ms();
  const store::TimeRange asked{now_ms - wanted.hours * hour_ms, now_ms + 1};
  DUHENG_TRY(const Raw raw, raw_values(services, context, rule->from, asked));
  drivers::PointProcessor processor(*rule);
  Json rows = Json::array();
  for (const store::Point& point : raw.points) {
    const auto made = processor.take({point.mantissa, raw.exponent}, point.quality);
    rows.push_back({{"time", format_utc(point.time_utc_ms)},
                    {"raw", exact_value(point.mantissa, raw.exponent, SeriesKind::decimal, point.quality)},
                    {"raw_quality", to_string(point.quality)},
                    {"result", made ? exact_value(made->mantissa, rule->exponent, SeriesKind::decimal, made->quality)
                                    : Json(nullptr)},
                    {"quality", made ? to_string(made->quality) : std::string()},
                    {"held_back", !made.has_value()}});
  }
  return json_answer({{"from", format_utc(asked.from_utc_ms)},
                      {"to", format_utc(now_ms)},
                      {"raw_unit", raw.unit},
                      {"unit", rule->unit},
                      {"rows", std::move(rows)},
                      {"cut", raw.is_cut}});
}

}  // namespace

void add_processing_routes(Router& router, ApiServices& services) {
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission,
                       Result<HttpResponse> (*handler)(ApiServices&, RequestContext&),
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) {
    router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, handler](RequestContext& context) -> Result<HttpResponse> {
          if (services.processing == nullptr)
            return fail(ErrorCode::unavailable, "what gateways make of values is not set here");
          return handler(services, context);
        },
        body_bytes_max);
  };
  add(Method::get, "/api/v1/devices/{device_id}/processing", "getDeviceProcessing", Permission::any_session(),
      device_processing);
  add(Method::post, "/api/v1/devices/{device_id}/processing/preview", "previewProcessing", Permission::any_session(),
      preview);
  add(Method::post, "/api/v1/processing-changes", "changeProcessing", Permission::at_least(Role::operator_), change,
      change_body_bytes_max);
}

}  // namespace duheng::platform::web
