#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const Scope scope = context.caller->scope();
  DUHENG_TRY(const std::vector<Organisation> organisations, services.organisations.list(scope));
  DUHENG_TRY(const std::vector<Site> sites, services.sites.list(scope));
  const bool english = wants_english(context.request);
  Json tree = Json::array();
  for (const Organisation& organisation : organisations) {
    // The parent of the scope's own root is nobody the caller may know of.
    const bool root = !organisation.parent || organisation.id == scope.root();
    tree.push_back({{"id", organisation.id.value},
                    {"parent_id", root ? Json(nullptr) : Json(organisation.parent.value)},
                    {"code", organisation.code},
                    {"name", pick_name(english, organisation.name_zh, organisation.name_en)}});
  }
  Json places = Json::array();
  for (const Site& site : sites) {
    places.push_back({{"id", site.id.value},
                      {"organisation_id", site.details.organisation.value},
                      {"name", site.details.name},
                      {"time_zone", site.details.iana_zone}});
  }
  return json_answer({{"organisations", std::move(tree)}, {"sites", std::move(places)}});
}

}  // namespace

void add_organisation_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/organisations", "listOrganisations", Permission::any_session(),
             [&services](RequestContext& context) { return list(services, context); });
}

}  // namespace duheng::platform::web
