// Network equipment: the ledger, what hangs on what, how it is; and the health of the server itself.
#include <fmt/format.h>

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/equipment/equipment_desk.hpp"
#include "platform/servers/server_watch.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/body_reader.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t id_max = INT64_MAX;
constexpr std::int64_t topology_nodes_max = 2'000;
constexpr std::size_t attachments_bytes_max = 512U << 10;

HttpResponse done(int status = 204) {
  HttpResponse response;
  response.status = status;
  return response;
}

/// A problem that names the field.
Result<HttpResponse> refusal(const FieldFault& found, const RequestContext& context) {
  if (found.field.empty()) return std::unexpected(found.error);
  const int status = http_status(found.error.code);
  if (status >= 500 && status != 501) return std::unexpected(found.error);
  HttpResponse response = problem(status == 404 || status == 501 ? 400 : status, to_string(found.error.code),
                                  found.error.message, context.request_id);
  response.body.pop_back();
  response.body += fmt::format(R"(,"field":{}}})", log::json_quoted(found.field));
  return response;
}

std::string_view word_of(CheckState state) {
  if (state == CheckState::unknown) return "unknown";
  return state == CheckState::answering ? "answering" : "silent";
}

Json status_json(const EquipmentStatus& status) {
  Json checks = Json::array();
  for (const auto& check : status.checks)
    checks.push_back({{"kind", check.kind},
                      {"device_id", check.device.value},
                      {"state", word_of(check.state)},
                      {"last_answer_at", time_or_null(check.last_answer_utc_ms)}});
  return {{"state", to_string(status.state)},
          {"known", status.is_known},
          {"flapping", status.is_flapping},
          {"since", time_or_null(status.since_utc_ms)},
          {"checks", std::move(checks)}};
}

Json count_or_null(const std::optional<std::int64_t>& count) { return count ? Json(*count) : Json(nullptr); }

Json ports_json(const EquipmentStatus& status) {
  Json out = Json::array();
  for (const auto& [number, port] : status.ports)
    out.push_back({{"number", number},
                   {"state", to_string(port.state)},
                   {"since", time_or_null(port.since_utc_ms)},
                   {"supervision", to_string(port.supervision)},
                   {"supervised", port.is_watched},
                   {"alarm", port.is_alarm},
                   {"octets_in", count_or_null(port.sample.octets_in)},
                   {"octets_out", count_or_null(port.sample.octets_out)},
                   {"errors_in", count_or_null(port.sample.errors_in)},
                   {"errors_per_hour", count_or_null(port.errors_per_hour)}});
  return out;
}

Json equipment_json(const Equipment& one, const EquipmentDesk& desk, bool english) {
  const EquipmentDetails& details = one.details;
  return {
      {"id", one.id.value},
      {"kind", to_string(details.kind)},
      {"name", details.name},
      {"maker", details.maker},
      {"model", details.model},
      {"serial", details.serial},
      {"address", details.address},
      {"organisation", named(details.organisation.value, pick_name(english, one.organisation_zh, one.organisation_en))},
      {"site", named_or_null(details.site.value, one.site_name)},
      {"gateway", named_or_null(details.gateway.value, one.gateway_name)},
      {"parent", named_or_null(details.parent.value, one.parent_name)},
      {"attached", one.attached},
      {"status", status_json(desk.watch.status(one.id))}};
}

Json attachment_json(const Attachment& one) {
  Json out{{"port", one.port},
           {"kind", to_string(one.kind)},
           {"name", one.name},
           {"from", format_utc(one.from_utc_ms)},
           {"to", one.to_utc_ms ? Json(format_utc(*one.to_utc_ms)) : Json(nullptr)}};
  if (one.gateway) out["gateway_id"] = one.gateway.value;
  if (!one.channel.empty()) out["channel"] = one.channel;
  if (one.device) out["device_id"] = one.device.value;
  return out;
}

