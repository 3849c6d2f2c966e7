// What is about the whole platform: counts, senders, the tree, scopes, and the answers the contract is checked with.
#include <cstdlib>
#include <fstream>

#include "platform/web/testing/alarm_answers.hpp"
#include "platform/web/testing/api_test_fixture.hpp"
#include "platform/web/testing/backup_answers.hpp"
#include "platform/web/testing/edit_answers.hpp"
#include "platform/web/testing/equipment_answers.hpp"
#include "platform/web/testing/export_answers.hpp"
#include "platform/web/testing/maintenance_answers.hpp"
#include "platform/web/testing/onboarding_answers.hpp"
#include "platform/web/testing/processing_answers.hpp"
#include "platform/web/testing/sensor_answers.hpp"
#include "platform/web/testing/tariff_answers.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::ElementsAre;

TEST_F(ApiTest, CountsForTheStartPage) {
  const auto all = get("admin", "/api/v1/overview");
  ASSERT_EQ(all.status, 200);
  EXPECT_EQ(all.body["devices"], 3);
  EXPECT_EQ(all.body["states"], (Json{{"online", 2}, {"late", 0}, {"offline", 0}, {"never", 1}}));
  EXPECT_EQ(all.body["unassigned_sources"], 1);
  EXPECT_EQ(all.body["gateways"], 2);
  EXPECT_EQ(all.body["gateways_connected"], 1);
  const auto west = get("west", "/api/v1/overview");
  EXPECT_EQ(west.body["devices"], 1);
  EXPECT_EQ(west.body["unassigned_sources"], 0);
  EXPECT_EQ(west.body["gateways"], 1);
  EXPECT_EQ(west.body["gateways_connected"], 0);
}

