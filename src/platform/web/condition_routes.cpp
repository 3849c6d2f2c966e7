// What meters say is wrong with them: low batteries, valves, interference, covers.
#include <algorithm>

#include "base/time.hpp"
#include "platform/meter_conditions/meter_conditions.hpp"
#include "platform/organisations/text.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

std::string_view to_text(alarms::Severity severity) {
  switch (severity) {
    case alarms::Severity::notice:
      return "notice";
    case alarms::Severity::warning:
      return "warning";
    case alarms::Severity::major:
      return "major";
    default:
      return "critical";
  }
}

Json condition_json(const MeterConditions::Entry& entry, const Device& device) {
  Json facts = Json::object();
  for (const auto& [name, value] : entry.standing.facts) facts[name] = value;
  return {{"device",
           {{"id", device.id.value},
            {"name", device.details.name},
            {"uid", device.details.uid},
            {"model", device.details.model}}},
          {"site", named_or_null(device.details.site.value, device.site_name)},
          {"kind", entry.kind},
          {"severity", to_text(entry.standing.severity)},
          {"since", format_utc(entry.standing.since_utc_ms)},
          {"facts", std::move(facts)}};
}

struct Question {
  std::string kind;
  std::string search;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
};

Result<Question> read_question(RequestContext& context) {
  Question out;
  out.kind = context.query.text("kind", 64);
  out.search = to_lower_ascii(context.query.text("search", 100));
  out.page = context.query.integer("page", 1, 100'000, 1);
  out.page_size = context.query.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(context.query.finish());
  if (!out.kind.empty() && std::ranges::find(meter_condition_kinds(), out.kind) == meter_condition_kinds().end())
    return fail(ErrorCode::invalid_argument, "\"kind\" is none of a meter's conditions");
  return out;
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  if (services.conditions == nullptr) return fail(ErrorCode::unavailable, "no conditions are kept here");
  DUHENG_TRY(const Question question, read_question(context));
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, *context.caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  std::map<std::string_view, std::int64_t> counts;
  for (const std::string_view kind : meter_condition_kinds()) counts[kind] = 0;
  Json conditions = Json::array();
  std::int64_t total = 0;
  const std::int64_t first = (question.page - 1) * question.page_size;
  for (const auto& entry : services.conditions->list("")) {
    const DirectoryDevice* device = snapshot->find(entry.device);
    if (device == nullptr || !sees(visible, device->device.details.organisation)) continue;
    ++counts[entry.kind];
    const bool asked_for = (question.kind.empty() || question.kind == entry.kind) &&
                           device->search_text.find(question.search) != std::string::npos;
    if (!asked_for) continue;
    if (total >= first && total < first + question.page_size)
      conditions.push_back(condition_json(entry, device->device));
    ++total;
  }
  Json kinds = Json::object();
  for (const auto& [kind, count] : counts) kinds[std::string(kind)] = count;
  return json_answer({{"conditions", std::move(conditions)},
                      {"counts", std::move(kinds)},
                      {"total", total},
                      {"page", question.page},
                      {"page_size", question.page_size}});
}

}  // namespace

void add_condition_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/meter-conditions", "listMeterConditions", Permission::any_session(),
             [&services](RequestContext& context) { return list(services, context); });
}

}  // namespace duheng::platform::web
