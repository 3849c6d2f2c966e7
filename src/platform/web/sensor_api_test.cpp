#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr std::int64_t day = 86'400'000;

class SensorApiTest : public ::testing::Test {
 protected:
  Answer ask(const std::string& method, const std::string& path, const std::string& user, const std::string& body = {},
             const std::string& type = "application/json") {
    auto& cookie = cookies[user];
    if (cookie.empty()) cookie = world.log_in(user);
    std::string headers = cookie;
    if (method != "GET") headers += "X-Duheng-Request: 1\r\n";
    if (!body.empty()) headers += "Content-Type: " + type + "\r\n";
    return client->request(method, path, headers, body);
  }
  [[nodiscard]] Json wish(std::int64_t days_ago) const {
    return {{"device_id", world.east_1.value},
            {"register", "voltage_a"},
            {"from", "2026-01-01T00:00:00Z"},
            {"quantity", "voltage"},
            {"accuracy_class", "0.5"},
            {"range_low", "0"},
            {"range_high", "300.0"},
            {"range_unit", "V"},
            {"protection", "IP51"},
            {"serial_number", "V-1"},
            {"calibration",
             {{"on", date_text(world.now - days_ago * day)}, {"interval_days", 100}, {"certificate", "C-1"}}}};
  }
  ApiWorld world;
  std::unique_ptr<Client> client = world.connect();
  std::map<std::string, std::string> cookies;
};

TEST_F(SensorApiTest, AnOperatorWritesDownCalibratesAndExchanges) {
  const Answer made = ask("POST", "/api/v1/sensors", "operator", wish(200).dump());
  ASSERT_EQ(made.status, 201) << made.body;
  const Json sensor = Json::parse(made.body);
  const std::string path = "/api/v1/sensors/" + sensor["id"].dump();
  EXPECT_EQ(sensor["state"], "overdue");
  EXPECT_EQ(sensor["range_high"], "300.0");
  EXPECT_EQ(world.sensor_changes, 1);
  const Json list = Json::parse(ask("GET", "/api/v1/sensors?state=overdue&search=v-1", "viewer").body);
  EXPECT_EQ(list["total"], 1);
  EXPECT_EQ(list["overdue"], 1);
  const std::string device = "/api/v1/devices/" + std::to_string(world.east_1.value) + "/calibration";
  EXPECT_EQ(Json::parse(ask("GET", device, "east").body)["overdue"][0]["register"], "voltage_a");
  EXPECT_EQ(ask("GET", device, "west").status, 404);
  const std::string paper =
      Json{{"on", date_text(world.now - day)}, {"interval_days", 365}, {"certificate", "C-2"}}.dump();
  const Answer calibrated = ask("POST", path + "/calibrations", "operator", paper);
  ASSERT_EQ(calibrated.status, 201) << calibrated.body;
  EXPECT_EQ(Json::parse(calibrated.body)["state"], "valid");
  EXPECT_THAT(Json::parse(calibrated.body)["calibrations"], SizeIs(2));
  EXPECT_EQ(ask("POST", path + "/calibrations", "operator", paper).status, 409);
  Json details{{"quantity", "voltage"}, {"accuracy_class", "0.2"}, {"serial_number", "V-1"}};
  const Answer edited = ask("PUT", path, "operator", details.dump());
  ASSERT_EQ(edited.status, 200) << edited.body;
  EXPECT_EQ(Json::parse(edited.body)["accuracy_class"], "0.2");
  details["at"] = "2026-02-01T00:00:00Z";
  details["reason"] = "worn";
  details["serial_number"] = "V-2";
  const Answer exchanged = ask("POST", path + "/exchange", "operator", details.dump());
  ASSERT_EQ(exchanged.status, 201) << exchanged.body;
  const Json other = Json::parse(exchanged.body);
  EXPECT_EQ(other["state"], "unknown");
  EXPECT_THAT(other["chain"], SizeIs(2));
  EXPECT_EQ(ask("GET", path, "viewer").status, 200);
}

