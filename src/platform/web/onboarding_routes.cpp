#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/onboarding/onboarding.hpp"
#include "platform/orders/device_guards.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/onboarding_requests.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t unknown_listed_max = 5'000;

/// A problem that names the field. What is missing or not supported is then the caller's mistake in that field.
Result<HttpResponse> refusal(const FieldFault& found, const RequestContext& context) {
  const auto& [field, error] = found;
  const int status = http_status(error.code);
  if (field.empty() || status == 503 || (status >= 500 && status != 501)) return std::unexpected(error);
  HttpResponse response =
      problem(status == 404 || status == 501 ? 400 : status, to_string(error.code), error.message, context.request_id);
  response.body.pop_back();
  response.body += fmt::format(R"(,"field":{}}})", log::json_quoted(field));
  return response;
}

HttpResponse done() {
  HttpResponse response;
  response.status = 204;
  return response;
}

std::string detail_of(const FieldChannel& channel) {
  if (const auto* tcp = std::get_if<FieldTcp>(&channel.way)) return fmt::format("{}:{}", tcp->host, tcp->port);
  if (const auto* udp = std::get_if<FieldUdp>(&channel.way)) return fmt::format("{}:{}", udp->host, udp->port);
  const auto& serial = std::get<FieldSerial>(channel.way);
  return fmt::format("{} {} {}{}{}", serial.device, serial.baud, serial.data_bits,
                     "NEO"[static_cast<std::size_t>(serial.parity)], serial.stop_bits);
}

std::string_view kind_of(const FieldChannel& channel) {
  if (channel.carrier) return std::holds_alternative<FieldTcp>(channel.way) ? "carrier_tcp" : "carrier_serial";
  constexpr std::array<std::string_view, 3> kinds{"tcp", "udp", "serial"};
  return kinds.at(channel.way.index());
}

Json channels_json(const GatewayPlanState& state) {
  Json out = Json::array();
  std::set<std::string_view> told;
  if (state.report) {
    for (const auto& channel : state.report->channels) {
      told.insert(channel.name);
      out.push_back({{"name", channel.name},
                     {"kind", channel.kind},
                     {"detail", channel.detail},
                     {"from_plan", channel.from_plan},
                     {"open", channel.open},
                     {"devices", channel.devices}});
    }
  }
  for (const auto& channel : state.channels)
    if (!told.contains(channel.name))
      out.push_back({{"name", channel.name},
                     {"kind", kind_of(channel)},
                     {"detail", detail_of(channel)},
                     {"from_plan", true},
                     {"open", nullptr},
                     {"devices", 0}});
  return out;
}

std::string_view word_of(const GatewayPlanState& state) {
  if (!state.report) return "never_reported";
  if (!state.is_applied()) return "pending";
  return state.report->problems.empty() ? "applied" : "applied_with_problems";
}

Result<HttpResponse> plan_answer(ApiServices& services, const RequestContext& context, GatewayId gateway) {
  DUHENG_TRY(const auto state, services.plans->state(context.caller->scope(), gateway));
  Json problems = Json::array();
  Json models = Json::array();
  if (state.report) {
    for (const auto& each : state.report->problems)
      problems.push_back({{"subject", each.subject}, {"reason", each.reason}});
    for (const auto& model : state.report->models) models.push_back(model);
  }
  return json_answer({{"gateway", named(state.gateway.value, state.gateway_name)},
                      {"state", word_of(state)},
                      {"version", state.version},
                      {"applied_version", state.report ? state.report->version : 0},
                      {"reported_at", time_or_null(state.reported_utc_ms)},
                      {"devices", state.devices},
                      {"file_devices", state.report ? state.report->file_devices : 0},
                      {"problems", std::move(problems)},
                      {"channels", channels_json(state)},
                      {"models", std::move(models)}});
}

