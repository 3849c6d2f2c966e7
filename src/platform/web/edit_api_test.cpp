// Corrections, estimates, metering points and consumption, as a browser meets them.
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EditApiTest : public ApiTest {
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
  static std::string edits_of(SeriesId series) { return path("series", series.value) + "/edits"; }
  static std::string estimates_of(SeriesId series) { return path("series", series.value) + "/estimates"; }
  Json correction(const char* expected, const char* value) const {
    return {{"kind", "correction"},
            {"reason", "digit misread"},
            {"values", {{{"time", time_}, {"value", value}, {"expected", expected}}}}};
  }
  Json withdrawal(const char* expected) const {
    return {{"kind", "withdrawal"}, {"reason", "a mistake"}, {"values", {{{"time", time_}, {"expected", expected}}}}};
  }
  Json versions_of(SeriesId series, const std::string& user = "operator") {
    return get(user, path("series", series.value) + "/versions?time=" + time_).body["versions"];
  }
  std::vector<OperationEntry> log() { return operations(*world_.database, Scope::everything(), 50).value(); }
  Json installation(DeviceId device, const char* start) const {
    return {{"device_id", device.value},
            {"registers", {{{"name", "energy_active_import_total"}, {"digits", 8}, {"start", start}}}}};
  }
  Json new_point(const char* name, OrganisationId organisation, DeviceId device, const char* start) const {
    return {{"name", name},
            {"organisation_id", organisation.value},
            {"at", format_utc(world_.now - 600'000)},
            {"installation", installation(device, start)}};
  }

  std::string time_ = format_utc(world_.now - 120'000);  // 224.70 in east, 1.03 in west
};

TEST_F(EditApiTest, ACorrectionStandsBesideWhatWasReadAndIsWithdrawn) {
  const auto made = post("operator", edits_of(world_.east_energy), correction("224.70", "224.75"));
  ASSERT_EQ(made.status, 201) << made.answer.body;
  EXPECT_EQ(made.body["values"], 1);
  EXPECT_EQ(made.body["applied"], true);
  const Json versions = versions_of(world_.east_energy);
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0]["value"], "224.70");
  EXPECT_EQ(versions[0]["in_force"], false);
  EXPECT_EQ(get("operator", path("frames", std::stoll(versions[0]["frame"].get<std::string>()))).status, 200)
      << "what was read leads to its frame";
  EXPECT_EQ(versions[1]["in_force"], true);
  EXPECT_EQ(versions[1]["edit"]["author"], "operator");
  EXPECT_EQ(versions[1]["edit"]["reason"], "digit misread");
  EXPECT_EQ(versions[1]["edit"]["old_value"], "224.70");
  EXPECT_EQ(versions[1]["edit"]["value"], "224.75");
  EXPECT_EQ(versions[1]["edit"]["record"], made.body["record"]);
  const Json readings = get("operator", path("series", world_.east_energy.value) + "/readings").body["readings"];
  EXPECT_THAT(column(readings, "value"), ElementsAre("224.80", "224.75", "224.60", "224.50", "224.40"));
  EXPECT_EQ(readings[1]["quality"], "corrected");
  EXPECT_EQ(readings[1]["edits"], 1);
  const Json buckets = get("operator", curve_of(world_.east_energy)).body["buckets"];
  EXPECT_EQ(std::ranges::count_if(buckets, [](const Json& one) { return one.value("edited", "") == "corrected"; }), 1);

  ASSERT_EQ(post("operator", edits_of(world_.east_energy), withdrawal("224.75")).status, 201);
  EXPECT_EQ(versions_of(world_.east_energy)[0]["in_force"], true);
  const Json listed = get("viewer", edits_of(world_.east_energy)).body["edits"];
  EXPECT_THAT(column(listed, "kind"), ElementsAre("withdrawal", "correction")) << "the history keeps both";
}

TEST_F(EditApiTest, NobodyOverwritesWhatTheyHaveNotSeen) {
  ASSERT_EQ(post("operator", edits_of(world_.east_energy), correction("224.70", "224.75")).status, 201);
  const auto late = post("admin", edits_of(world_.east_energy), correction("224.70", "224.71"));
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body["message"].get<std::string>(), HasSubstr("224.75"));
}

