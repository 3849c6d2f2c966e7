#include "platform/backups/backup_service.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/body_reader.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

Json schedule_json(const BackupSchedule& schedule) {
  return {{"is_enabled", schedule.is_enabled},
          {"daily_at", fmt::format("{:02}:{:02}", schedule.minute_of_day / 60, schedule.minute_of_day % 60)},
          {"time_zone", schedule.time_zone},
          {"daily_keep_days", schedule.daily_keep_days},
          {"monthly_keep_months", schedule.monthly_keep_months},
          {"drill_every_days", schedule.drill_every_days}};
}

Json run_json(const BackupRun& run) {
  Json out{{"id", run.id},
           {"kind", to_string(run.kind)},
           {"state", to_string(run.state)},
           {"place", run.place},
           {"asked_by", run.asked_by},
           {"begun_at", format_utc(run.begun_utc_ms)},
           {"ended_at", time_or_null(run.ended_utc_ms)},
           {"set", run.set_number},
           {"verified_at", time_or_null(run.verified_utc_ms)},
           {"removed_at", time_or_null(run.removed_utc_ms)},
           {"journal_next", run.journal_next},
           {"files", run.files},
           {"files_new", run.files_new},
           {"bytes_total", run.bytes_total},
           {"bytes_sent", run.bytes_sent},
           {"has_recovery_key", run.has_recovery_key}};
  if (!run.reason.empty()) out["reason"] = run.reason;
  // Written by this platform itself; an old one that cannot be read is left out.
  if (Json report = Json::parse(run.report, nullptr, false); report.is_object()) out["report"] = std::move(report);
  return out;
}

Json run_or_null(const std::optional<BackupRun>& run) { return run ? run_json(*run) : Json(nullptr); }

Json activity_json(const std::optional<BackupActivity>& activity) {
  if (!activity) return nullptr;
  const bool is_drill = activity->kind == BackupKind::drill;
  return {{"kind", to_string(activity->kind)},
          {"place", activity->place},
          {"begun_at", format_utc(activity->begun_utc_ms)},
          {"asked_by", activity->asked_by},
          {"stage", is_drill ? std::string_view{"verifying"} : store::to_string(activity->progress.stage)},
          {"files", activity->progress.files},
          {"files_done", activity->progress.files_done},
          {"bytes_done", is_drill ? activity->bytes_done : activity->progress.bytes_sent},
          {"bytes_all", activity->bytes_all}};
}

HttpResponse with_status(HttpResponse response, int status) {
  response.status = status;
  return response;
}

Result<HttpResponse> overview(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const BackupOverview found, services.backups->overview());
  Json places = Json::array();
  for (const PlaceOverview& place : found.places)
    places.push_back({{"name", place.name},
                      {"is_late", place.is_late},
                      {"last_backup", run_or_null(place.last_backup)},
                      {"last_drill", run_or_null(place.last_drill)}});
  return json_answer({{"schedule", schedule_json(found.schedule)},
                      {"next_at", time_or_null(found.next_due_utc_ms)},
                      {"places", std::move(places)},
                      {"recovery_key", to_string(found.recovery_key)},
                      {"activity", activity_json(found.activity)},
                      {"journal_backed_up_before", found.watermark}});
}

template <BackupKind kind>
Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  const std::int64_t page = context.query.integer("page", 1, 100'000, 1);
  const std::int64_t page_size = context.query.integer("page_size", 1, 200, 20);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const BackupPage found, services.backups->list(kind, page, page_size));
  Json runs = Json::array();
  for (const BackupRun& run : found.runs) runs.push_back(run_json(run));
  return json_answer({{"runs", std::move(runs)}, {"total", found.total}, {"page", page}, {"page_size", page_size}});
}

template <BackupKind kind>
Result<HttpResponse> start(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(services.backups->ask(kind, context.caller->name));
  DUHENG_CHECK(services.people.note(kind == BackupKind::drill ? "start_drill" : "start_backup", context.caller->name));
  return with_status(json_answer({{"asked", true}}), 202);
}

