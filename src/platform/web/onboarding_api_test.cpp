// Device models and onboarding as a browser meets them.
#include <chrono>
#include <concepts>
#include <gtest/gtest.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "crypto/hash.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ApiWorld;
using testing::Client;

constexpr const char* model = "dlt645-2007-single-phase";

class OnboardingApiTest : public ::testing::Test {
 protected:
  OnboardingApiTest() {
    for (const GatewayId gateway : {world_.gateway_east, world_.gateway_west}) {
      FieldPlanReport report;
      report.channels = {{"bus", "serial", "/dev/ttyS1 2400 8E1", false, true, 3},
                         {"nb", "listener_tcp", "0.0.0.0:5000", false, true, 0}};
      report.models = world_.models->ids();
      report.file_devices = 3;
      world_.plans.reported(gateway, report);
    }
  }
  Answer ask(const std::string& method, const std::string& target, const std::string& body = {},
             const std::string& user = "west", const std::string& type = "application/json") {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    std::string headers = cookie;
    if (method != "GET") headers += "X-Duheng-Request: 1\r\n";
    if (!body.empty()) headers += "Content-Type: " + type + "\r\n";
    return client_->request(method, target, headers, body);
  }
  template <std::same_as<Json> Body>
  Answer ask(const std::string& method, const std::string& target, const Body& body, const std::string& user = "west") {
    return ask(method, target, body.dump(), user);
  }
  [[nodiscard]] Json meter(const std::string& address) const {
    return {{"address", address}, {"model", model}, {"gateway_id", world_.gateway_west.value}, {"channel", "bus"}};
  }
  [[nodiscard]] std::string plan_target() const {
    return "/api/v1/gateways/" + std::to_string(world_.gateway_west.value) + "/plan";
  }

  ApiWorld world_;
  std::unique_ptr<Client> client_ = world_.connect();
  std::map<std::string, std::string> cookies_;
};

