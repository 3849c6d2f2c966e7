// Periods set from afar, gateways begun anew, and who may not.
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

class MaintenanceApiTest : public ApiTest {
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
  [[nodiscard]] Json last_operation() {
    return send("admin", "GET", "/api/v1/operations?page_size=1").body["operations"].at(0);
  }
};

TEST_F(MaintenanceApiTest, APeriodIsSetPerDeviceAndEachHasItsResult) {
  const Json change{
      {"device_ids", {world_.west_1.value}}, {"group", "live"}, {"interval_ms", 5'000}, {"reason", "test"}};
  const auto made = send("admin", "POST", "/api/v1/sampling-changes", change);
  ASSERT_EQ(made.status, 201) << made.answer.body;
  EXPECT_EQ(made.body["total"], 1);
  // This device stands in its gateway's own file.
  EXPECT_EQ(made.body["results"].at(0)["state"], "refused");
  EXPECT_EQ(made.body["results"].at(0)["reason"], "device_of_file");
  const auto number = made.body["change"]["id"].get<std::int64_t>();
  EXPECT_EQ(send("admin", "GET", path("sampling-changes", number)).body["counts"]["refused"], 1);
  EXPECT_EQ(send("admin", "GET", "/api/v1/sampling-changes").body["total"], 1);
  const auto sampling = send("admin", "GET", path("devices", world_.west_1.value) + "/sampling");
  ASSERT_EQ(sampling.status, 200) << sampling.answer.body;
  EXPECT_EQ(sampling.body["planned"], false);
  EXPECT_EQ(send("admin", "GET", path("gateways", world_.gateway_west.value) + "/timing").body["channels"],
            Json::array());
  EXPECT_EQ(send("admin", "POST", "/api/v1/sampling-changes", {{"group", "live"}, {"interval_ms", 5'000}}).status, 400);
  EXPECT_EQ(send("admin", "GET", path("sampling-changes", 99)).status, 404);
}

TEST_F(MaintenanceApiTest, AGatewayIsBegunAnewByAnOrder) {
  const std::string target = path("gateways", world_.gateway_west.value) + "/restart";
  EXPECT_EQ(send("admin", "POST", target, Json::object()).status, 400);  // say why
  const auto job = send("admin", "POST", target, {{"reason", "new certificate"}});
  ASSERT_EQ(job.status, 201) << job.answer.body;
  EXPECT_EQ(job.body["name"], "gateway_restart");
  EXPECT_EQ(job.body["reason"], "new certificate");
  EXPECT_EQ(send("admin", "POST", target, {{"reason", "x"}, {"channel", "nowhere"}}).status, 409);
  EXPECT_EQ(send("admin", "POST", path("gateways", 99) + "/restart", {{"reason", "x"}}).status, 404);
}

TEST_F(MaintenanceApiTest, WhoMayNotIsRefusedAndTheRefusalIsNotedDown) {
  const auto device = world_.west_1.value;
  const auto refused = [&](const std::string& target, const Json& body) {
    EXPECT_EQ(send("viewer", "POST", target, body).status, 403) << target;
    return last_operation();
  };
  for (const char* name : {"ping", "channel_restart", "clock_set", "demand_reset", "event_reset", "speed_change"}) {
    const Json entry =
        refused("/api/v1/jobs", {{"kind", "command"}, {"name", name}, {"device_ids", {device}}, {"reason", "x"}});
    EXPECT_EQ(entry["action"], "create_job");
    EXPECT_EQ(entry["outcome"], "forbidden");
    EXPECT_NE(entry["detail"].get<std::string>().find(name), std::string::npos);
  }
  EXPECT_EQ(refused(path("gateways", world_.gateway_west.value) + "/restart", {{"reason", "x"}})["outcome"],
            "forbidden");
  EXPECT_EQ(refused("/api/v1/sampling-changes",
                    {{"device_ids", {device}}, {"group", "live"}, {"interval_ms", 5'000}})["action"],
            "set_interval");
}

}  // namespace
}  // namespace duheng::platform::web
