#include "base/time.hpp"
#include "platform/onboarding/device_import.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/onboarding_requests.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Json import_json(const DeviceImport& import) {
  Json faults = Json::array();
  for (const auto& each : import.faults)
    faults.push_back(
        {{"line", each.line}, {"column", each.column}, {"code", to_string(each.code)}, {"message", each.message}});
  Json out{{"id", import.id},
           {"name", import.name},
           {"state", to_string(import.state)},
           {"lines", import.lines},
           {"lines_checked", import.lines_checked},
           {"good_lines", import.good_lines},
           {"bad_lines", import.bad_lines},
           {"devices_made", import.devices_made},
           {"started_at", format_utc(import.started_utc_ms)},
           {"finished_at", time_or_null(import.finished_utc_ms)},
           {"errors", std::move(faults)}};
  if (!import.reason.empty()) out["reason"] = import.reason;
  return out;
}

HttpResponse answer_of(const DeviceImport& import, int status) {
  HttpResponse response = json_answer(import_json(import));
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

Result<HttpResponse> list(DeviceImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  Json out = Json::array();
  for (const auto& import : imports.list(author_of(context))) out.push_back(import_json(import));
  return json_answer({{"imports", std::move(out)}});
}

Result<HttpResponse> start(DeviceImports& imports, RequestContext& context) {
  const std::string name = context.query.text("name", 200);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.start(author_of(context), name, as_bytes(context.request.body)));
  return answer_of(import, 202);
}

Result<HttpResponse> get_template(DeviceImports&, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return csv_file(DeviceImports::template_csv(), "devices.csv");
}

Result<HttpResponse> detail(DeviceImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.get(author_of(context), context.path_integer("import_id")));
  return answer_of(import, 200);
}

Result<HttpResponse> errors(DeviceImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(auto content, imports.faults_csv(author_of(context), context.path_integer("import_id")));
  return csv_file(std::move(content), "errors.csv");
}

Result<HttpResponse> commit(DeviceImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const auto mode = parse_commit(context.request.body);
  if (!mode) return std::unexpected(mode.error().error);
  DUHENG_TRY(const auto import, imports.commit(author_of(context), context.path_integer("import_id"), *mode));
  return answer_of(import, 202);
}

Result<HttpResponse> cancel(DeviceImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.cancel(author_of(context), context.path_integer("import_id")));
  return answer_of(import, 200);
}

}  // namespace

void add_import_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(DeviceImports&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act,
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) -> Router::Route& {
    return router.add(
        method, std::move(pattern), std::move(operation), Permission::at_least(Role::operator_),
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.imports == nullptr) return fail(ErrorCode::unavailable, "devices cannot be added here");
          return act(*services.imports, context);
        },
        body_bytes_max);
  };
  add(Method::get, "/api/v1/device-imports", "listDeviceImports", list);
  add(Method::post, "/api/v1/device-imports", "startDeviceImport", start, import_limits::file_bytes_max).body_type =
      "text/csv";
  add(Method::get, "/api/v1/device-imports/template", "getDeviceImportTemplate", get_template);
  add(Method::get, "/api/v1/device-imports/{import_id}", "getDeviceImport", detail);
  add(Method::get, "/api/v1/device-imports/{import_id}/errors", "getDeviceImportErrors", errors);
  add(Method::post, "/api/v1/device-imports/{import_id}/commit", "commitDeviceImport", commit);
  add(Method::post, "/api/v1/device-imports/{import_id}/cancel", "cancelDeviceImport", cancel);
}

}  // namespace duheng::platform::web
