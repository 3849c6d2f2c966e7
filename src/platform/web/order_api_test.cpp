// Jobs, orders, passwords, protection and traces as a browser meets them.
#include <chrono>
#include <thread>

#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OrderApiTest : public ApiTest {
 protected:
  Got send(const std::string& user, const std::string& method, const std::string& target, const Json& body = nullptr) {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    Got out;
    out.answer = client_->request(method, target, cookie + std::string{json_body}, body.is_null() ? "" : body.dump());
    out.status = out.answer.status;
    out.body = Json::parse(out.answer.body, nullptr, false);
    return out;
  }
  Got post(const std::string& user, const std::string& target, const Json& body = nullptr) {
    return send(user, "POST", target, body);
  }
  static Json read_job(std::initializer_list<DeviceId> devices) {
    Json ids = Json::array();
    for (const DeviceId id : devices) ids.push_back(id.value);
    return {{"kind", "read"}, {"device_ids", ids}, {"registers", {"voltage_a"}}};
  }
  static Json trip_job(std::initializer_list<DeviceId> devices) {
    Json job = read_job(devices);
    job.erase("registers");
    job["kind"] = "command";
    job["name"] = "relay_trip";
    job["reason"] = "arrears";
    job["access"] = {{"password", "02000000"}, {"operator_code", "00000001"}};
    return job;
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
  }
  std::string job_path(const Got& job, const std::string& more = {}) {
    return path("jobs", job.body["id"].get<std::int64_t>()) + more;
  }
  FieldOrder wait_for_order(std::size_t index) {
    EXPECT_TRUE(eventually([&] { return world_.orders_sent().size() > index; }));
    return world_.orders_sent().at(index);
  }
  Json next_json(Client& client) {
    const auto frame = client.read_message();
    return frame.opcode == 1 ? Json::parse(frame.payload) : Json{{"closed", frame.close_code()}};
  }
};

TEST_F(OrderApiTest, ReadsOnDemandAndShowsFrames) {
  world_.connect_control(world_.gateway_west);
  const auto job = post("west", "/api/v1/jobs", read_job({world_.west_1}));
  ASSERT_EQ(job.status, 201) << job.answer.body;
  EXPECT_EQ(job.body["kind"], "read");
  EXPECT_EQ(job.body["state"], "running");
  EXPECT_EQ(job.body["device"]["name"], "西表");
  EXPECT_EQ(job.body["created_by"], "west");
  const FieldOrder order = wait_for_order(0);
  EXPECT_EQ(order.device_uid, "000000000003");
  world_.report(world_.gateway_west, order.id, OrderState::done);
  const auto finished = get("west", job_path(job));
  EXPECT_EQ(finished.body["state"], "finished");
  EXPECT_EQ(finished.body["counts"]["done"], 1);
  const auto orders = get("west", job_path(job, "/orders"));
  ASSERT_EQ(orders.body["total"], 1) << orders.answer.body;
  EXPECT_EQ(orders.body["orders"][0]["values"][0]["value"], "220.4");
  EXPECT_EQ(get("west", job_path(job, "/orders?state=failed")).body["total"], 0);
  const auto detail = get("west", path("orders", orders.body["orders"][0]["id"].get<std::int64_t>()));
  ASSERT_EQ(detail.body["frames"].size(), 1U) << detail.answer.body;
  const Json frame = detail.body["frames"][0];
  EXPECT_EQ(frame["protocol"], "dlt645-2007");
  EXPECT_EQ(frame["request"]["error"], nullptr);
  EXPECT_GT(frame["response"]["fields"].size(), 5U);
  const auto file = client_->request("GET", job_path(job, "/results"), cookies_["west"]);
  EXPECT_EQ(file.status, 200);
  EXPECT_THAT(file.header("content-type"), HasSubstr("text/csv"));
  EXPECT_THAT(file.body, HasSubstr("voltage_a,220.4,V,"));
  EXPECT_EQ(get("admin", "/api/v1/jobs?state=finished").body["total"], 1);
  EXPECT_EQ(get("admin", "/api/v1/jobs?device_id=" + std::to_string(world_.east_1.value)).body["total"], 0);
}