Result<EquipmentDetails> read_details(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader(json, {"kind", "name", "maker", "model", "serial", "address", "organisation_id", "site_id",
                           "gateway_id", "parent_id"});
  EquipmentDetails out;
  const auto kind = equipment_kind(reader.text("kind", 32));
  if (!kind) reader.reject("kind", "must be switch, router, access_point, serial_server or cellular_router");
  out.kind = kind.value_or(EquipmentKind::network_switch);
  out.name = reader.text("name", 200);
  out.maker = reader.text("maker", 200);
  out.model = reader.text("model", 200);
  out.serial = reader.text("serial", 100);
  out.address = reader.text("address", 255);
  out.organisation = OrganisationId{reader.integer("organisation_id", 0, id_max, 0)};
  out.site = SiteId{reader.integer("site_id", 0, id_max, 0)};
  out.gateway = GatewayId{reader.integer("gateway_id", 0, id_max, 0)};
  out.parent = EquipmentId{reader.integer("parent_id", 0, id_max, 0)};
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<Attachment> read_attachment(const Json& json) {
  BodyReader reader(json, {"port", "kind", "gateway_id", "channel", "device_id"});
  Attachment out;
  out.port = reader.text("port", 64);
  const std::string kind = reader.text("kind", 16);
  if (kind == "gateway")
    out.kind = Attachment::Kind::gateway;
  else if (kind == "channel")
    out.kind = Attachment::Kind::channel;
  else if (kind != "device")
    reader.reject("kind", "must be gateway, channel or device");
  out.gateway = GatewayId{reader.integer("gateway_id", 0, id_max, 0)};
  out.channel = reader.text("channel", 64);
  out.device = DeviceId{reader.integer("device_id", 0, id_max, 0)};
  DUHENG_CHECK(reader.finish());
  return out;
}

EquipmentId id_of(const RequestContext& context) { return EquipmentId{context.path_integer("equipment_id")}; }

Result<HttpResponse> list(const EquipmentDesk& desk, RequestContext& context) {
  EquipmentQuery query;
  query.page = context.query.integer("page", 1, 1'000'000, 1);
  query.page_size = context.query.integer("page_size", 1, 200, 50);
  query.search = context.query.text("search", 100);
  const std::string kind = context.query.text("kind", 32);
  query.site = SiteId{context.query.integer("site_id", 0, id_max, 0)};
  query.gateway = GatewayId{context.query.integer("gateway_id", 0, id_max, 0)};
  DUHENG_CHECK(context.query.finish());
  query.kind = equipment_kind(kind);
  if (!kind.empty() && !query.kind) return fail(ErrorCode::invalid_argument, "\"kind\" is no kind of equipment");
  DUHENG_TRY(const auto page, desk.ledger.list(context.caller->scope(), query));
  Json items = Json::array();
  for (const Equipment& one : page.items) items.push_back(equipment_json(one, desk, wants_english(context.request)));
  return json_answer({{"equipment", std::move(items)}, {"total", page.total}});
}

Result<HttpResponse> get(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const auto scope = context.caller->scope();
  DUHENG_TRY(const auto one, desk.ledger.get(scope, id_of(context)));
  DUHENG_TRY(const auto attached, desk.ledger.attachments(scope, one.id, true));
  DUHENG_TRY(const auto uplinks, desk.ledger.uplinks(scope, one.id));
  Json out = equipment_json(one, desk, wants_english(context.request));
  Json ports = Json::array();
  for (const Attachment& each : attached) ports.push_back(attachment_json(each));
  Json periods = Json::array();
  for (const UplinkPeriod& each : uplinks)
    periods.push_back({{"parent", named_or_null(each.parent.value, each.parent_name)},
                       {"from", format_utc(each.from_utc_ms)},
                       {"to", each.to_utc_ms ? Json(format_utc(*each.to_utc_ms)) : Json(nullptr)}});
  out["attachments"] = std::move(ports);
  out["uplinks"] = std::move(periods);
  out["ports"] = ports_json(desk.watch.status(one.id));
  return json_answer(out);
}

Result<HttpResponse> topology(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto picture, desk.ledger.picture(context.caller->scope(), topology_nodes_max));
  std::map<EquipmentId, std::map<std::string_view, std::int64_t>> hanging;
  for (const auto& link : picture.links) ++hanging[link.equipment][to_string(link.what.kind)];
  Json nodes = Json::array();
  for (const auto& node : picture.nodes) {
    Json attached = Json::object();
    for (const auto& [kind, count] : hanging[node.id]) attached[std::string(kind)] = count;
    nodes.push_back({{"id", node.id.value},
                     {"kind", to_string(node.kind)},
                     {"name", node.name},
                     {"parent_id", node.parent ? Json(node.parent.value) : Json(nullptr)},
                     {"gateway_id", node.gateway ? Json(node.gateway.value) : Json(nullptr)},
                     {"attached", std::move(attached)},
                     {"status", status_json(desk.watch.status(node.id))}});
  }
  return json_answer(
      {{"nodes", std::move(nodes)}, {"cut", picture.nodes.size() >= static_cast<std::size_t>(topology_nodes_max)}});
}

