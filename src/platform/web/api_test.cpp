// The web API as a browser meets it: over HTTPS, every route, every error, every scope.
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ApiWorld;
using testing::Client;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::string_view json_body = "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n";

class ApiTest : public ::testing::Test {
 protected:
  struct Got {
    int status = 0;
    Json body;
    Answer answer;
  };
  Got get(const std::string& user, const std::string& target, const std::string& headers = {}) {
    auto& cookie = cookies_[user];
    if (cookie.empty() && !user.empty()) cookie = world_.log_in(user);
    Got out;
    out.answer = client_->request("GET", target, cookie + headers);
    out.status = out.answer.status;
    out.body = Json::parse(out.answer.body, nullptr, false);
    EXPECT_EQ(out.answer.header("content-type"), "application/json") << target;
    EXPECT_EQ(out.answer.header("cache-control"), "no-store") << target;
    return out;
  }
  static std::vector<std::string> column(const Json& rows, const std::string& key) {
    std::vector<std::string> out;
    for (const Json& row : rows) out.push_back(row[key].get<std::string>());
    return out;
  }
  std::string curve_of(SeriesId id, const std::string& more = {}) const {
    return "/api/v1/series/" + std::to_string(id.value) + "/curve?from=" + format_utc(world_.now - 3'600'000) +
           "&to=" + format_utc(world_.now) + more;
  }
  static std::string path(const std::string& kind, std::int64_t id) {
    return "/api/v1/" + kind + "/" + std::to_string(id);
  }

  ApiWorld world_;
  std::unique_ptr<Client> client_ = world_.connect();
  std::map<std::string, std::string> cookies_;
};

