#include "platform/provenance/aggregate_trace.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/provenance/figure_output.hpp"
#include "platform/provenance/figure_test_world.hpp"
#include "store/aggregates/aggregate_keeper.hpp"
#include "store/aggregates/memory_aggregate_store.hpp"

namespace duheng::platform {
namespace {

using store::BucketSize;
using Json = nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;

/// What differs from run to run or with the journal's format, left out: hashes, places in files, times taken.
std::string without_accidents(std::string text) {
  text = std::regex_replace(text, std::regex("[0-9A-F]{64}"), "<hash>");
  text = std::regex_replace(text, std::regex("at octet [0-9]+, [0-9]+ octets"), "at octet <n>, <n> octets");
  text = std::regex_replace(text, std::regex("偏移 [0-9]+, [0-9]+ 字节"), "偏移 <n>, <n> 字节");
  return std::regex_replace(text, std::regex("[0-9]+\\.[0-9]{3} ms"), "<ms>");
}

/// Holds a text against a file beside this one. To make the files anew, look at the change, and commit it:
/// DUHENG_WRITE_GOLDEN=1.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = DUHENG_SOURCE_DIR "/src/platform/provenance/golden/" + name;
  if (const char* write = std::getenv("DUHENG_WRITE_GOLDEN"); write != nullptr && *write == '1')
    std::ofstream(path) << text;
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << name;
}

/// A meter read every eight hours for six civil days, kept as rows.
class AggregateTrace : public ::testing::Test, protected testing::FigureWorld {
 protected:
  AggregateTrace() : first_(calendar_.day_of(*parse_iso8601("2025-11-20T12:00:00+08:00"))) {
    read(at(first_, -8), 900);
    for (int i = 0; i <= 17; ++i) read(at(first_, 8 * i + 4), 1'000 + 25 * i);
    clock_.set_utc_ms(at(first_ + 5, 23));
    keep();
    series_ = series_of(uid_);
  }
  [[nodiscard]] std::int64_t at(std::int32_t day, int hour) const {
    return calendar_.day(day).after_utc_ms + hour * hour_ms;
  }
  void keep() {
    for (int step = 0; step < 10'000; ++step) {
      const auto done = keeper_.step();
      ASSERT_TRUE(done);
      if (*done == store::AggregateKeeper::Work::none) return;
    }
    FAIL() << "the keeper does not come to an end";
  }
  [[nodiscard]] TracedAggregate trace(BucketSize size, std::int32_t day) {
    AggregateQuestion question{.series = series_, .size = size, .day = day};
    auto traced = trace_aggregate(*journal_, telemetry_, aggregates_, calendar_, question);
    EXPECT_TRUE(traced) << traced.error().message;
    return traced.value_or(TracedAggregate{});
  }
  /// As somebody would who writes into the file.
  void alter(std::int32_t day, store::Int128 increase) {
    auto rows = *rows_.days(series_, day, day);
    ASSERT_EQ(rows.size(), 1U);
    rows[0].row.increase = increase;
    store::AggregateWrite change;
    change.rows = rows;
    ASSERT_TRUE(rows_.write(change));
  }

  store::CivilCalendar calendar_ = *store::CivilCalendar::open("Asia/Shanghai");
  const std::int32_t first_;
  ManualClock clock_;
  store::MemoryAggregateStore rows_;
  store::SeriesAggregates aggregates_{telemetry_, rows_, calendar_, clock_, store::default_series_policy};
  store::AggregateKeeper keeper_{
      telemetry_, rows_, calendar_, clock_, store::default_series_policy, {.first_day = first_ - 10}};
  SeriesId series_;
};

TEST_F(AggregateTrace, ADayTellsWhatItWasMadeOfWhenAndThatItIsStillTheSame) {
  const TracedAggregate day = trace(BucketSize::day, first_ + 1);
  EXPECT_TRUE(day.same());
  EXPECT_TRUE(day.verified());
  EXPECT_EQ(day.bucket.row.increase, 75);
  ASSERT_EQ(day.readings.size(), 3U);
  EXPECT_EQ(day.reading_count, 3U);
  EXPECT_TRUE(std::ranges::all_of(day.readings, &UsedReading::counted));
  EXPECT_EQ(day.records.count, 3U);
  EXPECT_EQ(day.records.verified, 3U);
  ASSERT_EQ(day.days.size(), 1U);
  EXPECT_EQ(day.days[0].standing, store::CheckedDay::Standing::settled);
  ASSERT_FALSE(day.days[0].makings.empty());
  EXPECT_EQ(day.days[0].makings.back().made_utc_ms, clock_.utc_ms());
  ASSERT_EQ(day.values.size(), 3U) << "what it starts from, first, last; the extremes are first and last";
  EXPECT_EQ(day.values[0].time_utc_ms, at(first_, 20)) << "where the increase starts";
  expect_golden("aggregate_day_en.txt", without_accidents(to_text(day, false)));
  expect_golden("aggregate_day_zh.txt", without_accidents(to_text(day, true)));
}

TEST_F(AggregateTrace, AnAlteredRowIsToldLoudly) {
  alter(first_ + 1, 9'999);
  const TracedAggregate day = trace(BucketSize::day, first_ + 1);
  EXPECT_FALSE(day.same());
  EXPECT_FALSE(day.verified());
  ASSERT_TRUE(day.days.at(0).is_wrong());
  const std::string text = to_text(day, false);
  EXPECT_NE(text.find("*** DIFFERS"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(increase: stored "99.99", made anew "0.75")"), std::string::npos) << text;
  EXPECT_NE(text.find("Verified: NO"), std::string::npos);
  EXPECT_NE(to_text(day, true).find("不符"), std::string::npos);
  const Json json = Json::parse(to_json_text(day));
  EXPECT_EQ(json["same"], false);
  EXPECT_EQ(json["verified"], false);
  ASSERT_EQ(json["differences"].size(), 1U);
  EXPECT_EQ(json["differences"][0]["field"], "increase");
  EXPECT_EQ(json["differences"][0]["stored"], "99.99");
  EXPECT_EQ(json["differences"][0]["anew"], "0.75");
  EXPECT_EQ(json["days"][0]["wrong"], true);
  // The month that the row is part of tells it, too.
  const TracedAggregate month = trace(BucketSize::month, first_ + 1);
  EXPECT_FALSE(month.same());
  EXPECT_EQ(std::ranges::count_if(month.days, &store::CheckedDay::is_wrong), 1);
}

TEST_F(AggregateTrace, AMonthIsItsDays) {
  const TracedAggregate month = trace(BucketSize::month, first_);
  EXPECT_TRUE(month.verified());
  EXPECT_EQ(month.reading_count, 19U) << "the one of the evening before is of that month, too";
  EXPECT_EQ(month.bucket.row.increase, 25 * 17 + 100);
  EXPECT_EQ(month.days.size(), 7U);
  EXPECT_FALSE(month.rules.empty());
  const Json json = Json::parse(to_json_text(month));
  EXPECT_EQ(json["label"], "2025-11");
  EXPECT_EQ(json["same"], true);
  EXPECT_EQ(json["readings"].size(), 19U);
  EXPECT_EQ(json["days"].size(), 7U);
}

TEST_F(AggregateTrace, AnyStretchOfDaysIsTracedAsItIsCountedForAFleet) {
  AggregateQuestion question{.series = series_, .size = BucketSize::day, .day = first_ + 1, .last_day = first_ + 3};
  const TracedAggregate days = trace_aggregate(*journal_, telemetry_, aggregates_, calendar_, question).value();
  EXPECT_TRUE(days.verified());
  EXPECT_EQ(days.bucket.row.increase, 3 * 75);
  EXPECT_EQ(days.days.size(), 3U);
  EXPECT_EQ(days.reading_count, 9U);
  EXPECT_EQ(Json::parse(to_json_text(days))["bucket"], "days");
  alter(first_ + 2, 1);
  const TracedAggregate wrong = trace_aggregate(*journal_, telemetry_, aggregates_, calendar_, question).value();
  EXPECT_FALSE(wrong.same());
  EXPECT_FALSE(wrong.verified());
}

TEST_F(AggregateTrace, AnHourIsMadeOfItsReadings) {
  AggregateQuestion question{.series = series_, .size = BucketSize::hour, .day = first_ + 1};
  question.hour_after_utc_ms = at(first_ + 1, 3);
  const TracedAggregate hour = trace_aggregate(*journal_, telemetry_, aggregates_, calendar_, question).value();
  EXPECT_TRUE(hour.verified());
  EXPECT_EQ(hour.reading_count, 1U);
  EXPECT_EQ(hour.bucket.row.increase, 25);
  question.hour_after_utc_ms = at(first_ + 1, 5);
  EXPECT_EQ(trace_aggregate(*journal_, telemetry_, aggregates_, calendar_, question).error().code,
            ErrorCode::not_found);
}

TEST_F(AggregateTrace, ACorrectionIsCountedInThePlaceOfWhatWasReadAndTheRowIsMadeAgain) {
  const std::int64_t time = at(first_ + 1, 12);
  clock_.advance_ms(60'000);
  const std::uint64_t record = correct(time, 1'100, 1'110);
  TracedAggregate day = trace(BucketSize::day, first_ + 1);
  EXPECT_TRUE(day.days.at(0).change_waiting);
  EXPECT_FALSE(day.days.at(0).is_wrong());
  EXPECT_TRUE(day.same()) << "what is answered is in step already";
  keep();
  day = trace(BucketSize::day, first_ + 1);
  EXPECT_TRUE(day.verified());
  EXPECT_EQ(day.bucket.row.corrected_count, 1U);
  EXPECT_EQ(day.days.at(0).makings.back().kind, store::RowMaking::Kind::changed);
  EXPECT_EQ(day.days.at(0).makings.back().next_record, telemetry_.next_record());
  const auto edited =
      std::ranges::find(day.readings, time, [](const UsedReading& used) { return used.point.time_utc_ms; });
  ASSERT_NE(edited, day.readings.end());
  EXPECT_EQ(edited->point.mantissa, 1'110);
  EXPECT_EQ(edited->point.frame.record_number(), record) << "leads to who corrected it and why";
}

TEST_F(AggregateTrace, ABrokenJournalRecordBehindADayIsFound) {
  const auto place = journal_->place_of(5).value();  // the middle reading of the second day
  ASSERT_TRUE(disk_.flip_bit(place.path, place.block_offset + place.block_bytes - 3, 2));
  const TracedAggregate day = trace(BucketSize::day, first_ + 1);
  EXPECT_TRUE(day.same());
  EXPECT_FALSE(day.verified());
  EXPECT_FALSE(day.records.unverified.empty());
}

TEST_F(AggregateTrace, WhatIsNotTheCallersIsNotTold) {
  AggregateQuestion question{.series = series_, .size = BucketSize::day, .day = first_ + 1};
  question.visible = {at(first_ + 1, 1), at(first_ + 1, 13)};
  const TracedAggregate day = trace_aggregate(*journal_, telemetry_, aggregates_, calendar_, question).value();
  EXPECT_EQ(day.reading_count, 2U);
  for (const TracedValue& value : day.values) EXPECT_LT(value.time_utc_ms, at(first_ + 1, 13));
}

}  // namespace
}  // namespace duheng::platform
