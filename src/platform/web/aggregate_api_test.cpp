// Hours, days and months of a series; the largest consumers, totals and completeness of what a caller sees.
#include "platform/web/testing/api_test_fixture.hpp"
#include "store/aggregates/aggregate_mean.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AggregateApiTest : public ApiTest {
 protected:
  AggregateApiTest() {
    for (int ago = 6; ago >= 2; --ago) {
      const std::int64_t east = 20'000 + 100 * (6 - ago);
      world_.send(world_.gateway_east, "000000000001", at(ago, 6), east, 2'200 + ago);
      world_.send(world_.gateway_east, "000000000001", at(ago, 18), east + 41, 2'300 + ago);
      world_.send(world_.gateway_west, "000000000003", at(ago, 12), 10 + 5 * (6 - ago), 2'310);
      if (ago == 4) continue;
      for (const int hour : {6, 18}) world_.send(world_.gateway_east, "999999999999", at(ago, hour), 100 - ago, 2'300);
    }
  }
  [[nodiscard]] std::int32_t day(int days_ago) const { return world_.aggregates.today - days_ago; }
  [[nodiscard]] std::string date(int days_ago) const { return store::CivilCalendar::format_day(day(days_ago)); }
  [[nodiscard]] std::int64_t at(int days_ago, int hour) const { return world_.aggregates.at(day(days_ago), hour); }
  [[nodiscard]] std::string range(int from, int to) const { return "from=" + date(from) + "&to=" + date(to); }
  Json buckets(const std::string& user, SeriesId series, const std::string& query) {
    const auto got = get(user, path("series", series.value) + "/aggregates?" + query);
    EXPECT_EQ(got.status, 200) << got.answer.body;
    return got.body["buckets"];
  }
  Json fleet(const std::string& user, const std::string& question, int from, int to, const std::string& more = {}) {
    const auto got =
        get(user, "/api/v1/fleet/" + question + "?register=energy_active_import_total&" + range(from, to) + more);
    EXPECT_EQ(got.status, 200) << got.answer.body;
    return got.body;
  }
  [[nodiscard]] static std::vector<std::string> devices(const Json& rows) {
    std::vector<std::string> out;
    for (const Json& row : rows) out.push_back(row["device"].is_null() ? "-" : row["device"]["name"]);
    return out;
  }
  void assign_stray(std::int64_t from_utc_ms) {
    ASSERT_TRUE(world_.devices.assign_source(Scope::everything(), {.id = 0,
                                                                   .device = world_.east_2,
                                                                   .gateway = world_.gateway_east,
                                                                   .device_uid = "999999999999",
                                                                   .from_utc_ms = from_utc_ms,
                                                                   .to_utc_ms = {}}));
  }
};

TEST_F(AggregateApiTest, DaysOfASeriesAreExact) {
  for (const bool settled : {false, true}) {
    const auto got = get("east", path("series", world_.east_energy.value) + "/aggregates?" + range(6, 2));
    ASSERT_EQ(got.status, 200) << got.answer.body;
    EXPECT_EQ(got.body["unit"], "kWh");
    EXPECT_EQ(got.body["time_zone"], "Asia/Shanghai");
    EXPECT_EQ(got.body["counts_up"], true);
    EXPECT_EQ(got.body["settled_through"].is_null(), !settled);
    const Json& days = got.body["buckets"];
    ASSERT_EQ(days.size(), 5U);
    EXPECT_EQ(days[0]["label"], date(6));
    EXPECT_EQ(days[0]["increase"], "0.41");
    EXPECT_THAT(days[0]["findings"], Contains("no_start_value"));
    const Json& second = days[1];
    EXPECT_EQ(second["provisional"], !settled);
    EXPECT_EQ(second["values"], 2);
    EXPECT_EQ(second["increase"], "1.00");
    EXPECT_EQ(second["increase_edited"], "0.00");
    EXPECT_EQ(second["findings"], Json::array());
    EXPECT_EQ(second["first"]["value"], "201.00");
    EXPECT_EQ(second["first"]["time"], format_utc(at(5, 6)));
    EXPECT_EQ(second["last"]["value"], "201.41");
    EXPECT_EQ(second["mean"], "201.205");
    EXPECT_EQ(second["mean_rounded"], "201.2050");
    EXPECT_EQ(second["from"], format_utc(at(5, 0)));
    EXPECT_EQ(second["to"], format_utc(at(4, 0)));
    EXPECT_EQ(second["longest_silence_s"], 12 * 3'600);
    // The mark leads to its frame.
    const auto frame = get("east", "/api/v1/frames/" + second["last"]["frame"].get<std::string>());
    EXPECT_EQ(frame.status, 200) << frame.answer.body;
    EXPECT_EQ(frame.body["times"]["received"], format_utc(at(5, 18))) << frame.answer.body;
    ASSERT_TRUE(world_.aggregates.settle());
  }
}

TEST_F(AggregateApiTest, HoursMonthsAndOtherQuantities) {
  const Json hours = buckets("east", world_.east_energy, "by=hour&" + range(5, 5));
  ASSERT_EQ(hours.size(), 2U);
  EXPECT_EQ(hours[0]["to"], format_utc(at(5, 6)));
  EXPECT_EQ(hours[1]["increase"], "0.41");
  const Json months = buckets("admin", world_.west_energy, "by=month&" + range(6, 0));
  ASSERT_FALSE(months.empty());
  EXPECT_EQ(months.back()["label"], date(0).substr(0, 7));
  EXPECT_EQ(months.back()["provisional"], true);
  EXPECT_EQ(months.back()["last"]["value"], "1.04");
  EXPECT_GE(months.back()["days_with_values"], 1);
  const Json voltage = buckets("east", SeriesId{world_.east_energy.value + 1}, range(5, 5));
  ASSERT_EQ(voltage.size(), 1U);
  EXPECT_EQ(voltage[0]["increase"], nullptr);
  EXPECT_EQ(voltage[0]["min"]["value"], "220.5");
  EXPECT_EQ(voltage[0]["max"]["value"], "230.5");
  EXPECT_EQ(voltage[0]["mean"], "225.5");
}

TEST_F(AggregateApiTest, CorrectionsShowInTheirDay) {
  ASSERT_TRUE(world_.aggregates.settle());
  const Json correction{{"kind", "correction"},
                        {"reason", "misread"},
                        {"values", {{{"time", format_utc(at(4, 12))}, {"value", "0.22"}, {"expected", "0.20"}}}}};
  const auto done = client_->request("POST", path("series", world_.west_energy.value) + "/edits",
                                     world_.log_in("admin") + std::string{json_body}, correction.dump());
  ASSERT_EQ(done.status / 100, 2) << done.body;
  const Json days = buckets("admin", world_.west_energy, range(5, 3));
  ASSERT_EQ(days.size(), 3U);
  EXPECT_EQ(days[1]["corrected"], 1);
  EXPECT_EQ(days[1]["increase"], "0.07");
  EXPECT_EQ(days[1]["increase_edited"], "0.07");
  EXPECT_EQ(days[2]["increase"], "0.03");
  EXPECT_EQ(days[2]["increase_edited"], "0.03");
  EXPECT_EQ(fleet("admin", "top", 4, 4)["standing"]["changes_waiting"], true);
  ASSERT_TRUE(world_.aggregates.settle());
  const Json top = fleet("west", "top", 4, 3);
  EXPECT_EQ(top["standing"]["changes_waiting"], false);
  EXPECT_EQ(top["rows"][0]["amount"], "0.10");
  EXPECT_EQ(top["rows"][0]["edited"], "0.10");
}

TEST_F(AggregateApiTest, NobodySeesWhatIsNotTheirs) {
  EXPECT_EQ(get("west", path("series", world_.east_energy.value) + "/aggregates?" + range(6, 2)).status, 404);
  EXPECT_EQ(get("east", path("series", world_.stray_energy.value) + "/aggregates?" + range(6, 2)).status, 404);
  EXPECT_EQ(get("", path("series", world_.east_energy.value) + "/aggregates?" + range(6, 2)).status, 401);
  for (const char* question : {"top", "totals", "completeness"})
    EXPECT_EQ(get("", std::string{"/api/v1/fleet/"} + question + "?register=x&" + range(6, 2)).status, 401);
  EXPECT_EQ(buckets("admin", world_.stray_energy, range(6, 2)).size(), 4U);

  // From 06:00 of the third day on the stray sender is a meter of East's.
  assign_stray(at(3, 6));
  const Json days = buckets("east", world_.stray_energy, range(6, 2));
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0]["label"], date(3));
  EXPECT_EQ(days[0]["values"], 2);
  EXPECT_EQ(days[0]["increase"], nullptr) << "it starts from a value that is not theirs";
  EXPECT_EQ(days[1]["increase"], "0.01");
  EXPECT_THAT(buckets("east", world_.stray_energy, "by=month&" + range(6, 2)), IsEmpty());
}

TEST_F(AggregateApiTest, ADayThatIsPartlyAnothersIsHidden) {
  assign_stray(at(3, 7));
  const Json days = buckets("east", world_.stray_energy, range(6, 2));
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0]["label"], date(2));
  const Json hours = buckets("east", world_.stray_energy, "by=hour&" + range(3, 3));
  ASSERT_EQ(hours.size(), 1U);
  EXPECT_EQ(hours[0]["to"], format_utc(at(3, 18)));
}