TEST_F(ApiTest, FiguresOfTheWholePlatformAreForWhoSeesTheWhole) {
  const auto all = get("viewer", "/api/v1/overview").body;
  EXPECT_EQ(all["readings_total"], 22);
  EXPECT_EQ(all["readings_per_s"], 1.5);
  EXPECT_EQ(get("viewer", "/api/v1/status").status, 200);
  EXPECT_TRUE(get("viewer", "/api/v1/session").body["whole_platform"].get<bool>());

  const auto before = get("west", "/api/v1/overview").body;
  EXPECT_EQ(before["readings_total"], nullptr);
  EXPECT_EQ(get("west", "/api/v1/status").status, 403);
  EXPECT_EQ(get("west", "/api/v1/status").body["code"], "forbidden");
  EXPECT_FALSE(get("west", "/api/v1/session").body["whole_platform"].get<bool>());

  // What is read elsewhere moves none of west's figures, its own do.
  const auto figures_of_west = [&] {
    Json body = get("west", "/api/v1/overview").body;
    body.erase("server_time");
    return body;
  };
  const Json quiet = figures_of_west();
  // A whole window of ten seconds, the one just over.
  const std::int64_t window = world_.clock.utc_ms() / RecentReadings::window_ms - 1;
  const std::int64_t in_window = window * RecentReadings::window_ms + 1'000;
  const auto is_still_that_window = [&] { return world_.clock.utc_ms() / RecentReadings::window_ms - 1 == window; };
  for (int i = 0; i < 20; ++i) world_.send(world_.gateway_east, "000000000001", in_window + i, 30'000 + i, 2'204);
  const Json after_east = figures_of_west();
  world_.send(world_.gateway_west, "000000000003", in_window, 200, 2'310);
  const Json after_west = figures_of_west();
  const double pace_of_east = get("east", "/api/v1/overview").body["readings_per_s"].get<double>();
  if (!is_still_that_window()) GTEST_SKIP() << "the clock went on to the next ten seconds meanwhile";
  EXPECT_EQ(after_east, quiet);
  EXPECT_EQ(after_west["readings_per_s"].get<double>() - quiet["readings_per_s"].get<double>(), 0.2);
  EXPECT_GE(pace_of_east, 4.0);
}

TEST_F(ApiTest, ShowsSendersThatNobodyClaims) {
  const auto got = get("admin", "/api/v1/sources");
  ASSERT_EQ(got.body["sources"].size(), 1U) << got.answer.body;
  const Json source = got.body["sources"][0];
  EXPECT_EQ(source["device_uid"], "999999999999");
  EXPECT_EQ(source["gateway"]["name"], "gateway-east");
  EXPECT_EQ(source["first_heard_at"], format_utc(world_.now - 30'000));
  EXPECT_EQ(source["last_heard_at"], format_utc(world_.now - 30'000));
  EXPECT_EQ(get("west", "/api/v1/sources").body["sources"], Json::array());
  // Claimed, it is no longer listed.
  ASSERT_TRUE(world_.devices.assign_source(Scope::everything(), {.id = 0,
                                                                 .device = world_.east_2,
                                                                 .gateway = world_.gateway_east,
                                                                 .device_uid = "999999999999",
                                                                 .from_utc_ms = world_.now - 60'000,
                                                                 .to_utc_ms = {}}));
  EXPECT_EQ(get("admin", "/api/v1/sources").body["sources"], Json::array());
  EXPECT_EQ(get("east", path("devices", world_.east_2.value)).body["state"], "online");
}

TEST_F(ApiTest, ShowsTheTreeGatewaysAndStatus) {
  const auto tree = get("admin", "/api/v1/organisations");
  EXPECT_THAT(column(tree.body["organisations"], "code"), ElementsAre("city", "east", "west"));
  EXPECT_EQ(tree.body["organisations"][1]["parent_id"], world_.city.value);
  EXPECT_EQ(tree.body["sites"][0]["time_zone"], "Asia/Shanghai");
  EXPECT_EQ(get("admin", "/api/v1/organisations", "Accept-Language: en\r\n").body["organisations"][0]["name"],
            "City Power");
  const auto gateways = get("admin", "/api/v1/gateways");
  ASSERT_EQ(gateways.body["gateways"].size(), 2U);
  const Json east = gateways.body["gateways"][0];
  EXPECT_EQ(east["name"], "gateway-east");
  EXPECT_EQ(east["connected"], true);
  EXPECT_EQ(east["devices"], 2);
  EXPECT_EQ(east["clock_offset_ms"], -12);
  EXPECT_EQ(east["spooled_batches"], 3);
  EXPECT_EQ(gateways.body["gateways"][1]["connected"], false);
  EXPECT_EQ(gateways.body["gateways"][1]["autonomy_hours"], nullptr);
  EXPECT_EQ(east["autonomy_hours"], 99.5);
  world_.runtimes[world_.gateway_east].autonomy_hours = 0;  // as a gateway says that has not measured yet
  EXPECT_EQ(get("admin", "/api/v1/gateways").body["gateways"][0]["autonomy_hours"], nullptr);
  const auto status = get("viewer", "/api/v1/status");
  EXPECT_EQ(status.body["version"], "test");
  EXPECT_EQ(status.body["components"][0]["detail_zh"], "正常");
  EXPECT_TRUE(status.body["counters"].is_object());
}

TEST_F(ApiTest, NobodySeesBeyondTheirOrganisation) {
  EXPECT_THAT(column(get("west", "/api/v1/devices").body["devices"], "name"), ElementsAre("西表"));
  EXPECT_EQ(get("west", "/api/v1/devices?organisation_id=" + std::to_string(world_.city.value)).body["total"], 1);
  EXPECT_EQ(get("west", "/api/v1/devices?organisation_id=" + std::to_string(world_.east.value)).body["total"], 0);
  EXPECT_EQ(get("west", "/api/v1/devices?site_id=" + std::to_string(world_.hill.value)).body["total"], 0);
  EXPECT_EQ(get("west", "/api/v1/devices?search=East").body["total"], 0);
  for (const std::string& foreign :
       {path("devices", world_.east_1.value), path("devices", world_.east_1.value) + "/completeness?date=2026-01-01",
        curve_of(world_.east_energy), path("series", world_.east_energy.value) + "/readings",
        path("frames", world_.east_frame.value), curve_of(world_.stray_energy),
        path("series", world_.stray_energy.value) + "/readings", path("frames", world_.stray_frame.value)}) {
    const auto got = get("west", foreign);
    EXPECT_EQ(got.status, 404) << foreign;
    EXPECT_EQ(get("admin", foreign).status, 200) << foreign;
  }
  // Another's is told exactly as one that is not there.
  EXPECT_EQ(get("west", path("devices", world_.east_1.value)).body["message"],
            get("west", path("devices", 99'999)).body["message"]);
  EXPECT_THAT(column(get("west", "/api/v1/organisations").body["organisations"], "code"), ElementsAre("west"));
  EXPECT_EQ(get("west", "/api/v1/organisations").body["organisations"][0]["parent_id"], nullptr);
  EXPECT_EQ(get("west", "/api/v1/organisations").body["sites"], Json::array());
  EXPECT_THAT(column(get("west", "/api/v1/gateways").body["gateways"], "name"), ElementsAre("gateway-west"));
}

TEST_F(ApiTest, AnAssignmentsEndIsTheEndOfWhatItsOwnerSees) {
  // West's meter was read by gateway-west until three and a half minutes ago, and east has it since.
  const auto assignments = world_.devices.sources_of(Scope::everything(), world_.west_1);
  ASSERT_TRUE(assignments);
  const std::int64_t handover = world_.now - 210'000;
  ASSERT_TRUE(world_.devices.end_source(Scope::everything(), assignments->front().id, handover));
  ASSERT_TRUE(world_.devices.assign_source(Scope::everything(), {.id = 0,
                                                                 .device = world_.east_2,
                                                                 .gateway = world_.gateway_west,
                                                                 .device_uid = "000000000003",
                                                                 .from_utc_ms = handover,
                                                                 .to_utc_ms = {}}));
  const std::string readings = path("series", world_.west_energy.value) + "/readings";
  EXPECT_THAT(column(get("west", readings).body["readings"], "value"), ElementsAre("1.01", "1.00"));
  EXPECT_THAT(column(get("east", readings).body["readings"], "value"), ElementsAre("1.04", "1.03", "1.02"));
  EXPECT_EQ(get("admin", readings).body["readings"].size(), 5U);
  EXPECT_EQ(get("west", curve_of(world_.west_energy, "&buckets=60")).body["buckets"].size(), 2U);
  EXPECT_EQ(get("west", path("frames", world_.west_frame.value)).status, 404);
  EXPECT_EQ(get("east", path("frames", world_.west_frame.value)).status, 200);
}

}  // namespace

/// What the contract says of jobs, orders, passwords and protection.
template <class Note>
void ApiTest::note_orders(const Note& note) {
  world_.connect_control(world_.gateway_west);
  const std::string headers = cookies_["admin"] + std::string{json_body};
  const auto send = [&](const char* method, const std::string& target, const std::string& body = {}) {
    return client_->request(method, target, headers, body);
  };
  const std::string west = std::to_string(world_.west_1.value);
  const std::string read = R"({"kind":"read","device_ids":[)" + west + R"(],"registers":["voltage_a"]})";
  const Answer made = send("POST", "/api/v1/jobs", read);
  note("post", "/api/v1/jobs", made);
  note("post", "/api/v1/jobs", send("POST", "/api/v1/jobs", "{}"));
  const std::int64_t job = Json::parse(made.body)["id"].get<std::int64_t>();
  for (int i = 0; i < 2'000 && world_.orders_sent().empty(); ++i) world_.orders->tick();
  world_.report(world_.gateway_west, world_.orders_sent().at(0).id, OrderState::done);
  const std::string trip = R"({"kind":"command","device_ids":[)" + west +
                           R"(],"name":"relay_trip","reason":"arrears","access":{"password":"02000000"}})";
  const Answer dangerous = send("POST", "/api/v1/jobs", trip);
  note("post", "/api/v1/jobs", dangerous);
  const std::int64_t second = Json::parse(dangerous.body)["id"].get<std::int64_t>();
  note("post", "/api/v1/jobs/{job_id}/confirm", send("POST", path("jobs", second) + "/confirm"));
  note("post", "/api/v1/jobs/{job_id}/confirm", send("POST", path("jobs", second) + "/confirm"));
  note("post", "/api/v1/jobs/{job_id}/cancel", send("POST", path("jobs", second) + "/cancel"));
  note("post", "/api/v1/jobs/{job_id}/cancel", send("POST", path("jobs", job) + "/cancel"));
  note("get", "/api/v1/jobs", get("admin", "/api/v1/jobs").answer);
  note("get", "/api/v1/jobs/{job_id}", get("admin", path("jobs", job)).answer);
  note("get", "/api/v1/jobs/{job_id}", get("admin", path("jobs", 99'999)).answer);
  const auto orders = get("admin", path("jobs", job) + "/orders");
  note("get", "/api/v1/jobs/{job_id}/orders", orders.answer);
  note("get", "/api/v1/orders/{order_id}",
       get("admin", path("orders", orders.body["orders"][0]["id"].get<std::int64_t>())).answer);
  Answer file = send("GET", path("jobs", job) + "/results");
  file.body.clear();  // no JSON
  note("get", "/api/v1/jobs/{job_id}/results", file);
  note("get", "/api/v1/operations", get("admin", "/api/v1/operations?page_size=20").answer);
  Answer log = send("GET", "/api/v1/operations/export?action=create_job");
  log.body.clear();
  note("get", "/api/v1/operations/export", log);
  const std::string device = path("devices", world_.west_1.value);
  note("put", "/api/v1/devices/{device_id}/access", send("PUT", device + "/access", R"({"password":"02000000"})"));
  note("put", "/api/v1/devices/{device_id}/access", send("PUT", device + "/access", "{}"));
  note("delete", "/api/v1/devices/{device_id}/access", send("DELETE", device + "/access"));
  note("put", "/api/v1/devices/{device_id}/protection", send("PUT", device + "/protection", R"({"reason":"school"})"));
  note("put", "/api/v1/devices/{device_id}/protection", send("PUT", device + "/protection", "{}"));
  note("delete", "/api/v1/devices/{device_id}/protection", send("DELETE", device + "/protection"));
}

namespace {

TEST_F(ApiTest, WritesAnswersForTheContract) {
  const char* file = std::getenv("DUHENG_API_ANSWERS");
  std::ofstream out(file != nullptr ? std::string{file} : world_.folder.file("answers.jsonl"));
  const auto note = [&](const std::string& method, const std::string& template_path, const Answer& answer) {
    Json line{{"method", method}, {"path", template_path}, {"status", answer.status}};
    if (!answer.body.empty()) line["body"] = Json::parse(answer.body);
    out << line.dump() << "\n";
  };
  world_.send(world_.gateway_east, "000000000001", world_.now - 60'000, 99'999, 2'204,
              Quality::out_of_range | Quality::decreased);
  world_.send(world_.gateway_east, "000000000001", world_.now - 5'000, 0, 2'204, Quality::no_value);
  const std::string date = *civil_date(world_.now, "Asia/Shanghai");
  const std::string fleet = "?register=energy_active_import_total&from=" + date + "&to=" + date;
  const std::vector<std::pair<std::string, std::string>> gets{
      {"/api/v1/session", "/api/v1/session"},
      {"/api/v1/overview", "/api/v1/overview"},
      {"/api/v1/devices", "/api/v1/devices?page_size=200"},
      {"/api/v1/devices", "/api/v1/devices?page=0"},
      {"/api/v1/devices/{device_id}", path("devices", world_.east_1.value)},
      {"/api/v1/devices/{device_id}", path("devices", world_.east_2.value)},
      {"/api/v1/devices/{device_id}", path("devices", 99'999)},
      {"/api/v1/devices/{device_id}/completeness", path("devices", world_.east_1.value) + "/completeness?date=" + date},
      {"/api/v1/series/{series_id}/curve", curve_of(world_.east_energy)},
      {"/api/v1/series/{series_id}/readings", path("series", world_.east_energy.value) + "/readings"},
      {"/api/v1/series/{series_id}/aggregates",
       path("series", world_.east_energy.value) + "/aggregates?by=day&from=" + date + "&to=" + date},
      {"/api/v1/series/{series_id}/aggregates",
       path("series", world_.east_energy.value) + "/aggregates?by=month&from=" + date + "&to=" + date},
      {"/api/v1/series/{series_id}/aggregates",
       path("series", world_.east_energy.value) + "/aggregates?by=hour&from=" + date + "&to=2000-01-01"},
      {"/api/v1/fleet/top", "/api/v1/fleet/top" + fleet},
      {"/api/v1/fleet/top", "/api/v1/fleet/top"},
      {"/api/v1/fleet/totals", "/api/v1/fleet/totals" + fleet},
      {"/api/v1/fleet/totals", "/api/v1/fleet/totals" + fleet + "&group=model"},
      {"/api/v1/fleet/completeness", "/api/v1/fleet/completeness" + fleet + "&group=site"},
      {"/api/v1/fleet/completeness", "/api/v1/fleet/completeness" + fleet},
      {"/api/v1/frames/{frame}", path("frames", world_.east_frame.value)},
      {"/api/v1/frames/{frame}", path("frames", world_.stray_frame.value)},
      {"/api/v1/frames/{frame}", path("frames", 1)},
      {"/api/v1/figure", "/api/v1/figure?frame=" + std::to_string(world_.east_frame.value)},
      {"/api/v1/figure", "/api/v1/figure?device_uid=000000000001&register=energy_active_import_total"},
      {"/api/v1/figure",
       "/api/v1/figure?series=" + std::to_string(world_.east_energy.value) + "&bucket=day&day=" + date},
      {"/api/v1/figure",
       "/api/v1/figure?series=" + std::to_string(world_.east_energy.value) + "&bucket=month&day=" + date},
      {"/api/v1/figure", "/api/v1/figure"},
      {"/api/v1/operations/chain", "/api/v1/operations/chain"},
      {"/api/v1/devices/{device_id}/frames", path("devices", world_.east_1.value) + "/frames?limit=3"},
      {"/api/v1/sources", "/api/v1/sources"},
      {"/api/v1/organisations", "/api/v1/organisations"},
      {"/api/v1/gateways", "/api/v1/gateways"},
      {"/api/v1/analyser/builders", "/api/v1/analyser/builders"},
      {"/api/v1/status", "/api/v1/status"}};
  for (const auto& [template_path, target] : gets) {
    note("get", template_path, get("admin", target).answer);
    note("get", template_path, client_->request("GET", target));
  }
  note("post", "/api/v1/session",
       client_->request("POST", "/api/v1/session", json_body, R"({"name":"east","password":"correct horse battery"})"));
  for (int i = 0; i < 6; ++i) {
    note("post", "/api/v1/session",
         client_->request("POST", "/api/v1/session", json_body, R"({"name":"east","password":"wrong"})"));
  }
  const std::string fresh = world_.log_in("fresh");
  note("get", "/api/v1/devices", client_->request("GET", "/api/v1/devices", fresh));
  note("get", "/api/v1/overview", get("west", "/api/v1/overview").answer);
  note("get", "/api/v1/status", get("west", "/api/v1/status").answer);
  for (const char* body : {R"({"old_password":"wrong","new_password":"another good password"})", "{}",
                           R"({"old_password":"correct horse battery","new_password":"short"})",
                           R"({"old_password":"correct horse battery","new_password":"another good password"})"}) {
    note("put", "/api/v1/session/password",
         client_->request("PUT", "/api/v1/session/password", fresh + std::string{json_body}, body));
  }
  for (const char* body :
       {R"({"text":"01 02 68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16 55\nnothing\n68 01","protocol":"auto"})",
        R"({"text":"68","protocol":"fax"})"}) {
    note("post", "/api/v1/analyser/frames",
         client_->request("POST", "/api/v1/analyser/frames", cookies_["admin"] + std::string{json_body}, body));
  }
  for (const char* body : {R"({"protocol":"dlt645","kind":"control","parameters":{"address":"1"}})",
                           R"({"protocol":"dlt645","kind":"fly","parameters":{}})"}) {
    note("post", "/api/v1/analyser/build",
         client_->request("POST", "/api/v1/analyser/build", cookies_["admin"] + std::string{json_body}, body));
  }
  note_orders(note);
  testing::EditAnswers(world_, *client_, cookies_["admin"], note).take();
  testing::take_tariff_answers(world_, *client_, cookies_["admin"], note);
  testing::OnboardingAnswers(world_, *client_, cookies_["admin"], note).take();
  testing::take_maintenance_answers(world_, *client_, cookies_["admin"], note);
  testing::take_processing_answers(world_, *client_, cookies_["admin"], note);
  testing::BackupAnswers(world_, *client_, cookies_["admin"], note).take();
  testing::ExportAnswers(world_, *client_, cookies_["admin"], note).take();
  testing::SensorAnswers(world_, *client_, cookies_["admin"], note).take();
  testing::EquipmentAnswers(world_, *client_, cookies_["admin"], note).take();
  testing::AlarmAnswers(world_, *client_, cookies_["admin"], note).take();
  note("delete", "/api/v1/session",
       client_->request("DELETE", "/api/v1/session", cookies_["admin"] + "X-Duheng-Request: 1\r\n"));
}

}  // namespace
}  // namespace duheng::platform::web
