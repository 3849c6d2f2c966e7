#include "base/time.hpp"
#include "platform/history_import/history_imports.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/onboarding_requests.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Json import_json(const HistoryImport& import) {
  Json findings = Json::array();
  for (const HistoryFinding& each : import.findings) {
    findings.push_back({{"line", each.line},
                        {"kind", to_string(each.kind)},
                        {"is_fault", is_fault(each.kind)},
                        {"column", each.column},
                        {"message", each.message}});
  }
  Json out{{"id", import.id},
           {"name", import.name},
           {"sha256", import.sha256},
           {"state", to_string(import.state)},
           {"lines", import.lines},
           {"lines_checked", import.lines_checked},
           {"good_lines", import.good_lines},
           {"bad_lines", import.bad_lines},
           {"doubled_lines", import.doubled_lines},
           {"known_lines", import.known_lines},
           {"conflict_lines", import.conflict_lines},
           {"lines_imported", import.lines_imported},
           {"started_at", format_utc(import.started_utc_ms)},
           {"finished_at", time_or_null(import.finished_utc_ms)},
           {"findings", std::move(findings)}};
  if (!import.reason.empty()) out["reason"] = import.reason;
  return out;
}

HttpResponse answer_of(const HistoryImport& import, int status) {
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

Result<HttpResponse> list(HistoryImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  Json out = Json::array();
  for (const auto& import : imports.list(author_of(context))) out.push_back(import_json(import));
  return json_answer({{"imports", std::move(out)}});
}

Result<HttpResponse> start(HistoryImports& imports, RequestContext& context) {
  const std::string name = context.query.text("name", 200);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.start(author_of(context), name, as_bytes(context.request.body)));
  return answer_of(import, 202);
}

Result<HttpResponse> get_template(HistoryImports&, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return csv_file(HistoryImports::template_csv(), "readings.csv");
}

Result<HttpResponse> detail(HistoryImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.get(author_of(context), context.path_integer("import_id")));
  return answer_of(import, 200);
}

Result<HttpResponse> report(HistoryImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(auto content, imports.report_csv(author_of(context), context.path_integer("import_id")));
  return csv_file(std::move(content), "report.csv");
}

Result<HttpResponse> commit(HistoryImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const auto mode = parse_commit(context.request.body);
  if (!mode) return std::unexpected(mode.error().error);
  const auto wanted =
      *mode == CommitMode::good_lines ? HistoryCommitMode::good_lines : HistoryCommitMode::all_or_nothing;
  DUHENG_TRY(const auto import, imports.commit(author_of(context), context.path_integer("import_id"), wanted));
  return answer_of(import, 202);
}

Result<HttpResponse> cancel(HistoryImports& imports, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto import, imports.cancel(author_of(context), context.path_integer("import_id")));
  return answer_of(import, 200);
}

}  // namespace

void add_history_import_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(HistoryImports&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act,
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) -> Router::Route& {
    return router.add(
        method, std::move(pattern), std::move(operation), Permission::at_least(Role::operator_),
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.history_imports == nullptr)
            return fail(ErrorCode::unavailable, "no history can be imported here");
          return act(*services.history_imports, context);
        },
        body_bytes_max);
  };
  add(Method::get, "/api/v1/history-imports", "listHistoryImports", list);
  add(Method::post, "/api/v1/history-imports", "startHistoryImport", start, history_limits::file_bytes_max).body_type =
      "text/csv";
  add(Method::get, "/api/v1/history-imports/template", "getHistoryImportTemplate", get_template);
  add(Method::get, "/api/v1/history-imports/{import_id}", "getHistoryImport", detail);
  add(Method::get, "/api/v1/history-imports/{import_id}/report", "getHistoryImportReport", report);
  add(Method::post, "/api/v1/history-imports/{import_id}/commit", "commitHistoryImport", commit);
  add(Method::post, "/api/v1/history-imports/{import_id}/cancel", "cancelHistoryImport", cancel);
}

}  // namespace duheng::platform::web