TEST_F(EditApiTest, WhoMayNotIsRefusedAndWrittenDown) {
  struct Case {
    const char* user;
    SeriesId series;
    const char* expected;
    int status;
  };
  // The operator and the admin of everything, the operator of west; viewers never; nobody beyond their organisation.
  const std::vector<Case> cases{
      {"viewer", world_.east_energy, "224.70", 403},  {"east", world_.east_energy, "224.70", 403},
      {"east", world_.west_energy, "1.03", 404},      {"west", world_.east_energy, "224.70", 404},
      {"west", world_.stray_energy, "1.03", 404},     {"west", world_.west_energy, "1.03", 201},
      {"operator", world_.east_energy, "224.70", 201}};
  const std::uint64_t before = world_.journal->next_number();
  for (const Case& one : cases) {
    const auto got = post(one.user, edits_of(one.series), correction(one.expected, "225.00"));
    EXPECT_EQ(got.status, one.status) << one.user << " " << one.series.value << " " << got.answer.body;
  }
  EXPECT_EQ(world_.journal->next_number(), before + 2) << "nothing was written for whoever was refused";
  const auto entries = log();
  const auto refused = std::ranges::count_if(entries, [](const OperationEntry& entry) {
    return entry.action == "edit_readings" && entry.outcome == "forbidden";
  });
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(client_->request("POST", edits_of(world_.east_energy), json_body, "{}").status, 401);
  EXPECT_EQ(get("west", path("series", world_.east_energy.value) + "/versions?time=" + time_).status, 404);
  EXPECT_EQ(get("west", edits_of(world_.east_energy)).status, 404);
  EXPECT_EQ(get("viewer", path("series", world_.east_energy.value) + "/versions?time=" + time_).body["editable"],
            false);
}

