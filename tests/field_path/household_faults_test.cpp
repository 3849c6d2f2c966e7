// What happens to household gas and heat meters in the field, and what somebody at the platform is shown of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/field_path/whole_system.hpp"

namespace duheng::field_path {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr const char* gas = "cjt188-gas-valve";
constexpr const char* first_uid = "20260000000001";

SystemOptions two_of(const std::string& model, std::string scenario) {
  SystemOptions out;
  out.groups.push_back({model, 2, device::FleetGroup::Channel::tcp, 2});
  out.scenario = std::move(scenario);
  out.gateway_yaml = "history: { fetch: false }\n";
  return out;
}

/// Bits 0 and 1 of the status word: 01 closed.
bool shows_closed(const std::string& status_word) {
  return !status_word.empty() && (std::stoul(status_word) & 3U) == 1U;
}

struct Interference {
  const char* name;
  const char* rule;       ///< what the scenario says of its time
  const char* detail;     ///< of the alarm
  bool needs_permission;  ///< before somebody at the meter may open it again
};

class GasInterference : public testing::TestWithParam<Interference> {};

/// HM-6.2.7.1 to 6.2.7.3: the valve closes, what was counted stands, the platform has an alarm that tells which kind it
/// was, about this meter and not about its neighbour; when it is over, the alarm ends by itself and the meter counts
/// on.
TEST_P(GasInterference, ClosesTheValveAndIsAnAlarmUntilItIsOver) {
  const Interference& kind = GetParam();
  WholeSystem system(two_of(gas, fmt::format("seed: 1\nrules:\n  - {{ kind: {0}, devices: [\"{1}\"], {2} }}\n"
                                             "  - {{ kind: press_button, devices: [\"{1}\"], at_ms: {3} }}\n",
                                             kind.name, first_uid, kind.rule, 40 * hour_ms)));
  system.start();
  const std::int64_t struck = system.device_id(system.uids().at(0));
  const std::int64_t neighbour = system.device_id(system.uids().at(1));
  ASSERT_TRUE(system.until([&] { return !system.latest(struck, "volume_total").empty(); }));
  ASSERT_FALSE(shows_closed(system.latest(struck, "status_word"))) << system.latest(struck, "status_word");
  ASSERT_TRUE(system.alarms("meter_interference", struck, "all").empty());

  system.field_clock.skip_ms(hour_ms);
  Json alarms;
  ASSERT_TRUE(system.until([&] { return !(alarms = system.alarms("meter_interference", struck)).empty(); }));
  EXPECT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0]["state"], "active");
  EXPECT_EQ(alarms[0]["severity"], "major");
  EXPECT_EQ(alarms[0]["facts"]["detail"], kind.detail);
  ASSERT_TRUE(system.until([&] { return shows_closed(system.latest(struck, "status_word")); }));
  EXPECT_FALSE(shows_closed(system.latest(neighbour, "status_word")));
  EXPECT_TRUE(system.alarms("meter_interference", neighbour, "all").empty());
  const Json listed = system.get("/api/v1/meter-conditions?kind=meter_interference");
  ASSERT_EQ(listed["total"], 1);
  EXPECT_EQ(listed["conditions"][0]["device"]["id"], struck);

  // Behind the closed valve nothing is counted, and nothing is lost of what was.
  const std::string volume = system.latest(struck, "volume_total");
  const std::string volume_beside = system.latest(neighbour, "volume_total");
  system.field_clock.skip_ms(30 * hour_ms);
  ASSERT_TRUE(system.until([&] { return system.latest(neighbour, "volume_total") != volume_beside; }));
  EXPECT_EQ(system.latest(struck, "volume_total"), volume);

  if (kind.needs_permission) {
    const Json order = system.finish_job(
        {{"kind", "command"}, {"name", "valve_permit_open"}, {"reason", "magnet taken away"}}, struck);
    EXPECT_EQ(order["state"], "done") << order;
  }
  // The scenario presses the button at 40 hours; the status word tells of what was for a day.
  system.field_clock.skip_ms(60 * hour_ms);
  ASSERT_TRUE(system.until([&] { return system.alarms("meter_interference", struck, "active").empty(); }));
  ASSERT_TRUE(system.until([&] { return !shows_closed(system.latest(struck, "status_word")); }));
  ASSERT_TRUE(system.until([&] { return system.latest(struck, "volume_total") != volume; }));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, GasInterference,
    testing::Values(Interference{"electrostatic_discharge", "at_ms: 600000", "discharge_or_radiated_field", false},
                    Interference{"radiated_field", "from_ms: 600000, until_ms: 7200000", "discharge_or_radiated_field",
                                 false},
                    Interference{"magnetic_field", "from_ms: 600000, until_ms: 7200000", "magnetic_field", true}),
    [](const testing::TestParamInfo<Interference>& kind) { return std::string(kind.param.name); });

