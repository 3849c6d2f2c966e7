// The tariffs that customers have: their list, and which metering point has which since when.
#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/tariff_requests.hpp"

namespace duheng::platform::web {
namespace {

using store::CivilCalendar;

Json day_or_none(const std::optional<std::int32_t>& day) {
  return day ? Json(CivilCalendar::format_day(*day)) : Json(nullptr);
}

Json details_json(const TariffDetails& details) {
  return {{"code", details.code},
          {"name_zh", details.name_zh},
          {"name_en", details.name_en},
          {"utility", to_string(details.utility)},
          {"valid_from", CivilCalendar::format_day(details.first_day)},
          {"valid_to", day_or_none(details.last_day)}};
}

Json tariff_json(const Tariff& tariff) {
  Json out{{"id", tariff.id.value}, {"version", tariff.version}};
  out.update(details_json(tariff.details));
  return out;
}

Result<HttpResponse> detail_answer(const TariffDesk& desk, TariffId id, int status) {
  DUHENG_TRY(const Tariff tariff, desk.list.get(id));
  DUHENG_TRY(const std::vector<TariffVersion> versions, desk.list.versions(id));
  Json body = tariff_json(tariff);
  body["versions"] = Json::array();
  for (const TariffVersion& one : versions) {
    Json version{{"number", one.number}};
    version.update(details_json(one.details));
    version["made_at"] = format_utc(one.made_utc_ms);
    version["author"] = one.author;
    version["reason"] = one.reason;
    body["versions"].push_back(std::move(version));
  }
  HttpResponse response = json_answer(body);
  response.status = status;
  return response;
}

Result<HttpResponse> list(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const std::vector<Tariff> tariffs, desk.list.list());
  Json out = Json::array();
  for (const Tariff& tariff : tariffs) out.push_back(tariff_json(tariff));
  return json_answer({{"tariffs", std::move(out)}, {"today", CivilCalendar::format_day(desk.points.today())}});
}

Result<HttpResponse> detail(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return detail_answer(desk, TariffId{context.path_integer("tariff_id")}, 200);
}

Result<HttpResponse> create(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const TariffRequest wanted, parse_tariff_request(context.request.body, false));
  DUHENG_TRY(const TariffId id, desk.list.create(author_of(context), wanted.details));
  return detail_answer(desk, id, 201);
}

Result<HttpResponse> change(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const TariffId id{context.path_integer("tariff_id")};
  DUHENG_TRY(const TariffRequest wanted, parse_tariff_request(context.request.body, true));
  DUHENG_CHECK(desk.list.change(author_of(context), id, wanted.version, wanted.details, wanted.reason));
  return detail_answer(desk, id, 200);
}

Json entry_json(const PointTariff& entry, bool english) {
  Json tariff = nullptr;
  if (entry.tariff) {
    tariff = {
        {"id", entry.tariff.value}, {"code", entry.code}, {"name", pick_name(english, entry.name_zh, entry.name_en)}};
  }
  Json withdrawn = nullptr;
  if (entry.withdrawn_utc_ms) {
    withdrawn = {{"at", format_utc(*entry.withdrawn_utc_ms)},
                 {"author", entry.withdrawn_by},
                 {"reason", entry.withdrawn_reason}};
  }
  const auto last = entry.next_day ? std::optional(*entry.next_day - 1) : std::nullopt;
  return {{"id", entry.id},
          {"tariff", std::move(tariff)},
          {"from", CivilCalendar::format_day(entry.from_day)},
          {"to", day_or_none(last)},
          {"made_at", format_utc(entry.made_utc_ms)},
          {"author", entry.author},
          {"reason", entry.reason},
          {"withdrawn", std::move(withdrawn)}};
}

Result<HttpResponse> history_answer(const TariffDesk& desk, const RequestContext& context, PointId point) {
  DUHENG_TRY(const std::vector<PointTariff> entries, desk.points.history(context.caller->scope(), point));
  Json out = Json::array();
  for (const PointTariff& entry : entries) out.push_back(entry_json(entry, wants_english(context.request)));
  return json_answer({{"today", CivilCalendar::format_day(desk.points.today())},
                      {"time_zone", desk.points.calendar().zone()},
                      {"entries", std::move(out)}});
}

Result<HttpResponse> history(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return history_answer(desk, context, PointId{context.path_integer("point_id")});
}

Result<HttpResponse> assign(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const PointId point{context.path_integer("point_id")};
  DUHENG_TRY(const TariffChange wanted, parse_tariff_change(context.request.body));
  DUHENG_TRY(const bool is_new, desk.points.assign(author_of(context), point, wanted));
  if (!is_new) return fail(ErrorCode::conflict, "the point has this tariff on that day already");
  return history_answer(desk, context, point);
}

Result<HttpResponse> withdraw(TariffDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const PointId point{context.path_integer("point_id")};
  DUHENG_TRY(const std::string reason, parse_withdrawal(context.request.body));
  DUHENG_CHECK(desk.points.withdraw(author_of(context), point, context.path_integer("entry_id"), reason));
  return history_answer(desk, context, point);
}

}  // namespace

void add_tariff_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(TariffDesk&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission, Act act) {
    router.add(method, std::move(pattern), std::move(operation), permission,
               [&services, act](RequestContext& context) -> Result<HttpResponse> {
                 if (services.tariffs == nullptr) return fail(ErrorCode::unavailable, "no tariffs are kept here");
                 return act(*services.tariffs, context);
               });
  };
  const Permission writes = Permission::at_least(Role::operator_);
  // One list for all organisations.
  const Permission rules = Permission::whole_platform_at_least(Role::admin);
  add(Method::get, "/api/v1/tariffs", "listTariffs", Permission::any_session(), list);
  add(Method::post, "/api/v1/tariffs", "createTariff", rules, create);
  add(Method::get, "/api/v1/tariffs/{tariff_id}", "getTariff", Permission::any_session(), detail);
  add(Method::post, "/api/v1/tariffs/{tariff_id}", "changeTariff", rules, change);
  add(Method::get, "/api/v1/points/{point_id}/tariffs", "listPointTariffs", Permission::any_session(), history);
  add(Method::post, "/api/v1/points/{point_id}/tariffs", "setPointTariff", writes, assign);
  add(Method::post, "/api/v1/points/{point_id}/tariffs/{entry_id}/withdraw", "withdrawPointTariff", writes, withdraw);
}

}  // namespace duheng::platform::web