TEST_F(OrderApiTest, KeepsToRolesAndScopes) {
  EXPECT_EQ(post("viewer", "/api/v1/jobs", read_job({world_.west_1})).status, 403);
  EXPECT_EQ(post("west", "/api/v1/jobs", read_job({world_.east_1})).status, 404);
  const auto job = post("admin", "/api/v1/jobs", read_job({world_.east_1, world_.west_1}));
  ASSERT_EQ(job.status, 201) << job.answer.body;
  EXPECT_EQ(get("viewer", job_path(job)).status, 200);
  EXPECT_EQ(get("west", job_path(job, "/orders")).body["total"], 1) << "their own part";
  EXPECT_EQ(post("west", job_path(job, "/cancel")).status, 403);
  EXPECT_EQ(post("viewer", job_path(job, "/cancel")).status, 403);
  EXPECT_EQ(post("operator", job_path(job, "/cancel")).body["state"], "cancelled");
  EXPECT_EQ(post("operator", job_path(job, "/cancel")).status, 409);
  const auto east_only = post("admin", "/api/v1/jobs", read_job({world_.east_1}));
  EXPECT_EQ(get("west", job_path(east_only)).status, 404);
  EXPECT_EQ(get("west", "/api/v1/jobs").body["total"], 1);
  const std::int64_t order = get("admin", job_path(east_only, "/orders")).body["orders"][0]["id"].get<std::int64_t>();
  EXPECT_EQ(get("west", path("orders", order)).status, 404);
}

TEST_F(OrderApiTest, ChoosesDevicesByFilter) {
  Json job = read_job({});
  job.erase("device_ids");
  job["filter"] = {{"organisation_id", world_.east.value}, {"model", "dlt645-2007-single-phase"}};
  EXPECT_EQ(post("admin", "/api/v1/jobs", job).body["devices"], 2);
  EXPECT_EQ(post("west", "/api/v1/jobs", job).status, 400) << "none of theirs fits";
  job["filter"] = {{"search", "西"}};
  EXPECT_EQ(post("west", "/api/v1/jobs", job).body["devices"], 1);
}

TEST_F(OrderApiTest, RefusesBodiesThatMakeNoSense) {
  const auto status = [&](const Json& body) { return post("admin", "/api/v1/jobs", body).status; };
  const Json good = read_job({world_.east_1});
  EXPECT_EQ(status(Json::array()), 400);
  for (const char* missing : {"kind", "device_ids", "registers"}) {
    Json bad = good;
    bad.erase(missing);
    EXPECT_EQ(status(bad), 400) << missing;
  }
  Json bad = good;
  bad["colour"] = "red";
  EXPECT_EQ(status(bad), 400);
  bad = good;
  bad["filter"] = Json::object();
  EXPECT_EQ(status(bad), 400) << "both";
  bad = good;
  bad["device_ids"] = {0};
  EXPECT_EQ(status(bad), 400);
  bad = good;
  bad["lifetime_s"] = 4;
  EXPECT_EQ(status(bad), 400);
  bad = good;
  bad["registers"] = {"no_such_register"};
  EXPECT_EQ(status(bad), 400);
  bad = trip_job({world_.east_1});
  bad.erase("reason");
  EXPECT_EQ(status(bad), 400);
  bad = trip_job({world_.east_1});
  bad["access"] = {{"password", ""}};
  EXPECT_EQ(status(bad), 400);
  bad = {{"kind", "history"}, {"device_ids", {world_.east_1.value}}, {"name", "load_profile"}, {"from", "yesterday"}};
  EXPECT_EQ(status(bad), 400);
  EXPECT_EQ(get("admin", "/api/v1/jobs").body["total"], 0);
}

TEST_F(OrderApiTest, CuttingOffTakesTwoStepsOrTwoPeople) {
  world_.connect_control(world_.gateway_east);
  const auto one = post("operator", "/api/v1/jobs", trip_job({world_.east_1}));
  ASSERT_EQ(one.status, 201) << one.answer.body;
  EXPECT_EQ(one.body["danger"], "supply");
  EXPECT_EQ(one.body["state"], "awaiting_confirmation");
  EXPECT_FALSE(one.body["needs_second_person"].get<bool>());
  EXPECT_THAT(one.answer.body, Not(HasSubstr("02000000")));
  EXPECT_EQ(post("admin", job_path(one, "/confirm")).status, 403);
  EXPECT_TRUE(world_.orders_sent().empty());
  EXPECT_EQ(post("operator", job_path(one, "/confirm")).body["state"], "running");
  EXPECT_EQ(wait_for_order(0).password, "02000000");

  const auto two = post("operator", "/api/v1/jobs", trip_job({world_.east_1, world_.east_2}));
  EXPECT_TRUE(two.body["needs_second_person"].get<bool>());
  const auto own = post("operator", job_path(two, "/confirm"));
  EXPECT_EQ(own.status, 403);
  EXPECT_EQ(own.body["code"], "forbidden");
  EXPECT_EQ(world_.orders_sent().size(), 1U);
  EXPECT_EQ(post("admin", job_path(two, "/confirm")).body["confirmed_by"], "admin");
  (void)wait_for_order(2);
}

