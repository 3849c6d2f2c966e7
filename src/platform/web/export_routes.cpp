#include "base/time.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/export_requests.hpp"
#include "platform/web/export_resolution.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t request_bytes_max = 512U << 10;

Json export_json(const Export& found) {
  Json out{{"id", found.id},
           {"name", found.name},
           {"format", to_string(found.format)},
           {"by", found.is_audit ? "audit"
                  : found.by     ? store::to_string(*found.by)
                                 : "reading"},
           {"time_zone", found.time_zone},
           {"from", format_utc(found.range.from_utc_ms)},
           {"to", format_utc(found.range.to_utc_ms)},
           {"state", to_string(found.state)},
           {"created_at", format_utc(found.created_utc_ms)},
           {"finished_at", time_or_null(found.finished_utc_ms)},
           {"expires_at", time_or_null(found.expires_utc_ms)},
           {"devices", found.devices},
           {"series", found.parts},
           {"series_done", found.parts_done},
           {"rows", found.rows},
           {"size_bytes", found.size_bytes},
           {"downloads", found.downloads}};
  if (!found.reason.empty()) out["reason"] = found.reason;
  if (!found.sha256.empty()) out["sha256"] = found.sha256;
  return out;
}

HttpResponse answer_of(const Export& found, int status) {
  HttpResponse response = json_answer(export_json(found));
  response.status = status;
  return response;
}

/// The file as it is decrypted on its way out.
class ExportBody final : public BodySource {
 public:
  explicit ExportBody(ExportDownload download) : download_(std::move(download)) {}
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return download_.size_bytes; }
  [[nodiscard]] Result<std::string> next() override {
    DUHENG_TRY(const auto piece, download_.reader.next());
    return piece ? std::string{as_text(*piece)} : std::string{};
  }

 private:
  ExportDownload download_;
};

/// An audit tells of everybody: it cannot be cut to a part of the platform, and its chain would not hold.
Result<void> may_audit(const Caller& caller) {
  if (caller.sees_everything() && caller.role >= Role::operator_) return {};
  return fail(ErrorCode::forbidden, "an audit is for operators of the whole platform");
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto found, services.exports->list(author_of(context)));
  Json out = Json::array();
  for (const Export& each : found) out.push_back(export_json(each));
  return json_answer({{"exports", std::move(out)}});
}

Result<HttpResponse> create(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(ExportRequest wanted, parse_export_request(context.request.body));
  NewExport asked;
  if (wanted.by) {
    DUHENG_TRY(asked.days, days_of_export(services, wanted));
    asked.by = wanted.by;
  }
  asked.is_audit = wanted.is_audit;
  if (asked.is_audit) {
    DUHENG_CHECK(may_audit(*context.caller));
  } else {
    DUHENG_TRY(asked.plan, resolve_export(services, *context.caller, wanted));
  }
  asked.name = std::move(wanted.name);
  asked.format = wanted.format;
  asked.byte_order_mark = wanted.byte_order_mark;
  asked.time_zone = std::move(wanted.time_zone);
  asked.range = wanted.range;
  DUHENG_TRY(const Export made, services.exports->ask(author_of(context), asked, services.journal.next_number()));
  return answer_of(made, 201);
}

Result<HttpResponse> detail(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Export found, services.exports->get(author_of(context), context.path_integer("export_id")));
  return answer_of(found, 200);
}

Result<HttpResponse> cancel(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Export found, services.exports->cancel(author_of(context), context.path_integer("export_id")));
  return answer_of(found, 200);
}

/// What the caller might see was settled when they asked; here it is looked at again.
Result<HttpResponse> file(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const Author author = author_of(context);
  const std::int64_t id = context.path_integer("export_id");
  DUHENG_TRY(const Export found, services.exports->get(author, id));
  if (found.is_audit) {
    DUHENG_CHECK(may_audit(*context.caller));
  } else {
    DUHENG_TRY(const ExportPlan plan, services.exports->plan(author, id));
    DUHENG_CHECK(may_still_see(services, *context.caller, plan, found.created_utc_ms));
  }
  DUHENG_TRY(ExportDownload download, services.exports->download(author, id));
  HttpResponse response;
  response.content_type = download.media_type;
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"" + download.file_name + "\""});
  response.streamed_body = std::make_shared<ExportBody>(std::move(download));
  return response;
}

}  // namespace

void add_export_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act,
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) {
    router.add(
        method, std::move(pattern), std::move(operation), Permission::any_session(),
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.exports == nullptr) return fail(ErrorCode::unavailable, "nothing can be exported here");
          return act(services, context);
        },
        body_bytes_max);
  };
  add(Method::get, "/api/v1/exports", "listExports", list);
  add(Method::post, "/api/v1/exports", "createExport", create, request_bytes_max);
  add(Method::get, "/api/v1/exports/{export_id}", "getExport", detail);
  add(Method::post, "/api/v1/exports/{export_id}/cancel", "cancelExport", cancel);
  add(Method::get, "/api/v1/exports/{export_id}/file", "getExportFile", file);
}

}  // namespace duheng::platform::web
