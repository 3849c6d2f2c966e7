#pragma once
// For tests only: asks once for everything that the contract says of edits, estimates, metering points, consumption.
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// `note(method, path of the contract, answer)`. `cookie` is somebody's who may edit everything.
template <class Note>
class EditAnswers {
 public:
  EditAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : world_(world), client_(client), cookie_(std::move(cookie)), note_(note) {}

  void take() {
    findings();
    completeness();
    values();
    points();
  }

 private:
  using Json = nlohmann::json;
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer post(const std::string& target, const Json& body) {
    return client_.request("POST", target, cookie_ + "X-Duheng-Request: 1\r\nContent-Type: application/json\r\n",
                           body.dump());
  }

  void values() {
    const std::string series = "/api/v1/series/" + std::to_string(world_.west_energy.value);
    const std::string time = format_utc(world_.now - 120'000);
    const char* edits = "/api/v1/series/{series_id}/edits";
    const Json correction{{"kind", "correction"},
                          {"reason", "misread"},
                          {"values", {{{"time", time}, {"value", "1.04"}, {"expected", "1.03"}}}}};
    note_("post", edits, post(series + "/edits", correction));
    note_("post", edits, post(series + "/edits", correction));
    note_("post", edits, post(series + "/edits", Json::object()));
    const char* estimates = "/api/v1/series/{series_id}/estimates";
    Json gap{{"from", format_utc(world_.now - 280'000)},
             {"to", format_utc(world_.now - 80'000)},
             {"method", "linear"},
             {"interval_s", 10}};
    const Answer draft = post(series + "/estimates", gap);
    note_("post", estimates, draft);
    gap["preview"] = false;
    gap["reason"] = "outage";
    note_("post", estimates, post(series + "/estimates", gap));
    gap["fingerprint"] = Json::parse(draft.body)["fingerprint"];
    note_("post", estimates, post(series + "/estimates", gap));
    note_("get", "/api/v1/series/{series_id}/versions", get(series + "/versions?time=" + time));
    note_("get", "/api/v1/series/{series_id}/versions", get("/api/v1/series/99999/versions?time=" + time));
    note_("get", edits, get(series + "/edits"));
    note_("get", edits, get("/api/v1/series/99999/edits"));
    note_("get", "/api/v1/series/{series_id}/readings", get(series + "/readings"));
  }

  /// A step backwards that a rule objects to, and what can be decided about it.
  void findings() {
    const std::int64_t day = 86'400'000;
    const std::int64_t at = (world_.now / day - 3) * day + day / 4;
    world_.send(world_.gateway_west, "000000000003", at, 90, 2'310);
    world_.send(world_.gateway_west, "000000000003", at + 60'000, 20, 2'310);
    world_.send(world_.gateway_west, "000000000003", at + 120'000, 95, 2'310);
    const std::int32_t civil = world_.review->calendar().day_of(at);
    if (!world_.review->examine(world_.gateway_west, "000000000003", civil)) return;
    const char* list = "/api/v1/value-findings";
    const Answer listed = get(list);
    note_("get", list, listed);
    note_("get", list, get(std::string(list) + "?state=fresh"));
    const char* decide = "/api/v1/value-findings/{finding_id}/decision";
    const auto id = Json::parse(listed.body)["findings"].at(0)["id"].template get<int>();
    const std::string one = std::string(list) + "/" + std::to_string(id) + "/decision";
    note_("post", decide, post(one, {{"action", "estimate"}, {"method", "linear"}, {"preview", true}}));
    note_("post", decide, post(one, {{"action", "estimate"}, {"method", "linear"}, {"reason", "dip"}}));
    note_("post", decide, post(one, {{"action", "confirm"}, {"reason", "true"}}));
    note_("post", decide, post(one, {{"action", "forget"}}));
    note_("post", decide, post(std::string(list) + "/999/decision", {{"action", "confirm"}, {"reason", "true"}}));
  }

  void completeness() {
    const std::string day = store::CivilCalendar::format_day(world_.aggregates.today);
    const std::string before = store::CivilCalendar::format_day(world_.aggregates.today - 2);
    const std::string range = "?from=" + before + "&to=" + day;
    for (const char* group : {"none", "organisation", "site", "gateway", "protocol", "model"})
      note_("get", "/api/v1/completeness", get("/api/v1/completeness" + range + "&group=" + group));
    note_("get", "/api/v1/completeness", get("/api/v1/completeness?from=yesterday&to=" + day));
    note_("get", "/api/v1/completeness/missing", get("/api/v1/completeness/missing?day=" + before));
    note_("get", "/api/v1/completeness/missing", get("/api/v1/completeness/missing?day=" + before + "&cause=rain"));
    note_("get", "/api/v1/completeness/readiness", get("/api/v1/completeness/readiness" + range));
    const char* reread = "/api/v1/completeness/reread";
    note_("post", reread, post(reread, {{"register", "energy_active_import_total"}, {"day", before}}));
    note_("post", reread, post(reread, {{"day", before}}));
    const std::string series = "/api/v1/series/" + std::to_string(world_.west_energy.value);
    const std::string time = "?from=" + format_utc(world_.now - 3'600'000) + "&to=" + format_utc(world_.now);
    for (const char* shape : {"minmax", "mean", "lttb"})
      note_("get", "/api/v1/series/{series_id}/curve", get(series + "/curve" + time + "&shape=" + shape));
    for (const char* by : {"week", "year"})
      note_("get", "/api/v1/series/{series_id}/aggregates", get(series + "/aggregates" + range + "&by=" + by));
    note_("get", "/api/v1/fleet/totals",
          get("/api/v1/fleet/totals" + range + "&register=energy_active_import_total&group=tariff"));
  }

  [[nodiscard]] static Json installation(DeviceId device, const char* start) {
    return {{"device_id", device.value},
            {"registers", {{{"name", "energy_active_import_total"}, {"digits", 8}, {"start", start}}}}};
  }

  void points() {
    const char* list = "/api/v1/points";
    const Json made{{"name", "Hall 1"},
                    {"organisation_id", world_.east.value},
                    {"site_id", world_.hill.value},
                    {"at", format_utc(world_.now - 3'600'000)},
                    {"installation", installation(world_.east_1, "224.00")}};
    const Answer point = post(list, made);
    note_("post", list, point);
    note_("post", list, post(list, made));
    note_("post", list, post(list, Json::object()));
    note_("get", list, get(list));
    const std::string one = "/api/v1/points/" + std::to_string(Json::parse(point.body)["id"].template get<int>());
    note_("get", "/api/v1/points/{point_id}", get(one));
    note_("get", "/api/v1/points/{point_id}", get("/api/v1/points/99999"));
    const char* exchange = "/api/v1/points/{point_id}/exchange";
    const Json change{{"at", format_utc(world_.now)},
                      {"reason", "failed"},
                      {"ends", {{{"name", "energy_active_import_total"}, {"value", "224.90"}}}},
                      {"installation", installation(world_.east_2, "0.00")}};
    note_("post", exchange, post(one + "/exchange", change));
    note_("post", exchange, post(one + "/exchange", change));
    const std::string today = civil_date(world_.now, "Asia/Shanghai").value();
    const std::string yesterday = civil_date(world_.now - 86'400'000, "Asia/Shanghai").value();
    const std::string question = one + "/consumption?from=" + yesterday + "&to=" + today;
    const char* consumption = "/api/v1/points/{point_id}/consumption";
    note_("get", consumption, get(question));
    note_("get", consumption, get(question + "&by=month"));
    note_("get", consumption, get(question + "&register=voltage_b"));
    note_("get", consumption, get(one + "/consumption?from=x"));
  }

  ApiWorld& world_;
  Client& client_;
  std::string cookie_;
  const Note& note_;
};

}  // namespace duheng::platform::web::testing
