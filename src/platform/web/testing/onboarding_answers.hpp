#pragma once
// For tests only: asks once for everything that the contract says of models, plans, onboarding and imports.
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// `note(method, path of the contract, answer)`. `cookie` is somebody's who sees everything.
template <class Note>
class OnboardingAnswers {
 public:
  OnboardingAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : world_(world), client_(client), cookie_(std::move(cookie)), note_(note) {}

  void take() {
    FieldPlanReport report;
    report.channels = {{"bus", "serial", "/dev/ttyS1 2400 8E1", false, true, 1}, {"nb", "listener_tcp", ":5000"}};
    report.problems = {{"one", "no"}};
    report.models = world_.models->ids();
    const std::string plan = "/api/v1/gateways/" + number(world_.gateway_east.value) + "/plan";
    note_("get", "/api/v1/gateways/{gateway_id}/plan", get(plan));
    world_.plans.reported(world_.gateway_east, report);
    note_("get", "/api/v1/gateways/{gateway_id}/plan", get(plan));
    note_("get", "/api/v1/gateways/{gateway_id}/plan", get("/api/v1/gateways/99999/plan"));
    models();
    devices();
    unknown();
    imports();
  }

 private:
  using Json = nlohmann::json;
  static std::string number(std::int64_t id) { return std::to_string(id); }
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer send(const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& type = "application/json") {
    return client_.request(method, target, cookie_ + "X-Duheng-Request: 1\r\nContent-Type: " + type + "\r\n", body);
  }
  [[nodiscard]] Json meter(const char* address) const {
    return {{"address", address},
            {"model", "dlt645-2007-single-phase"},
            {"gateway_id", world_.gateway_east.value},
            {"channel", "bus"},
            {"organisation_id", world_.east.value}};
  }

  void models() {
    note_("get", "/api/v1/models", get("/api/v1/models"));
    for (const auto& id : world_.models->ids()) note_("get", "/api/v1/model", get("/api/v1/model?id=" + id));
    note_("get", "/api/v1/model", get("/api/v1/model?id=none"));
  }

  void devices() {
    const std::string channels = "/api/v1/gateways/" + number(world_.gateway_east.value) + "/channels";
    const char* channel = "/api/v1/gateways/{gateway_id}/channels";
    note_("post", channel, send("POST", channels, R"({"name":"x","kind":"udp","host":"192.0.2.1","port":1})"));
    note_("post", channel, send("POST", channels, R"({"name":"x","kind":"udp","host":"192.0.2.1","port":1})"));
    note_("post", channel, send("POST", channels, R"({"name":"y"})"));
    note_("delete", channel, send("DELETE", channels + "?name=x"));
    note_("delete", channel, send("DELETE", channels + "?name=x"));
    const Answer made = send("POST", "/api/v1/devices", meter("501").dump());
    note_("post", "/api/v1/devices", made);
    note_("post", "/api/v1/devices", send("POST", "/api/v1/devices", meter("501").dump()));
    note_("post", "/api/v1/devices", send("POST", "/api/v1/devices", meter("50X").dump()));
    const std::string device = "/api/v1/devices/" + number(Json::parse(made.body)["id"].get<std::int64_t>());
    control::DeviceState line;
    line.uid = Json::parse(made.body)["uid"].get<std::string>();
    world_.plans.device_states(world_.gateway_east, {line});
    const char* connection = "/api/v1/devices/{device_id}/connection";
    note_("get", connection, get(device + "/connection"));
    note_("get", connection, get("/api/v1/devices/" + number(world_.east_1.value) + "/connection"));
    note_("get", connection, get("/api/v1/devices/99999/connection"));
    Json change = meter("502");
    change.erase("organisation_id");
    note_("put", connection, send("PUT", device + "/connection", change.dump()));
    note_("put", connection, send("PUT", device + "/connection", "{}"));
    note_("post", "/api/v1/devices/{device_id}/retire", send("POST", device + "/retire"));
    note_("post", "/api/v1/devices/{device_id}/retire", send("POST", "/api/v1/devices/99999/retire"));
    note_("get", connection, get(device + "/connection"));
  }

  void unknown() {
    const std::int64_t now = world_.now;
    world_.plans.unknown_devices(world_.gateway_east,
                                 {{"nb", "dlt645_2007", "000000000601", "192.0.2.1:7", now, now, 2},
                                  {"nb", "dlt645_2007", "000000000602", "192.0.2.1:8", now, now, 1}});
    const Answer listed = get("/api/v1/unknown-devices");
    note_("get", "/api/v1/unknown-devices", listed);
    const Json list = Json::parse(listed.body)["devices"];
    const Json adoption{
        {"devices",
         {{{"id", list[0]["id"]}, {"model", "dlt645-2007-single-phase"}, {"organisation_id", world_.east.value}}}}};
    note_("post", "/api/v1/unknown-devices/adopt", send("POST", "/api/v1/unknown-devices/adopt", adoption.dump()));
    note_("post", "/api/v1/unknown-devices/adopt", send("POST", "/api/v1/unknown-devices/adopt", "{}"));
    const Json dismissal{{"ids", {list[1]["id"]}}};
    note_("post", "/api/v1/unknown-devices/dismiss", send("POST", "/api/v1/unknown-devices/dismiss", dismissal.dump()));
  }

  void imports() {
    const std::string file = "address,model,gateway,channel\n701,dlt645-2007-single-phase,gateway-east,bus\n7X,a,b,c\n";
    const auto start = [&] { return send("POST", "/api/v1/device-imports?name=m.csv", file, "text/csv"); };
    const Answer started = start();
    note_("post", "/api/v1/device-imports", started);
    const auto id = Json::parse(started.body)["id"].get<std::int64_t>();
    const std::string target = "/api/v1/device-imports/" + number(id);
    const char* one = "/api/v1/device-imports/{import_id}";
    const auto settle = [&](const std::string& which) {
      Answer answer;
      for (int i = 0; i < 100'000; ++i) {
        answer = get(which);
        const auto state = Json::parse(answer.body)["state"].get<std::string>();
        if (state != "checking" && state != "committing") break;
      }
      return answer;
    };
    note_("get", one, settle(target));
    note_("get", one, get("/api/v1/device-imports/99999"));
    note_("get", "/api/v1/device-imports", get("/api/v1/device-imports"));
    for (const auto& [path, at] :
         {std::pair{"/api/v1/device-imports/{import_id}/report", target + "/report"},
          std::pair{"/api/v1/device-imports/template", std::string("/api/v1/device-imports/template")}}) {
      Answer csv = get(at);
      csv.body.clear();  // no JSON
      note_("get", path, csv);
    }
    const char* commit = "/api/v1/device-imports/{import_id}/commit";
    note_("post", commit, send("POST", target + "/commit", R"({"mode":"all_or_nothing"})"));
    note_("post", commit, send("POST", target + "/commit", R"({"mode":"good_lines"})"));
    note_("get", one, settle(target));
    const Json second = Json::parse(start().body);
    const auto other = second["id"].get<std::int64_t>();
    settle("/api/v1/device-imports/" + number(other));
    const char* cancel = "/api/v1/device-imports/{import_id}/cancel";
    note_("post", cancel, send("POST", "/api/v1/device-imports/" + number(other) + "/cancel"));
    note_("post", cancel, send("POST", "/api/v1/device-imports/" + number(other) + "/cancel"));
  }

  ApiWorld& world_;
  Client& client_;
  std::string cookie_;
  const Note& note_;
};

}  // namespace duheng::platform::web::testing