TEST_F(AggregateApiTest, TheLargestConsumers) {
  for (const bool settled : {false, true}) {
    const Json top = fleet("admin", "top", 5, 2);
    EXPECT_EQ(top["unit"], "kWh");
    EXPECT_EQ(top["series"], 3);
    EXPECT_THAT(devices(top["rows"]), ElementsAre("East Meter 1", "西表", "-"));
    EXPECT_THAT(column(top["rows"], "amount"), ElementsAre("4.00", "0.20", "0.04"));
    EXPECT_EQ(top["rows"][0]["device"]["id"], world_.east_1.value);
    EXPECT_EQ(top["rows"][0]["site"]["name"], "Hill");
    EXPECT_EQ(top["rows"][0]["days_with_values"], 4);
    EXPECT_EQ(top["rows"][2]["device_uid"], "999999999999");
    EXPECT_EQ(top["standing"]["settled_through"].is_null(), !settled);
    EXPECT_THAT(devices(fleet("admin", "top", 5, 2, "&count=1")["rows"]), ElementsAre("East Meter 1"));
    EXPECT_THAT(devices(fleet("west", "top", 5, 2)["rows"]), ElementsAre("西表"));
    EXPECT_THAT(devices(fleet("east", "top", 5, 2)["rows"]), ElementsAre("East Meter 1"));
    ASSERT_TRUE(world_.aggregates.settle());
  }
  assign_stray(at(3, 7));
  const Json partly = fleet("east", "top", 5, 2);
  EXPECT_THAT(devices(partly["rows"]), ElementsAre("East Meter 1"));
  EXPECT_EQ(partly["left_out"]["partly_visible"], 1);
  EXPECT_THAT(devices(fleet("east", "top", 2, 2)["rows"]), ElementsAre("East Meter 1", "East Meter 2"));
  EXPECT_EQ(fleet("west", "top", 5, 2)["left_out"]["partly_visible"], 0);
}

