#include <algorithm>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/unassigned_sources.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

Result<HttpResponse> overview(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const Caller& caller = *context.caller;
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(const StateCounts counts, services.directory.counts(visible));
  DUHENG_TRY(const std::vector<Gateway> gateways, services.gateways.list(caller.scope()));
  DUHENG_TRY(const std::vector<store::Source> unassigned, unassigned_sources(services, gateways));
  const auto runtimes = services.gateway_runtimes();
  const auto connected = std::ranges::count_if(gateways, [&](const Gateway& gateway) {
    const auto it = runtimes.find(gateway.id);
    return it != runtimes.end() && it->second.connected;
  });
  // What the platform journals altogether is told to who sees all of it; others learn the pace of their own devices.
  const bool everything = caller.sees_everything();
  const IngestFigures figures = everything ? services.ingest_figures() : IngestFigures{0, counts.readings_per_s};
  return json_answer(
      {{"devices", counts.devices},
       {"states",
        {{"online", counts.online}, {"late", counts.late}, {"offline", counts.offline}, {"never", counts.never}}},
       {"unassigned_sources", unassigned.size()},
       {"gateways", gateways.size()},
       {"gateways_connected", connected},
       {"readings_total", everything ? Json(figures.readings_total) : Json(nullptr)},
       {"readings_per_s", figures.readings_per_s},
       {"server_time", format_utc(services.clock.utc_ms())}});
}

}  // namespace

void add_overview_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/overview", "getOverview", Permission::any_session(),
             [&services](RequestContext& context) { return overview(services, context); });
}

}  // namespace duheng::platform::web
