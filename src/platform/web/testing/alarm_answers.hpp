#pragma once
// For tests/api/check-answers.mjs: an answer of each operation about alarms.
#include <string>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/alarms/alarm_book.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// `note(method, path of the contract, answer)`. `cookie` is somebody's who sees everything and may do everything.
template <class Note>
class AlarmAnswers {
 public:
  AlarmAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : world_(world), client_(client), cookie_(std::move(cookie)), note_(note) {}

  void take() {
    raise_all();
    const std::int64_t silent = id_of("device_silent");
    const std::int64_t conflict = id_of("ingest_conflict");
    acknowledge(silent);
    shelve(conflict);
    look(silent, conflict);
    note_("post", "/api/v1/alarm-unshelvings", post("/api/v1/alarm-unshelvings", {{"ids", {conflict, 99'999}}}));
    note_("post", "/api/v1/alarm-unshelvings", post("/api/v1/alarm-unshelvings", Json::object()));
    end_some();
    look(conflict, id_of("calibration_overdue"));
  }

 private:
  using Json = nlohmann::json;
  using Severity = alarms::Severity;
  using SubjectKind = alarms::SubjectKind;
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer post(const std::string& target, const Json& body) {
    return client_.request("POST", target, cookie_ + "X-Duheng-Request: 1\r\nContent-Type: application/json\r\n",
                           body.dump());
  }
  /// Of the only alarm, or the first, of that kind.
  std::int64_t id_of(const std::string& kind) {
    return Json::parse(get("/api/v1/alarms?state=all&kind=" + kind).body)["alarms"].at(0)["id"].template get<int>();
  }
  [[nodiscard]] alarms::Subject gateway() const {
    return {SubjectKind::gateway, std::to_string(world_.gateway_west.value)};
  }

  /// With and without somebody's organisation; and so many of one kind that they are shown under one alarm.
  void raise_all() {
    alarms::AlarmBook& book = *world_.alarm_book;
    book.raise({.kind = "device_silent",
                .subject = {SubjectKind::device, std::to_string(world_.east_1.value)},
                .severity = Severity::warning,
                .facts = {{"silent_minutes", "7"}}});
    book.raise({.kind = "ingest_conflict", .subject = gateway(), .severity = Severity::critical, .facts = {}});
    book.raise({.kind = "calibration_overdue",
                .subject = {SubjectKind::platform, ""},
                .severity = Severity::notice,
                .facts = {{"sensors", "2"}, {"days_left", "3"}}});
    for (int place = 0; place < 30; ++place)
      book.raise({.kind = "backup_failed",
                  .subject = {SubjectKind::backup, "place " + std::to_string(place)},
                  .severity = Severity::major,
                  .facts = {{"reason", "full"}}});
    book.step();
  }
  /// One is over and waits to be seen, one is closed.
  void end_some() {
    world_.alarm_book->clear("ingest_conflict", gateway());
    world_.alarm_book->clear("calibration_overdue", {SubjectKind::platform, ""});
    world_.alarm_book->step();
  }

  void acknowledge(std::int64_t id) {
    const std::string path = "/api/v1/alarm-acknowledgements";
    note_("post", path, post(path, {{"ids", {id, 99'999}}, {"note", "on my way"}}));
    note_("post", path, post(path, {{"ids", {id}}}));
    note_("post", path, post(path, {{"ids", Json::array()}}));
  }
  void shelve(std::int64_t id) {
    const std::string path = "/api/v1/alarm-shelvings";
    const std::string later = format_utc(world_.clock.utc_ms() + 3'600'000);
    const std::string too_late = format_utc(world_.clock.utc_ms() + 31LL * 86'400'000);
    note_("post", path, post(path, {{"ids", {id, 99'999}}, {"reason", "works"}, {"until", later}}));
    note_("post", path, post(path, {{"ids", {id}}, {"reason", "works"}, {"until", too_late}}));
    note_("post", path, post(path, {{"ids", {id}}, {"until", later}}));
  }
  void look(std::int64_t one, std::int64_t other) {
    const std::string base = "/api/v1/alarms";
    for (const char* state : {"open", "active", "over", "shelved", "closed", "all"})
      note_("get", base, get(base + "?page_size=200&state=" + state));
    note_("get", base, get(base + "?state=all&held_by=" + std::to_string(id_of("alarm_flood"))));
    note_("get", base, get(base + "?severity=terrible"));
    for (const std::int64_t id : {one, other, id_of("alarm_flood"), std::int64_t{99'999}})
      note_("get", base + "/{alarm_id}", get(base + "/" + std::to_string(id)));
    note_("get", "/api/v1/alarm-counts", get("/api/v1/alarm-counts"));
    note_("get", "/api/v1/alarm-kinds", get("/api/v1/alarm-kinds"));
  }

  ApiWorld& world_;
  Client& client_;
  const std::string cookie_;
  const Note& note_;
};

}  // namespace duheng::platform::web::testing
