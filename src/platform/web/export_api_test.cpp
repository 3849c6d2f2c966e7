// Exports and imports of readings as a browser meets them.
#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "crypto/hash.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ApiWorld;
using testing::Client;

class ExportApiTest : public ::testing::Test {
 protected:
  Answer ask(const std::string& method, const std::string& target, const std::string& user,
             const std::string& body = {}, const std::string& type = "application/json") {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    std::string headers = cookie;
    if (method != "GET") headers += "X-Duheng-Request: 1\r\n";
    if (!body.empty()) headers += "Content-Type: " + type + "\r\n";
    return client_->request(method, target, headers, body);
  }
  [[nodiscard]] static Json wish(const std::string& format = "csv") {
    return {{"format", format},
            {"from", "2020-01-01T00:00:00Z"},
            {"to", "2100-01-01T00:00:00Z"},
            {"time_zone", "Asia/Shanghai"}};
  }
  Json settled(const std::string& target, const std::string& user) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    Json found;
    do {
      found = Json::parse(ask("GET", target, user).body);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    } while ((found["state"] == "queued" || found["state"] == "running" || found["state"] == "checking" ||
              found["state"] == "committing") &&
             std::chrono::steady_clock::now() < deadline);
    return found;
  }
  /// The file of an export that must succeed.
  std::string file_of(const Json& wanted, const std::string& user, std::string* target = nullptr) {
    const Answer made = ask("POST", "/api/v1/exports", user, wanted.dump());
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string at = "/api/v1/exports/" + std::to_string(Json::parse(made.body)["id"].get<int>());
    if (target != nullptr) *target = at;
    const Json done = settled(at, user);
    EXPECT_EQ(done["state"], "done") << done;
    const Answer file = ask("GET", at + "/file", user);
    EXPECT_EQ(file.status, 200) << file.body;
    EXPECT_EQ(file.body.size(), done["size_bytes"]);
    std::string digest = to_hex(crypto::sha256(as_bytes(file.body)));
    std::ranges::transform(digest, digest.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_EQ(digest, done["sha256"]);
    return file.body;
  }
  [[nodiscard]] static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  ApiWorld world_;
  std::unique_ptr<Client> client_ = world_.connect();
  std::map<std::string, std::string> cookies_;
};

TEST_F(ExportApiTest, AnAuditIsForOperatorsOfTheWholePlatform) {
  Json wanted = wish("json_lines");
  wanted["by"] = "audit";
  for (const char* user : {"east", "west"}) {
    const Answer refused = ask("POST", "/api/v1/exports", user, wanted.dump());
    EXPECT_EQ(refused.status, 403) << refused.body;
  }
  std::string first;
  const std::string text = file_of(wanted, "admin", &first);
  EXPECT_GE(lines(text), 2U) << "that it was asked for, and the journal's segment";
  const Json operation = Json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(operation["part"], "operation");
  EXPECT_EQ(operation["action"], "ask_export");
  EXPECT_EQ(operation["hash_holds"], 1);
  EXPECT_EQ(Json::parse(ask("GET", first, "admin").body)["by"], "audit");

  const Answer chain = ask("GET", "/api/v1/operations/chain", "admin");
  ASSERT_EQ(chain.status, 200) << chain.body;
  const Json told = Json::parse(chain.body);
  EXPECT_EQ(told["sound"], true);
  EXPECT_GE(told["entries"], 2) << "asked and fetched";
  EXPECT_TRUE(told["broken_at"].is_null());
  EXPECT_EQ(told["head"].get<std::string>().size(), 64U);
  EXPECT_EQ(ask("GET", "/api/v1/operations/chain", "east").status, 403);
}

