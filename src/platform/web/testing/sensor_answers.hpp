#pragma once
// For tests/api/check-answers.mjs: an answer of each operation about sensors and what meters say.
#include <string>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

template <class Note>
class SensorAnswers {
 public:
  SensorAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : world_(world), client_(client), cookie_(std::move(cookie)), note_(note) {}

  void take() {
    const std::string base = "/api/v1/sensors";
    const Json paper{{"on", "2026-01-17"}, {"interval_days", 30}, {"certificate", "C-1"}};
    const Json body{{"device_id", world_.east_1.value},
                    {"register", "voltage_a"},
                    {"from", "2026-01-01T00:00:00Z"},
                    {"quantity", "voltage"},
                    {"range_low", "0"},
                    {"serial_number", "V-1"},
                    {"calibration", paper}};
    const Answer made = send("POST", base, body.dump());
    note_("post", base, made);
    note_("post", base, send("POST", base, body.dump()));
    note_("post", base, send("POST", base, "{}"));
    const std::string one = base + "/" + std::to_string(Json::parse(made.body)["id"].get<std::int64_t>());
    note_("get", base, get(base));
    note_("get", base, get(base + "?state=broken"));
    note_("get", base + "/{sensor_id}", get(one));
    note_("get", base + "/{sensor_id}", get(base + "/99999"));
    note_("put", base + "/{sensor_id}", send("PUT", one, R"({"quantity":"voltage","protection":"IP51"})"));
    note_("put", base + "/{sensor_id}", send("PUT", one, R"({"quantity":"voltage","protection":"51"})"));
    note_("post", base + "/{sensor_id}/calibrations", send("POST", one + "/calibrations", paper.dump()));
    note_("post", base + "/{sensor_id}/calibrations",
          send("POST", one + "/calibrations", R"({"on":"2026-02-17","interval_days":30})"));
    const std::string exchange = R"({"at":"2026-03-01T00:00:00Z","reason":"worn","quantity":"voltage"})";
    note_("post", base + "/{sensor_id}/exchange", send("POST", one + "/exchange", exchange));
    note_("post", base + "/{sensor_id}/exchange", send("POST", one + "/exchange", exchange));
    note_("post", base + "/defaults", send("POST", base + "/defaults"));
    Answer file = get(base + "/table");
    const std::string table = file.body;
    file.body.clear();  // no JSON
    note_("get", base + "/table", file);
    note_("post", base + "/table", send("POST", base + "/table", table, "text/csv"));
    note_("post", base + "/table", send("POST", base + "/table", table + "nobody\r\n", "text/csv"));
    note_("post", base + "/table", send("POST", base + "/table", "x", "text/csv"));
    const std::string device = "/api/v1/devices/" + std::to_string(world_.east_1.value) + "/calibration";
    note_("get", "/api/v1/devices/{device_id}/calibration", get(device));
    note_("get", "/api/v1/devices/{device_id}/calibration", get("/api/v1/devices/99999/calibration"));
    const std::vector<ConditionValue> values{{"status_word", 0x0204, 0, world_.now}};
    world_.conditions.take(MeterConditions::Owner{world_.east_1, "cjt188-gas-valve"}, values);
    note_("get", "/api/v1/meter-conditions", get("/api/v1/meter-conditions"));
    note_("get", "/api/v1/meter-conditions", get("/api/v1/meter-conditions?kind=none"));
  }

 private:
  using Json = nlohmann::json;
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer send(const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& type = "application/json") {
    return client_.request(method, target, cookie_ + "X-Duheng-Request: 1\r\nContent-Type: " + type + "\r\n", body);
  }

  ApiWorld& world_;
  Client& client_;
  std::string cookie_;
  const Note& note_;
};

}  // namespace duheng::platform::web::testing
