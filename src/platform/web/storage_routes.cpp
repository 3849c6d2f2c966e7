#include "base/time.hpp"
#include "platform/storage/storage_watch.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }

Json part_json(const storage::PartFigures& figures) {
  return {{"name", figures.part.name},
          {"bytes", figures.bytes},
          {"growth_bytes_per_day", number_or_null(figures.growth_bytes_per_day)},
          {"file_system", figures.file_system},
          {"disposal", to_string(figures.part.disposal)},
          {"kept_days", figures.part.kept_days},
          {"is_encrypted", figures.part.is_encrypted}};
}

Json disk_json(const storage::DiskFigures& disk) {
  return {{"name", disk.name},
          {"total_bytes", disk.total_bytes},
          {"free_bytes", disk.free_bytes},
          {"growth_bytes_per_day", number_or_null(disk.growth_bytes_per_day)},
          {"days_left", number_or_null(disk.days_left)}};
}

Result<HttpResponse> get_storage(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  if (services.storage == nullptr) return fail(ErrorCode::unavailable, "the disks are not measured here");
  const storage::StorageReport report = services.storage->report();
  Json parts = Json::array();
  for (const auto& each : report.parts) parts.push_back(part_json(each));
  Json disks = Json::array();
  for (const auto& each : report.file_systems) disks.push_back(disk_json(each));
  Json out{{"measured_at", time_or_null(report.measured_utc_ms)},
           {"days_sampled", report.days_sampled},
           {"parts", std::move(parts)},
           {"file_systems", std::move(disks)}};
  if (!report.problem.empty()) out["problem"] = report.problem;
  return json_answer(out);
}

}  // namespace

void add_storage_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/storage", "getStorage", Permission::whole_platform(),
             [&services](RequestContext& context) { return get_storage(services, context); });
}

}  // namespace duheng::platform::web