TEST_F(EditApiTest, FillsAGapAfterAPreview) {
  // One value each minute; asked for every twenty seconds.
  Json gap{{"from", format_utc(world_.now - 240'000)},
           {"to", format_utc(world_.now - 60'000)},
           {"method", "linear"},
           {"interval_s", 20}};
  const auto draft = post("viewer", estimates_of(world_.east_energy), gap);
  ASSERT_EQ(draft.status, 200) << draft.answer.body;
  EXPECT_EQ(draft.body["counts_up"], true) << "as the meter's model says";
  const std::size_t count = draft.body["values"].size();
  ASSERT_GE(count, 5U);
  EXPECT_EQ(draft.body["present"], 3);
  gap["preview"] = false;
  gap["reason"] = "link was down";
  EXPECT_EQ(post("operator", estimates_of(world_.east_energy), gap).status, 409) << "not what was looked at";
  gap["fingerprint"] = draft.body["fingerprint"];
  EXPECT_EQ(post("viewer", estimates_of(world_.east_energy), gap).status, 403);
  const auto made = post("operator", estimates_of(world_.east_energy), gap);
  ASSERT_EQ(made.status, 201) << made.answer.body;
  EXPECT_EQ(made.body["values"], count);
  const Json readings = get("operator", path("series", world_.east_energy.value) + "/readings").body["readings"];
  EXPECT_EQ(readings.size(), 5U + count);
  EXPECT_EQ(std::ranges::count_if(readings, [](const Json& one) { return one["quality"] == "estimated"; }),
            static_cast<std::ptrdiff_t>(count));
  EXPECT_EQ(get("operator", edits_of(world_.east_energy)).body["edits"][0]["method"], "linear");
}

TEST_F(EditApiTest, RefusesWhatMakesNoSense) {
  const std::string edits = edits_of(world_.east_energy);
  for (const Json& bad :
       {Json::array(), Json{{"kind", "delete"}, {"reason", "r"}, {"values", Json::array()}},
        Json{{"kind", "correction"}, {"reason", ""}, {"values", {{{"time", time_}, {"value", "1"}}}}},
        Json{{"kind", "correction"}, {"reason", "r"}, {"values", {{{"time", time_}, {"value", "1.234"}}}}},
        Json{{"kind", "correction"}, {"reason", "r"}, {"values", {{{"time", "noon"}, {"value", "1"}}}}},
        Json{{"kind", "correction"}, {"reason", "r"}, {"extra", 1}}}) {
    EXPECT_EQ(post("operator", edits, bad).status, 400) << bad.dump();
  }
  EXPECT_EQ(post("operator", estimates_of(world_.east_energy), {{"method", "guess"}}).status, 400);
}

TEST_F(EditApiTest, AnExchangeKeepsThePointAndItsConsumption) {
  const auto made = post("operator", "/api/v1/points", new_point("Hall 1", world_.east, world_.east_1, "224.00"));
  ASSERT_EQ(made.status, 201) << made.answer.body;
  const std::string point = path("points", made.body["id"].get<std::int64_t>());
  const Json exchange{{"at", format_utc(world_.now - 30'000)},
                      {"reason", "display failed"},
                      {"ends", {{{"name", "energy_active_import_total"}, {"value", "224.90"}}}},
                      {"installation", installation(world_.east_2, "10.00")}};
  const auto done = post("operator", point + "/exchange", exchange);
  ASSERT_EQ(done.status, 200) << done.answer.body;
  ASSERT_EQ(done.body["chain"].size(), 2U);
  EXPECT_EQ(done.body["chain"][0]["registers"][0]["end"], "224.90");
  EXPECT_EQ(done.body["chain"][1]["registers"][0]["start"], "10.00");
  EXPECT_EQ(done.body["events"][1]["reason"], "display failed");
  EXPECT_EQ(done.body["device"]["id"], world_.east_2.value);
  world_.send(world_.gateway_east, "000000000002", world_.now - 1'000, 1'025, 2'200);

  const std::string today = civil_date(world_.now, "UTC").value();
  const std::string first = civil_date(world_.now - 86'400'000, "UTC").value();
  const auto used = get("east", point + "/consumption?from=" + first + "&to=" + today);
  ASSERT_EQ(used.status, 200) << used.answer.body;
  EXPECT_EQ(used.body["unit"], "kWh");
  // 224.90 - 224.00 of the first meter, 10.25 - 10.00 of the second.
  EXPECT_EQ(used.body["total"]["amount"], "1.15") << used.answer.body;
  EXPECT_EQ(used.body["total"]["start"]["value"], "224.00");
  EXPECT_EQ(used.body["total"]["start"]["origin"], "installation");
  EXPECT_EQ(used.body["total"]["end"]["value"], "10.25");
  EXPECT_THAT(column(used.body["total"]["remarks"], "kind"), ::testing::Contains("exchange"));

  EXPECT_EQ(get("west", point).status, 404);
  EXPECT_EQ(get("west", point + "/consumption?from=" + first + "&to=" + today).status, 404);
  EXPECT_EQ(post("west", point + "/exchange", exchange).status, 404);
  EXPECT_EQ(post("viewer", point + "/exchange", exchange).status, 403);
  EXPECT_EQ(post("viewer", "/api/v1/points", new_point("n", world_.east, world_.east_1, "1")).status, 403);
  EXPECT_EQ(post("west", "/api/v1/points", new_point("n", world_.west, world_.east_1, "1")).status, 404);
  EXPECT_EQ(get("west", "/api/v1/points").body["points"], Json::array());
  EXPECT_EQ(get("east", "/api/v1/points?search=hall").body["total"], 1);
}

TEST_F(EditApiTest, ACorrectionAndAnEstimateShowInTheConsumption) {
  const auto made = post("operator", "/api/v1/points", new_point("Hall 1", world_.east, world_.east_1, "224.00"));
  const std::string point = path("points", made.body["id"].get<std::int64_t>());
  time_ = format_utc(world_.now - 60'000);
  ASSERT_EQ(post("operator", edits_of(world_.east_energy), correction("224.80", "225.00")).status, 201);
  const std::string question = point + "/consumption?from=" + civil_date(world_.now - 86'400'000, "UTC").value() +
                               "&to=" + civil_date(world_.now, "UTC").value();
  const Json total = get("east", question).body["total"];
  EXPECT_EQ(total["amount"], "1.00");
  EXPECT_EQ(total["corrected"], "0.30") << "the step that ends on the correction";
  EXPECT_EQ(get("east", question + "&register=voltage_b").status, 404);
  EXPECT_EQ(get("east", point + "/consumption?from=2026-01-02&to=2026-01-01").status, 400);
  EXPECT_EQ(get("east", point + "/consumption?from=2020-01-01&to=2026-01-01").status, 400) << "over 400 days";
  EXPECT_EQ(get("east", point + "/consumption?from=2020-01-01&to=2021-01-01&by=month").status, 200);
}

}  // namespace
}  // namespace duheng::platform::web
