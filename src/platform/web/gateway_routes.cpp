#include <unordered_map>

#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, *context.caller));
  DUHENG_TRY(const std::vector<Gateway> gateways, services.gateways.list(context.caller->scope()));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  std::unordered_map<GatewayId, std::size_t> devices;
  for (const DirectoryDevice& entry : snapshot->devices) {
    const DeviceDetails& details = entry.device.details;
    if (details.gateway && sees(visible, details.organisation)) ++devices[details.gateway];
  }
  const auto runtimes = services.gateway_runtimes();
  Json items = Json::array();
  for (const Gateway& gateway : gateways) {
    const auto found = runtimes.find(gateway.id);
    const GatewayRuntime runtime = found == runtimes.end() ? GatewayRuntime{} : found->second;
    items.push_back(
        {{"id", gateway.id.value},
         {"name", gateway.name},
         {"state", to_string(gateway.state)},
         {"connected", runtime.connected},
         {"certificate_expires", time_or_null(gateway.certificate_not_after_utc_ms)},
         {"devices", devices[gateway.id]},
         {"last_batch_at", time_or_null(runtime.last_batch_utc_ms)},
         {"clock_offset_ms", or_null(runtime.clock_offset_ms)},
         {"spooled_batches", or_null(runtime.spooled_batches)},
         // A gateway that has not yet measured its pace says 0.
         {"autonomy_hours", runtime.autonomy_hours.value_or(0) > 0 ? Json(*runtime.autonomy_hours) : Json(nullptr)}});
  }
  return json_answer({{"gateways", std::move(items)}});
}

}  // namespace

void add_gateway_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/gateways", "listGateways", Permission::any_session(),
             [&services](RequestContext& context) { return list(services, context); });
}

}  // namespace duheng::platform::web