TEST_F(OrderApiTest, PasswordsAreKeptAndNeverTold) {
  const std::string access = path("devices", world_.east_1.value) + "/access";
  EXPECT_EQ(send("viewer", "PUT", access, {{"password", "02111111"}}).status, 403);
  EXPECT_EQ(send("west", "PUT", access, {{"password", "02111111"}}).status, 404);
  EXPECT_EQ(send("operator", "PUT", access, {{"password", ""}}).status, 400);
  EXPECT_EQ(send("operator", "PUT", access, {{"password", "02111111"}, {"operator_code", "7"}}).status, 204);
  EXPECT_EQ(send("operator", "GET", access).status, 405);
  world_.connect_control(world_.gateway_east);
  Json trip = trip_job({world_.east_1});
  trip.erase("access");
  const auto job = post("operator", "/api/v1/jobs", trip);
  ASSERT_EQ(post("operator", job_path(job, "/confirm")).status, 200);
  EXPECT_EQ(wait_for_order(0).password, "02111111");
  EXPECT_THAT(get("operator", job_path(job, "/orders")).answer.body, Not(HasSubstr("02111111")));
  EXPECT_EQ(send("operator", "DELETE", access).status, 204);
  EXPECT_EQ(get("operator", job_path(post("operator", "/api/v1/jobs", trip), "/orders")).body["orders"][0]["reason"],
            "password_missing");
}

TEST_F(OrderApiTest, ProtectedCustomersAreNotCutOff) {
  const std::string protection = path("devices", world_.east_1.value) + "/protection";
  EXPECT_EQ(send("west", "PUT", protection, {{"reason", "hospital"}}).status, 404);
  EXPECT_EQ(send("operator", "PUT", protection, {{"reason", ""}}).status, 400);
  EXPECT_EQ(send("operator", "PUT", protection, Json::object()).status, 400);
  EXPECT_EQ(send("operator", "PUT", protection, {{"reason", "hospital"}}).status, 204);
  const auto job = post("operator", "/api/v1/jobs", trip_job({world_.east_1}));
  EXPECT_EQ(job.body["state"], "finished") << job.answer.body;
  EXPECT_EQ(get("operator", job_path(job, "/orders")).body["orders"][0]["reason"], "protected");
  EXPECT_EQ(send("operator", "DELETE", protection).status, 204);
  EXPECT_EQ(post("operator", "/api/v1/jobs", trip_job({world_.east_1})).body["state"], "awaiting_confirmation");
}

TEST_F(OrderApiTest, TheLiveSocketTellsHowFarJobsAre) {
  world_.connect_control(world_.gateway_west);
  const auto job = post("west", "/api/v1/jobs", read_job({world_.west_1}));
  const FieldOrder order = wait_for_order(0);
  auto socket = world_.connect();
  ASSERT_EQ(socket->upgrade("/api/v1/live", world_.origin(), cookies_["west"]).status, 101);
  socket->send_frame(1, Json{{"subscribe", {{"jobs", {job.body["id"]}}}}}.dump());
  Json told = next_json(*socket);
  ASSERT_EQ(told["jobs"].size(), 1U) << told;
  EXPECT_EQ(told["jobs"][0]["state"], "running");
  world_.report(world_.gateway_west, order.id, OrderState::done);
  told = next_json(*socket);
  EXPECT_EQ(told["jobs"][0]["state"], "finished") << told;
  EXPECT_EQ(told["jobs"][0]["counts"]["done"], 1);

  const auto foreign = post("admin", "/api/v1/jobs", read_job({world_.east_1}));
  socket->send_frame(1, Json{{"subscribe", {{"jobs", {foreign.body["id"]}}}}}.dump());
  EXPECT_EQ(next_json(*socket)["error"]["code"], "not_found");
}