Json line_json(const std::optional<DeviceLine>& line) {
  if (!line) return nullptr;
  const auto& state = line->state;
  return {{"answering", state.answering},
          {"offline", state.offline},
          {"last_answer_at", time_or_null(state.last_answer_utc_ms)},
          {"questions", state.questions},
          {"answers", state.answers},
          {"refusals", state.refusals},
          {"time_outs", state.time_outs},
          {"late_answers", state.late_answers},
          {"unasked_answers", state.unasked_answers},
          {"unusable_answers", state.unusable_answers},
          {"bad_frames", state.bad_frames},
          {"noise_octets", state.noise_octets},
          {"told_at", format_utc(line->told_utc_ms)}};
}

Result<HttpResponse> connection_answer(ApiServices& services, const RequestContext& context, DeviceId id) {
  DUHENG_TRY(const auto found, services.onboarding->connection(context.caller->scope(), id));
  const auto& details = found.device.details;
  Json channel = nullptr;
  if (found.connection)
    channel = found.connection->channel;
  else if (found.line && !found.line->state.channel.empty())
    channel = found.line->state.channel;
  bool has_access = false;
  Json protection = nullptr;
  if (services.guards != nullptr) {
    DUHENG_TRY(has_access, services.guards->has_access(id));
    DUHENG_TRY(const auto guarded, services.guards->protection(id));
    if (guarded)
      protection = {{"reason", guarded->reason}, {"by", guarded->by}, {"since", format_utc(guarded->since_utc_ms)}};
  }
  return json_answer({{"device_id", id.value},
                      {"gateway", named_or_null(details.gateway.value, found.device.gateway_name)},
                      {"channel", std::move(channel)},
                      {"address", details.address},
                      {"model", details.model},
                      {"from_plan", found.connection.has_value()},
                      {"retired", found.retired},
                      {"has_access", has_access},
                      {"protection", std::move(protection)},
                      {"state", line_json(found.line)}});
}

/// Left out, it is one's own organisation; whoever sees everything has none, then it is the gateway's.
OrganisationId organisation_of(const RequestContext& context, OrganisationId given) {
  return given ? given : context.caller->organisation;
}

Result<HttpResponse> add_device(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  auto wanted = parse_new_device(context.request.body);
  if (!wanted) return refusal(wanted.error(), context);
  wanted->organisation = organisation_of(context, wanted->organisation);
  const auto id = services.onboarding->add(author_of(context), *wanted);
  if (!id) return refusal(id.error(), context);
  DUHENG_TRY(const VisibleDevice made, visible_device(services, *context.caller, *id));
  HttpResponse response =
      json_answer(device_json(services.directory.row(*made.device), wants_english(context.request)));
  response.status = 201;
  return response;
}

Result<HttpResponse> change_connection(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const DeviceId id{context.path_integer("device_id")};
  const auto change = parse_connection_change(context.request.body);
  if (!change) return refusal(change.error(), context);
  if (const auto changed = services.onboarding->change_connection(author_of(context), id, *change); !changed)
    return refusal(changed.error(), context);
  return connection_answer(services, context, id);
}

Result<HttpResponse> add_channel(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const GatewayId gateway{context.path_integer("gateway_id")};
  const auto channel = parse_new_channel(context.request.body);
  if (!channel) return refusal(channel.error(), context);
  if (const auto added = services.onboarding->add_channel(author_of(context), gateway, *channel); !added) {
    if (added.error().field == "gateway_id") return std::unexpected(added.error().error);
    return refusal(added.error(), context);
  }
  return plan_answer(services, context, gateway);
}

Result<HttpResponse> remove_channel(ApiServices& services, RequestContext& context) {
  const std::string name = context.query.text("name", 64);
  DUHENG_CHECK(context.query.finish());
  const GatewayId gateway{context.path_integer("gateway_id")};
  DUHENG_CHECK(services.onboarding->remove_channel(author_of(context), gateway, name));
  return plan_answer(services, context, gateway);
}