/// HM-6.3.1.4: the voltage falls below its limit: the flag stands in the frame, the meter keeps the event, the platform
/// has an alarm and lists the meter; with a new battery both end.
TEST(HeatUndervoltage, StandsInTheFrameInTheMeterAndOnThePlatformsList) {
  WholeSystem system(two_of(
      "cjt188-heat-2004",
      fmt::format("rules:\n"
                  "  - {{ kind: battery, devices: [\"{0}\"], from_ms: 600000, until_ms: 7200000, from_mv: 6000, "
                  "to_mv: 4500, step_ms: 60000 }}\n"
                  "  - {{ kind: battery, devices: [\"{0}\"], from_ms: 36000000, until_ms: 36060000, from_mv: 5900, "
                  "to_mv: 6000, step_ms: 60000 }}\n",
                  first_uid)));
  system.start();
  const std::int64_t low = system.device_id(first_uid);
  const std::int64_t neighbour = system.device_id(system.uids().at(1));
  const auto flag_of = [&](std::int64_t device) {
    const std::string word = system.latest(device, "status_word");
    return word.empty() ? -1 : static_cast<int>(std::stoul(word) >> 2 & 1U);
  };
  ASSERT_TRUE(system.until([&] { return flag_of(low) == 0 && flag_of(neighbour) == 0; }));

  system.field_clock.skip_ms(hour_ms);  // 5.3 V: less than full, and enough
  const Json read{{"kind", "read"}, {"registers", {"status_word"}}};
  ASSERT_EQ(system.finish_job(read, low)["state"], "done");
  EXPECT_TRUE(system.alarms("meter_battery_low", low, "all").empty());

  system.field_clock.skip_ms(2 * hour_ms);
  Json alarms;
  ASSERT_TRUE(system.until([&] { return !(alarms = system.alarms("meter_battery_low", low)).empty(); }));
  EXPECT_EQ(alarms[0]["severity"], "warning");
  EXPECT_EQ(alarms[0]["facts"]["detail"], "low");
  ASSERT_TRUE(system.until([&] { return flag_of(low) == 1; }));
  // The flag is in the very octets that came from the meter: bit 2 of the status word, which ends the payload.
  const Json frame = system.frame_of(low, "status_word");
  const Bytes octets = from_hex(frame["response"]["hex"].get<std::string>()).value();
  ASSERT_GT(octets.size(), 4U);
  EXPECT_EQ(octets[octets.size() - 4] & 0x04, 0x04) << frame["response"];
  const Json listed = system.get("/api/v1/meter-conditions?kind=meter_battery_low");
  ASSERT_EQ(listed["total"], 1);
  EXPECT_EQ(listed["conditions"][0]["device"]["uid"], first_uid);
  EXPECT_TRUE(system.alarms("meter_battery_low", neighbour, "all").empty());

  system.field_clock.skip_ms(20 * hour_ms);
  ASSERT_TRUE(system.until([&] { return system.alarms("meter_battery_low", low, "active").empty(); }));
  EXPECT_EQ(system.get("/api/v1/meter-conditions?kind=meter_battery_low")["total"], 0);
  EXPECT_FALSE(system.alarms("meter_battery_low", low, "all").empty()) << "that it was low is not forgotten";
}

class RemoteClosing : public testing::Test {
 protected:
  static Json closing(const std::string& reason) {
    return {{"kind", "command"}, {"name", "valve_close"}, {"reason", reason}};
  }
};