Result<HttpResponse> cancel(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(services.backups->cancel());
  DUHENG_CHECK(services.people.note("cancel_backup", context.caller->name));
  return with_status(json_answer({{"asked", true}}), 202);
}

/// "02:30" as minutes of the day.
std::int64_t minute_of_day(BodyReader& reader) {
  const std::string text = reader.text("daily_at", 5);
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 99; };
  if (text.size() == 5 && text[2] == ':') {
    const int hour = digit(0) * 10 + digit(1);
    const int minute = digit(3) * 10 + digit(4);
    if (hour < 24 && minute < 60) return hour * 60 + minute;
  }
  reader.reject("daily_at", "must be a time of day such as 02:30");
  return 0;
}

Result<HttpResponse> set_schedule(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json json, parse_body(context.request.body));
  BodyReader reader{
      json, {"is_enabled", "daily_at", "time_zone", "daily_keep_days", "monthly_keep_months", "drill_every_days"}};
  BackupSchedule wanted;
  wanted.is_enabled = reader.flag("is_enabled", true);
  wanted.minute_of_day = minute_of_day(reader);
  wanted.time_zone = reader.text("time_zone", 64);
  wanted.daily_keep_days = reader.integer("daily_keep_days", 7, 3'660, wanted.daily_keep_days);
  wanted.monthly_keep_months = reader.integer("monthly_keep_months", 72, 1'200, wanted.monthly_keep_months);
  wanted.drill_every_days = reader.integer("drill_every_days", 1, 92, wanted.drill_every_days);
  DUHENG_CHECK(reader.finish());
  if (const auto set = services.backups->set_schedule(wanted); !set) {
    // A zone that does not exist is a fault of this body, not of this address.
    const bool no_zone = set.error().code == ErrorCode::not_found;
    return fail(no_zone ? ErrorCode::invalid_argument : set.error().code, set.error().message);
  }
  DUHENG_CHECK(services.people.note("set_backup_schedule", context.caller->name));
  return json_answer(schedule_json(wanted));
}

Result<HttpResponse> set_passphrase(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json json, parse_body(context.request.body));
  BodyReader reader{json, {"passphrase"}};
  const std::string passphrase = reader.text("passphrase", 1'024);
  DUHENG_CHECK(reader.finish());
  DUHENG_CHECK(services.backups->set_recovery_passphrase(passphrase));
  DUHENG_CHECK(services.people.note("set_recovery_passphrase", context.caller->name));
  return json_answer({{"recovery_key", to_string(RecoveryKeyState::current)}});
}

}  // namespace

void add_backup_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act) {
    router.add(method, std::move(pattern), std::move(operation), Permission::whole_platform_at_least(Role::admin),
               [&services, act](RequestContext& context) -> Result<HttpResponse> {
                 if (services.backups == nullptr) return fail(ErrorCode::unavailable, "no backups are made here");
                 return act(services, context);
               });
  };
  add(Method::get, "/api/v1/backups", "getBackups", overview);
  add(Method::get, "/api/v1/backups/sets", "listBackupSets", list<BackupKind::backup>);
  add(Method::post, "/api/v1/backups/sets", "startBackup", start<BackupKind::backup>);
  add(Method::get, "/api/v1/backups/drills", "listDrills", list<BackupKind::drill>);
  add(Method::post, "/api/v1/backups/drills", "startDrill", start<BackupKind::drill>);
  add(Method::post, "/api/v1/backups/cancel", "cancelBackup", cancel);
  add(Method::put, "/api/v1/backups/schedule", "setBackupSchedule", set_schedule);
  add(Method::put, "/api/v1/backups/recovery-passphrase", "setRecoveryPassphrase", set_passphrase);
}

}  // namespace duheng::platform::web