TEST_F(ExportApiTest, PeopleExportWhatTheySeeAndNothingElse) {
  Json wanted = wish();
  wanted["all_devices"] = true;
  const std::string east = file_of(wanted, "east");
  EXPECT_NE(east.find("East Meter 1"), std::string::npos);
  EXPECT_EQ(east.find("000000000003"), std::string::npos) << "west's";
  EXPECT_EQ(east.find("999999999999"), std::string::npos) << "nobody's";
  const std::string all = file_of(wanted, "viewer");
  EXPECT_NE(all.find("000000000003"), std::string::npos);
  EXPECT_GT(lines(all), lines(east));

  wanted = wish();
  wanted["device_ids"] = {world_.west_1.value};
  EXPECT_EQ(ask("POST", "/api/v1/exports", "east", wanted.dump()).status, 404);
  wanted = wish();
  wanted["series_ids"] = {world_.west_energy.value};
  EXPECT_EQ(ask("POST", "/api/v1/exports", "east", wanted.dump()).status, 404);
  wanted["series_ids"] = {world_.stray_energy.value};
  EXPECT_EQ(ask("POST", "/api/v1/exports", "east", wanted.dump()).status, 404);
  EXPECT_NE(file_of(wanted, "viewer").find("999999999999"), std::string::npos);
  wanted = wish();
  wanted["site_ids"] = {world_.hill.value};
  EXPECT_EQ(ask("POST", "/api/v1/exports", "west", wanted.dump()).status, 404);
  EXPECT_NE(file_of(wanted, "east").find(",Hill,"), std::string::npos);
}

TEST_F(ExportApiTest, RegistersAndTimesAreChosen) {
  Json wanted = wish("json_lines");
  wanted["device_ids"] = {world_.east_1.value};
  const std::string all = file_of(wanted, "east");
  wanted["registers"] = {"voltage_a"};
  std::string at;
  const std::string voltages = file_of(wanted, "east", &at);
  EXPECT_EQ(lines(voltages) * 2, lines(all));
  const Json row = Json::parse(voltages.substr(0, voltages.find('\n')));
  EXPECT_EQ(row["register"], "voltage_a");
  EXPECT_TRUE(row["value"].is_string());
  EXPECT_TRUE(row["time"].get<std::string>().ends_with("+08:00"));
  EXPECT_EQ(ask("GET", at + "/file", "east").header("content-type"), "application/x-ndjson");
  EXPECT_NE(ask("GET", at + "/file", "east").header("content-disposition").find(".jsonl\""), std::string::npos);
  wanted["to"] = "2020-01-02T00:00:00Z";
  EXPECT_EQ(file_of(wanted, "east"), "");
  wanted["registers"] = {"no_such"};
  EXPECT_EQ(ask("POST", "/api/v1/exports", "east", wanted.dump()).status, 400);
}

TEST_F(ExportApiTest, WhatIsNoLongerTheirsIsNotHandedOut) {
  Json wanted = wish();
  wanted["all_devices"] = true;
  std::string at;
  file_of(wanted, "east", &at);
  EXPECT_EQ(ask("GET", at + "/file", "viewer").status, 404) << "another person's";
  EXPECT_EQ(ask("POST", at + "/cancel", "viewer").status, 404);
  DeviceDetails details = world_.devices.get(Scope::everything(), world_.east_1)->details;
  details.organisation = world_.west;
  details.site = {};
  ASSERT_TRUE(world_.devices.update(Scope::everything(), world_.east_1, details));
  const Answer refused = ask("GET", at + "/file", "east");
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_EQ(Json::parse(ask("GET", at, "east").body)["downloads"], 1);
  EXPECT_EQ(Json::parse(ask("POST", at + "/cancel", "east").body)["state"], "expired");
  EXPECT_EQ(ask("GET", at + "/file", "east").status, 403);
}