/// HM-7.2.11a: who may, why, and what is read back; a valve that is closed and lets gas through is found and told.
TEST_F(RemoteClosing, NeedsAReasonAndTheRightAndFindsTheValveThatLeaks) {
  WholeSystem system(two_of(gas, fmt::format("rules:\n  - {{ kind: valve_leaking, devices: [\"{}\"] }}\n", first_uid)));
  system.start();
  const std::int64_t leaking = system.device_id(first_uid);
  const std::int64_t tight = system.device_id(system.uids().at(1));
  ASSERT_TRUE(system.until([&] {
    return !system.latest(leaking, "volume_total").empty() && !system.latest(tight, "volume_total").empty();
  }));
  Json wanted = closing("");
  wanted["device_ids"] = {leaking};
  EXPECT_EQ(system.post("/api/v1/jobs", wanted).status, 400) << "no reason";
  wanted["reason"] = "leak alarm";
  EXPECT_EQ(system.post("/api/v1/jobs", wanted, "vera").status, 403) << "no right";
  EXPECT_EQ(system.fleet().command_count(), 0U);

  for (const std::int64_t device : {leaking, tight}) {
    const Json order = system.finish_job(closing("leak alarm"), device);
    ASSERT_EQ(order["state"], "done") << order;
    bool has_state = false;
    bool has_volume = false;
    for (const Json& value : order["values"]) {
      has_state = has_state || (value["register"] == "status_word" && shows_closed(value["value"]));
      has_volume = has_volume || value["register"] == "volume_total";
    }
    EXPECT_TRUE(has_state) << order;
    EXPECT_TRUE(has_volume) << order;
  }
  // Both stay closed for a day; what is drawn at the one goes through all the same.
  ASSERT_TRUE(system.until([&] { return shows_closed(system.latest(leaking, "status_word")); }));
  ASSERT_TRUE(system.until([&] { return shows_closed(system.latest(tight, "status_word")); }));
  system.pass_ms(5'000);  // so that the closed valve has been looked at
  const std::string volume = system.latest(tight, "volume_total");
  system.field_clock.skip_ms(24 * hour_ms);
  Json alarms;
  ASSERT_TRUE(system.until([&] { return !(alarms = system.alarms("valve_leaking", leaking)).empty(); }));
  EXPECT_EQ(alarms[0]["severity"], "critical");
  EXPECT_EQ(alarms[0]["facts"]["detail"], "closed_yet_flowing");
  EXPECT_GT(std::stod(alarms[0]["facts"]["leaked"].get<std::string>()), 0.0);
  EXPECT_EQ(system.latest(tight, "volume_total"), volume);
  EXPECT_TRUE(system.alarms("valve_leaking", tight, "all").empty());
}

/// Many at once need a second person; whoever made the job cannot be it.
TEST_F(RemoteClosing, OfSeveralMetersNeedsASecondPerson) {
  WholeSystem system(two_of(gas, ""));
  system.start();
  const std::vector<std::int64_t> both{system.device_id(system.uids().at(0)), system.device_id(system.uids().at(1))};
  ASSERT_TRUE(system.until([&] { return !system.latest(both[1], "volume_total").empty(); }));
  Json wanted = closing("fire in the street");
  wanted["device_ids"] = both;
  const auto made = system.post("/api/v1/jobs", wanted);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.body["state"], "awaiting_confirmation");
  const std::string job = fmt::format("/api/v1/jobs/{}", made.body["id"].get<std::int64_t>());
  EXPECT_EQ(system.post(job + "/confirm").status, 403);
  EXPECT_EQ(system.post(job + "/confirm", Json::object(), "vera").status, 403);
  EXPECT_EQ(system.fleet().command_count(), 0U);
  EXPECT_LT(system.post(job + "/confirm", Json::object(), "bert").status, 300);
  ASSERT_TRUE(system.until([&] { return system.get(job)["state"] == "finished"; }));
  const Json orders = system.get(job + "/orders")["orders"];
  ASSERT_EQ(orders.size(), 2U);
  for (const Json& order : orders) EXPECT_EQ(order["state"], "done") << order;
  EXPECT_EQ(system.fleet().command_count(), 2U);
}

/// A meter that says nothing is never called closed. Its supply is gone, so that its valve is in fact closed: nobody at
/// the platform knows.
TEST_F(RemoteClosing, WithoutAnAnswerIsUnknown) {
  WholeSystem system(
      two_of(gas, fmt::format("rules:\n  - {{ kind: power_cut, devices: [\"{}\"], from_ms: 3600000 }}\n", first_uid)));
  system.start();
  const std::int64_t silent = system.device_id(first_uid);
  ASSERT_TRUE(system.until([&] { return !system.latest(silent, "status_word").empty(); }));
  system.field_clock.skip_ms(2 * hour_ms);
  const std::string job = system.begin_job(closing("theft"), silent);
  Json order;
  const auto look = [&] {
    order = system.get(job + "/orders")["orders"].at(0);
    return order["state"].get<std::string>();
  };
  ASSERT_TRUE(system.until([&] { return look() == "under_way"; })) << order;
  // Time passes: the answer is overdue, then the read-backs are, for as long as a gateway goes on asking.
  ASSERT_TRUE(system.until([&] {
    system.gateway_clock.skip_ms(5'000);
    return look() != "under_way";
  })) << order;
  EXPECT_EQ(order["state"], "unknown") << order;
  EXPECT_EQ(order["reason"], "read_back_no_answer") << order;
  EXPECT_EQ(system.fleet().command_count(), 0U);
  EXPECT_FALSE(shows_closed(system.latest(silent, "status_word"))) << "what it last said was: open";
}

}  // namespace
}  // namespace duheng::field_path