TEST_F(SensorApiTest, RightsAndScopesHold) {
  const Json sensor = Json::parse(ask("POST", "/api/v1/sensors", "operator", wish(1).dump()).body);
  const std::string path = "/api/v1/sensors/" + sensor["id"].dump();
  for (const auto& [method, place] :
       std::vector<std::pair<std::string, std::string>>{{"POST", "/api/v1/sensors"},
                                                        {"POST", "/api/v1/sensors/defaults"},
                                                        {"PUT", path},
                                                        {"POST", path + "/calibrations"},
                                                        {"POST", path + "/exchange"}})
    EXPECT_EQ(ask(method, place, "viewer", "{}").status, 403) << place;
  EXPECT_EQ(ask("GET", path, "west").status, 404);
  EXPECT_EQ(ask("GET", path, "east").status, 200);
  EXPECT_EQ(Json::parse(ask("GET", "/api/v1/sensors", "west").body)["total"], 0);
  EXPECT_EQ(ask("POST", "/api/v1/sensors", "operator", "{\"device_id\":1,\"colour\":2}").status, 400);
  EXPECT_EQ(ask("PUT", path, "operator", "[]").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/sensors?state=broken", "viewer").status, 400);
}

TEST_F(SensorApiTest, TheListGoesOutAndComesIn) {
  ASSERT_EQ(ask("POST", "/api/v1/sensors", "operator", wish(1).dump()).status, 201);
  const Answer file = ask("GET", "/api/v1/sensors/table", "viewer");
  EXPECT_EQ(file.status, 200);
  EXPECT_THAT(file.body, HasSubstr(R"("voltage_a","voltage","0.5",0,300.0,"V","IP51","V-1",")"));
  const Answer back = ask("POST", "/api/v1/sensors/table", "operator", file.body, "text/csv");
  ASSERT_EQ(back.status, 200) << back.body;
  EXPECT_EQ(Json::parse(back.body)["changed"], 1);
  const Answer wrong =
      ask("POST", "/api/v1/sensors/table", "operator", file.body + "nobody,,heat,,,,,,,,,\r\n", "text/csv");
  EXPECT_EQ(Json::parse(wrong.body)["errors"][0]["line"], 3);
  EXPECT_EQ(ask("POST", "/api/v1/sensors/table", "viewer", file.body, "text/csv").status, 403);
}

TEST_F(SensorApiTest, WhatMetersSayIsListedWithinTheScope) {
  const auto say = [&](DeviceId device, std::int64_t word) {
    const std::vector<ConditionValue> values{{"status_word", word, 0, world.now}};
    world.conditions.take(MeterConditions::Owner{device, "cjt188-gas-valve"}, values);
  };
  say(world.east_1, 0x0204);
  say(world.west_1, 0x0004);
  const Json all = Json::parse(ask("GET", "/api/v1/meter-conditions", "viewer").body);
  EXPECT_EQ(all["total"], 3);
  EXPECT_EQ(all["counts"]["meter_battery_low"], 2);
  EXPECT_EQ(all["counts"]["valve_leaking"], 0);
  const Json batteries = Json::parse(ask("GET", "/api/v1/meter-conditions?kind=meter_battery_low", "west").body);
  EXPECT_EQ(batteries["total"], 1);
  EXPECT_EQ(batteries["conditions"][0]["device"]["id"], world.west_1.value);
  EXPECT_EQ(batteries["conditions"][0]["facts"]["detail"], "low");
  const Json second = Json::parse(ask("GET", "/api/v1/meter-conditions?page=2&page_size=2", "viewer").body);
  EXPECT_THAT(second["conditions"], SizeIs(1));
  EXPECT_EQ(ask("GET", "/api/v1/meter-conditions?kind=storage_filling", "viewer").status, 400);
}

}  // namespace
}  // namespace duheng::platform::web::testing
