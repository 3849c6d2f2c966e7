// Customers' tariffs: their list, the points that have them, and consumption by them.
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class TariffApiTest : public ApiTest {
 protected:
  TariffApiTest() {
    for (int ago = 6; ago >= 2; --ago) {
      world_.send(world_.gateway_east, "000000000001", at(ago, 12), 20'000 + 101 * (6 - ago), 2'200);
      world_.send(world_.gateway_east, "000000000002", at(ago, 12), 500 + 7 * (6 - ago), 2'200);
      world_.send(world_.gateway_west, "000000000003", at(ago, 12), 10 + 5 * (6 - ago), 2'310);
    }
  }
  [[nodiscard]] std::int32_t day(int days_ago) const { return world_.aggregates.today - days_ago; }
  [[nodiscard]] std::string date(int days_ago) const { return store::CivilCalendar::format_day(day(days_ago)); }
  [[nodiscard]] std::int64_t at(int days_ago, int hour) const { return world_.aggregates.at(day(days_ago), hour); }
  Got post(const std::string& user, const std::string& target, const Json& body) {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    Got out;
    out.answer = client_->request("POST", target, cookie + std::string(json_body), body.dump());
    out.status = out.answer.status;
    out.body = Json::parse(out.answer.body, nullptr, false);
    return out;
  }
  static Json tariff(const std::string& code, const std::string& zh, const std::string& en) {
    return {{"code", code},
            {"name_zh", zh},
            {"name_en", en},
            {"utility", "electricity"},
            {"valid_from", "2020-01-01"},
            {"valid_to", nullptr}};
  }
  std::int64_t made_tariff(const std::string& code, const std::string& zh, const std::string& en) {
    const Got made = post("admin", "/api/v1/tariffs", tariff(code, zh, en));
    EXPECT_EQ(made.status, 201) << made.answer.body;
    return made.body["id"];
  }
  PointId point(const std::string& name, OrganisationId owner, DeviceId device, std::int64_t from_utc_ms) {
    PointRegister energy;
    energy.name = "energy_active_import_total";
    return world_.points
        .create(all_, {.organisation = owner, .name = name}, PointInstallation{device, from_utc_ms, {energy}})
        .value();
  }
  Got assign(const std::string& user, PointId to, std::int64_t tariff, int days_ago, const std::string& reason = {}) {
    Json body{{"from", date(days_ago)}, {"reason", reason}};
    if (tariff != 0) body["tariff_id"] = tariff;
    return post(user, path("points", to.value) + "/tariffs", body);
  }
  using Amounts = std::map<std::string, std::string>;
  Amounts amounts(const std::string& user, int from, int to, const std::string& more = {}) {
    const Got got = get(user, "/api/v1/fleet/totals?register=energy_active_import_total&from=" + date(from) +
                                  "&to=" + date(to) + "&group=customer_tariff" + more);
    EXPECT_EQ(got.status, 200) << got.answer.body;
    Amounts out;
    for (const Json& row : got.body["rows"])
      out[row["group"].is_null() ? "-" : row["group"]["name"].get<std::string>()] = row["amount"];
    out["total"] = got.body["total"]["amount"];
    return out;
  }
  const Author all_{UserId{}, "test", Role::admin, Scope::everything(), ""};
};

TEST_F(TariffApiTest, TheListIsOneForAllAndKeepsWhatItSaid) {
  const std::int64_t id = made_tariff("residential", "居民生活", "Residential");
  const std::string place = path("tariffs", id);
  Json changed = tariff("residential", "居民生活用电", "Residential");
  changed["version"] = 1;
  changed["valid_to"] = "2030-12-31";
  EXPECT_EQ(post("admin", place, changed).status, 400) << "without a reason";
  changed["reason"] = "new wording";
  const Got got = post("admin", place, changed);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["version"], 2);
  EXPECT_EQ(got.body["valid_to"], "2030-12-31");
  ASSERT_EQ(got.body["versions"].size(), 2U);
  EXPECT_EQ(got.body["versions"][0]["name_zh"], "居民生活");
  EXPECT_EQ(got.body["versions"][1]["reason"], "new wording");
  EXPECT_EQ(post("admin", place, changed).status, 409) << "seen too early";
  const Json listed = get("east", "/api/v1/tariffs").body;
  EXPECT_EQ(listed["tariffs"][0]["name_zh"], "居民生活用电");
  EXPECT_EQ(listed["today"], date(0));
  EXPECT_EQ(post("admin", "/api/v1/tariffs", tariff("residential", "甲", "A")).status, 409);
  EXPECT_EQ(post("admin", "/api/v1/tariffs", tariff("Wrong Code", "甲", "A")).status, 400);
  EXPECT_EQ(post("operator", "/api/v1/tariffs", tariff("x", "甲", "A")).status, 403);
  EXPECT_EQ(get("east", "/api/v1/tariffs/99").status, 404);
}

TEST_F(TariffApiTest, APointHasATariffWithDates) {
  const std::int64_t home = made_tariff("residential", "居民生活", "Residential");
  const std::int64_t trade = made_tariff("commercial", "一般工商业", "Commercial");
  const PointId shop = point("Shop", world_.west, world_.west_1, at(20, 0));
  ASSERT_EQ(assign("west", shop, home, 10).status, 200);
  const Got second = assign("west", shop, trade, 3);
  ASSERT_EQ(second.status, 200) << second.answer.body;
  ASSERT_EQ(second.body["entries"].size(), 2U);
  EXPECT_EQ(second.body["entries"][0]["tariff"]["code"], "residential");
  EXPECT_EQ(second.body["entries"][0]["to"], date(4));
  EXPECT_EQ(second.body["entries"][1]["to"], nullptr);
  EXPECT_EQ(second.body["entries"][1]["author"], "west");
  EXPECT_EQ(assign("west", shop, trade, 3).status, 409) << "so it is already";
  EXPECT_EQ(assign("west", shop, trade, 12).status, 400) << "a correction without a reason";
  EXPECT_EQ(assign("west", shop, trade, 10, "read wrongly").status, 200);
  const Got history = get("west", path("points", shop.value) + "/tariffs");
  ASSERT_EQ(history.body["entries"].size(), 3U);
  EXPECT_EQ(history.body["entries"][0]["withdrawn"]["reason"], "read wrongly");
  const std::string last = std::to_string(history.body["entries"][2]["id"].get<std::int64_t>());
  EXPECT_EQ(post("west", path("points", shop.value) + "/tariffs/" + last + "/withdraw", {{"reason", ""}}).status, 400);
  EXPECT_EQ(post("west", path("points", shop.value) + "/tariffs/" + last + "/withdraw", {{"reason", "not so"}}).status,
            200);
  EXPECT_EQ(get("west", path("points", shop.value)).body["tariff"]["code"], "commercial");
  EXPECT_EQ(get("west", "/api/v1/points").body["points"][0]["tariff"]["name"], "一般工商业");
  // Others.
  EXPECT_EQ(get("east", path("points", shop.value) + "/tariffs").status, 404);
  EXPECT_EQ(assign("east", shop, home, 1).status, 403) << "a viewer";
  EXPECT_EQ(post("west", path("points", 99) + "/tariffs", {{"from", date(1)}}).status, 404);
  const auto log = operations(*world_.database, Scope::everything(), 50).value();
  std::vector<std::string> actions;
  for (const OperationEntry& entry : log) actions.push_back(entry.action);
  for (const char* action : {"create_tariff", "set_point_tariff", "withdraw_point_tariff"})
    EXPECT_THAT(actions, Contains(action));
}

TEST_F(TariffApiTest, PointsAndDevicesAreFoundByTariff) {
  const std::int64_t home = made_tariff("residential", "居民生活", "Residential");
  const PointId flat = point("Flat", world_.east, world_.east_1, at(20, 0));
  point("Yard", world_.east, world_.east_2, at(20, 0));
  ASSERT_EQ(assign("operator", flat, home, 5).status, 200);
  const auto points = [&](const std::string& user, const std::string& code) {
    return column(get(user, "/api/v1/points?tariff=" + code).body["points"], "name");
  };
  EXPECT_THAT(points("east", "residential"), ElementsAre("Flat"));
  EXPECT_THAT(points("east", "-"), ElementsAre("Yard"));
  EXPECT_THAT(points("west", "residential"), IsEmpty());
  EXPECT_EQ(get("east", "/api/v1/points?tariff=nothing").status, 400);
  const auto devices = [&](const std::string& user, const std::string& code) {
    return column(get(user, "/api/v1/devices?tariff=" + code).body["devices"], "name");
  };
  EXPECT_THAT(devices("admin", "residential"), ElementsAre("East Meter 1"));
  EXPECT_THAT(devices("admin", "-"), UnorderedElementsAre("East Meter 2", "西表"));
  EXPECT_THAT(devices("west", "residential"), IsEmpty());
  EXPECT_EQ(get("admin", "/api/v1/devices?tariff=nothing").status, 400);
}

TEST_F(TariffApiTest, ConsumptionOfEachTariffIsExact) {
  const std::int64_t home = made_tariff("residential", "居民生活", "Residential");
  const std::int64_t trade = made_tariff("commercial", "一般工商业", "Commercial");
  const PointId flat = point("Flat", world_.east, world_.east_1, at(20, 0));
  const PointId shop = point("Shop", world_.west, world_.west_1, at(20, 0));
  ASSERT_EQ(assign("operator", flat, home, 20).status, 200);
  ASSERT_EQ(assign("operator", flat, trade, 3).status, 200);  // in the middle of what is asked for
  ASSERT_EQ(assign("operator", shop, trade, 20).status, 200);
  for (int round = 0; round < 2; ++round) {
    // From noon to noon: 1.01, 0.07 and 0.05 kWh a day; four days. East Meter 2 is at no point.
    EXPECT_EQ(amounts("admin", 5, 2),
              (Amounts{{"居民生活", "2.02"}, {"一般工商业", "2.22"}, {"-", "0.28"}, {"total", "4.52"}}));
    EXPECT_EQ(amounts("admin", 5, 4),
              (Amounts{{"居民生活", "2.02"}, {"一般工商业", "0.10"}, {"-", "0.14"}, {"total", "2.26"}}));
    EXPECT_EQ(amounts("west", 5, 2), (Amounts{{"一般工商业", "0.20"}, {"total", "0.20"}}));
    EXPECT_EQ(amounts("east", 5, 2),
              (Amounts{{"居民生活", "2.02"}, {"一般工商业", "2.02"}, {"-", "0.28"}, {"total", "4.32"}}));
    const Json totals = get("admin", "/api/v1/fleet/totals?register=energy_active_import_total&from=" + date(5) +
                                         "&to=" + date(2) + "&group=customer_tariff")
                            .body;
    EXPECT_EQ(totals["total"]["series"], 4) << "who changes the tariff counts once; nobody's sender is the fourth";
    const Json top = get("admin", "/api/v1/fleet/top?register=energy_active_import_total&count=1&from=" + date(5) +
                                      "&to=" + date(2) + "&group=customer_tariff")
                         .body["rows"];
    std::vector<std::string> largest;
    for (const Json& row : top) {
      largest.push_back((row["group"].is_null() ? "-" : row["group"]["name"].get<std::string>()) + " " +
                        row["device"]["name"].get<std::string>() + " " + row["amount"].get<std::string>());
    }
    EXPECT_THAT(largest, UnorderedElementsAre("居民生活 East Meter 1 2.02", "一般工商业 East Meter 1 2.02",
                                              "- East Meter 2 0.28"));
    const Json came = get("admin", "/api/v1/fleet/completeness?register=energy_active_import_total&from=" + date(5) +
                                       "&to=" + date(2) + "&group=customer_tariff")
                          .body["rows"];
    EXPECT_EQ(came.size(), 3U + 3U + 2U + 2U);
    ASSERT_TRUE(world_.aggregates.settle());
  }
  const Json english = get("east",
                           "/api/v1/fleet/totals?register=energy_active_import_total&from=" + date(5) +
                               "&to=" + date(4) + "&group=customer_tariff",
                           "Accept-Language: en\r\n")
                           .body;
  EXPECT_THAT(english["rows"].dump(), ::testing::HasSubstr("Residential"));
}

TEST_F(TariffApiTest, AnExchangeOfTheMeterKeepsThePointsTariff) {
  const std::int64_t home = made_tariff("residential", "居民生活", "Residential");
  const PointId flat = point("Flat", world_.east, world_.east_1, at(20, 0));
  ASSERT_EQ(assign("operator", flat, home, 20).status, 200);
  PointRegister energy;
  energy.name = "energy_active_import_total";
  ASSERT_TRUE(world_.points.exchange(all_, flat, {world_.east_2, at(3, 0), {energy}}, {}, "failed"));
  // East Meter 1 until the end of the fifth and fourth day ago, then East Meter 2.
  EXPECT_EQ(amounts("east", 5, 2), (Amounts{{"居民生活", "2.16"}, {"-", "2.16"}, {"total", "4.32"}}));
}

}  // namespace
}  // namespace duheng::platform::web
