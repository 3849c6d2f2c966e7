// Gateways begun anew: orders like all others, so that who, when, why and what became of it are kept.
#include <algorithm>
#include <fmt/format.h>

#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/web/order_json.hpp"
#include "platform/web/order_targets.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

/// A device that the gateway reads, on the channel where one is named: an order goes by way of one.
Result<DeviceId> device_of(const ApiServices& services, const Caller& caller, GatewayId gateway,
                           const std::string& channel) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const auto fits = [&](const DirectoryDevice& each) {
    if (each.device.details.gateway != gateway || !sees(visible, each.device.details.organisation)) return false;
    if (channel.empty()) return true;
    const auto line = services.plans->line_of(gateway, each.device.details.uid);
    return line && line->state.channel == channel;
  };
  const auto found = std::ranges::find_if(snapshot->devices, fits);
  if (found != snapshot->devices.end()) return found->device.id;
  return fail(ErrorCode::conflict, channel.empty() ? "no device of yours is read by this gateway"
                                                   : "no device of yours is known on this channel");
}

Result<HttpResponse> restart(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  if (services.orders == nullptr || services.plans == nullptr)
    return fail(ErrorCode::unavailable, "orders are not served here");
  DUHENG_TRY(const RestartRequest wanted, parse_restart_request(context.request.body));
  const GatewayId gateway{context.path_integer("gateway_id")};
  DUHENG_CHECK(services.plans->state(context.caller->scope(), gateway));
  DUHENG_TRY(const DeviceId device, device_of(services, *context.caller, gateway, wanted.channel));
  NewJob job;
  job.content.kind = OrderKind::command;
  job.content.name = wanted.channel.empty() ? "gateway_restart" : "channel_restart";
  job.reason = wanted.reason;
  DUHENG_TRY(job.targets, job_targets(services, *context.caller, {device}, std::nullopt));
  DUHENG_TRY(const JobNumber number, services.orders->create(author_of(context), job));
  DUHENG_TRY(const Job made, services.orders->job(context.caller->scope(), number));
  HttpResponse response = json_answer(job_json(made));
  response.status = 201;
  return response;
}

}  // namespace

void add_maintenance_routes(Router& router, ApiServices& services) {
  router.add(Method::post, "/api/v1/gateways/{gateway_id}/restart", "restartGateway",
             Permission::any_session(),  // who may not is refused by OrderService, which notes it down
             [&services](RequestContext& context) { return restart(services, context); });
}

}  // namespace duheng::platform::web