/// Left out, it is the caller's own.
void default_organisation(const RequestContext& context, EquipmentDetails& details) {
  if (!details.organisation) details.organisation = context.caller->organisation;
}

Result<HttpResponse> create(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(auto details, read_details(context.request.body));
  default_organisation(context, details);
  DUHENG_TRY(const auto id, desk.ledger.create(author_of(context), details));
  HttpResponse response = json_answer({{"id", id.value}});
  response.status = 201;
  return response;
}

Result<HttpResponse> update(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(auto details, read_details(context.request.body));
  default_organisation(context, details);
  DUHENG_CHECK(desk.ledger.update(author_of(context), id_of(context), details));
  return done();
}

Result<HttpResponse> retire(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(desk.ledger.retire(author_of(context), id_of(context)));
  return done();
}

Result<HttpResponse> attach(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json json, parse_body(context.request.body));
  BodyReader reader(json, {"attachments"});
  std::vector<Attachment> wanted;
  for (const Json& each : reader.list("attachments", EquipmentLedger::attachments_max)) {
    DUHENG_TRY(wanted.emplace_back(), read_attachment(each));
  }
  DUHENG_CHECK(reader.finish());
  DUHENG_CHECK(desk.ledger.attach(author_of(context), id_of(context), wanted));
  return done();
}

Result<HttpResponse> supervise(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json json, parse_body(context.request.body));
  BodyReader reader(json, {"ping", "snmp", "snmp_credential", "snmp_port", "snmp_model"});
  Supervision how;
  how.ping = reader.flag("ping", true);
  how.snmp = reader.flag("snmp", false);
  how.snmp_credential = reader.text("snmp_credential", 20);
  how.snmp_port = static_cast<std::uint16_t>(reader.integer("snmp_port", 1, 65'535, 161));
  if (const auto model = reader.text("snmp_model", 64); !model.empty()) how.snmp_model = model;
  DUHENG_CHECK(reader.finish());
  if (const auto begun = desk.supervision.begin(author_of(context), id_of(context), how); !begun)
    return refusal(begun.error(), context);
  return done();
}

Result<HttpResponse> end_supervision(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(desk.supervision.end(author_of(context), id_of(context)));
  return done();
}

Result<HttpResponse> supervise_port(const EquipmentDesk& desk, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json json, parse_body(context.request.body));
  BodyReader reader(json, {"supervision"});
  const auto supervision = port_supervision(reader.text("supervision", 16));
  if (!supervision) reader.reject("supervision", "must be by_use, always or never");
  DUHENG_CHECK(reader.finish());
  const auto number = context.path_integer("port");
  if (number < 0 || number > UINT32_MAX) return fail(ErrorCode::invalid_argument, "there is no such port");
  DUHENG_CHECK(desk.ledger.supervise_port(author_of(context), id_of(context), static_cast<std::uint32_t>(number),
                                          supervision.value_or(PortSupervision::by_use)));
  return done();
}

