// The analyser as a browser meets it.
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ApiWorld;
using testing::Client;

constexpr std::string_view json_body = "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n";
const std::string request_frame = "68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16";

class AnalyserApiTest : public ::testing::Test {
 protected:
  Answer post(const std::string& target, const Json& body, const std::string& user = "east") {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    return client_->request("POST", target, cookie + std::string(json_body), body.dump());
  }
  Answer analyse(const std::string& text, const std::string& protocol = "auto") {
    return post("/api/v1/analyser/frames", {{"text", text}, {"protocol", protocol}});
  }

  ApiWorld world_;
  std::unique_ptr<Client> client_ = world_.connect();
  std::map<std::string, std::string> cookies_;
};

TEST_F(AnalyserApiTest, TakesALogApart) {
  const auto answer = analyse("12:00:01 发送 " + request_frame + " 55\nmeter online\n");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["frames"], 1);
  EXPECT_EQ(body["valid_frames"], 1);
  EXPECT_EQ(body["gap_octets"], 1);
  EXPECT_EQ(body["log"]["skipped"][0]["text"], "meter online");
  const Json& item = body["items"][0];
  EXPECT_EQ(item["line"], 1);
  EXPECT_EQ(item["column"], 13);
  EXPECT_EQ(item["direction"], "sent");
  EXPECT_EQ(item["time"], "12:00:01");
  const Json& frame = item["frame"];
  EXPECT_EQ(frame["protocol"], "dlt645");
  EXPECT_EQ(frame["hex"], "68003619000000681104333234330016");
  EXPECT_EQ(frame["is_valid"], true);
  EXPECT_EQ(frame["address"], "000000193600");
  EXPECT_EQ(frame["decoded"]["di"], "0001FF00");
  EXPECT_EQ(frame["fields"][0]["key"], "start");
  EXPECT_EQ(frame["fields"][1]["value"], "000000193600");
  EXPECT_NE(frame["fields"][1]["clause"], "");
  EXPECT_EQ(body["items"][1]["gap"]["hex"], "55");
}

TEST_F(AnalyserApiTest, TakesAMebibyteAndNoMore) {
  std::string text;
  const std::string line = request_frame + "\n";
  while (text.size() + line.size() <= 1U << 20) text += line;
  const auto answer = analyse(text);
  ASSERT_EQ(answer.status, 200) << answer.body.substr(0, 300);
  const Json body = Json::parse(answer.body);
  EXPECT_EQ(body["frames"], text.size() / line.size());
  EXPECT_EQ(body["items"].size(), 2'000U);
  EXPECT_TRUE(body["items"][99]["frame"]["fields"].is_array());
  EXPECT_TRUE(body["items"][100]["frame"]["fields"].is_null());
  text.resize((1U << 20) + 1, ' ');
  const auto refused = analyse(text);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["code"], "limit_exceeded");
  // Text that doubles on its way.
  EXPECT_EQ(analyse(std::string(1U << 20, '\n')).status, 200);
}

TEST_F(AnalyserApiTest, RefusesWhatIsNoQuestion) {
  const std::string target = "/api/v1/analyser/frames";
  for (const Json& body :
       {Json::array(), Json(1), Json{{"text", "68"}}, Json{{"text", 1}, {"protocol", "auto"}},
        Json{{"text", "68"}, {"protocol", "auto"}, {"apdu", 1}},
        Json{{"text", "68"}, {"protocol", "auto"}, {"colour", "red"}}, Json{{"text", "68"}, {"protocol", "fax"}}}) {
    EXPECT_EQ(post(target, body).status, 400) << body.dump();
  }
  EXPECT_EQ(post(target + "?x=1", {{"text", "68"}, {"protocol", "auto"}}).status, 400);
  EXPECT_EQ(client_->request("POST", target, json_body, R"({"text":"68","protocol":"auto"})").status, 401);
}

TEST_F(AnalyserApiTest, TellsWhatItCanBuildAndBuildsIt) {
  const auto listed = client_->request("GET", "/api/v1/analyser/builders", world_.log_in("viewer"));
  ASSERT_EQ(listed.status, 200);
  const Json body = Json::parse(listed.body);
  EXPECT_EQ(body["text_bytes_max"], 1 << 20);
  // Every kind of every protocol is built from its defaults as the list tells them.
  for (const Json& protocol : body["protocols"]) {
    EXPECT_EQ(analyse(protocol["example"], protocol["name"]).status, 200);
    for (const Json& builder : protocol["builders"]) {
      Json parameters = Json::object();
      for (const Json& parameter : builder["parameters"]) parameters[parameter["name"]] = parameter["default"];
      const auto built = post("/api/v1/analyser/build",
                              {{"protocol", protocol["name"]}, {"kind", builder["kind"]}, {"parameters", parameters}});
      ASSERT_EQ(built.status, 200) << protocol["name"] << builder["kind"] << built.body;
      EXPECT_EQ(Json::parse(built.body)["is_valid"], true);
    }
  }
}

TEST_F(AnalyserApiTest, SaysWhichParameterIsWrong) {
  const auto order = [&](const Json& parameters, const std::string& kind = "read") {
    return post("/api/v1/analyser/build", {{"protocol", "dlt645"}, {"kind", kind}, {"parameters", parameters}});
  };
  const auto wrong = order({{"address", "12X"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(Json::parse(wrong.body)["message"].get<std::string>(), ::testing::StartsWith("address: "));
  EXPECT_EQ(order(Json::object(), "fly").status, 404);
  EXPECT_EQ(order({{"address", 1}}).status, 400);
  EXPECT_EQ(order(Json::array()).status, 400);
  Json many = Json::object();
  for (int i = 0; i < 51; ++i) many[std::to_string(i)] = "";
  EXPECT_EQ(order(many).status, 400);
}

TEST_F(AnalyserApiTest, WritesNoPasswordIntoTheLog) {
  std::ostringstream written;
  auto* const before = std::clog.rdbuf(written.rdbuf());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  for (const char* password : {"5EC2E7", "5EC2E7xx"}) {
    (void)post("/api/v1/analyser/build", {{"protocol", "dlt645"},
                                          {"kind", "clear_meter"},
                                          {"parameters", {{"password", password}, {"address", "5EC2E7"}}}});
  }
  const std::string log =
      ::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr() + written.str();
  std::clog.rdbuf(before);
  EXPECT_NE(log.find("buildFrame"), std::string::npos) << "the requests themselves are logged";
  EXPECT_EQ(log.find("5EC2E7"), std::string::npos) << log;
}

}  // namespace
}  // namespace duheng::platform::web