TEST_F(ApiTest, LogsInAndOut) {
  const auto answer =
      client_->request("POST", "/api/v1/session", json_body, R"({"name":"east","password":"correct horse battery"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string cookie = answer.header("set-cookie");
  EXPECT_EQ(cookie.substr(0, 16), "__Host-duheng=" + cookie.substr(14, 2));
  for (const char* attribute : {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << attribute;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  const Json session = Json::parse(answer.body);
  EXPECT_EQ(session["user"], "east");
  EXPECT_EQ(session["role"], "viewer");
  EXPECT_EQ(session["organisation"], "东区");
  EXPECT_GT(*parse_iso8601(session["expires"].get<std::string>()), world_.now);

  const std::string line = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(client_->request("GET", "/api/v1/session", line).status, 200);
  EXPECT_EQ(
      Json::parse(client_->request("GET", "/api/v1/session", line + "Accept-Language: en-GB\r\n").body)["organisation"],
      "East");
  EXPECT_EQ(client_->request("DELETE", "/api/v1/session", line).status, 403);  // without the header
  const auto out = client_->request("DELETE", "/api/v1/session", line + "X-Duheng-Request: 1\r\n");
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(out.header("content-length"), "");
  EXPECT_NE(out.header("set-cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(client_->request("GET", "/api/v1/session", line).status, 401);
}

TEST_F(ApiTest, RefusesBadLoginsAlikeAndThenSlowsThemDown) {
  const auto attempt = [&](const std::string& name, const std::string& given) {
    return client_->request("POST", "/api/v1/session", json_body,
                            R"({"name":")" + name + R"(","password":")" + given + "\"}");
  };
  const auto wrong = attempt("east", "wrong password!");
  const auto unknown = attempt("nobody", "wrong password!");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(Json::parse(wrong.body)["message"], Json::parse(unknown.body)["message"]);
  EXPECT_EQ(wrong.header("set-cookie"), "");
  Answer last;
  for (int i = 0; i < 6 && last.status != 429; ++i) last = attempt("east", "wrong password!");
  ASSERT_EQ(last.status, 429) << last.body;
  EXPECT_GE(Json::parse(last.body)["retry_after_s"].get<int>(), 1);
  EXPECT_EQ(last.header("retry-after"), std::to_string(Json::parse(last.body)["retry_after_s"].get<int>()));
  // Also with the right password, for as long as the wait is.
  EXPECT_EQ(attempt("east", "correct horse battery").status, 429);
  EXPECT_EQ(attempt("west", "correct horse battery").status, 200);
}

TEST_F(ApiTest, RefusesLoginsThatAreNotOne) {
  for (const char* body : {"", "{", "[]", "null", "{}", R"({"name":"a"})", R"({"name":"a","password":1})",
                           R"({"name":"a","password":"b","x":1})", "{\"name\":\"\xFF\",\"password\":\"b\"}"}) {
    EXPECT_EQ(client_->request("POST", "/api/v1/session", json_body, body).status, 400) << body;
  }
  EXPECT_EQ(client_
                ->request("POST", "/api/v1/session", json_body,
                          R"({"name":")" + std::string(101, 'a') + R"(","password":"b"})")
                .status,
            400);
  EXPECT_EQ(client_->request("POST", "/api/v1/session", "X-Duheng-Request: 1\r\n", "{}").status, 415);
  EXPECT_EQ(client_->request("POST", "/api/v1/session", json_body, std::string(20'000, '[')).status, 400);
  EXPECT_EQ(client_->request("GET", "/api/v1/session").status, 401);
  EXPECT_EQ(client_->request("GET", "/api/v1/session", "Cookie: __Host-duheng=" + std::string(64, 'A') + "\r\n").status,
            401);
}

TEST_F(ApiTest, EveryRouteNeedsASessionUnlessItIsOpen) {
  Router router = make_router(world_.services);
  world_.live->add_routes(router);
  std::size_t walked = 0;
  for (const Router::Route& route : router.routes()) {
    std::string target = route.pattern;
    for (std::size_t at = 0; (at = target.find('{')) != std::string::npos;)
      target.replace(at, target.find('}') - at + 1, "1");
    const bool open = !route.permission.needs_session();
    EXPECT_EQ(open, route.operation == "logIn") << "only logging in is open, not " << route.operation;
    if (open || route.websocket) continue;
    const auto answer = client_->request(to_string(route.method), target, "X-Duheng-Request: 1\r\n");
    EXPECT_EQ(answer.status, 401) << route.operation;
    // Everything there is so far is for every role; what each sees of it is another matter (below).
    for (const char* user : {"viewer", "west", "admin"}) {
      if (route.method != Method::get) continue;
      const int status = get(user, target).status;
      EXPECT_TRUE(status == 200 || status == 400 || status == 404)
          << route.operation << " as " << user << ": " << status;
    }
    ++walked;
  }
  EXPECT_EQ(walked, 13U);
  EXPECT_EQ(client_->upgrade("/api/v1/live", world_.origin()).status, 401);
}

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

TEST_F(ApiTest, ListsDevices) {
  const auto names = [&](const std::string& user, const std::string& query) {
    const auto got = get(user, "/api/v1/devices" + query);
    EXPECT_EQ(got.status, 200) << query << got.answer.body;
    return column(got.body["devices"], "name");
  };
  EXPECT_THAT(names("admin", ""), ElementsAre("East Meter 1", "East Meter 2", "西表"));
  EXPECT_THAT(names("admin", "?sort=-name"), ElementsAre("西表", "East Meter 2", "East Meter 1"));
  EXPECT_THAT(names("admin", "?sort=-address&page_size=1&page=2"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?sort=last_reading&page_size=1"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?search=METER%202"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?search=%E8%A5%BF"), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?search=000000000003"), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?state=never"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?state=online&sort=-last_reading"), UnorderedElementsAre("East Meter 1", "西表"));
  EXPECT_THAT(names("admin", "?state=offline"), IsEmpty());
  EXPECT_THAT(names("admin", "?site_id=" + std::to_string(world_.hill.value)),
              ElementsAre("East Meter 1", "East Meter 2"));
  EXPECT_THAT(names("admin", "?gateway_id=" + std::to_string(world_.gateway_west.value)), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?organisation_id=" + std::to_string(world_.city.value)).size(), 3U);
  EXPECT_THAT(names("admin", "?organisation_id=" + std::to_string(world_.west.value)), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?page=9"), IsEmpty());

  const Json row = get("admin", "/api/v1/devices").body["devices"][0];
  EXPECT_EQ(row["state"], "online");
  EXPECT_EQ(row["last_reading_at"], format_utc(world_.now - 60'000));
  EXPECT_EQ(row["site"]["name"], "Hill");
  EXPECT_EQ(row["organisation"]["name"], "东区");
  EXPECT_EQ(row["gateway"]["name"], "gateway-east");
  EXPECT_EQ(get("admin", "/api/v1/devices?page_size=1").body["total"], 3);

  for (const char* bad : {"?page=0", "?page=x", "?page_size=201", "?state=asleep", "?sort=colour", "?site_id=-1",
                          "?unknown=1", "?page=1&page=2"}) {
    const auto got = get("admin", std::string{"/api/v1/devices"} + bad);
    EXPECT_EQ(got.status, 400) << bad;
    EXPECT_FALSE(got.body["request_id"].get<std::string>().empty());
  }
  EXPECT_EQ(get("admin", "/api/v1/devices?search=" + std::string(101, 'a')).status, 400);
}

TEST_F(ApiTest, ShowsADeviceWithItsLatestValues) {
  const auto got = get("east", path("devices", world_.east_1.value));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["time_zone"], "Asia/Shanghai");
  ASSERT_EQ(got.body["registers"].size(), 2U);
  const Json energy = got.body["registers"][0];
  EXPECT_EQ(energy["register"], "energy_active_import_total");
  EXPECT_EQ(energy["unit"], "kWh");
  EXPECT_EQ(energy["exponent"], -2);
  EXPECT_EQ(energy["latest"]["value"], "224.80");
  EXPECT_EQ(energy["latest"]["quality"], "good");
  EXPECT_EQ(energy["latest"]["frame"], std::to_string(world_.east_frame.value));
  EXPECT_EQ(get("east", path("devices", world_.east_2.value)).body["registers"], Json::array());
  EXPECT_EQ(get("east", path("devices", 99'999)).status, 404);
  EXPECT_EQ(get("east", "/api/v1/devices/x").status, 404);
}

TEST_F(ApiTest, ValuesWithoutMeaningAreNullAndConflictsAreShown) {
  world_.send(world_.gateway_east, "000000000001", world_.now - 10'000, 0, 2'300, Quality::invalid_content);
  const Json latest = get("east", path("devices", world_.east_1.value)).body["registers"][0]["latest"];
  EXPECT_EQ(latest["value"], nullptr);
  EXPECT_EQ(latest["quality"], "invalid_content");
  world_.send(world_.gateway_east, "000000000001", world_.now - 60'000, 99'999,
              2'204);  // another value for the same time
  const Json readings = get("east", path("series", world_.east_energy.value) + "/readings").body["readings"];
  const auto conflicts =
      std::ranges::count_if(readings, [](const Json& reading) { return reading.value("conflict", false); });
  EXPECT_EQ(conflicts, 2);
}

TEST_F(ApiTest, CountsHowCompleteADayIs) {
  const auto today = civil_date(world_.now, "Asia/Shanghai");
  const auto got = get("east", path("devices", world_.east_1.value) + "/completeness?date=" + *today);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["time_zone"], "Asia/Shanghai");
  const std::int64_t begin = civil_day(*today, "Asia/Shanghai")->begin_utc_ms;
  // Quarters of an hour, because the meter is read more often than that.
  const std::int64_t slots = (world_.clock.utc_ms() - begin) / 900'000;
  EXPECT_NEAR(got.body["expected"].get<double>(), static_cast<double>(2 * slots), 2);
  // The last five minutes were read, in two registers: they lie in the running quarter, or also in the one before.
  EXPECT_LE(got.body["present"].get<int>(), 2);
  EXPECT_EQ(got.body["registers"].size(), 2U);
  const auto past = get("east", path("devices", world_.east_1.value) + "/completeness?date=2020-01-01");
  EXPECT_EQ(past.body["present"], 0);
  EXPECT_EQ(past.body["expected"], 2 * 96);
  EXPECT_EQ(past.body["registers"][0]["gaps"].size(), 1U);
  const auto future = get("east", path("devices", world_.east_1.value) + "/completeness?date=2099-01-01");
  EXPECT_EQ(future.body["expected"], 0);
  EXPECT_EQ(future.body["ratio"], 1.0);
  EXPECT_EQ(get("east", path("devices", world_.east_1.value) + "/completeness").status, 400);
  EXPECT_EQ(get("east", path("devices", world_.east_1.value) + "/completeness?date=2026-02-30").status, 400);
}

TEST_F(ApiTest, DrawsCurves) {
  const auto got = get("east", curve_of(world_.east_energy, "&buckets=1"));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["unit"], "kWh");
  EXPECT_EQ(got.body["bucket_ms"], 3'600'000);
  ASSERT_EQ(got.body["buckets"].size(), 1U);
  const Json bucket = got.body["buckets"][0];
  EXPECT_EQ(bucket["count"], 5);
  EXPECT_EQ(bucket["first"]["value"], "224.40");
  EXPECT_EQ(bucket["last"]["value"], "224.80");
  EXPECT_EQ(bucket["max"]["frame"], std::to_string(world_.east_frame.value));
  EXPECT_EQ(get("east", curve_of(world_.east_energy)).body["buckets"].size(), 5U);
  const std::string series = path("series", world_.east_energy.value) + "/curve";
  for (const char* bad :
       {"", "?from=2026-01-01T00:00:00Z", "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "?from=1900-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "?from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z",
        "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&buckets=5001"}) {
    EXPECT_EQ(get("east", series + bad).status, 400) << bad;
  }
  EXPECT_EQ(get("east", curve_of(SeriesId{99'999})).status, 404);
}

TEST_F(ApiTest, ListsReadingsNewestFirstPageByPage) {
  const std::string series = path("series", world_.east_energy.value) + "/readings";
  const auto got = get("east", series);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_THAT(column(got.body["readings"], "value"), ElementsAre("224.80", "224.70", "224.60", "224.50", "224.40"));
  const auto first = get("east", series + "?limit=2");
  EXPECT_THAT(column(first.body["readings"], "value"), ElementsAre("224.80", "224.70"));
  const auto next = get("east", series + "?limit=2&before=" + first.body["readings"][1]["time"].get<std::string>());
  EXPECT_THAT(column(next.body["readings"], "value"), ElementsAre("224.60", "224.50"));
  EXPECT_THAT(column(get("east", series + "?before=1990-01-01T00:00:00Z").body["readings"], "value"), IsEmpty());
  EXPECT_EQ(get("east", series + "?limit=1001").status, 400);
  EXPECT_EQ(get("east", series + "?before=yesterday").status, 400);
}

TEST_F(ApiTest, FindsOldReadingsAcrossLongGaps) {
  world_.send(world_.gateway_east, "000000000001", world_.now - 400LL * 86'400'000, 1, 2'204);
  const auto got = get("east", path("series", world_.east_energy.value) + "/readings?limit=10");
  EXPECT_EQ(got.body["readings"].size(), 6U);
  EXPECT_EQ(got.body["readings"].back()["value"], "0.01");
}

TEST_F(ApiTest, FollowsAValueBackToItsFrame) {
  const auto got = get("east", path("frames", world_.east_frame.value));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["device"]["id"], world_.east_1.value);
  EXPECT_EQ(got.body["gateway"]["name"], "gateway-east");
  EXPECT_EQ(got.body["epoch"], "0000000000000007");
  EXPECT_EQ(got.body["sequence"], 4);
  EXPECT_EQ(got.body["batch_hash"].get<std::string>().size(), 64U);
  EXPECT_EQ(got.body["times"]["sent"], format_utc(world_.now - 60'080));
  EXPECT_EQ(got.body["times"]["received"], format_utc(world_.now - 60'000));
  EXPECT_EQ(got.body["times"]["stored"], format_utc(world_.now - 59'800));
  const Json response = got.body["response"];
  EXPECT_EQ(response["hex"], to_hex(testing::dlt645_frame("000000000001", 0x91, {0, 0, 0, 0, 0x80, 0x24, 0x02, 0x00})));
  EXPECT_EQ(response["error"], nullptr);
  // Every octet belongs to exactly one field, in order.
  for (const char* side : {"request", "response"}) {
    std::size_t at = 0;
    for (const Json& field : got.body[side]["fields"]) {
      EXPECT_EQ(field["offset"], at);
      at += field["size"].get<std::size_t>();
    }
    EXPECT_EQ(at * 2, got.body[side]["hex"].get<std::string>().size());
  }
  EXPECT_EQ(got.body["readings"][0]["value"], "224.80");
  EXPECT_EQ(get("east", path("frames", world_.east_frame.value + 1)).status, 404);
  EXPECT_EQ(get("east", path("frames", INT64_MAX)).status, 404);
  EXPECT_EQ(get("admin", path("frames", world_.stray_frame.value)).body["device"], nullptr);
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

TEST_F(ApiTest, EndedSessionsAreOver) {
  EXPECT_EQ(get("east", "/api/v1/devices").status, 200);
  const auto users = world_.people.list(Scope::everything());
  const auto user = std::ranges::find(*users, "east", &User::name);
  ASSERT_TRUE(world_.people.set_active(Scope::everything(), user->id, false));
  EXPECT_EQ(get("east", "/api/v1/devices").status, 401);
}

// One line of JSON for each kind of answer: operation, status and body, for tests/api/check-answers.mjs to hold against
// api/openapi.yaml.
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
      {"/api/v1/frames/{frame}", path("frames", world_.east_frame.value)},
      {"/api/v1/frames/{frame}", path("frames", world_.stray_frame.value)},
      {"/api/v1/frames/{frame}", path("frames", 1)},
      {"/api/v1/sources", "/api/v1/sources"},
      {"/api/v1/organisations", "/api/v1/organisations"},
      {"/api/v1/gateways", "/api/v1/gateways"},
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
  note("delete", "/api/v1/session",
       client_->request("DELETE", "/api/v1/session", cookies_["admin"] + "X-Duheng-Request: 1\r\n"));
}

}  // namespace
}  // namespace duheng::platform::web
