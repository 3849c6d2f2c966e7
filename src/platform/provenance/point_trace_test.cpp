#include "platform/provenance/point_trace.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/provenance/figure_output.hpp"
#include "platform/provenance/figure_test_world.hpp"

namespace duheng::platform {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t start_utc_ms = 1'750'000'000'000;
constexpr std::int64_t hour_ms = 3'600'000;

/// A point at which one meter stood behind a ratio of 40, then another behind 40, then the same behind 60.
class PointTrace : public ::testing::Test, protected testing::FigureWorld {
 protected:
  PointTrace() {
    for (int hour = 0; hour <= 4; ++hour) read(at(hour), 1'000 + 10 * hour);                      // up to 10.40
    for (int hour = 5; hour <= 12; ++hour) read(at(hour), 50 + 10 * (hour - 5), "000000000002");  // from 0.50
    question_.point_name = "Hall 1";
    question_.register_name = "energy_active_import_total";
    question_.chain.unit = "kWh";
    question_.chain.links = {link("645:000000000001", 0, exchange_utc_ms_, {40, 1}),
                             link("645:000000000002", exchange_utc_ms_, ratio_utc_ms_, {40, 1}),
                             link("645:000000000002", ratio_utc_ms_, store::open_end_utc_ms, {60, 1})};
    question_.chain.links[0].end_mantissa = 1'045;
    question_.chain.links[1].start_mantissa = 45;
    question_.chain.links[1].end_mantissa = 85;
    question_.facts = {{"old meter", "000000000001"}, {"new meter", "000000000002"}, {"new meter", "000000000002"}};
    question_.events = {{exchange_utc_ms_, exchange_utc_ms_ + 900'000, "wang", "exchange", "display failed"}};
    question_.interval = {at(1), at(12)};
  }
  [[nodiscard]] static std::int64_t at(int hour) { return start_utc_ms + hour * hour_ms; }
  store::ChainLink link(const std::string& uid, std::int64_t from, std::int64_t to, store::Ratio ratio) {
    store::ChainLink out;
    out.series = series_of(uid);
    out.from_utc_ms = from;
    out.to_utc_ms = to;
    out.ratio = ratio;
    out.exponent = -2;
    out.unit = "kWh";
    return out;
  }
  [[nodiscard]] TracedPoint trace() {
    auto traced = trace_point(*journal_, telemetry_, question_);
    EXPECT_TRUE(traced) << traced.error().message;
    return traced.value_or(TracedPoint{});
  }
  const std::int64_t exchange_utc_ms_ = at(4) + hour_ms / 2;
  const std::int64_t ratio_utc_ms_ = at(8) + hour_ms / 2;
  PointQuestion question_;
};

TEST_F(PointTrace, AnExchangeAndAChangeOfTheRatioAreTakenApart) {
  const TracedPoint traced = trace();
  // (10.45 - 10.10) x 40, (0.85 - 0.45) x 40, (1.20 - 0.85) x 60.
  EXPECT_EQ(traced.consumption.exact().to_string(), "51.00");
  ASSERT_EQ(traced.links.size(), 3U);
  EXPECT_EQ(traced.links[0].part.exact().to_string(), "14.00");
  EXPECT_EQ(traced.links[1].part.exact().to_string(), "16.00");
  EXPECT_EQ(traced.links[2].part.exact().to_string(), "21.00");
  EXPECT_TRUE(traced.parts_agree());
  EXPECT_EQ(traced.links[0].source.device_uid, "645:000000000001");
  EXPECT_EQ(traced.links[1].source.device_uid, "645:000000000002");
  EXPECT_TRUE(traced.verified());
  EXPECT_FALSE(traced.values.empty());
  for (const TracedValue& value : traced.values) EXPECT_TRUE(value.verified()) << value.time_utc_ms;
  const std::string text = to_text(traced, false);
  for (const char* told :
       {"Metering point: Hall 1", "Meter: old meter (645:000000000001", "Meter: new meter (645:000000000002",
        "ratio: 40/1", "ratio: 60/1", "reading at removal: 10.45 kWh", "reading at installation: 0.45 kWh",
        "brought: 14.00 kWh", "brought: 16.00 kWh", "brought: 21.00 kWh", "come to the whole", "51.00 kWh",
        "display failed", "wang", "[exchange]", "68 01 00 00 00 00 00 68", "Verified: yes"})
    EXPECT_NE(text.find(told), std::string::npos) << told << "\n" << text;
  EXPECT_NE(to_text(traced, true).find("拆表示数：10.45 kWh"), std::string::npos) << to_text(traced, true);
}

TEST_F(PointTrace, JsonTellsBothMetersWithTheirDatesAndRatios) {
  const Json told = Json::parse(to_json_text(trace()));
  EXPECT_EQ(told["amount"], "51.00");
  EXPECT_EQ(told["unit"], "kWh");
  EXPECT_EQ(told["parts_agree"], true);
  EXPECT_EQ(told["verified"], true);
  ASSERT_EQ(told["links"].size(), 3U);
  EXPECT_EQ(told["links"][0]["device_name"], "old meter");
  EXPECT_EQ(told["links"][0]["removal"], "10.45");
  EXPECT_EQ(told["links"][0]["end"]["origin"], "removal");
  EXPECT_EQ(told["links"][0]["end"]["value"], "10.45");
  EXPECT_EQ(told["links"][1]["start"]["origin"], "installation");
  EXPECT_EQ(told["links"][1]["start"]["value"], "0.45");
  EXPECT_EQ(told["links"][1]["installation"], "0.45");
  EXPECT_EQ(told["links"][1]["ratio"]["numerator"], 40);
  EXPECT_EQ(told["links"][2]["ratio"]["numerator"], 60);
  EXPECT_EQ(told["links"][2]["to"], nullptr);
  EXPECT_EQ(told["events"][0]["reason"], "display failed");
  EXPECT_FALSE(told["values"].empty());
}

TEST_F(PointTrace, AnyCutOfTheIntervalComesToTheWhole) {
  for (const bool with_readings : {true, false}) {
    if (!with_readings) {
      for (store::ChainLink& one : question_.chain.links) {
        one.start_mantissa.reset();
        one.end_mantissa.reset();
      }
    }
    for (int after = 0; after < 12; ++after) {
      for (int through = after + 1; through <= 12; ++through) {
        question_.interval = {at(after), at(through)};
        EXPECT_TRUE(trace().parts_agree()) << after << " " << through << " " << with_readings;
      }
    }
  }
}

TEST_F(PointTrace, ABrokenRecordBehindOneMeterIsToldOfTheWhole) {
  const auto place = journal_->place_of(2).value();  // where the figure starts
  ASSERT_TRUE(disk_.flip_bit(place.path, place.block_offset + place.block_bytes - 3, 2));
  const TracedPoint traced = trace();
  EXPECT_EQ(traced.consumption.exact().to_string(), "51.00");
  EXPECT_FALSE(traced.verified());
}

}  // namespace
}  // namespace duheng::platform
