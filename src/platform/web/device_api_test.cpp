// Devices: the list, latest values, completeness, curves, readings and the way back to a frame.
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_F(ApiTest, ListsDevices) {
  const auto names = [&](const std::string& user, const std::string& query) {
    const auto got = get(user, "/api/v1/devices" + query);
    EXPECT_EQ(got.status, 200) << query << got.answer.body;
    return column(got.body["devices"], "name");
  };
  EXPECT_THAT(names("admin", ""), ElementsAre("East Meter 1", "East Meter 2", "西表"));
  EXPECT_THAT(names("admin", "?sort=-name"), ElementsAre("西表", "East Meter 2", "East Meter 1"));
  EXPECT_THAT(names("admin", "?sort=-address&page_size=1&page=2"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?sort=last_reading&page_size=1"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?search=METER%202"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?search=%E8%A5%BF"), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?search=000000000003"), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?state=never"), ElementsAre("East Meter 2"));
  EXPECT_THAT(names("admin", "?state=online&sort=-last_reading"), UnorderedElementsAre("East Meter 1", "西表"));
  EXPECT_THAT(names("admin", "?state=offline"), IsEmpty());
  EXPECT_THAT(names("admin", "?site_id=" + std::to_string(world_.hill.value)),
              ElementsAre("East Meter 1", "East Meter 2"));
  EXPECT_THAT(names("admin", "?gateway_id=" + std::to_string(world_.gateway_west.value)), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?model=dlt645-2007-single-phase").size(), 3U);
  EXPECT_THAT(names("admin", "?model=no-such-model"), IsEmpty());
  EXPECT_THAT(names("admin", "?organisation_id=" + std::to_string(world_.city.value)).size(), 3U);
  EXPECT_THAT(names("admin", "?organisation_id=" + std::to_string(world_.west.value)), ElementsAre("西表"));
  EXPECT_THAT(names("admin", "?page=9"), IsEmpty());

  const Json row = get("admin", "/api/v1/devices").body["devices"][0];
  EXPECT_EQ(row["state"], "online");
  EXPECT_EQ(row["last_reading_at"], format_utc(world_.now - 60'000));
  EXPECT_EQ(row["site"]["name"], "Hill");
  EXPECT_EQ(row["organisation"]["name"], "东区");
  EXPECT_EQ(row["gateway"]["name"], "gateway-east");
  EXPECT_EQ(get("admin", "/api/v1/devices?page_size=1").body["total"], 3);

  for (const char* bad : {"?page=0", "?page=x", "?page_size=201", "?state=asleep", "?sort=colour", "?site_id=-1",
                          "?unknown=1", "?page=1&page=2"}) {
    const auto got = get("admin", std::string{"/api/v1/devices"} + bad);
    EXPECT_EQ(got.status, 400) << bad;
    EXPECT_FALSE(got.body["request_id"].get<std::string>().empty());
  }
  EXPECT_EQ(get("admin", "/api/v1/devices?search=" + std::string(101, 'a')).status, 400);
}

TEST_F(ApiTest, ShowsADeviceWithItsLatestValues) {
  const auto got = get("east", path("devices", world_.east_1.value));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["time_zone"], "Asia/Shanghai");
  ASSERT_EQ(got.body["registers"].size(), 2U);
  const Json energy = got.body["registers"][0];
  EXPECT_EQ(energy["register"], "energy_active_import_total");
  EXPECT_EQ(energy["unit"], "kWh");
  EXPECT_EQ(energy["exponent"], -2);
  EXPECT_EQ(energy["latest"]["value"], "224.80");
  EXPECT_EQ(energy["latest"]["quality"], "good");
  EXPECT_EQ(energy["latest"]["frame"], std::to_string(world_.east_frame.value));
  EXPECT_EQ(get("east", path("devices", world_.east_2.value)).body["registers"], Json::array());
  EXPECT_EQ(get("east", path("devices", 99'999)).status, 404);
  EXPECT_EQ(get("east", "/api/v1/devices/x").status, 404);
}

TEST_F(ApiTest, ValuesWithoutMeaningAreNullAndConflictsAreShown) {
  world_.send(world_.gateway_east, "000000000001", world_.now - 10'000, 0, 2'300, Quality::invalid_content);
  const Json latest = get("east", path("devices", world_.east_1.value)).body["registers"][0]["latest"];
  EXPECT_EQ(latest["value"], nullptr);
  EXPECT_EQ(latest["quality"], "invalid_content");
  world_.send(world_.gateway_east, "000000000001", world_.now - 60'000, 99'999,
              2'204);  // another value for the same time
  const Json readings = get("east", path("series", world_.east_energy.value) + "/readings").body["readings"];
  const auto conflicts =
      std::ranges::count_if(readings, [](const Json& reading) { return reading.value("conflict", false); });
  EXPECT_EQ(conflicts, 2);
}

TEST_F(ApiTest, CountsHowCompleteADayIs) {
  const auto today = civil_date(world_.now, "Asia/Shanghai");
  const auto got = get("east", path("devices", world_.east_1.value) + "/completeness?date=" + *today);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["time_zone"], "Asia/Shanghai");
  const std::int64_t begin = civil_day(*today, "Asia/Shanghai")->begin_utc_ms;
  // Quarters of an hour, because the meter is read more often than that.
  const std::int64_t slots = (world_.clock.utc_ms() - begin) / 900'000;
  EXPECT_NEAR(got.body["expected"].get<double>(), static_cast<double>(2 * slots), 2);
  // The last five minutes were read, in two registers: they lie in the running quarter, or also in the one before.
  EXPECT_LE(got.body["present"].get<int>(), 2);
  EXPECT_EQ(got.body["registers"].size(), 2U);
  const auto past = get("east", path("devices", world_.east_1.value) + "/completeness?date=2020-01-01");
  EXPECT_EQ(past.body["present"], 0);
  EXPECT_EQ(past.body["expected"], 2 * 96);
  EXPECT_EQ(past.body["registers"][0]["gaps"].size(), 1U);
  const auto future = get("east", path("devices", world_.east_1.value) + "/completeness?date=2099-01-01");
  EXPECT_EQ(future.body["expected"], 0);
  EXPECT_EQ(future.body["ratio"], 1.0);
  EXPECT_EQ(get("east", path("devices", world_.east_1.value) + "/completeness").status, 400);
  EXPECT_EQ(get("east", path("devices", world_.east_1.value) + "/completeness?date=2026-02-30").status, 400);
}

TEST_F(ApiTest, DrawsCurves) {
  const auto got = get("east", curve_of(world_.east_energy, "&buckets=1"));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["unit"], "kWh");
  EXPECT_EQ(got.body["bucket_ms"], 3'600'000);
  ASSERT_EQ(got.body["buckets"].size(), 1U);
  const Json bucket = got.body["buckets"][0];
  EXPECT_EQ(bucket["count"], 5);
  EXPECT_EQ(bucket["first"]["value"], "224.40");
  EXPECT_EQ(bucket["last"]["value"], "224.80");
  EXPECT_EQ(bucket["max"]["frame"], std::to_string(world_.east_frame.value));
  EXPECT_EQ(get("east", curve_of(world_.east_energy)).body["buckets"].size(), 5U);
  const std::string series = path("series", world_.east_energy.value) + "/curve";
  for (const char* bad :
       {"", "?from=2026-01-01T00:00:00Z", "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "?from=1900-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "?from=1970-01-01T00:00:00Z&to=2100-01-01T00:00:00Z",
        "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&buckets=5001"}) {
    EXPECT_EQ(get("east", series + bad).status, 400) << bad;
  }
  EXPECT_EQ(get("east", curve_of(SeriesId{99'999})).status, 404);
}

TEST_F(ApiTest, ListsReadingsNewestFirstPageByPage) {
  const std::string series = path("series", world_.east_energy.value) + "/readings";
  const auto got = get("east", series);
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_THAT(column(got.body["readings"], "value"), ElementsAre("224.80", "224.70", "224.60", "224.50", "224.40"));
  const auto first = get("east", series + "?limit=2");
  EXPECT_THAT(column(first.body["readings"], "value"), ElementsAre("224.80", "224.70"));
  const auto next = get("east", series + "?limit=2&before=" + first.body["readings"][1]["time"].get<std::string>());
  EXPECT_THAT(column(next.body["readings"], "value"), ElementsAre("224.60", "224.50"));
  EXPECT_THAT(column(get("east", series + "?before=1990-01-01T00:00:00Z").body["readings"], "value"), IsEmpty());
  EXPECT_EQ(get("east", series + "?limit=1001").status, 400);
  EXPECT_EQ(get("east", series + "?before=yesterday").status, 400);
}

TEST_F(ApiTest, FindsOldReadingsAcrossLongGaps) {
  world_.send(world_.gateway_east, "000000000001", world_.now - 400LL * 86'400'000, 1, 2'204);
  const auto got = get("east", path("series", world_.east_energy.value) + "/readings?limit=10");
  EXPECT_EQ(got.body["readings"].size(), 6U);
  EXPECT_EQ(got.body["readings"].back()["value"], "0.01");
}

TEST_F(ApiTest, FollowsAValueBackToItsFrame) {
  const auto got = get("east", path("frames", world_.east_frame.value));
  ASSERT_EQ(got.status, 200) << got.answer.body;
  EXPECT_EQ(got.body["device"]["id"], world_.east_1.value);
  EXPECT_EQ(got.body["gateway"]["name"], "gateway-east");
  EXPECT_EQ(got.body["epoch"], "0000000000000007");
  EXPECT_EQ(got.body["sequence"], 4);
  EXPECT_EQ(got.body["batch_hash"].get<std::string>().size(), 64U);
  EXPECT_EQ(got.body["times"]["sent"], format_utc(world_.now - 60'080));
  EXPECT_EQ(got.body["times"]["received"], format_utc(world_.now - 60'000));
  EXPECT_EQ(got.body["times"]["stored"], format_utc(world_.now - 59'800));
  const Json response = got.body["response"];
  EXPECT_EQ(response["hex"], to_hex(testing::dlt645_frame("000000000001", 0x91, {0, 0, 0, 0, 0x80, 0x24, 0x02, 0x00})));
  EXPECT_EQ(response["error"], nullptr);
  // Every octet belongs to exactly one field, in order.
  for (const char* side : {"request", "response"}) {
    std::size_t at = 0;
    for (const Json& field : got.body[side]["fields"]) {
      EXPECT_EQ(field["offset"], at);
      at += field["size"].get<std::size_t>();
    }
    EXPECT_EQ(at * 2, got.body[side]["hex"].get<std::string>().size());
  }
  EXPECT_EQ(got.body["readings"][0]["value"], "224.80");
  EXPECT_EQ(get("east", path("frames", world_.east_frame.value + 1)).status, 404);
  EXPECT_EQ(get("east", path("frames", INT64_MAX)).status, 404);
  EXPECT_EQ(get("admin", path("frames", world_.stray_frame.value)).body["device"], nullptr);
}

}  // namespace
}  // namespace duheng::platform::web
