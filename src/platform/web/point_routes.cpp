// Metering points: their chains, exchanges, and what they consumed.
#include "base/time.hpp"
#include "platform/points/metering_points.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/edit_requests.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/tariff_requests.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

Json decimal_or_null(const std::optional<Decimal>& value) { return value ? Json(value->to_string()) : Json(nullptr); }
Json optional_time(const std::optional<std::int64_t>& utc_ms) {
  return utc_ms ? Json(format_utc(*utc_ms)) : Json(nullptr);
}

using PresentTariffs = std::map<PointId, Tariff>;

Result<void> read_tariffs(const ApiServices& services, const std::vector<MeteringPoint>& points, PresentTariffs& out) {
  if (services.tariffs == nullptr) return {};
  std::vector<PointId> ids;
  for (const MeteringPoint& point : points) ids.push_back(point.id);
  DUHENG_TRY(out, services.tariffs->points.present(ids));
  return {};
}

/// The tariff that the point has today.
Json tariff_json(const PresentTariffs& tariffs, PointId point, bool english) {
  const auto found = tariffs.find(point);
  if (found == tariffs.end()) return nullptr;
  const TariffDetails& details = found->second.details;
  return {{"id", found->second.id.value},
          {"code", details.code},
          {"name", pick_name(english, details.name_zh, details.name_en)}};
}

Json point_json(const MeteringPoint& point, const PresentTariffs& tariffs, bool english) {
  return {{"id", point.id.value},
          {"name", point.details.name},
          {"organisation", named(point.details.organisation.value,
                                 pick_name(english, point.organisation_name_zh, point.organisation_name_en))},
          {"site", named_or_null(point.details.site.value, point.site_name)},
          {"device", named_or_null(point.device.value, point.device_name)},
          {"tariff", tariff_json(tariffs, point.id, english)},
          {"time_zone", point.site_zone.empty() ? "UTC" : point.site_zone},
          {"links", point.links}};
}

Json link_json(const PointLink& link) {
  Json registers = Json::array();
  for (const PointRegister& one : link.registers) {
    registers.push_back({{"name", one.name},
                         {"ratio_numerator", one.ratio_numerator},
                         {"ratio_denominator", one.ratio_denominator},
                         {"digits", one.digits ? Json(*one.digits) : Json(nullptr)},
                         {"start", decimal_or_null(one.start)},
                         {"end", decimal_or_null(one.end)}});
  }
  return {{"device", {{"id", link.device.value}, {"name", link.device_name}, {"address", link.device_address}}},
          {"from", format_utc(link.from_utc_ms)},
          {"to", optional_time(link.to_utc_ms)},
          {"registers", std::move(registers)}};
}

Json event_json(const PointEvent& event) {
  return {{"at", format_utc(event.at_utc_ms)},
          {"made_at", format_utc(event.made_utc_ms)},
          {"author", event.author},
          {"action", event.action},
          {"reason", event.reason}};
}

Json party_json(const PointParty& party) {
  if (party.code.empty()) return nullptr;
  return {{"code", party.code}, {"name", party.name}};
}

Result<HttpResponse> detail_answer(ApiServices& services, RequestContext& context, PointId id, int status) {
  const Scope scope = context.caller->scope();
  DUHENG_TRY(const MeteringPoint point, services.points->get(scope, id));
  DUHENG_TRY(const auto chain, services.points->chain(scope, id));
  DUHENG_TRY(const auto events, services.points->events(scope, id));
  PresentTariffs tariffs;
  DUHENG_CHECK(read_tariffs(services, {point}, tariffs));
  Json body = point_json(point, tariffs, wants_english(context.request));
  DUHENG_TRY(const PointParties parties, services.points->parties(scope, id));
  body["customer"] = party_json(parties.customer);
  body["transformer"] = party_json(parties.transformer);
  body["chain"] = Json::array();
  for (const PointLink& link : chain) body["chain"].push_back(link_json(link));
  body["events"] = Json::array();
  for (const PointEvent& event : events) body["events"].push_back(event_json(event));
  HttpResponse response = json_answer(body);
  response.status = status;
  return response;
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  PointQuery query;
  query.page = context.query.integer("page", 1, 100'000, 1);
  query.page_size = context.query.integer("page_size", 1, metering_point_limits::page_size_max, 50);
  query.search = context.query.text("search", 100);
  const std::string tariff = context.query.text("tariff", 32);
  DUHENG_CHECK(context.query.finish());
  if (!tariff.empty()) {
    if (services.tariffs == nullptr) return fail(ErrorCode::unavailable, "no tariffs are kept here");
    DUHENG_TRY(query.tariff, asked_tariff(*services.tariffs, tariff));
    query.day = services.tariffs->points.today();
  }
  DUHENG_TRY(const PointPage page, services.points->list(context.caller->scope(), query));
  PresentTariffs tariffs;
  DUHENG_CHECK(read_tariffs(services, page.points, tariffs));
  Json points = Json::array();
  for (const MeteringPoint& point : page.points)
    points.push_back(point_json(point, tariffs, wants_english(context.request)));
  return json_answer(
      {{"points", std::move(points)}, {"total", page.total}, {"page", query.page}, {"page_size", query.page_size}});
}

Result<HttpResponse> detail(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return detail_answer(services, context, PointId{context.path_integer("point_id")}, 200);
}

/// What list() shows of all pages, as a file that can be imported again.
Result<HttpResponse> export_file(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  if (services.tariffs == nullptr) return fail(ErrorCode::unavailable, "no tariffs are kept here");
  HttpResponse response;
  response.content_type = "text/csv; charset=utf-8";
  DUHENG_TRY(response.body, services.points->export_csv(context.caller->scope(), services.tariffs->points.today()));
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"points.csv\""});
  return response;
}

Result<HttpResponse> create(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const PointRequest wanted, parse_point_request(context.request.body));
  DUHENG_TRY(const PointId id, services.points->create(author_of(context), wanted.details, wanted.first));
  return detail_answer(services, context, id, 201);
}

Result<HttpResponse> exchange(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const PointId id{context.path_integer("point_id")};
  DUHENG_TRY(const ExchangeRequest wanted, parse_exchange_request(context.request.body));
  const Author author = author_of(context);
  if (wanted.installation) {
    DUHENG_CHECK(services.points->exchange(author, id, *wanted.installation, wanted.ends, wanted.reason));
  } else {
    DUHENG_CHECK(services.points->remove(author, id, wanted.at_utc_ms, wanted.ends, wanted.reason));
  }
  return detail_answer(services, context, id, 200);
}

}  // namespace

void add_point_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission, Act act) {
    router.add(method, std::move(pattern), std::move(operation), permission,
               [&services, act](RequestContext& context) -> Result<HttpResponse> {
                 if (services.points == nullptr)
                   return fail(ErrorCode::unavailable, "no metering points are kept here");
                 return act(services, context);
               });
  };
  add(Method::get, "/api/v1/points", "listPoints", Permission::any_session(), list);
  add(Method::post, "/api/v1/points", "createPoint", Permission::at_least(Role::operator_), create);
  // Whole lists of customers are for who works with them.
  add(Method::get, "/api/v1/points/export", "exportPoints", Permission::at_least(Role::operator_), export_file);
  add(Method::get, "/api/v1/points/{point_id}", "getPoint", Permission::any_session(), detail);
  add(Method::post, "/api/v1/points/{point_id}/exchange", "exchangeAtPoint", Permission::at_least(Role::operator_),
      exchange);
}

}  // namespace duheng::platform::web