TEST_F(OrderApiTest, TracesALineWhileTheSocketStands) {
  cookies_["west"] = world_.log_in("west");
  cookies_["viewer"] = world_.log_in("viewer");
  const std::string target = "/api/v1/trace?device_id=" + std::to_string(world_.west_1.value);
  {
    auto offline = world_.connect();
    ASSERT_EQ(offline->upgrade(target, world_.origin(), cookies_["west"]).status, 101);
    EXPECT_EQ(next_json(*offline)["error"]["code"], "gateway_unreachable");
  }
  world_.connect_control(world_.gateway_west);
  const auto refused = [&](const std::string& user, const std::string& where) {
    return world_.connect()->upgrade(where, world_.origin(), cookies_[user]).status;
  };
  EXPECT_EQ(refused("viewer", target), 403);
  EXPECT_EQ(refused("west", "/api/v1/trace?device_id=" + std::to_string(world_.east_1.value)), 404);
  EXPECT_EQ(refused("west", "/api/v1/trace"), 400);
  EXPECT_EQ(refused("west", "/api/v1/trace?channel=line-1&gateway_id=" + std::to_string(world_.gateway_east.value)),
            404);

  auto socket = world_.connect();
  ASSERT_EQ(socket->upgrade(target, world_.origin(), cookies_["west"]).status, 101);
  ASSERT_TRUE(eventually([&] { return world_.traces_asked().size() == 1; }));
  const control::TraceRequest asked = world_.traces_asked()[0];
  EXPECT_EQ(asked.device_uid, "000000000003");
  EXPECT_EQ(asked.lifetime_ms, 900'000U);
  control::TraceEvents events;
  events.trace = asked.trace;
  events.events.push_back({world_.now, "sent", Bytes{0x68, 0x16}, "000000000003", "line-1", ""});
  events.dropped = 2;
  world_.trace_desk->received(world_.gateway_west, events);
  const Json told = next_json(*socket);
  EXPECT_EQ(told["dropped"], 2);
  EXPECT_EQ(told["events"][0], (Json{{"time", format_utc(world_.now)},
                                     {"kind", "sent"},
                                     {"hex", "6816"},
                                     {"device_uid", "000000000003"},
                                     {"channel", "line-1"},
                                     {"note", ""}}));
  socket.reset();
  EXPECT_TRUE(eventually([&] { return world_.traces_stopped() == 1 && world_.trace_desk->open() == 0; }));

  // On a shared line others' octets stay hidden.
  auto line = world_.connect();
  ASSERT_EQ(line->upgrade("/api/v1/trace?channel=line-1&gateway_id=" + std::to_string(world_.gateway_west.value),
                          world_.origin(), cookies_["west"])
                .status,
            101);
  ASSERT_TRUE(eventually([&] { return world_.traces_asked().size() == 2; }));
  control::TraceEvents mixed;
  mixed.trace = world_.traces_asked()[1].trace;
  mixed.events.push_back({world_.now, "sent", Bytes{0x01}, "somebody-else", "line-1", ""});
  mixed.events.push_back({world_.now, "sent", Bytes{0x02}, "000000000003", "line-1", ""});
  world_.trace_desk->received(world_.gateway_west, mixed);
  const Json seen = next_json(*line);
  ASSERT_EQ(seen["events"].size(), 1U) << seen;
  EXPECT_EQ(seen["events"][0]["hex"], "02");
}

TEST_F(OrderApiTest, TheOperationLogSaysWhoDidWhat) {
  EXPECT_EQ(send("viewer", "GET", "/api/v1/operations").status, 403);
  ASSERT_EQ(post("west", "/api/v1/jobs", read_job({world_.west_1})).status, 201);
  const Got listed = send("west", "GET", "/api/v1/operations?action=create_job&page_size=1");
  ASSERT_EQ(listed.status, 200) << listed.answer.body;
  ASSERT_EQ(listed.body["operations"].size(), 1U);
  const Json entry = listed.body["operations"][0];
  EXPECT_EQ(entry["user"], "west");
  EXPECT_EQ(entry["outcome"], "ok");
  EXPECT_TRUE(entry["job_id"].is_number());
  EXPECT_EQ(send("west", "GET", "/api/v1/operations?job_id=" + entry["job_id"].dump()).body["total"].is_number(), true);
  EXPECT_EQ(send("west", "GET", "/api/v1/operations?user=nobody").body["total"], 0);
  EXPECT_EQ(send("west", "GET", "/api/v1/operations?from=2100-01-01T00:00:00Z").body["total"], 0);
  EXPECT_EQ(send("west", "GET", "/api/v1/operations?usr=west").status, 400);
  const Got file = send("west", "GET", "/api/v1/operations/export?action=create_job");
  ASSERT_EQ(file.status, 200);
  EXPECT_THAT(file.answer.body, HasSubstr("time,user,action,job_id"));
  EXPECT_THAT(file.answer.body, HasSubstr(",west,create_job,"));
}

}  // namespace
}  // namespace duheng::platform::web
