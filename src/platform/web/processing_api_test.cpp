// What gateways make of readings, set over the API: rules tried before they are set, sums with their parts.
#include "crypto/hash.hpp"
#include "model/batch.hpp"
#include "platform/web/testing/api_test_fixture.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform::web {
namespace {

class ProcessingApiTest : public ApiTest {
 protected:
  Got post(const std::string& user, const std::string& target, const Json& body) {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    Got out;
    out.answer = client_->request("POST", target, cookie + std::string{json_body}, body.dump());
    out.status = out.answer.status;
    out.body = Json::parse(out.answer.body, nullptr, false);
    return out;
  }
  [[nodiscard]] Json change(const Json& rule, std::int64_t device) const {
    return {{"device_ids", {device}}, {"into", "energy_mean"}, {"rule", rule}, {"reason", "noisy"}};
  }
  std::string device_path_ = path("devices", world_.east_1.value) + "/processing";
  std::string sums_path_ = path("gateways", world_.gateway_east.value) + "/sums";
  const Json mean_{{"from", "energy_active_import_total"},
                   {"into", "energy_mean"},
                   {"unit", "kWh"},
                   {"exponent", -3},
                   {"filter", {{"kind", "mean"}, {"window", 2}}}};
};

TEST_F(ProcessingApiTest, ARuleIsTriedOnWhatWasReadAndThenSet) {
  const auto preview = post("operator", device_path_ + "/preview", {{"rule", mean_}});
  ASSERT_EQ(preview.status, 200) << preview.answer.body;
  // 224.40, 224.50 ... 224.80 kWh, a minute apart; the mean of the last two.
  const auto& rows = preview.body["rows"];
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0]["raw"], "224.40");
  EXPECT_EQ(rows[0]["result"], "224.400");
  EXPECT_EQ(rows[1]["result"], "224.450");
  EXPECT_EQ(rows[4]["result"], "224.750");
  auto still = mean_;
  still["dead_band"] = "1000";
  const auto held = post("operator", device_path_ + "/preview", {{"rule", still}}).body["rows"];
  EXPECT_EQ(held[0]["held_back"], false);
  EXPECT_EQ(held[1]["held_back"], true);
  EXPECT_TRUE(held[1]["result"].is_null());

  ASSERT_EQ(post("operator", "/api/v1/processing-changes", change(mean_, world_.east_1.value)).body["set"], 1);
  const auto seen = get("east", device_path_);
  ASSERT_EQ(seen.body["rules"].size(), 1U);
  EXPECT_EQ(seen.body["rules"][0]["state"], "pending");
  EXPECT_EQ(seen.body["rules"][0]["rule"]["filter"]["window"], 2);
  EXPECT_EQ(seen.body["rules"][0]["reason"], "noisy");
  EXPECT_EQ(post("operator", "/api/v1/processing-changes", change(nullptr, world_.east_1.value)).body["set"], 1);
  const auto after = get("east", device_path_);
  EXPECT_TRUE(after.body["rules"].empty());
  EXPECT_EQ(after.body["history"].size(), 2U);
  EXPECT_TRUE(after.body["history"][0]["rule"].is_null());
}

TEST_F(ProcessingApiTest, WhatIsWrongIsToldAndNobodyReachesOthers) {
  auto wrong = mean_;
  wrong["filter"]["window"] = 1;
  const auto refused = post("operator", "/api/v1/processing-changes", change(wrong, world_.east_1.value));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.answer.body, ::testing::HasSubstr("window"));
  wrong = mean_;
  wrong["gian"] = "2";
  EXPECT_EQ(post("operator", device_path_ + "/preview", {{"rule", wrong}}).status, 400);
  wrong = mean_;
  wrong["from"] = "loop_current";
  const auto outcome = post("operator", "/api/v1/processing-changes", change(wrong, world_.east_1.value));
  EXPECT_EQ(outcome.body["refusals"][0]["reason"], "not_in_model");
  EXPECT_EQ(post("viewer", "/api/v1/processing-changes", change(mean_, world_.east_1.value)).status, 403);
  EXPECT_EQ(post("west", "/api/v1/processing-changes", change(mean_, world_.east_1.value)).status, 404);
  EXPECT_EQ(post("west", device_path_ + "/preview", {{"rule", mean_}}).status, 404);
  EXPECT_EQ(get("west", device_path_).status, 404);
  EXPECT_EQ(get("west", sums_path_).status, 404);
}

TEST_F(ProcessingApiTest, ASumShowsItsLastValueAndItsParts) {
  const Json wanted{{"uid", "area-7"}, {"device_ids", {world_.east_1.value, world_.east_2.value}}, {"reason", "area"}};
  const auto made = post("operator", sums_path_, wanted);
  ASSERT_EQ(made.status, 201) << made.answer.body;
  EXPECT_EQ(made.body["members"].size(), 2U);
  EXPECT_TRUE(made.body["evidence"].is_null());
  EXPECT_EQ(
      post("operator", sums_path_, {{"uid", "000000000001"}, {"device_ids", {world_.east_2.value}}, {"reason", "x"}})
          .status,
      409);
  EXPECT_EQ(post("west", sums_path_, wanted).status, 404);
  EXPECT_EQ(post("viewer", sums_path_, wanted).status, 403);

  const std::string head = "sum energy_active_import_total of 2 members at x, kWh, missing 1\n";
  world_.send_sum(world_.gateway_east, "area-7", {head + "000000000001 224.8000 x\n", head + "000000000002 missing\n"},
                  "energy_active_import_total_incomplete", 2'248'000, 1);
  const auto listed = get("operator", sums_path_);
  ASSERT_EQ(listed.body["total"], 1);
  const auto& last = listed.body["sums"][0]["last"];
  EXPECT_EQ(last["value"], "224.8000");
  EXPECT_EQ(last["complete"], false);
  EXPECT_EQ(last["missing"], 1);
  const auto seen = get("operator", path("sums", made.body["sum"]["id"].get<std::int64_t>()));
  ASSERT_EQ(seen.status, 200) << seen.answer.body;
  EXPECT_EQ(seen.body["evidence"]["lines"], (Json{"000000000002 missing", "000000000001 224.8000 x"}));
  EXPECT_EQ(seen.body["evidence"]["missing"], 1);
  EXPECT_EQ(seen.body["evidence"]["frame"], last["frame"]);

  world_.send_sum(world_.gateway_east, "area-7", {"whole\n000000000001 1 x\n000000000002 2 x\n"},
                  "energy_active_import_total", 30'000, 0);
  EXPECT_EQ(get("operator", sums_path_).body["sums"][0]["last"]["complete"], true);
  EXPECT_EQ(post("operator", sums_path_ + "/remove", {{"uid", "area-7"}, {"reason", "gone"}}).status, 204);
  EXPECT_EQ(get("operator", sums_path_).body["total"], 0);
}

}  // namespace
}  // namespace duheng::platform::web
