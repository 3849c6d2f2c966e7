#include <algorithm>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/tariff_requests.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::string_view zone_without_site = "UTC";

std::string zone_of(const DirectoryDevice& device) {
  return device.device.site_zone.empty() ? std::string{zone_without_site} : device.device.site_zone;
}

/// The caller's scope, narrowed to the organisation asked for and all below it.
Result<VisibleOrganisations> narrowed(const ApiServices& services, const Caller& caller,
                                      std::optional<std::int64_t> organisation) {
  DUHENG_TRY(VisibleOrganisations visible, visible_organisations(services, caller));
  if (!organisation) return visible;
  DUHENG_TRY(const std::vector<OrganisationId> below,
             services.organisations.subtree_ids(Scope::below(OrganisationId{*organisation})));
  std::unordered_set<OrganisationId> both;
  for (const OrganisationId id : below) {
    if (sees(visible, id)) both.insert(id);
  }
  return VisibleOrganisations{std::move(both)};
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  DirectoryQuery query;
  query.page = static_cast<std::size_t>(context.query.integer("page", 1, 100'000, 1));
  query.page_size = static_cast<std::size_t>(context.query.integer("page_size", 1, 200, 50));
  query.search = context.query.text("search", 100);
  if (const auto state = context.query.choice("state", {"online", "late", "offline", "never"}))
    query.state = device_state_of(*state);
  query.site = SiteId{context.query.optional_id("site_id").value_or(0)};
  const auto organisation = context.query.optional_id("organisation_id");
  query.gateway = GatewayId{context.query.optional_id("gateway_id").value_or(0)};
  query.model = context.query.text("model", 64);
  const std::string tariff = context.query.text("tariff", 32);
  std::string sort =
      context.query.choice("sort", {"name", "-name", "address", "-address", "last_reading", "-last_reading"})
          .value_or("name");
  DUHENG_CHECK(context.query.finish());
  query.descending = sort.front() == '-';
  if (query.descending) sort.erase(0, 1);
  query.sort = sort == "name"      ? DirectorySort::name
               : sort == "address" ? DirectorySort::address
                                   : DirectorySort::last_reading;
  DUHENG_TRY(query.organisations, narrowed(services, *context.caller, organisation));
  if (!tariff.empty()) {
    if (services.tariffs == nullptr) return fail(ErrorCode::unavailable, "no tariffs are kept here");
    DUHENG_TRY(const TariffId wanted, asked_tariff(*services.tariffs, tariff));
    DUHENG_TRY(query.among, services.tariffs->points.devices_of(context.caller->scope(), wanted));
  }

  DUHENG_TRY(const DirectoryPage page, services.directory.list(query));
  Json devices = Json::array();
  const bool english = wants_english(context.request);
  for (const DirectoryRow& row : page.rows) devices.push_back(device_json(row, english));
  return json_answer({{"devices", std::move(devices)},
                      {"total", page.total},
                      {"page", query.page},
                      {"page_size", query.page_size},
                      {"server_time", format_utc(services.clock.utc_ms())}});
}

Result<HttpResponse> detail(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleDevice found,
             visible_device(services, *context.caller, DeviceId{context.path_integer("device_id")}));
  const std::vector<store::Series> series = series_of_device(services, *found.device);
  std::vector<SeriesId> ids;
  ids.reserve(series.size());
  for (const store::Series& one : series) ids.push_back(one.id);
  const std::vector<std::optional<store::Point>> latest = services.telemetry.latest(ids);
  Json registers = Json::array();
  for (std::size_t i = 0; i < series.size(); ++i) {
    registers.push_back({{"series_id", series[i].id.value},
                         {"register", series[i].register_name},
                         {"unit", series[i].unit},
                         {"exponent", series[i].exponent},
                         {"kind", to_string(series[i].kind)},
                         {"latest", latest[i] ? reading_json(series[i], *latest[i]) : Json(nullptr)}});
  }
  Json body = device_json(services.directory.row(*found.device), wants_english(context.request));
  body["time_zone"] = zone_of(*found.device);
  body["server_time"] = format_utc(services.clock.utc_ms());
  body["registers"] = std::move(registers);
  return json_answer(body);
}

Json gaps_json(const store::Completeness& found) {
  Json gaps = Json::array();
  for (const store::Gap& gap : found.gaps) {
    gaps.push_back({{"from", format_utc(gap.from_utc_ms)}, {"to", format_utc(gap.to_utc_ms)}});
  }
  return gaps;
}

constexpr std::int64_t slot_ms = 15 * 60'000;

Result<HttpResponse> completeness(ApiServices& services, RequestContext& context) {
  const std::string date = context.query.required_date("date");
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const VisibleDevice found,
             visible_device(services, *context.caller, DeviceId{context.path_integer("device_id")}));
  const std::string zone = zone_of(*found.device);
  const auto day = civil_day(date, zone);
  if (!day) return fail(ErrorCode::invalid_argument, "there is no such day: " + day.error().message);

  // A device's registers are read at different intervals, of which only the shortest stands in its record. What
  // settlement and load curves need is a value in each quarter of an hour, so that is what a day is measured by.
  const std::int64_t interval_ms = std::max(slot_ms, found.device->device.details.interval_s * 1'000);
  // Of today only what has passed is expected, and only whole intervals of it.
  const std::int64_t until = std::min(day->end_utc_ms, services.clock.utc_ms());
  const std::int64_t slots = std::max<std::int64_t>(0, (until - day->begin_utc_ms) / interval_ms);
  const store::TimeRange range{day->begin_utc_ms, day->begin_utc_ms + slots * interval_ms};
  std::uint64_t expected = 0;
  std::uint64_t present = 0;
  Json registers = Json::array();
  for (const store::Series& series : series_of_device(services, *found.device)) {
    store::Completeness counted;
    if (slots > 0) {
      DUHENG_TRY(counted, services.telemetry.completeness(series.id, range, interval_ms, {}));
    }
    expected += counted.expected;
    present += counted.present;
    registers.push_back({{"series_id", series.id.value},
                         {"register", series.register_name},
                         {"expected", counted.expected},
                         {"present", counted.present},
                         {"gaps", gaps_json(counted)}});
  }
  const double ratio = expected == 0 ? 1.0 : static_cast<double>(present) / static_cast<double>(expected);
  return json_answer({{"date", date},
                      {"time_zone", zone},
                      {"expected", expected},
                      {"present", present},
                      {"ratio", ratio},
                      {"registers", std::move(registers)}});
}

}  // namespace

void add_device_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/devices", "listDevices", Permission::any_session(),
             [&services](RequestContext& context) { return list(services, context); });
  router.add(Method::get, "/api/v1/devices/{device_id}", "getDevice", Permission::any_session(),
             [&services](RequestContext& context) { return detail(services, context); });
  router.add(Method::get, "/api/v1/devices/{device_id}/completeness", "getCompleteness", Permission::any_session(),
             [&services](RequestContext& context) { return completeness(services, context); });
}

}  // namespace duheng::platform::web