TEST_F(AggregateApiTest, TheLargestConsumersOfEachGroup) {
  // From readings, then from the rows of settled days.
  for (int round = 0; round < 2; ++round) {
    const auto found = [&](const std::string& user, const std::string& group, int count) {
      std::vector<std::string> out;
      const Json top = fleet(user, "top", 5, 2, "&group=" + group + "&count=" + std::to_string(count));
      for (const Json& row : top["rows"]) {
        out.push_back((row["group"].is_null() ? "-" : row["group"]["name"].get<std::string>()) + " " +
                      row["amount"].get<std::string>());
      }
      return out;
    };
    EXPECT_THAT(found("admin", "organisation", 1), ::testing::UnorderedElementsAre("东区 4.00", "西区 0.20", "- 0.04"));
    EXPECT_THAT(found("admin", "site", 5), ::testing::UnorderedElementsAre("Hill 4.00", "- 0.20", "- 0.04"));
    EXPECT_THAT(found("admin", "site", 1), ::testing::UnorderedElementsAre("Hill 4.00", "- 0.20"));
    EXPECT_THAT(found("admin", "model", 1), ::testing::UnorderedElementsAre("dlt645-2007-single-phase 4.00", "- 0.04"))
        << "not the sum: the largest one";
    EXPECT_THAT(found("west", "organisation", 5), ElementsAre("西区 0.20"));
    EXPECT_FALSE(fleet("admin", "top", 5, 2)["rows"][0].contains("group"));
    ASSERT_TRUE(world_.aggregates.settle());
  }
}

TEST_F(AggregateApiTest, TotalsByGroupAddUp) {
  const auto amounts = [&](const std::string& user, const std::string& group) {
    const Json got = fleet(user, "totals", 5, 2, "&group=" + group);
    std::map<std::string, std::string> out;
    for (const Json& row : got["rows"])
      out[row["group"].is_null() ? "-" : row["group"]["name"].get<std::string>()] = row["amount"];
    out["total"] = got["total"]["amount"];
    return out;
  };
  using Amounts = std::map<std::string, std::string>;
  EXPECT_EQ(amounts("admin", "organisation"),
            (Amounts{{"东区", "4.00"}, {"西区", "0.20"}, {"-", "0.04"}, {"total", "4.24"}}));
  EXPECT_EQ(amounts("admin", "site"), (Amounts{{"Hill", "4.00"}, {"-", "0.24"}, {"total", "4.24"}}));
  EXPECT_EQ(amounts("admin", "model"),
            (Amounts{{"dlt645-2007-single-phase", "4.20"}, {"-", "0.04"}, {"total", "4.24"}}));
  EXPECT_EQ(amounts("west", "organisation"), (Amounts{{"西区", "0.20"}, {"total", "0.20"}}));
  const Json english =
      get("west", "/api/v1/fleet/totals?register=energy_active_import_total&" + range(5, 2), "Accept-Language: en\r\n")
          .body;
  EXPECT_EQ(english["rows"][0]["group"]["name"], "West");
  EXPECT_EQ(english["rows"][0]["group"]["id"], world_.west.value);
  EXPECT_EQ(english["rows"][0]["series_with_values"], 1);
}

