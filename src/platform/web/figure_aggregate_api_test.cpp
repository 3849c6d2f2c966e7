// Stored hours, days and months, and points over an exchange, traced over the API; who may see which.
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

class FigureAggregateApiTest : public ApiTest {
 protected:
  FigureAggregateApiTest() {
    for (int ago = 6; ago >= 2; --ago) {
      const std::int64_t east = 20'000 + 100 * (6 - ago);
      world_.send(world_.gateway_east, "000000000001", at(ago, 6), east, 2'200);
      world_.send(world_.gateway_east, "000000000001", at(ago, 18), east + 41, 2'300);
    }
    EXPECT_TRUE(world_.aggregates.settle());
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
  [[nodiscard]] std::int32_t day(int days_ago) const { return world_.aggregates.today - days_ago; }
  [[nodiscard]] std::string date(int days_ago) const { return store::CivilCalendar::format_day(day(days_ago)); }
  [[nodiscard]] std::int64_t at(int days_ago, int hour) const { return world_.aggregates.at(day(days_ago), hour); }
  [[nodiscard]] std::string figure(const std::string& bucket, int days_ago, const std::string& more = {}) const {
    return "/api/v1/figure?series=" + std::to_string(world_.east_energy.value) + "&bucket=" + bucket +
           "&day=" + date(days_ago) + more;
  }
};

TEST_F(FigureAggregateApiTest, ADayIsTracedToItsReadings) {
  const auto got = get("admin", figure("day", 5));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["bucket"], "day");
  EXPECT_EQ(got.body["label"], date(5));
  EXPECT_EQ(got.body["same"], true);
  EXPECT_EQ(got.body["verified"], true) << got.answer.body;
  EXPECT_EQ(got.body["reading_count"], 2);
  EXPECT_EQ(got.body["records"]["verified"], got.body["records"]["count"]);
  ASSERT_EQ(got.body["days"].size(), 1U);
  EXPECT_EQ(got.body["days"][0]["standing"], "settled");
  EXPECT_EQ(got.body["days"][0]["makings"].back()["kind"], "settled");
  // The reading's frame leads on.
  const std::string reference = got.body["readings"][0]["frame"];
  EXPECT_EQ(get("admin", "/api/v1/figure?frame=" + reference).status, 200);
  // The page's figure and the trace's are one.
  const auto page =
      get("admin", path("series", world_.east_energy.value) + "/aggregates?from=" + date(5) + "&to=" + date(5));
  const std::string increase = page.body["buckets"][0]["increase"];
  const auto field = std::ranges::find(got.body["row"], "increase", [](const Json& one) { return one["field"]; });
  ASSERT_NE(field, got.body["row"].end());
  EXPECT_EQ((*field)["value"], increase);
}

TEST_F(FigureAggregateApiTest, HoursWeeksMonthsAndTextForPeople) {
  for (const char* bucket : {"week", "month", "year"}) {
    const auto got = get("admin", figure(bucket, 5));
    ASSERT_EQ(got.status, 200) << bucket << got.answer.body;
    EXPECT_EQ(got.body["same"], true) << bucket;
  }
  const auto hour = get("admin", figure("hour", 5, "&after=" + format_utc(at(5, 5))));
  ASSERT_EQ(hour.status, 200) << hour.answer.body;
  EXPECT_EQ(hour.body["reading_count"], 1);
  const auto text = client_->request("GET", figure("day", 5, "&format=text"), world_.log_in("admin"));
  EXPECT_EQ(text.status, 200);
  EXPECT_NE(text.body.find("[good_values]"), std::string::npos) << text.body;
}

TEST_F(FigureAggregateApiTest, WhatIsNotThereOrAnothersIsNotFound) {
  EXPECT_EQ(get("west", figure("day", 5)).status, 404);
  EXPECT_EQ(get("admin", figure("day", 20)).status, 404);
  EXPECT_EQ(client_->request("GET", figure("day", 5)).status, 401);
  for (const char* query :
       {"?series=1&bucket=day", "?series=1&day=2026-01-01", "?series=1&bucket=decade&day=2026-01-01",
        "?series=1&bucket=hour&day=2026-01-01", "?series=1&bucket=day&day=2026-02-31", "?series=1&frame=1",
        "?series=1&bucket=days&day=2026-01-01", "?series=1&bucket=day&day=2026-01-01&last_day=2026-01-02", "?point=1",
        "?point=1&bucket=day&day=2026-01-01", "?frame=1&bucket=day&day=2026-01-01"})
    EXPECT_EQ(get("admin", std::string("/api/v1/figure") + query).status, 400) << query;
  world_.aggregates.is_open = false;
  EXPECT_EQ(get("admin", figure("day", 5)).status, 503);
}

TEST_F(FigureAggregateApiTest, APointOverAnExchangeTellsBothMeters) {
  const auto register_of = [](const std::string& start) {
    return Json{{{"name", "energy_active_import_total"}, {"start", start}, {"digits", 8}}};
  };
  const std::int64_t begun = at(6, 0);
  const auto made =
      post("operator", "/api/v1/points",
           {{"organisation_id", world_.east.value},
            {"name", "Hall 1"},
            {"at", format_utc(begun)},
            {"installation", {{"device_id", world_.east_1.value}, {"registers", register_of("199.00")}}}});
  ASSERT_EQ(made.status, 201) << made.answer.body;
  const std::int64_t id = made.body["id"];
  const auto done = post("operator", path("points", id) + "/exchange",
                         {{"at", format_utc(at(4, 12))},
                          {"reason", "display failed"},
                          {"ends", {{{"name", "energy_active_import_total"}, {"value", "202.20"}}}},
                          {"installation", {{"device_id", world_.east_2.value}, {"registers", register_of("0.50")}}}});
  ASSERT_EQ(done.status, 200) << done.answer.body;
  world_.send(world_.gateway_east, "000000000002", at(3, 6), 150, 2'200);
  const std::string asked =
      "/api/v1/figure?point=" + std::to_string(id) + "&after=" + format_utc(begun) + "&through=" + format_utc(at(2, 0));
  const auto got = get("east", asked);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  // 202.20 - 199.00 of the first meter, 1.50 - 0.50 of the second.
  EXPECT_EQ(got.body["amount"], "4.20") << got.answer.body;
  EXPECT_EQ(got.body["parts_agree"], true);
  EXPECT_EQ(got.body["verified"], true);
  ASSERT_EQ(got.body["links"].size(), 2U);
  EXPECT_EQ(got.body["links"][0]["removal"], "202.20");
  EXPECT_EQ(got.body["links"][0]["amount"], "3.20");
  EXPECT_EQ(got.body["links"][1]["installation"], "0.50");
  EXPECT_EQ(got.body["links"][1]["amount"], "1.00");
  EXPECT_EQ(got.body["events"].back()["reason"], "display failed");
  EXPECT_EQ(get("west", asked).status, 404);
  EXPECT_EQ(get("east", asked + "&register=voltage_b").status, 404);
}

}  // namespace
}  // namespace duheng::platform::web
