// Alarms, as a browser meets them.
#include "platform/alarms/alarm_book.hpp"
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

using alarms::Severity;
using alarms::Subject;
using alarms::SubjectKind;
using ::testing::ElementsAre;

class AlarmApiTest : public ApiTest {
 protected:
  AlarmApiTest() {
    raise("device_silent", device(world_.east_1), Severity::warning);
    raise("ingest_conflict", {SubjectKind::gateway, std::to_string(world_.gateway_west.value)}, Severity::critical);
    raise("storage_filling", {SubjectKind::storage, "data"}, Severity::major);
  }
  static Subject device(DeviceId id) { return {SubjectKind::device, std::to_string(id.value)}; }
  void raise(const std::string& kind, const Subject& subject, Severity severity) {
    world_.alarm_book->raise(
        {.kind = kind, .subject = subject, .severity = severity, .facts = {{"silent_minutes", "7"}}});
    world_.alarm_book->step();
  }
  Got post(const std::string& user, const std::string& target, const Json& body) {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    Got out;
    out.answer = client_->request("POST", target, cookie + std::string{json_body}, body.dump());
    out.status = out.answer.status;
    out.body = Json::parse(out.answer.body, nullptr, false);
    return out;
  }
  Json alarms(const std::string& user, const std::string& query = {}) {
    return get(user, "/api/v1/alarms" + query).body["alarms"];
  }
  std::int64_t id_of(const std::string& kind) {
    return alarms("admin", "?state=all&kind=" + kind).at(0)["id"].get<std::int64_t>();
  }
};

TEST_F(AlarmApiTest, ListsByUrgencyWithinTheScope) {
  const Json page = get("admin", "/api/v1/alarms").body;
  EXPECT_THAT(column(page["alarms"], "kind"), ElementsAre("ingest_conflict", "storage_filling", "device_silent"));
  EXPECT_EQ(page["total"], 3);
  EXPECT_EQ(page["counts"]["active"]["critical"], 1);
  EXPECT_EQ(page["alarms"][0]["subject"]["name"], "gateway-west");
  EXPECT_EQ(page["alarms"][2]["facts"]["silent_minutes"], "7");
  EXPECT_EQ(page["alarms"][2]["site"]["name"], "Hill");
  EXPECT_THAT(column(alarms("east"), "kind"), ElementsAre("device_silent"));
  EXPECT_THAT(column(alarms("west"), "kind"), ElementsAre("ingest_conflict"));
  EXPECT_EQ(get("east", path("alarms", id_of("ingest_conflict"))).status, 404);
  EXPECT_EQ(get("east", "/api/v1/alarm-counts").body["active"]["critical"], 0);
  EXPECT_THAT(column(alarms("admin", "?severity=major"), "kind"), ElementsAre("ingest_conflict", "storage_filling"));
  EXPECT_EQ(get("admin", "/api/v1/alarms?severity=terrible").status, 400);
  EXPECT_EQ(get("admin", "/api/v1/alarms?page_size=1000").status, 400);
}

TEST_F(AlarmApiTest, AcknowledgesShelvesAndKeepsTheHistory) {
  const std::int64_t silent = id_of("device_silent");
  const std::int64_t conflict = id_of("ingest_conflict");
  EXPECT_EQ(post("viewer", "/api/v1/alarm-acknowledgements", {{"ids", {silent}}}).status, 403);
  const auto done =
      post("operator", "/api/v1/alarm-acknowledgements", {{"ids", {silent, 99'999}}, {"note", "on my way"}});
  ASSERT_EQ(done.status, 200) << done.answer.body;
  EXPECT_EQ(done.body["done"], Json::array({silent}));
  EXPECT_EQ(done.body["refused"][0]["code"], "not_found");
  const Json detail = get("east", path("alarms", silent)).body;
  EXPECT_EQ(detail["acknowledgement"]["by"], "operator");
  EXPECT_THAT(column(detail["history"], "step"), ElementsAre("raised", "acknowledged"));
  const std::string later = format_utc(world_.clock.utc_ms() + 3'600'000);
  ASSERT_EQ(
      post("operator", "/api/v1/alarm-shelvings", {{"ids", {conflict}}, {"reason", "works"}, {"until", later}}).status,
      200);
  EXPECT_EQ(alarms("admin").size(), 2U);
  EXPECT_EQ(alarms("admin", "?state=shelved")[0]["shelving"]["reason"], "works");
  EXPECT_EQ(post("operator", "/api/v1/alarm-unshelvings", {{"ids", {conflict}}}).body["done"].size(), 1U);
  for (const Json& bad : {Json{{"ids", {"x"}}}, Json{{"ids", Json::array()}}, Json{{"note", "x"}}, Json(7),
                          Json{{"ids", {silent}}, {"surplus", 1}}})
    EXPECT_EQ(post("operator", "/api/v1/alarm-acknowledgements", bad).status, 400) << bad;
  const auto log = operations(*world_.database, Scope::everything(), 10).value();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[2].action, "acknowledge_alarm");
  EXPECT_EQ(log[2].name, "operator");
}

TEST_F(AlarmApiTest, TellsTheKindsInBothLanguages) {
  const Json kinds = get("west", "/api/v1/alarm-kinds").body["kinds"];
  const auto silent = std::ranges::find_if(kinds, [](const Json& kind) { return kind["kind"] == "device_silent"; });
  ASSERT_NE(silent, kinds.end());
  EXPECT_EQ((*silent)["title"]["zh_cn"], "设备无数据");
  EXPECT_EQ((*silent)["title"]["en"], "Device silent");
}

TEST_F(AlarmApiTest, OpenPagesAreToldAtOnceWhatIsTheirs) {
  auto socket = world_.connect();
  ASSERT_EQ(socket->upgrade("/api/v1/live", world_.origin(), world_.log_in("east")).status, 101);
  raise("device_silent", device(world_.east_2), Severity::major);
  const auto frame = socket->read_message();
  const Json message = Json::parse(frame.payload, nullptr, false);
  ASSERT_TRUE(message.contains("alarms")) << frame.payload;
  EXPECT_EQ(message["alarms"]["counts"]["active"]["warning"], 1);
  EXPECT_EQ(message["alarms"]["counts"]["active"]["major"], 1);
  EXPECT_EQ(message["alarms"]["counts"]["active"]["critical"], 0);
}

}  // namespace
}  // namespace duheng::platform::web