TEST_F(ExportApiTest, WrongWishesAreRefused) {
  const auto status = [&](const Json& body) { return ask("POST", "/api/v1/exports", "east", body.dump()).status; };
  Json wanted = wish();
  EXPECT_EQ(status(wanted), 400) << "nothing is chosen";
  wanted["device_ids"] = {world_.east_1.value};
  for (const auto& [field, value] : std::vector<std::pair<std::string, Json>>{{"format", "docx"},
                                                                              {"from", "yesterday"},
                                                                              {"to", "2019-01-01T00:00:00Z"},
                                                                              {"time_zone", "Mars"},
                                                                              {"device_ids", Json::array({-1})},
                                                                              {"registers", Json::array({5})},
                                                                              {"byte_order_mark", "yes"},
                                                                              {"surprise", 1}}) {
    Json wrong = wanted;
    wrong[field] = value;
    EXPECT_EQ(status(wrong), 400) << wrong;
  }
  EXPECT_EQ(ask("POST", "/api/v1/exports", "east", "[").status, 400);
}

TEST_F(ExportApiTest, HistoryComesByFileAndIsExportedAgain) {
  const std::string file =
      "device_uid,register,time,value,unit\r\n"
      "000000000001,energy_active_import_total,2021-03-01T00:00:00+08:00,17.25,kWh\r\n"
      "000000000001,energy_active_import_total,2021-03-01T01:00:00+08:00,17.5,kWh\r\n"
      "000000000003,energy_active_import_total,2021-03-01T01:00:00+08:00,1,kWh\r\n"
      "000000000001,energy_active_import_total,2021-03-01T02:00:00+08:00,17.555,kWh\r\n";
  EXPECT_EQ(ask("POST", "/api/v1/history-imports", "viewer", file, "text/csv").status, 403);
  const Answer begun = ask("POST", "/api/v1/history-imports?name=old.csv", "operator", file, "text/csv");
  ASSERT_EQ(begun.status, 202) << begun.body;
  const std::string at = "/api/v1/history-imports/" + std::to_string(Json::parse(begun.body)["id"].get<int>());
  Json import = settled(at, "operator");
  EXPECT_EQ(import["state"], "checked") << import;
  EXPECT_EQ(import["good_lines"], 3);
  EXPECT_EQ(import["findings"][0]["kind"], "bad_number");
  EXPECT_EQ(import["findings"][0]["line"], 5);
  EXPECT_EQ(ask("POST", at + "/commit", "operator", R"({"mode":"all_or_nothing"})").status, 409);
  ASSERT_EQ(ask("POST", at + "/commit", "operator", R"({"mode":"good_lines"})").status, 202);
  import = settled(at, "operator");
  EXPECT_EQ(import["state"], "done");
  EXPECT_EQ(import["lines_made"], 3);
  world_.apply_journal();

  Json wanted = wish();
  wanted["to"] = "2022-01-01T00:00:00Z";
  wanted["series_ids"] = {world_.east_energy.value};
  std::string exported = file_of(wanted, "east");
  EXPECT_NE(exported.find(",2021-03-01T00:00:00.000+08:00,1614528000000,17.25,kWh,decimal,good,platform,"),
            std::string::npos)
      << exported;
  // What was exported can be imported: the same readings are evidence, and nothing else.
  const Answer again = ask("POST", "/api/v1/history-imports", "operator", exported, "text/csv");
  const std::string second = "/api/v1/history-imports/" + std::to_string(Json::parse(again.body)["id"].get<int>());
  import = settled(second, "operator");
  EXPECT_EQ(import["known_lines"], 2) << import;
  EXPECT_EQ(import["bad_lines"], 0);
  ASSERT_EQ(ask("POST", second + "/commit", "operator", R"({"mode":"all_or_nothing"})").status, 202);
  EXPECT_EQ(settled(second, "operator")["state"], "done");
  world_.apply_journal();
  exported = file_of(wanted, "east");
  EXPECT_EQ(lines(exported), 3U) << exported;
  EXPECT_NE(exported.find(",2,0,0,"), std::string::npos) << "two pieces of evidence, no conflict";
  const std::string report = ask("GET", second + "/report", "operator").body;
  EXPECT_NE(report.find("2,known,"), std::string::npos) << report;
}

}  // namespace
}  // namespace duheng::platform::web