Result<HttpResponse> import_file(const EquipmentDesk& desk, RequestContext& context) {
  const bool commit = context.query.choice("commit", {"true", "false"}) == "true";
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto outcome, desk.import.run(author_of(context), as_bytes(context.request.body), commit));
  Json faults = Json::array();
  for (const auto& each : outcome.faults)
    faults.push_back({{"line", each.line}, {"column", each.column}, {"code", each.code}, {"message", each.message}});
  return json_answer({{"lines", outcome.lines},
                      {"good_lines", outcome.good_lines},
                      {"made", outcome.made},
                      {"faults", std::move(faults)}});
}

Result<HttpResponse> import_template(const EquipmentDesk& /*desk*/, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  HttpResponse response;
  response.content_type = "text/csv; charset=utf-8";
  response.body = EquipmentImport::template_csv();
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"equipment.csv\""});
  return response;
}

Result<HttpResponse> server_health(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const auto report = services.servers != nullptr ? services.servers->report() : servers::ServerReport{};
  Json sources = Json::array();
  for (const auto& source : report.sources) {
    Json items = Json::array();
    for (const auto& item : source.items)
      items.push_back({{"name", item.name}, {"problem", item.is_problem}, {"value", item.value}});
    sources.push_back({{"name", source.name},
                       {"state", to_string(source.state)},
                       {"reason", source.reason},
                       {"items", std::move(items)}});
  }
  return json_answer({{"read_at", time_or_null(report.read_utc_ms)}, {"sources", std::move(sources)}});
}

}  // namespace

void add_equipment_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(const EquipmentDesk&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission, Act act,
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) -> Router::Route& {
    return router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.equipment == nullptr) return fail(ErrorCode::unavailable, "no network equipment is kept here");
          return act(*services.equipment, context);
        },
        body_bytes_max);
  };
  const auto seen = Permission::any_session();
  const auto changed = Permission::at_least(Role::operator_);
  add(Method::get, "/api/v1/equipment", "listEquipment", seen, list);
  add(Method::post, "/api/v1/equipment", "createEquipment", changed, create);
  add(Method::get, "/api/v1/equipment/topology", "getEquipmentTopology", seen, topology);
  add(Method::get, "/api/v1/equipment/import-template", "getEquipmentImportTemplate", seen, import_template);
  add(Method::post, "/api/v1/equipment/import", "importEquipment", changed, import_file,
      EquipmentImport::file_bytes_max)
      .body_type = "text/csv";
  add(Method::get, "/api/v1/equipment/{equipment_id}", "getEquipment", seen, get);
  add(Method::put, "/api/v1/equipment/{equipment_id}", "updateEquipment", changed, update);
  add(Method::remove, "/api/v1/equipment/{equipment_id}", "retireEquipment", changed, retire);
  add(Method::put, "/api/v1/equipment/{equipment_id}/attachments", "attachToEquipment", changed, attach,
      attachments_bytes_max);
  add(Method::put, "/api/v1/equipment/{equipment_id}/supervision", "superviseEquipment", changed, supervise);
  add(Method::remove, "/api/v1/equipment/{equipment_id}/supervision", "endEquipmentSupervision", changed,
      end_supervision);
  add(Method::put, "/api/v1/equipment/{equipment_id}/ports/{port}", "superviseEquipmentPort", changed, supervise_port);
  router.add(Method::get, "/api/v1/status/server", "getServerHealth", Permission::whole_platform(),
             [&services](RequestContext& context) { return server_health(services, context); });
}

}  // namespace duheng::platform::web
