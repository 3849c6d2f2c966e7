// Whether everything came, what is missing and why; stored values under review; shapes of curves; tariffs.
#include "platform/completeness/outage_book.hpp"
#include "platform/web/outage_watch.hpp"
#include "platform/web/testing/api_test_fixture.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* energy = "energy_active_import_total";
constexpr std::int64_t slot_ms = 30'000;  // as dlt645-2007-single-phase reads it
constexpr int slots_of_day = 2'880;

class CompletenessApiTest : public ApiTest {
 protected:
  struct Value {
    std::int64_t time_utc_ms;
    std::int64_t mantissa;
  };
  /// Readings of one register in one journal record that came at `came`.
  void commit(GatewayId gateway, const std::string& uid, std::string_view name, const std::vector<Value>& values,
              std::int64_t came) {
    BatchWriter writer{came};
    Frame frame;
    frame.device_index = writer.device(uid);
    frame.received_utc_ms = came;
    const std::uint32_t index = writer.register_of({std::string(name), "kWh", -2, SeriesKind::decimal});
    writer.frame(frame);
    for (const Value& value : values)
      writer.reading({index, value.mantissa, value.time_utc_ms, TimeSource::meter, Quality::good});
    Bytes body;
    writer.finish(body);
    store::JournalRecord record;
    record.gateway = gateway;
    record.epoch = 7;
    const auto position = world_.journal->position(gateway, record.epoch);
    record.sequence = position ? position->next_sequence : 0;
    if (position) record.previous_hash = position->last_hash;
    record.hash = uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, body);
    record.received_utc_ms = came;
    record.body = body;
    ASSERT_TRUE(world_.journal->commit({&record, 1}));
    world_.apply_journal();
  }
  [[nodiscard]] std::int32_t day(int days_ago) const { return world_.aggregates.today - days_ago; }
  [[nodiscard]] std::string date(int days_ago) const { return store::CivilCalendar::format_day(day(days_ago)); }
  [[nodiscard]] std::int64_t end_of(int days_ago) const { return world_.aggregates.at(day(days_ago), 24); }
  [[nodiscard]] std::string range(int from, int to) const { return "from=" + date(from) + "&to=" + date(to); }
  /// Every slot of the day but the first `missing` ones.
  [[nodiscard]] std::vector<Value> slots(int days_ago, int missing = 0) const {
    std::vector<Value> out;
    for (int i = missing; i < slots_of_day; ++i)
      out.push_back({world_.aggregates.at(day(days_ago), 0) + (i + 1) * slot_ms, 1'000 + i});
    return out;
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
  Json missing(const std::string& user, int days_ago, const std::string& more = {}) {
    const auto got = get(user, "/api/v1/completeness/missing?day=" + date(days_ago) + more);
    EXPECT_EQ(got.status, 200) << got.answer.body;
    return got.body;
  }
  static std::vector<std::string> causes(const Json& list) {
    std::vector<std::string> out;
    for (const Json& row : list["missing"])
      out.push_back(row["device"]["name"].get<std::string>() + ": " + row["cause"].get<std::string>() + " " +
                    row["detail"].get<std::string>());
    std::ranges::sort(out);
    return out;
  }
  /// East 1 has all but twenty slots, West nothing, East 2 was never heard.
  void known_gaps() {
    commit(world_.gateway_west, "000000000003", energy, slots(3), end_of(3) + 1'000);
    commit(world_.gateway_east, "000000000001", energy, slots(2, 20), end_of(2) + 5'000);
  }
};

TEST_F(CompletenessApiTest, KnownGapsAreExactByDayAndGroup) {
  known_gaps();
  const auto first = get("admin", "/api/v1/completeness?" + range(2, 2));
  ASSERT_EQ(first.status, 200) << first.answer.body;
  EXPECT_EQ(first.body["register"], energy);
  ASSERT_EQ(first.body["rows"].size(), 1U);
  const Json& all = first.body["rows"][0];
  EXPECT_EQ(all["day"], date(2));
  EXPECT_EQ(all["group"], nullptr);
  EXPECT_EQ(all["devices"], 3);
  EXPECT_EQ(all["devices_with_values"], 1);
  EXPECT_EQ(all["devices_whole"], 0);
  EXPECT_EQ(all["slots_expected"], 3 * slots_of_day);
  EXPECT_EQ(all["slots_present"], slots_of_day - 20);
  EXPECT_EQ(all["device_rate"], "33.33");
  EXPECT_EQ(all["slot_rate"], "33.10");
  EXPECT_EQ(first.body["total"]["slots_present"], slots_of_day - 20);
  const auto by = [&](const std::string& group) {
    std::map<std::string, std::string> out;
    const Got got = get("admin", "/api/v1/completeness?" + range(3, 3) + "&group=" + group);
    for (const Json& row : got.body["rows"])
      out[row["group"]["name"].get<std::string>()] =
          std::to_string(row["devices_whole"].get<int>()) + "/" + std::to_string(row["devices"].get<int>());
    return out;
  };
  using Groups = std::map<std::string, std::string>;
  // The day before: East 1 had not been heard yet.
  EXPECT_EQ(by("gateway"), (Groups{{"gateway-east", "0/1"}, {"gateway-west", "1/1"}}));
  EXPECT_EQ(by("organisation"), (Groups{{"东区", "0/1"}, {"西区", "1/1"}}));
  EXPECT_EQ(by("protocol"), (Groups{{"dlt645_2007", "1/2"}}));
  EXPECT_EQ(by("model"), (Groups{{"dlt645-2007-single-phase", "1/2"}}));
  const Json west = get("west", "/api/v1/completeness?" + range(2, 2)).body;
  EXPECT_EQ(west["total"]["devices"], 1);
  EXPECT_EQ(west["total"]["slots_present"], 0);
}

TEST_F(CompletenessApiTest, TheCauseOfAPastDayIsThatOfThen) {
  known_gaps();
  const std::int64_t begin = world_.aggregates.at(day(2), 0);
  const std::vector<Outage> then{{{world_.gateway_west, {}}, MissingCause::link, "gateway_away", begin - 3'600'000, {}},
                                 {{{}, world_.east_1}, MissingCause::key, "refused", begin + 3'600'000, {}}};
  ASSERT_TRUE(world_.outages.observe(then));
  ASSERT_TRUE(world_.outages.observe({}));  // all is well again
  const Json list = missing("admin", 2);
  EXPECT_THAT(causes(list),
              ElementsAre("East Meter 1: key refused", "East Meter 2: meter no_answer", "西表: link gateway_away"));
  EXPECT_EQ(list["causes"], (Json{{"link", 1}, {"collector", 0}, {"meter", 1}, {"key", 1}, {"plan", 0}}));
  for (const Json& row : list["missing"])
    EXPECT_EQ(row["known_then"], row["device"]["name"] != "East Meter 2") << row.dump();
  EXPECT_THAT(causes(missing("admin", 2, "&cause=link")), ElementsAre("西表: link gateway_away"));
}

TEST_F(CompletenessApiTest, WhatIsWrongNowIsFoundForTheBook) {
  world_.send(world_.gateway_east, "000000000002", world_.now - 20 * 60'000, 5, 2'200);
  auto standing = present_outages(world_.services).value();
  ASSERT_EQ(standing.size(), 1U);
  EXPECT_EQ(standing[0].from_utc_ms, world_.now - 20 * 60'000);
  EXPECT_EQ(standing[0].subject, (OutageSubject{{}, world_.east_2}));
  EXPECT_EQ(standing[0].cause, MissingCause::meter);
  EXPECT_EQ(standing[0].detail, "no_answer");
  ASSERT_TRUE(world_.outages.observe(standing));
  EXPECT_EQ(world_.outages.within(0, world_.clock.utc_ms() + 1)->size(), 1U);
  world_.runtimes[world_.gateway_east].connected = false;
  standing = present_outages(world_.services).value();
  ASSERT_EQ(standing.size(), 1U);
  EXPECT_EQ(standing[0].subject, (OutageSubject{world_.gateway_east, {}}));
  EXPECT_EQ(standing[0].detail, "gateway_away");
}

TEST_F(CompletenessApiTest, CausesAreToldApart) {
  known_gaps();
  const Json list = missing("admin", 2);
  EXPECT_EQ(list["devices_expected"], 3);
  EXPECT_EQ(list["total"], 3);
  EXPECT_THAT(causes(list), ElementsAre("East Meter 1: meter no_answer", "East Meter 2: meter no_answer",
                                        "西表: collector gateway_stood_still"));
  EXPECT_EQ(list["causes"], (Json{{"link", 0}, {"collector", 1}, {"meter", 2}, {"key", 0}, {"plan", 0}}));
  const Json meters = missing("admin", 2, "&cause=meter&page_size=1&page=2");
  EXPECT_EQ(meters["total"], 2);
  EXPECT_EQ(meters["missing"].size(), 1U);
  EXPECT_EQ(meters["causes"]["collector"], 1);
  EXPECT_THAT(causes(missing("west", 2)), ElementsAre("西表: collector gateway_stood_still"));

  // What gateways tell of their lines: a refused password, a damaged line, a closed channel.
  const auto line = [](const char* uid, const char* channel) {
    control::DeviceState out;
    out.uid = uid;
    out.channel = channel;
    out.time_outs = 10;
    return out;
  };
  control::DeviceState refuses = line("000000000002", "bus-2");
  refuses.refusals = 40;
  world_.plans.device_states(world_.gateway_east, {line("000000000001", "bus-1"), refuses});
  EXPECT_THAT(causes(missing("east", 2)), ElementsAre("East Meter 1: meter no_answer", "East Meter 2: key refused"));
  FieldPlanReport report;
  report.channels = {{"bus-1", "serial", "", true, true, 1}, {"bus-2", "serial", "", true, false, 1}};
  world_.plans.reported(world_.gateway_east, report);
  EXPECT_THAT(causes(missing("east", 2)),
              ElementsAre("East Meter 1: meter no_answer", "East Meter 2: link channel_closed"));
  report.problems = {{"000000000002", "no such model"}};
  world_.plans.reported(world_.gateway_east, report);
  EXPECT_THAT(causes(missing("east", 2)), ElementsAre("East Meter 1: meter no_answer", "East Meter 2: plan left_out"));
}

TEST_F(CompletenessApiTest, AGatewayThatIsAwayIsALinkAndNoMeter) {
  known_gaps();
  // Of today nothing can be there after now: the gateway's last word lies before the day's end.
  const auto got = missing("west", 0);
  EXPECT_THAT(causes(got), ElementsAre("西表: link gateway_away"));
  world_.runtimes[world_.gateway_west].connected = true;
  world_.runtimes[world_.gateway_west].spooled_batches = 400;
  EXPECT_THAT(causes(missing("west", 0)), ElementsAre("西表: link batches_waiting"));
}

TEST_F(CompletenessApiTest, ReadinessIsWhenTheLastOfThemCame) {
  const auto closing = [&](int days_ago) { return std::vector<Value>{{end_of(days_ago), 1'000}}; };
  commit(world_.gateway_east, "000000000001", energy, closing(2), end_of(2) + 5'000);
  const auto rows = [&](const std::string& user) {
    const auto got = get(user, "/api/v1/completeness/readiness?" + range(2, 2));
    EXPECT_EQ(got.status, 200) << got.answer.body;
    return got.body["rows"];
  };
  Json now = rows("admin");
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0]["devices_ready"], 1);
  EXPECT_EQ(now[0]["ready_99_at"], nullptr);
  commit(world_.gateway_east, "000000000002", energy, closing(2), end_of(2) + 60'000);
  commit(world_.gateway_west, "000000000003", energy, closing(2), end_of(2) + 600'000);
  now = rows("admin");
  EXPECT_EQ(now[0]["devices_expected"], 3);
  EXPECT_EQ(now[0]["ready_100_after_s"], 600);
  EXPECT_EQ(now[0]["ready_100_at"], format_utc(end_of(2) + 600'000));
  EXPECT_EQ(rows("east")[0]["ready_99_after_s"], 60);
}

TEST_F(CompletenessApiTest, WhatIsMissingIsAskedForAgain) {
  known_gaps();
  const Json body{{"register", energy}, {"day", date(2)}};
  EXPECT_EQ(post("east", "/api/v1/completeness/reread", body).status, 403);
  EXPECT_EQ(post("operator", "/api/v1/completeness/reread", {{"register", energy}, {"day", "2026-02-30"}}).status, 400);
  const auto made = post("operator", "/api/v1/completeness/reread", body);
  ASSERT_EQ(made.status, 201) << made.answer.body;
  ASSERT_EQ(made.body["jobs"].size(), 1U);
  EXPECT_EQ(made.body["jobs"][0]["devices"], 3);
  EXPECT_EQ(made.body["devices_without_history"], 0);
  const auto number = made.body["jobs"][0]["job"].get<std::int64_t>();
  const Json job = get("operator", path("jobs", number)).body;
  EXPECT_EQ(job["kind"], "history");
  const auto west = post("west", "/api/v1/completeness/reread", body);
  ASSERT_EQ(west.status, 201) << west.answer.body;
  EXPECT_EQ(west.body["jobs"][0]["devices"], 1);
  Json of_meters = body;
  of_meters["cause"] = "meter";
  EXPECT_EQ(post("operator", "/api/v1/completeness/reread", of_meters).body["jobs"][0]["devices"], 2);
  of_meters["cause"] = "key";
  EXPECT_EQ(post("operator", "/api/v1/completeness/reread", of_meters).body["jobs"], Json::array());
}

TEST_F(CompletenessApiTest, RefusesWhatCannotBeAnswered) {
  for (const std::string& bad :
       {std::string{"completeness"}, "completeness?" + range(2, 3), "completeness?" + range(40, 2),
        "completeness?" + range(3, 2) + "&group=colour", std::string{"completeness/missing?day=2026-02-30"},
        std::string{"completeness/missing"}, "completeness/readiness?" + range(40, 2),
        std::string{"value-findings?rule=ugly"}, std::string{"value-findings?page=0"}})
    EXPECT_EQ(get("admin", "/api/v1/" + bad).status, 400) << bad;
  for (const std::string& closed : {"completeness?" + range(3, 2), "completeness/missing?day=" + date(2),
                                    "completeness/readiness?" + range(3, 2), std::string{"value-findings"}})
    EXPECT_EQ(get("", "/api/v1/" + closed).status, 401) << closed;
}

// --- values under review -------------------------------------------------------------------------------------------

class ReviewApiTest : public CompletenessApiTest {
 protected:
  ReviewApiTest() {
    std::vector<Value> values;
    for (int i = 0; i < 48; ++i)
      values.push_back({world_.aggregates.at(day(2), 0) + (i + 1) * 1'800'000, 500 + 10 * i});
    values[20].mantissa = 90;  // instead of 7.00
    commit(world_.gateway_west, "000000000003", energy, values, end_of(2));
    EXPECT_TRUE(world_.review->examine(world_.gateway_west, "000000000003", day(2)));
  }
  Json findings(const std::string& user, const std::string& more = {}) {
    const auto got = get(user, "/api/v1/value-findings" + more);
    EXPECT_EQ(got.status, 200) << got.answer.body;
    return got.body;
  }
  Got decide(const std::string& user, const Json& body) {
    const auto id = findings("admin")["findings"][0]["id"].get<std::int64_t>();
    return post(user, path("value-findings", id) + "/decision", body);
  }
};

TEST_F(ReviewApiTest, AFindingIsListedWithItsFrame) {
  const Json listed = findings("admin");
  ASSERT_EQ(listed["total"], 1);
  const Json& one = listed["findings"][0];
  EXPECT_EQ(one["rule"], "negative");
  EXPECT_EQ(one["value"], "0.90");
  EXPECT_EQ(one["expected"], "6.90");
  EXPECT_EQ(one["state"], "open");
  EXPECT_EQ(one["device"]["id"], world_.west_1.value);
  EXPECT_EQ(one["day"], date(2));
  EXPECT_EQ(findings("east")["total"], 0);
  EXPECT_EQ(findings("west")["total"], 1);
  EXPECT_EQ(findings("viewer")["may_decide"], false);
  EXPECT_EQ(findings("admin", "?device=" + std::to_string(world_.east_1.value))["total"], 0);
  EXPECT_EQ(findings("admin", "?state=confirmed")["total"], 0);
  EXPECT_EQ(findings("admin", "?rule=negative&state=open")["total"], 1);
}

TEST_F(ReviewApiTest, IsConfirmed) {
  EXPECT_EQ(decide("viewer", {{"action", "confirm"}, {"reason", "looked at it"}}).status, 403);
  EXPECT_EQ(decide("west", {{"action", "confirm"}}).status, 400);
  const auto done = decide("west", {{"action", "confirm"}, {"reason", "looked at it"}});
  ASSERT_EQ(done.status, 200) << done.answer.body;
  EXPECT_EQ(done.body["state"], "confirmed");
  EXPECT_EQ(done.body["decided_by"], "west");
  EXPECT_EQ(done.body["preview"], nullptr);
}

TEST_F(ReviewApiTest, IsEstimatedByANamedMethodAndTheDayTellsTheShare) {
  const auto drafted = decide("west", {{"action", "estimate"}, {"method", "linear"}, {"preview", true}});
  ASSERT_EQ(drafted.status, 200) << drafted.answer.body;
  EXPECT_EQ(drafted.body["preview"], "7.00");
  EXPECT_EQ(drafted.body["state"], "open");
  EXPECT_EQ(decide("viewer", {{"action", "estimate"}, {"method", "linear"}, {"reason", "dip"}}).status, 403);
  const auto done = decide("west", {{"action", "estimate"}, {"method", "linear"}, {"reason", "dip"}});
  ASSERT_EQ(done.status, 200) << done.answer.body;
  EXPECT_EQ(done.body["state"], "edited");
  const auto bucket =
      get("west", path("series", world_.west_energy.value) + "/aggregates?" + range(2, 2)).body["buckets"][0];
  EXPECT_EQ(bucket["corrected"], 1);
  EXPECT_EQ(bucket["increase_edited"], "0.20");  // the steps to it and from it
  const auto time = done.body["time"].get<std::string>();
  const Json versions =
      get("west", path("series", world_.west_energy.value) + "/versions?time=" + time).body["versions"];
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0]["value"], "0.90");
  EXPECT_EQ(versions[1]["edit"]["reason"], "linear: dip");
  EXPECT_EQ(decide("west", {{"action", "confirm"}, {"reason", "true after all"}}).status, 409);
}

TEST_F(ReviewApiTest, IsCorrected) {
  EXPECT_EQ(decide("west", {{"action", "correct"}, {"value", "7.001"}, {"reason", "photo 12"}}).status, 400);
  EXPECT_EQ(decide("west", {{"action", "correct"}, {"reason", "photo 12"}}).status, 400);
  EXPECT_EQ(decide("east", {{"action", "correct"}, {"value", "7.00"}, {"reason", "photo 12"}}).status, 404);
  const auto done = decide("west", {{"action", "correct"}, {"value", "7.00"}, {"reason", "photo 12"}});
  ASSERT_EQ(done.status, 200) << done.answer.body;
  EXPECT_EQ(done.body["state"], "edited");
  EXPECT_EQ(decide("west", {{"action", "correct"}, {"value", "7.01"}, {"reason", "photo 13"}}).status, 409);
}

// --- curves and tariffs --------------------------------------------------------------------------------------------

TEST_F(CompletenessApiTest, CurvesHaveThreeShapes) {
  const auto shape = [&](const std::string& word, const std::string& more = {}) {
    return get("east", curve_of(world_.east_energy, "&shape=" + word + more)).body;
  };
  EXPECT_EQ(shape("minmax")["shape"], "minmax");
  EXPECT_FALSE(shape("minmax", "&buckets=1")["buckets"][0].contains("mean"));
  const Json mean = shape("mean", "&buckets=1")["buckets"];
  ASSERT_EQ(mean.size(), 1U);
  EXPECT_EQ(mean[0]["count"], 5);  // 224.40 to 224.80
  EXPECT_EQ(mean[0]["mean"], "224.60");
  EXPECT_EQ(mean[0]["mean_rounded"], "224.6000");
  const Json chosen = shape("lttb", "&buckets=3")["buckets"];
  ASSERT_EQ(chosen.size(), 3U);
  EXPECT_EQ(chosen[0]["first"]["value"], "224.40");
  EXPECT_EQ(chosen[2]["last"]["value"], "224.80");
  EXPECT_EQ(chosen[1]["min"], chosen[1]["max"]);
  EXPECT_EQ(shape("lttb", "&buckets=100")["buckets"].size(), 5U);
  EXPECT_EQ(get("east", curve_of(world_.east_energy, "&shape=wild")).status, 400);
}

TEST_F(CompletenessApiTest, TotalsByTariffAreGolden) {
  const std::vector<std::pair<std::string, std::int64_t>> steps{{"energy_active_import_tariff_1", 300},
                                                                {"energy_active_import_tariff_2", 45}};
  for (const auto& [name, step] : steps) {
    for (const auto& [gateway, uid] :
         {std::pair{world_.gateway_east, "000000000001"}, std::pair{world_.gateway_west, "000000000003"}}) {
      const std::int64_t of_west = gateway == world_.gateway_west ? 2 : 1;
      commit(gateway, uid, name, {{end_of(4), 1'000}, {end_of(3), 1'000 + step * of_west}}, end_of(3));
    }
  }
  const auto totals = [&](const std::string& user) {
    const Json got =
        get(user, "/api/v1/fleet/totals?register=energy_active_import_total&group=tariff&" + range(3, 3)).body;
    std::map<std::string, std::string> out;
    for (const Json& row : got["rows"]) out[row["group"]["name"].get<std::string>()] = row["amount"].get<std::string>();
    out["total"] = got["total"]["amount"];
    return out;
  };
  using Amounts = std::map<std::string, std::string>;
  EXPECT_EQ(totals("admin"), (Amounts{{"费率 1", "9.00"}, {"费率 2", "1.35"}, {"total", "10.35"}}));
  EXPECT_EQ(totals("west"), (Amounts{{"费率 1", "6.00"}, {"费率 2", "0.90"}, {"total", "6.90"}}));
}

/// BM-4.1.1a over the API: the ratio of the transformers changed in mid-month, with the day from which it holds.
TEST_F(CompletenessApiTest, ARatioChangedInMidMonthHoldsFromItsDay) {
  commit(world_.gateway_west, "000000000003", energy,
         {{end_of(6), 1'000}, {end_of(5), 1'500}, {end_of(4), 2'000}, {end_of(3), 2'100}}, end_of(3));
  const auto installed = [&](const char* at_reading, int ratio) {
    return Json{{"device_id", world_.west_1.value},
                {"registers", {{{"name", energy}, {"digits", 8}, {"start", at_reading}, {"ratio_numerator", ratio}}}}};
  };
  const auto made = post("west", "/api/v1/points",
                         {{"name", "Feeder"},
                          {"organisation_id", world_.west.value},
                          {"at", format_utc(end_of(6))},
                          {"installation", installed("10.00", 40)}});
  ASSERT_EQ(made.status, 201) << made.answer.body;
  const std::string point = path("points", made.body["id"].get<std::int64_t>());
  const auto changed = post("west", point + "/exchange",
                            {{"at", format_utc(end_of(4))},
                             {"reason", "new current transformers"},
                             {"ends", {{{"name", energy}, {"value", "20.00"}}}},
                             {"installation", installed("20.00", 60)}});
  ASSERT_EQ(changed.status, 200) << changed.answer.body;
  ASSERT_EQ(changed.body["chain"].size(), 2U);
  EXPECT_EQ(changed.body["chain"][0]["registers"][0]["ratio_numerator"], 40);
  EXPECT_EQ(changed.body["chain"][0]["to"], format_utc(end_of(4)));
  EXPECT_EQ(changed.body["chain"][1]["registers"][0]["ratio_numerator"], 60);
  EXPECT_EQ(changed.body["chain"][1]["from"], format_utc(end_of(4)));
  const auto used = get("west", point + "/consumption?by=day&from=" + date(6) + "&to=" + date(2));
  ASSERT_EQ(used.status, 200) << used.answer.body;
  // (20.00 - 10.00) x 40 + (21.00 - 20.00) x 60
  EXPECT_EQ(used.body["total"]["amount"], "460.00") << used.answer.body;
}

TEST_F(CompletenessApiTest, WeeksAndYearsOfASeries) {
  commit(world_.gateway_west, "000000000003", energy, {{end_of(9), 20}, {end_of(8), 30}, {end_of(7), 50}}, end_of(7));
  const auto sum = [&](const std::string& by) {
    double total = 0;
    const auto got = get("west", path("series", world_.west_energy.value) + "/aggregates?by=" + by + "&" + range(9, 7));
    EXPECT_EQ(got.status, 200) << got.answer.body;
    for (const Json& bucket : got.body["buckets"]) total += std::stod(bucket["increase"].get<std::string>());
    return std::pair{got.body["buckets"], total};
  };
  const auto [weeks, of_weeks] = sum("week");
  ASSERT_FALSE(weeks.empty());
  EXPECT_EQ(weeks[0]["label"], store::CivilCalendar::format_week(day(9)));
  EXPECT_NEAR(sum("year").second, of_weeks, 1.0);
  EXPECT_EQ(sum("year").first.back()["label"], date(7).substr(0, 4));
}

}  // namespace
}  // namespace duheng::platform::web