Result<HttpResponse> list_unknown(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto rows, services.plans->list_unknown(context.caller->scope(), unknown_listed_max));
  std::map<std::string, Json, std::less<>> models;  // by protocol
  for (const auto& id : services.onboarding->models().ids()) {
    auto& list = models[std::string(services.onboarding->models().find(id)->driver->name())];
    if (list.is_null()) list = Json::array();
    list.push_back(id);
  }
  Json devices = Json::array();
  for (const auto& row : rows) {
    const auto fitting = models.find(row.device.protocol);
    devices.push_back({{"id", row.id},
                       {"gateway", named(row.gateway.value, row.gateway_name)},
                       {"listener", row.device.listener},
                       {"protocol", row.device.protocol},
                       {"address", row.device.address},
                       {"peer", row.device.peer},
                       {"first_heard_at", format_utc(row.device.first_utc_ms)},
                       {"last_heard_at", format_utc(row.device.last_utc_ms)},
                       {"calls", row.device.calls},
                       {"models", fitting == models.end() ? Json::array() : fitting->second}});
  }
  return json_answer({{"devices", std::move(devices)}});
}

Result<HttpResponse> adopt(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  auto adoptions = parse_adoption(context.request.body);
  if (!adoptions) return refusal(adoptions.error(), context);
  for (auto& adoption : *adoptions) adoption.organisation = organisation_of(context, adoption.organisation);
  const auto ids = services.onboarding->adopt(author_of(context), *adoptions);
  if (!ids) return refusal(ids.error(), context);
  Json list = Json::array();
  for (const DeviceId id : *ids) list.push_back(id.value);
  return json_answer({{"device_ids", std::move(list)}});
}

Result<HttpResponse> dismiss(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const auto ids = parse_dismissal(context.request.body);
  if (!ids) return refusal(ids.error(), context);
  DUHENG_CHECK(services.onboarding->dismiss(author_of(context), *ids));
  return done();
}

Result<HttpResponse> retire(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(services.onboarding->retire(author_of(context), DeviceId{context.path_integer("device_id")}));
  return done();
}

Result<HttpResponse> get_connection(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return connection_answer(services, context, DeviceId{context.path_integer("device_id")});
}

Result<HttpResponse> get_plan(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return plan_answer(services, context, GatewayId{context.path_integer("gateway_id")});
}

}  // namespace

void add_onboarding_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission, Act act,
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) {
    router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.onboarding == nullptr || services.plans == nullptr)
            return fail(ErrorCode::unavailable, "devices cannot be added here");
          return act(services, context);
        },
        body_bytes_max);
  };
  const auto reader = Permission::any_session();
  const auto writer = Permission::at_least(Role::operator_);
  constexpr std::size_t adoption_bytes_max = 1U << 20;
  add(Method::post, "/api/v1/devices", "addDevice", writer, add_device);
  add(Method::get, "/api/v1/devices/{device_id}/connection", "getConnection", reader, get_connection);
  add(Method::put, "/api/v1/devices/{device_id}/connection", "changeConnection", writer, change_connection);
  add(Method::post, "/api/v1/devices/{device_id}/retire", "retireDevice", writer, retire);
  add(Method::get, "/api/v1/gateways/{gateway_id}/plan", "getGatewayPlan", reader, get_plan);
  add(Method::post, "/api/v1/gateways/{gateway_id}/channels", "addChannel", writer, add_channel);
  add(Method::remove, "/api/v1/gateways/{gateway_id}/channels", "removeChannel", writer, remove_channel);
  add(Method::get, "/api/v1/unknown-devices", "listUnknownDevices", reader, list_unknown);
  add(Method::post, "/api/v1/unknown-devices/adopt", "adoptDevices", writer, adopt, adoption_bytes_max);
  add(Method::post, "/api/v1/unknown-devices/dismiss", "dismissUnknownDevices", writer, dismiss);
}

}  // namespace duheng::platform::web