TEST_F(AggregateApiTest, CompletenessNamesWhatIsMissing) {
  const Json all = fleet("admin", "completeness", 5, 3);
  ASSERT_EQ(all["rows"].size(), 3U);
  EXPECT_EQ(all["rows"][0]["day"], date(5));
  EXPECT_EQ(all["rows"][0]["series"], 3);
  EXPECT_EQ(all["rows"][0]["series_with_values"], 3);
  EXPECT_EQ(all["rows"][1]["series_with_values"], 2);
  EXPECT_EQ(all["rows"][1]["provisional"], true);
  ASSERT_EQ(all["missing"].size(), 1U);
  EXPECT_EQ(all["missing"][0]["device_uid"], "999999999999");
  EXPECT_EQ(all["missing"][0]["from"], date(4));
  EXPECT_EQ(all["missing"][0]["to"], date(4));
  EXPECT_EQ(all["missing"][0]["days"], 1);
  EXPECT_EQ(all["missing_truncated"], false);
  const Json grouped = fleet("admin", "completeness", 4, 4, "&group=organisation");
  EXPECT_EQ(grouped["rows"].size(), 3U);
  EXPECT_THAT(fleet("west", "completeness", 5, 3)["missing"], IsEmpty());
  // A quantity that does not count up can be complete too.
  const auto voltage = get("west", "/api/v1/fleet/completeness?register=voltage_a&" + range(5, 3));
  EXPECT_EQ(voltage.body["rows"][0]["series_with_values"], 1);
}

TEST_F(AggregateApiTest, RefusesWhatCannotBeAnswered) {
  const std::string series = path("series", world_.east_energy.value) + "/aggregates";
  for (const std::string& bad :
       {std::string{}, "?by=decade&" + range(3, 2), "?" + range(2, 3), std::string{"?from=2026-02-30&to=2026-03-01"},
        "?from=1999-01-01&to=" + date(2), "?by=hour&" + range(60, 2), "?" + range(3, 2) + "&unknown=1"}) {
    EXPECT_EQ(get("admin", series + bad).status, 400) << bad;
  }
  const std::string top = "/api/v1/fleet/top?";
  for (const std::string& bad :
       {range(3, 2), "register=voltage_a&" + range(3, 2), "register=energy_active_import_total&" + range(500, 2),
        "register=energy_active_import_total&count=0&" + range(3, 2),
        "register=energy_active_import_total&group=colour&" + range(3, 2)}) {
    EXPECT_EQ(get("admin", top + bad).status, 400) << bad;
  }
  EXPECT_EQ(get("admin", "/api/v1/fleet/totals?register=energy_x&group=tariff&" + range(3, 2)).status, 400);
  const Json unknown = get("admin", top + "register=energy_x&" + range(3, 2)).body;
  EXPECT_EQ(unknown["rows"], Json::array());
  EXPECT_EQ(unknown["series"], 0);
  EXPECT_EQ(get("admin", path("series", 9'999) + "/aggregates?" + range(3, 2)).status, 404);

  world_.aggregates.is_open = false;
  EXPECT_EQ(get("admin", series + "?" + range(3, 2)).status, 503);
  EXPECT_EQ(get("admin", top + "register=energy_active_import_total&" + range(3, 2)).status, 503);
}

TEST(AggregateJson, MeansAreExact) {
  EXPECT_EQ(store::exact_mean(441, -2, 2), "2.205");
  EXPECT_EQ(store::exact_mean(440, -2, 2), "2.20");
  EXPECT_EQ(store::exact_mean(100, -2, 3), "(1.00)/3");
  EXPECT_EQ(store::exact_mean(-441, -2, 2), "-2.205");
  EXPECT_EQ(store::rounded_mean(100, -2, 3), "0.3333");
  EXPECT_EQ(store::rounded_mean(200, -2, 3), "0.6667");
  EXPECT_EQ(store::rounded_mean(-200, -2, 3), "-0.6667");
  EXPECT_EQ(store::rounded_mean(7, 0, 1), "7.00");
}

}  // namespace
}  // namespace duheng::platform::web
