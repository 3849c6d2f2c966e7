// A gateway that was away for a month: what its meters kept meanwhile comes by itself, and the month is settled by what
// the meter itself froze.
#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

#include "base/time.hpp"
#include "tests/field_path/whole_system.hpp"

namespace duheng::field_path {
namespace {

constexpr std::int64_t quarter_ms = 900'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t zone_ms = 8 * 3'600'000;
constexpr std::int64_t gap_ms = 32 * day_ms;  // so long that a month always ends in it
constexpr const char* energy = "energy_active_import_total";

/// The first of the month, midnight in China, that `utc_ms` lies in or, with `months` -1, of the one before.
std::int64_t month_begin(std::int64_t utc_ms, int months = 0) {
  const std::time_t local = static_cast<std::time_t>((utc_ms + zone_ms) / 1'000);
  std::tm civil{};
  gmtime_r(&local, &civil);
  civil.tm_mday = 1;
  civil.tm_mon += months;
  civil.tm_hour = civil.tm_min = civil.tm_sec = 0;
  return timegm(&civil) * 1'000LL - zone_ms;
}
std::string day_of(std::int64_t utc_ms) { return format_utc(utc_ms + zone_ms).substr(0, 10); }

struct Kind {
  const char* name;
  const char* model;         ///< empty: the fleet's DL/T 645 meters
  const char* freeze;        ///< a history of the model that tells what the meter settled by
  const char* freeze_words;  ///< of the question that reads it
};

class BackFill : public testing::TestWithParam<Kind> {
 protected:
  static SystemOptions options() {
    SystemOptions out;
    if (*GetParam().model == '\0')
      out.meters = 1;
    else
      out.groups.push_back({GetParam().model, 1, device::FleetGroup::Channel::tcp, 1});
    out.gateway_yaml = "history: { fetch: true, days_back: 35, questions_per_s: 100000 }\n";
    return out;
  }
  /// A gateway looks at what meters remember within a quarter of an hour after its start.
  void let_it_look(std::int64_t ahead_ms) {
    system_.gateway_clock.skip_ms(quarter_ms);
    system_.gateway_clock.set_ahead_ms(ahead_ms);
  }
  /// What is stored of the register at exact quarters of an hour, by time.
  std::map<std::int64_t, Json> quarters() {
    std::map<std::int64_t, Json> out;
    std::string before;
    for (;;) {
      const Json page =
          system_.get(fmt::format("/api/v1/series/{}/readings?limit=1000{}", series_, before))["readings"];
      for (const Json& reading : page) {
        const std::int64_t time = parse_iso8601(reading["time"].get<std::string>()).value();
        if (time % quarter_ms == 0) out.emplace(time, reading);
      }
      if (page.size() < 1'000) return out;
      before = "&before=" + page.back()["time"].get<std::string>();
    }
  }
  bool is_filled(std::int64_t from, std::int64_t to) {
    system_.pass_ms(1'000);
    const auto stored = quarters();
    std::int64_t missing = 0;
    for (std::int64_t at = (from + quarter_ms - 1) / quarter_ms * quarter_ms; at <= to; at += quarter_ms)
      missing += stored.contains(at) ? 0 : 1;
    return missing == 0;
  }
  void find_series() {
    ASSERT_TRUE(system_.until([&] { return !system_.latest(device_, energy).empty(); }));
    const Json told = system_.get(fmt::format("/api/v1/devices/{}", device_));
    for (const Json& one : told["registers"])
      if (one["register"] == energy) series_ = one["series_id"].get<std::int64_t>();
    organisation_ = told["organisation"]["id"].get<std::int64_t>();
    site_ = told["site"]["id"].get<std::int64_t>();
    ASSERT_NE(series_, 0);
  }
  Json consumption(std::int64_t from, std::int64_t through) {
    const Json wanted{{"name", "flat 1"},
                      {"organisation_id", organisation_},
                      {"site_id", site_},
                      {"at", format_utc(from - day_ms)},
                      {"installation", {{"device_id", device_}, {"registers", {{{"name", energy}}}}}}};
    const auto made = system_.post("/api/v1/points", wanted);
    if (made.status != 201) throw std::runtime_error(made.body.dump());
    return system_.get(fmt::format("/api/v1/points/{}/consumption?from={}&to={}&by=month", made.body["id"].get<int>(),
                                   day_of(from), day_of(through - day_ms)));
  }

  WholeSystem system_{options()};
  std::int64_t device_ = 0;
  std::int64_t series_ = 0;
  std::int64_t organisation_ = 0;
  std::int64_t site_ = 0;
};

TEST_P(BackFill, AMonthWithoutAGatewayIsFilledAndSettledByTheMetersOwnFreeze) {
  const std::int64_t now = SystemClock().utc_ms();
  const std::int64_t gap_begin = now - gap_ms;
  // Not a month that is over for some minutes only: its last load record may not be there yet.
  const std::int64_t lately = now - 4 * quarter_ms;
  const std::int64_t month_end = month_begin(lately) > gap_begin ? month_begin(lately) : month_begin(lately, -1);
  const std::int64_t month_start = month_begin(month_end - day_ms);
  ASSERT_GT(month_end, gap_begin);

  system_.field_clock.set_ahead_ms(-gap_ms);
  system_.gateway_clock.set_ahead_ms(-gap_ms);
  system_.start();
  device_ = system_.device_id(system_.uids().at(0));
  find_series();
  let_it_look(-gap_ms);
  const std::int64_t known_from = month_start;
  ASSERT_TRUE(system_.until([&] { return is_filled(known_from, gap_begin - quarter_ms); }, std::chrono::seconds(120)));
  EXPECT_FALSE(quarters().contains((gap_begin / quarter_ms + 40) * quarter_ms));

  system_.stop_gateway();
  system_.field_clock.set_ahead_ms(0);
  system_.gateway_clock.set_ahead_ms(0);
  system_.start_gateway();
  let_it_look(0);
  // Nobody asks for it: every quarter of an hour of the gap comes out of the meter's memory.
  ASSERT_TRUE(system_.until([&] { return is_filled(gap_begin, now - quarter_ms); }, std::chrono::seconds(180)));
  const auto stored = quarters();
  double before = 0;
  for (const auto& [time, reading] : stored) {
    const double value = std::stod(reading["value"].get<std::string>());
    EXPECT_GE(value, before) << reading;
    before = value;
    EXPECT_EQ(reading["time_source"], "meter") << reading;
  }

  // What the meter itself froze at both ends of the month.
  std::map<std::int64_t, std::string> frozen;
  const Json history{{"kind", "history"},
                     {"name", GetParam().freeze},
                     {"from", format_utc(month_start - day_ms)},
                     {"to", format_utc(month_end + day_ms)}};
  const Json order = system_.finish_job(history, device_);
  ASSERT_EQ(order["state"], "done") << order;
  for (const Json& value : order["values"])
    if (value["register"] == energy) frozen[parse_iso8601(value["time"].get<std::string>()).value()] = value["value"];
  ASSERT_TRUE(frozen.contains(month_start) && frozen.contains(month_end)) << order;

  const Json month = consumption(month_start, month_end)["buckets"].at(0);
  EXPECT_EQ(month["status"], "complete") << month;
  EXPECT_EQ(month["start"]["time"], format_utc(month_start));
  EXPECT_EQ(month["end"]["time"], format_utc(month_end));
  EXPECT_EQ(month["start"]["value"], frozen[month_start]);
  EXPECT_EQ(month["end"]["value"], frozen[month_end]);
  const auto hundredths = [](const std::string& text) { return std::llround(std::stod(text) * 100); };
  EXPECT_EQ(hundredths(month["amount"]), hundredths(frozen[month_end]) - hundredths(frozen[month_start]));
  // And the way back says where it comes from: a question for a freeze.
  for (const char* end : {"start", "end"}) {
    const Json frame = system_.get("/api/v1/frames/" + month[end]["frame"].get<std::string>());
    std::string words;
    for (const Json& field : frame["request"]["fields"])
      words += field["label_zh"].get<std::string>() + " " + field["meaning_zh"].get<std::string>() + "\n";
    EXPECT_NE(words.find(GetParam().freeze_words), std::string::npos) << words;
  }
}

INSTANTIATE_TEST_SUITE_P(Protocols, BackFill,
                         testing::Values(Kind{"dlt645", "", "monthly_settlement", "冻结"},
                                         Kind{"dlt698", "dlt698-single-phase", "monthly_freeze", "冻结"}),
                         [](const testing::TestParamInfo<Kind>& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace duheng::field_path
