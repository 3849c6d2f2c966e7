// Files on their way in: the same for every kind of import.
#include "base/time.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/onboarding_requests.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Json findings_json(const FileImport& import) {
  Json out = Json::array();
  for (const ImportFinding& each : import.findings) {
    out.push_back({{"line", each.line},
                   {"kind", each.kind},
                   {"is_fault", each.is_fault},
                   {"column", each.column},
                   {"message", each.message}});
  }
  return out;
}

Json import_json(const FileImport& import) {
  Json out{{"id", import.id},
           {"name", import.name},
           {"format", import.format},
           {"sha256", import.sha256},
           {"state", to_string(import.state)},
           {"lines", import.counts.lines},
           {"lines_checked", import.lines_checked},
           {"good_lines", import.counts.good_lines},
           {"bad_lines", import.counts.bad_lines},
           {"doubled_lines", import.counts.doubled_lines},
           {"known_lines", import.counts.known_lines},
           {"conflict_lines", import.counts.conflict_lines},
           {"lines_made", import.lines_made},
           {"started_at", format_utc(import.started_utc_ms)},
           {"finished_at", time_or_null(import.finished_utc_ms)}};
  if (!import.options.time_zone.empty()) out["time_zone"] = import.options.time_zone;
  if (!import.reason.empty()) out["reason"] = import.reason;
  return out;
}

HttpResponse answer_of(const FileImport& import, int status) {
  Json body = import_json(import);
  body["findings"] = findings_json(import);
  HttpResponse response = json_answer(body);
  response.status = status;
  return response;
}

HttpResponse csv_file(std::string content, std::string_view name) {
  HttpResponse response;
  response.content_type = "text/csv; charset=utf-8";
  response.body = std::move(content);
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"" + std::string(name) + "\""});
  return response;
}

Result<HttpResponse> list(FileImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto found, imports.list(author_of(context)));
  Json out = Json::array();
  for (const auto& import : found) out.push_back(import_json(import));
  return json_answer({{"imports", std::move(out)}});
}

Result<HttpResponse> start(FileImports& imports, RequestContext& context) {
  const std::string name = context.query.text("name", 200);
  ImportOptions options;
  options.time_zone = context.query.text("time_zone", 64);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.start(author_of(context), name, as_bytes(context.request.body), options));
  return answer_of(import, 202);
}

Result<HttpResponse> get_template(FileImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return csv_file(imports.template_csv(), "template.csv");
}

Result<HttpResponse> detail(FileImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.get(author_of(context), context.path_integer("import_id")));
  return answer_of(import, 200);
}

Result<HttpResponse> report(FileImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(auto content, imports.report_csv(author_of(context), context.path_integer("import_id")));
  return csv_file(std::move(content), "report.csv");
}

Result<HttpResponse> commit(FileImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const auto mode = parse_commit(context.request.body);
  if (!mode) return std::unexpected(mode.error().error);
  DUHENG_TRY(const auto import, imports.commit(author_of(context), context.path_integer("import_id"), *mode));
  return answer_of(import, 202);
}

Result<HttpResponse> cancel(FileImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.cancel(author_of(context), context.path_integer("import_id")));
  return answer_of(import, 200);
}

/// Where a kind of import is found: "/api/v1/device-imports", "…DeviceImport…".
struct ImportPlace {
  std::string path;
  std::string noun;
  FileImports* ApiServices::* imports;
  const char* missing;
};

void add_routes_at(Router& router, ApiServices& services, const ImportPlace& place) {
  using Act = Result<HttpResponse> (*)(FileImports&, RequestContext&);
  const auto add = [&](Method method, std::string_view rest, std::string operation, Act act) -> Router::Route& {
    return router.add(method, place.path + std::string(rest), std::move(operation),
                      Permission::at_least(Role::operator_),
                      [&services, act, place](RequestContext& context) -> Result<HttpResponse> {
                        FileImports* imports = services.*place.imports;
                        if (imports == nullptr) return fail(ErrorCode::unavailable, place.missing);
                        return act(*imports, context);
                      });
  };
  const std::string& noun = place.noun;
  add(Method::get, "", "list" + noun + "s", list);
  auto& upload = add(Method::post, "", "start" + noun, start);
  upload.body_bytes_max = ImportLimits{}.file_bytes_max;
  // What it is, the file's own octets say; browsers know none of these for sure.
  upload.body_type =
      "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, application/vnd.apache.parquet, "
      "application/octet-stream";
  add(Method::get, "/template", "get" + noun + "Template", get_template);
  add(Method::get, "/{import_id}", "get" + noun, detail);
  add(Method::get, "/{import_id}/report", "get" + noun + "Report", report);
  add(Method::post, "/{import_id}/commit", "commit" + noun, commit);
  add(Method::post, "/{import_id}/cancel", "cancel" + noun, cancel);
}

}  // namespace

void add_import_routes(Router& router, ApiServices& services) {
  add_routes_at(router, services,
                {"/api/v1/device-imports", "DeviceImport", &ApiServices::imports, "devices cannot be added here"});
  add_routes_at(
      router, services,
      {"/api/v1/point-imports", "PointImport", &ApiServices::point_imports, "no points can be imported here"});
  add_routes_at(
      router, services,
      {"/api/v1/history-imports", "HistoryImport", &ApiServices::history_imports, "no history can be imported here"});
}

}  // namespace duheng::platform::web
