// How often devices are read, and how well that is kept.
#include "base/time.hpp"
#include "platform/onboarding/sampling.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/order_targets.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t sampling_body_bytes_max = std::size_t{1} << 20;

Json timing_json(const control::Timing& timing) {
  return {{"samples", timing.samples},
          {"missed", timing.missed},
          {"p50_per_mille", timing.p50_per_mille},
          {"p95_per_mille", timing.p95_per_mille},
          {"p99_per_mille", timing.p99_per_mille},
          {"max_per_mille", timing.max_per_mille}};
}

Json change_json(const IntervalChange& change) {
  return {{"id", change.number},
          {"group", change.group},
          {"register", change.register_name},
          {"interval_ms", change.interval_ms},
          {"reason", change.reason},
          {"created_by", change.created_by_name},
          {"created_at", format_utc(change.created_utc_ms)},
          {"devices", change.devices}};
}

Json row_json(const SamplingRow& row) {
  Json out = {{"group", row.group},           {"registers", row.registers},
              {"model_ms", row.model_ms},     {"wanted_ms", row.wanted_ms},
              {"minimum_ms", row.minimum_ms}, {"maximum_ms", row.maximum_ms},
              {"in_force_ms", nullptr},       {"timing", nullptr}};
  if (!row.measured) return out;
  out["in_force_ms"] = row.measured->interval_ms;
  out["timing"] = timing_json(row.measured->timing);
  return out;
}

Result<HttpResponse> device_sampling(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const DeviceSampling sampling,
             services.sampling->device(context.caller->scope(), DeviceId{context.path_integer("device_id")}));
  Json rounds = Json::array();
  for (const SamplingRow& row : sampling.rounds) rounds.push_back(row_json(row));
  Json set = Json::array();
  for (const FieldInterval& interval : sampling.set)
    set.push_back(
        {{"group", interval.group}, {"register", interval.register_name}, {"interval_ms", interval.interval_ms}});
  return json_answer({{"planned", sampling.is_planned},
                      {"applied", sampling.is_applied},
                      {"problem", sampling.problem},
                      {"rounds", std::move(rounds)},
                      {"set", std::move(set)}});
}

Json results_json(const IntervalResults& results, std::int64_t page, std::int64_t page_size) {
  Json devices = Json::array();
  for (const IntervalResult& each : results.results)
    devices.push_back({{"device", {{"id", each.device.value}, {"name", each.device_name}, {"uid", each.device_uid}}},
                       {"state", to_string(each.state)},
                       {"reason", each.reason},
                       {"detail", each.detail}});
  Json counts;
  for (const auto state :
       {IntervalState::pending, IntervalState::in_force, IntervalState::refused, IntervalState::superseded})
    counts[std::string(to_string(state))] = results.counts[static_cast<std::size_t>(state)];
  return {{"change", change_json(results.change)},
          {"results", std::move(devices)},
          {"counts", std::move(counts)},
          {"total", results.total},
          {"page", page},
          {"page_size", page_size}};
}

Result<HttpResponse> change(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(SamplingRequest wanted, parse_sampling_request(context.request.body));
  DUHENG_TRY(const auto targets, job_targets(services, *context.caller, wanted.devices, wanted.filter));
  NewIntervalChange order{
      {}, std::move(wanted.group), std::move(wanted.register_name), wanted.interval_ms, std::move(wanted.reason)};
  for (const JobTarget& target : targets) order.devices.push_back(target.device);
  DUHENG_TRY(const IntervalChangeNumber number, services.sampling->set(author_of(context), order));
  constexpr std::int64_t first_page = 50;
  DUHENG_TRY(const IntervalResults results, services.sampling->results(context.caller->scope(), number, 1, first_page));
  HttpResponse response = json_answer(results_json(results, 1, first_page));
  response.status = 201;
  return response;
}

Result<HttpResponse> list_changes(ApiServices& services, RequestContext& context) {
  const std::int64_t page = context.query.integer("page", 1, 100'000, 1);
  const std::int64_t page_size = context.query.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const IntervalChangePage found, services.sampling->changes(context.caller->scope(), page, page_size));
  Json changes = Json::array();
  for (const IntervalChange& each : found.changes) changes.push_back(change_json(each));
  return json_answer(
      {{"changes", std::move(changes)}, {"total", found.total}, {"page", page}, {"page_size", page_size}});
}

Result<HttpResponse> get_change(ApiServices& services, RequestContext& context) {
  const std::int64_t page = context.query.integer("page", 1, 100'000, 1);
  const std::int64_t page_size = context.query.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const IntervalResults results,
             services.sampling->results(context.caller->scope(), context.path_integer("change_id"), page, page_size));
  return json_answer(results_json(results, page, page_size));
}

Result<HttpResponse> gateway_timing(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const GatewayId gateway{context.path_integer("gateway_id")};
  DUHENG_CHECK(services.plans->state(context.caller->scope(), gateway));
  Json channels = Json::array();
  for (const auto& each : services.plans->timings_of(gateway)) {
    Json timing = timing_json(each.timing);
    timing["channel"] = each.channel;
    channels.push_back(std::move(timing));
  }
  return json_answer({{"channels", std::move(channels)}});
}

}  // namespace

void add_sampling_routes(Router& router, ApiServices& services) {
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission,
                       Result<HttpResponse> (*handler)(ApiServices&, RequestContext&),
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) {
    router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, handler](RequestContext& context) -> Result<HttpResponse> {
          if (services.sampling == nullptr || services.plans == nullptr)
            return fail(ErrorCode::unavailable, "how often devices are read is not kept here");
          return handler(services, context);
        },
        body_bytes_max);
  };
  const Permission anybody = Permission::any_session();
  add(Method::get, "/api/v1/devices/{device_id}/sampling", "getDeviceSampling", anybody, device_sampling);
  add(Method::get, "/api/v1/sampling-changes", "listSamplingChanges", anybody, list_changes);
  // Who may not is refused by Sampling, which notes it down.
  add(Method::post, "/api/v1/sampling-changes", "changeSampling", anybody, change, sampling_body_bytes_max);
  add(Method::get, "/api/v1/sampling-changes/{change_id}", "getSamplingChange", anybody, get_change);
  add(Method::get, "/api/v1/gateways/{gateway_id}/timing", "getGatewayTiming", anybody, gateway_timing);
}

}  // namespace duheng::platform::web
