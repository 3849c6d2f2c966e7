#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Result<HttpResponse> get_status(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  Json components = Json::array();
  for (const status::Component& component : services.health.components()) {
    components.push_back({{"name", component.name},
                          {"state", to_string(component.finding.state)},
                          {"detail_zh", component.finding.detail_zh},
                          {"detail_en", component.finding.detail_en}});
  }
  Json counters = Json::object();
  for (const auto& [name, value] : services.metrics.values()) counters[name] = value;
  return json_answer({{"version", services.version},
                      {"started_at", format_utc(services.started_utc_ms)},
                      {"server_time", format_utc(services.clock.utc_ms())},
                      {"components", std::move(components)},
                      {"counters", std::move(counters)}});
}

}  // namespace

void add_status_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/status", "getStatus", Permission::whole_platform(),
             [&services](RequestContext& context) { return get_status(services, context); });
}

}  // namespace duheng::platform::web
