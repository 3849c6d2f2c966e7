// Figures traced and frames listed over the API, and who may see which.
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

constexpr const char* east_energy = "/api/v1/figure?device_uid=000000000001&register=energy_active_import_total";

TEST_F(ApiTest, TracesAValueToItsJournalRecord) {
  const auto got = get("admin", east_energy);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["device_uid"], "000000000001");
  ASSERT_FALSE(got.body["versions"].empty());
  const Json& version = got.body["versions"][0];
  EXPECT_EQ(version["value"], version["frame"]["readings"][0]["value"]);
  EXPECT_EQ(version["proof"]["hash_holds"], true);
  EXPECT_EQ(version["proof"]["block_authentic"], true);
  EXPECT_EQ(got.body["verified"], true);
  EXPECT_EQ(version["proof"]["segment"].get<std::string>().find('/'), std::string::npos) << "no path of the server";
  // The same by the frame's own number.
  const auto frame = get("admin", "/api/v1/figure?frame=" + version["frame"]["reference"].get<std::string>());
  ASSERT_EQ(frame.status, 200) << frame.answer.body;
  EXPECT_EQ(frame.body["frame"], version["frame"]);
  EXPECT_EQ(frame.body["verified"], true);
}

TEST_F(ApiTest, TracesAConsumptionAndGivesTextForPeople) {
  const std::string interval = "&after=" + format_utc(world_.now - 3'600'000) + "&through=" + format_utc(world_.now);
  const auto got = get("admin", east_energy + interval);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["status"], "partly") << "nothing was read before the hour";
  EXPECT_FALSE(got.body["values"].empty());
  const auto text = client_->request("GET", std::string(east_energy) + "&format=text", world_.log_in("admin"));
  EXPECT_EQ(text.status, 200);
  EXPECT_EQ(text.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_NE(text.body.find("000000000001"), std::string::npos) << text.body;
}

TEST_F(ApiTest, FiguresOfOthersAreNotThere) {
  EXPECT_EQ(get("east", east_energy).status, 200);
  EXPECT_EQ(get("west", east_energy).status, 404);
  EXPECT_EQ(get("west", "/api/v1/figure?frame=" + std::to_string(world_.east_frame.value)).status, 404);
  EXPECT_EQ(get("east", "/api/v1/figure?frame=" + std::to_string(world_.stray_frame.value)).status, 404);
  EXPECT_EQ(client_->request("GET", east_energy).status, 401);
}

TEST_F(ApiTest, FigureQuestionsThatMakeNoSenseAreRefused) {
  for (const char* query :
       {"/api/v1/figure", "/api/v1/figure?frame=1&device_uid=1&register=x", "/api/v1/figure?device_uid=1",
        "/api/v1/figure?device_uid=1&register=x&after=2026-01-01T00:00:00Z", "/api/v1/figure?frame=1&format=pdf"})
    EXPECT_EQ(get("admin", query).status, 400) << query;
  EXPECT_EQ(get("admin", "/api/v1/figure?device_uid=1&register=x").status, 404);
  EXPECT_EQ(get("admin", std::string(east_energy) + "&time=2001-01-01T00:00:00Z").status, 404);
}

TEST_F(ApiTest, ListsADevicesFramesNewestFirstPageByPage) {
  const std::string target = path("devices", world_.east_1.value) + "/frames";
  const auto all = get("admin", target);
  ASSERT_EQ(all.status, 200) << all.answer.body;
  const Json& frames = all.body["frames"];
  ASSERT_GT(frames.size(), 3U);
  EXPECT_EQ(all.body["segments_not_indexed"], 0);
  for (std::size_t i = 1; i < frames.size(); ++i)
    EXPECT_GE(frames[i - 1]["received"].get<std::string>(), frames[i]["received"].get<std::string>());
  Json paged = Json::array();
  std::string after;
  for (int page = 0; page < 50; ++page) {
    const auto got = get("admin", target + "?limit=2" + (after.empty() ? "" : "&after=" + after));
    ASSERT_EQ(got.status, 200) << got.answer.body;
    for (const Json& frame : got.body["frames"]) paged.push_back(frame);
    if (got.body["next"].is_null()) break;
    after = got.body["next"];
  }
  EXPECT_EQ(paged, frames);
  EXPECT_EQ(get("admin", path("frames", world_.east_frame.value)).status, 200);
  EXPECT_EQ(get("west", target).status, 404);
}

}  // namespace
}  // namespace duheng::platform::web
