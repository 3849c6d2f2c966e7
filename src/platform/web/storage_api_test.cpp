#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;

TEST(StorageApi, TellsWhatLiesWhereToThoseWhoSeeEverything) {
  testing::ApiWorld world;
  const auto client = world.connect();
  const auto ask = [&](const std::string& user) {
    return client->request("GET", "/api/v1/storage", world.log_in(user));
  };
  const auto answer = ask("admin");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json body = Json::parse(answer.body);
  ASSERT_EQ(body["parts"].size(), 2U);
  EXPECT_EQ(body["parts"][0]["name"], "imports");
  EXPECT_EQ(body["parts"][1]["disposal"], "expires");
  EXPECT_EQ(body["parts"][1]["kept_days"], 7);
  ASSERT_EQ(body["file_systems"].size(), 1U);
  EXPECT_GT(body["file_systems"][0]["total_bytes"], body["file_systems"][0]["free_bytes"]);
  EXPECT_TRUE(body["file_systems"][0]["days_left"].is_null()) << "one day says nothing";
  EXPECT_EQ(ask("west").status, 403) << "a part of the platform does not see the whole machine";
}

}  // namespace
}  // namespace duheng::platform::web