TEST_F(OnboardingApiTest, ModelsTellWhatTheyCanDo) {
  const auto answer = ask("GET", "/api/v1/models");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json list = Json::parse(answer.body);
  EXPECT_EQ(list["models"].size(), world_.models->size());
  EXPECT_EQ(list["refused"], Json::array());
  for (const auto& each : list["models"]) {
    const auto one = ask("GET", "/api/v1/model?id=" + each["id"].get<std::string>());
    ASSERT_EQ(one.status, 200) << each["id"];
    const Json detail = Json::parse(one.body);
    EXPECT_EQ(detail["commands"], detail["command_list"].size());
    EXPECT_EQ(detail["parameters"], detail["parameter_list"].size());
    EXPECT_EQ(detail["histories"], detail["history_list"].size());
    EXPECT_FALSE(detail["groups"].empty());
    EXPECT_NE(detail["file"].get<std::string>().find("groups:"), std::string::npos);
    EXPECT_NE(detail["title_zh"], "");
  }
  const Json meter = Json::parse(ask("GET", std::string("/api/v1/model?id=") + model).body);
  EXPECT_EQ(meter["protocol"], "dlt645_2007");
  EXPECT_EQ(meter["devices"], 1) << "of the west only";
  EXPECT_EQ(Json::parse(ask("GET", std::string("/api/v1/model?id=") + model, "", "admin").body)["devices"], 3);
  EXPECT_EQ(ask("GET", "/api/v1/model?id=no-such").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/model").status, 404);
}

TEST_F(OnboardingApiTest, AWholeLineIsOrderedToAnotherSpeedByOneJob) {
  std::vector<std::int64_t> line;
  for (const char* address : {"81", "82", "83"}) {
    Json wanted = meter(address);
    wanted["channel"] = "line-8";
    if (line.empty())
      wanted["new_channel"] = {{"name", "line-8"}, {"kind", "serial"}, {"device", "/dev/ttyS8"}, {"baud", 2'400}};
    const auto added = ask("POST", "/api/v1/devices", wanted);
    ASSERT_EQ(added.status, 201) << added.body;
    line.push_back(Json::parse(added.body)["id"]);
  }
  const auto order = [&](const std::string& speed, const std::string& user) {
    return ask("POST", "/api/v1/jobs",
               Json{{"kind", "command"},
                    {"name", "speed_change"},
                    {"device_ids", {line.front()}},
                    {"arguments", {{"speed", speed}, {"whole_line", "yes"}}},
                    {"reason", "new cable"}},
               user);
  };
  EXPECT_EQ(order("9600", "viewer").status, 403);
  EXPECT_EQ(order("300", "operator").status, 400);  // no speed of the model
  const auto made = order("9600", "operator");
  ASSERT_EQ(made.status, 201) << made.body;
  const Json job = Json::parse(made.body);
  EXPECT_EQ(job["devices"], 3) << made.body;
  const auto orders = Json::parse(
      ask("GET", "/api/v1/jobs/" + std::to_string(job["id"].get<std::int64_t>()) + "/orders", "", "operator").body);
  EXPECT_EQ(orders["total"], 3);

  // Nobody joins the line while it moves: they would be left behind.
  Json late = meter("84");
  late["channel"] = "line-8";
  const auto kept_out = ask("POST", "/api/v1/devices", late);
  EXPECT_EQ(kept_out.status, 409) << kept_out.body;
  EXPECT_EQ(Json::parse(kept_out.body)["field"], "channel") << kept_out.body;
}

TEST_F(OnboardingApiTest, AMeterThatCannotChangeItsSpeedKeepsItsLineWhereItIs) {
  Json first = meter("85");
  first["channel"] = "line-9";
  first["new_channel"] = {{"name", "line-9"}, {"kind", "serial"}, {"device", "/dev/ttyS9"}, {"baud", 2'400}};
  const auto added = ask("POST", "/api/v1/devices", first);
  ASSERT_EQ(added.status, 201) << added.body;
  Json other = meter("86");
  other["channel"] = "line-9";
  other["model"] = "cjt188-cold-water";
  const auto beside = ask("POST", "/api/v1/devices", other);
  ASSERT_EQ(beside.status, 201) << beside.body;
  const auto refused = ask("POST", "/api/v1/jobs",
                           Json{{"kind", "command"},
                                {"name", "speed_change"},
                                {"device_ids", {Json::parse(added.body)["id"]}},
                                {"arguments", {{"speed", "4800"}, {"whole_line", "yes"}}},
                                {"reason", "new cable"}},
                           "operator");
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_NE(refused.body.find("on it, a cjt188-cold-water, cannot"), std::string::npos) << refused.body;
}

TEST_F(OnboardingApiTest, ADeviceIsAddedChangedAndRetired) {
  Json wanted = meter("77");
  wanted["name"] = "Flat 7";
  wanted["channel"] = "line-7";
  wanted["new_channel"] = {{"name", "line-7"}, {"kind", "tcp"}, {"host", "192.0.2.7"}, {"port", 4001}};
  const auto added = ask("POST", "/api/v1/devices", wanted);
  ASSERT_EQ(added.status, 201) << added.body;
  const Json device = Json::parse(added.body);
  EXPECT_EQ(device["name"], "Flat 7");
  EXPECT_EQ(device["address"], "000000000077");
  EXPECT_EQ(device["organisation"]["id"], world_.west.value);
  const std::string target = "/api/v1/devices/" + std::to_string(device["id"].get<std::int64_t>());

  Json plan = Json::parse(ask("GET", plan_target()).body);
  EXPECT_EQ(plan["state"], "pending");
  EXPECT_EQ(plan["devices"], 1);
  EXPECT_EQ(plan["file_devices"], 3);
  ASSERT_EQ(plan["channels"].size(), 3U);
  EXPECT_EQ(plan["channels"][2]["name"], "line-7");
  EXPECT_EQ(plan["channels"][2]["open"], nullptr);
  EXPECT_EQ(plan["channels"][2]["detail"], "192.0.2.7:4001");

  Json connection = Json::parse(ask("GET", target + "/connection").body);
  EXPECT_EQ(connection["channel"], "line-7");
  EXPECT_EQ(connection["from_plan"], true);
  EXPECT_EQ(connection["retired"], false);
  EXPECT_EQ(connection["state"], nullptr);
  const auto changed =
      ask("PUT", target + "/connection",
          Json{{"gateway_id", world_.gateway_west.value}, {"channel", "nb"}, {"address", "78"}, {"model", model}});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(Json::parse(changed.body)["address"], "000000000078");
  const auto gone =
      ask("DELETE", "/api/v1/gateways/" + std::to_string(world_.gateway_west.value) + "/channels?name=line-7");
  ASSERT_EQ(gone.status, 200) << gone.body;
  EXPECT_EQ(Json::parse(gone.body)["channels"].size(), 2U);
  EXPECT_EQ(ask("POST", target + "/retire").status, 204);
  connection = Json::parse(ask("GET", target + "/connection").body);
  EXPECT_EQ(connection["retired"], true);
  EXPECT_EQ(connection["from_plan"], false);
  EXPECT_EQ(ask("GET", target).status, 200) << "its history stays";
}

TEST_F(OnboardingApiTest, WhatIsWrongNamesItsField) {
  const auto field_of = [&](const Json& body) {
    const auto answer = ask("POST", "/api/v1/devices", body);
    EXPECT_GE(answer.status, 400);
    EXPECT_LT(answer.status, 500);
    return Json::parse(answer.body).value("field", "");
  };
  Json wrong = meter("12X");
  EXPECT_EQ(field_of(wrong), "address");
  wrong = meter("5");
  wrong["model"] = "no-such";
  EXPECT_EQ(field_of(wrong), "model");
  wrong = meter("5");
  wrong["channel"] = "nowhere";
  EXPECT_EQ(field_of(wrong), "channel");
  wrong = meter("5");
  wrong["gateway_id"] = world_.gateway_east.value;
  EXPECT_EQ(field_of(wrong), "gateway_id") << "another's gateway";
  wrong = meter("5");
  wrong["site_id"] = world_.hill.value;
  EXPECT_EQ(field_of(wrong), "site_id") << "another's site";
  wrong = meter("5");
  wrong["colour"] = "red";
  EXPECT_EQ(field_of(wrong), "colour");
  wrong = meter("5");
  wrong.erase("address");
  EXPECT_EQ(field_of(wrong), "address");
  wrong = meter("5");
  wrong["new_channel"] = {{"name", "bus"}, {"kind", "tcp"}};
  EXPECT_EQ(field_of(wrong), "new_channel.host");
  EXPECT_EQ(ask("POST", "/api/v1/devices", std::string("{")).status, 400);
  EXPECT_EQ(Json::parse(ask("GET", plan_target()).body)["version"], 0);
}

TEST_F(OnboardingApiTest, OnlyOperatorsChangeAndOnlyWithinTheirScope) {
  EXPECT_EQ(ask("POST", "/api/v1/devices", meter("5"), "east").status, 403) << "a viewer";
  EXPECT_EQ(ask("POST", "/api/v1/unknown-devices/dismiss", Json{{"ids", Json::array()}}, "viewer").status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/device-imports", "", "viewer").status, 403);
  const std::string east = std::to_string(world_.gateway_east.value);
  EXPECT_EQ(ask("GET", "/api/v1/gateways/" + east + "/plan").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/gateways/" + east + "/channels",
                Json{{"name", "x"}, {"kind", "udp"}, {"host", "h"}, {"port", 1}})
                .status,
            404);
  EXPECT_EQ(ask("GET", "/api/v1/devices/" + std::to_string(world_.east_1.value) + "/connection").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/devices/" + std::to_string(world_.east_1.value) + "/retire").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/devices/" + std::to_string(world_.west_1.value) + "/retire").status, 409)
      << "it stands in its gateway's own file";
}

TEST_F(OnboardingApiTest, UnknownDevicesAreListedAdoptedAndDismissed) {
  const std::int64_t now = world_.now;
  world_.plans.unknown_devices(world_.gateway_west,
                               {{"nb", "dlt645_2007", "000000000091", "192.0.2.1:7", now, now, 2},
                                {"nb", "dlt645_2007", "000000000092", "192.0.2.1:8", now, now, 1}});
  world_.plans.unknown_devices(world_.gateway_east,
                               {{"nb", "dlt645_2007", "000000000093", "192.0.2.1:9", now, now, 1}});
  Json list = Json::parse(ask("GET", "/api/v1/unknown-devices").body)["devices"];
  ASSERT_EQ(list.size(), 2U) << "of the west only";
  EXPECT_NE(std::find(list[0]["models"].begin(), list[0]["models"].end(), model), list[0]["models"].end());
  const auto adopted = ask("POST", "/api/v1/unknown-devices/adopt",
                           Json{{"devices", {{{"id", list[0]["id"]}, {"model", model}, {"name", "New"}}}}});
  ASSERT_EQ(adopted.status, 200) << adopted.body;
  EXPECT_EQ(Json::parse(adopted.body)["device_ids"].size(), 1U);
  EXPECT_EQ(ask("POST", "/api/v1/unknown-devices/dismiss", Json{{"ids", {list[1]["id"]}}}).status, 204);
  EXPECT_TRUE(Json::parse(ask("GET", "/api/v1/unknown-devices").body)["devices"].empty());
  const auto wrong =
      ask("POST", "/api/v1/unknown-devices/adopt", Json{{"devices", {{{"id", list[0]["id"]}, {"model", model}}}}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Json::parse(wrong.body)["field"], "devices[0].id");
}

TEST_F(OnboardingApiTest, DevicesComeByFile) {
  const std::string file =
      "address,model,gateway,channel\r\n101,dlt645-2007-single-phase,gateway-west,bus\r\n"
      "102,no-such,gateway-west,bus\r\n";
  EXPECT_EQ(ask("POST", "/api/v1/device-imports", file).status, 415);
  const auto started = ask("POST", "/api/v1/device-imports?name=meters.csv", file, "west", "text/csv; charset=utf-8");
  ASSERT_EQ(started.status, 202) << started.body;
  const std::string target = "/api/v1/device-imports/" + std::to_string(Json::parse(started.body)["id"].get<int>());
  const auto settled = [&] {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    Json import;
    do {
      import = Json::parse(ask("GET", target).body);
      std::this_thread::yield();
    } while ((import["state"] == "checking" || import["state"] == "committing") &&
             std::chrono::steady_clock::now() < deadline);
    return import;
  };
  Json import = settled();
  EXPECT_EQ(import["state"], "checked");
  EXPECT_EQ(import["name"], "meters.csv");
  EXPECT_EQ(import["good_lines"], 1);
  EXPECT_EQ(import["bad_lines"], 1);
  EXPECT_EQ(import["findings"][0]["column"], "model");
  EXPECT_EQ(ask("GET", target, "", "admin").status, 404) << "one's own only";
  const auto errors = ask("GET", target + "/report");
  EXPECT_EQ(errors.status, 200);
  EXPECT_NE(errors.body.find(",\"model\","), std::string::npos) << errors.body;
  EXPECT_EQ(ask("POST", target + "/commit", Json{{"mode", "all_or_nothing"}}).status, 409);
  EXPECT_EQ(ask("POST", target + "/commit", Json{{"mode", "some"}}).status, 400);
  ASSERT_EQ(ask("POST", target + "/commit", Json{{"mode", "good_lines"}}).status, 202);
  import = settled();
  EXPECT_EQ(import["state"], "done");
  EXPECT_EQ(import["lines_made"], 1);
  EXPECT_EQ(ask("POST", target + "/cancel").status, 409);
  EXPECT_EQ(Json::parse(ask("GET", "/api/v1/device-imports").body)["imports"].size(), 1U);
  const auto form = ask("GET", "/api/v1/device-imports/template");
  EXPECT_EQ(form.status, 200);
  EXPECT_NE(form.body.find("channel_host"), std::string::npos);
  EXPECT_EQ(Json::parse(ask("GET", plan_target()).body)["devices"], 1);
}

}  // namespace
}  // namespace duheng::platform::web
