// What every telemetry engine promises of edits, versions, whole-fleet reading and late data.
#include <algorithm>
#include <map>

#include "store/telemetry/telemetry_contract_suite.hpp"

namespace duheng::store {

using testing::energy;
using testing::TestJournal;
using testing::voltage;

namespace {

constexpr std::int64_t at(std::int64_t after_ms) { return testing::start_utc_ms + after_ms; }
constexpr TimeRange everything{at(-400 * utc_day_ms), at(400 * utc_day_ms)};
const std::int32_t first_day = static_cast<std::int32_t>(utc_day_of(testing::start_utc_ms));

Edit correction(std::int64_t after_ms, std::int64_t mantissa) {
  return TestJournal::edit_of(1, "m", EditKind::correction, at(after_ms), mantissa);
}
Edit estimate(std::int64_t after_ms, std::int64_t mantissa) {
  return TestJournal::edit_of(1, "m", EditKind::estimate, at(after_ms), mantissa);
}
Edit withdrawal(std::int64_t after_ms) { return TestJournal::edit_of(1, "m", EditKind::withdrawal, at(after_ms), 0); }

}  // namespace

TEST_P(TelemetryContract, ACorrectionStandsInThePlaceOfWhatWasRead) {
  journal_.add(1, "m", energy, {{at(1'000), 10}, {at(2'000), 999}, {at(3'000), 30}});
  Edit edit = correction(2'000, 20);
  edit.old_mantissa = 999;
  edit.reason = "digit misread, photo of the register";
  journal_.add_edits({edit});
  apply();
  const auto points = all_points(SeriesId{1});
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[1].mantissa, 20);
  EXPECT_EQ(points[1].quality, Quality::corrected);
  EXPECT_EQ(points[1].frame, FrameReference::make(1, 0)) << "the record that holds the edit";
  EXPECT_EQ(points[1].edit_count, 1U);
  EXPECT_EQ(points[0].edit_count, 0U);

  const auto versions = store_->versions(SeriesId{1}, at(2'000), {});
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 2U);
  EXPECT_EQ((*versions)[0].point.mantissa, 999) << "what was read is never lost";
  EXPECT_FALSE((*versions)[0].edit);
  EXPECT_FALSE((*versions)[0].in_force);
  ASSERT_TRUE((*versions)[1].edit);
  EXPECT_EQ((*versions)[1].edit->reason, edit.reason);
  EXPECT_EQ((*versions)[1].edit->old_mantissa, 999);
  EXPECT_EQ((*versions)[1].edit->record_number, 1U);
  EXPECT_TRUE((*versions)[1].in_force);
  EXPECT_EQ(store_->statistics().edits, 1U);
}

TEST_P(TelemetryContract, AWithdrawalLetsTheReadValueStandAgainAndTheLastEditCounts) {
  journal_.add(1, "m", energy, {{at(1'000), 10}});
  journal_.add_edits({correction(1'000, 11)});
  journal_.add_edits({correction(1'000, 12)});
  apply();
  EXPECT_EQ(all_points(SeriesId{1})[0].mantissa, 12);
  journal_.add_edits({withdrawal(1'000)});
  apply();
  EXPECT_EQ(all_points(SeriesId{1})[0].mantissa, 10);
  EXPECT_EQ(all_points(SeriesId{1})[0].quality, Quality::good);
  EXPECT_EQ(all_points(SeriesId{1})[0].edit_count, 3U);
  const auto versions = store_->versions(SeriesId{1}, at(1'000), {});
  ASSERT_EQ(versions->size(), 4U);
  EXPECT_TRUE((*versions)[0].in_force);
  journal_.add_edits({correction(1'000, 13)});
  apply();
  EXPECT_EQ(all_points(SeriesId{1})[0].mantissa, 13);
  const auto edits = store_->edits(SeriesId{1}, everything);
  ASSERT_EQ(edits.size(), 4U);
  EXPECT_EQ(edits[2].kind, EditKind::withdrawal);
  EXPECT_TRUE(store_->edits(SeriesId{1}, {at(1'001), at(2'000)}).empty());
}

TEST_P(TelemetryContract, AnEstimateFillsAGapUntilTheTrueValueComes) {
  journal_.add(1, "m", energy, {{at(1'000), 10}, {at(3'000), 30}, {at(4'000), 0, Quality::no_value}});
  journal_.add_edits({estimate(2'000, 20), estimate(3'000, 29), estimate(4'000, 40)});
  apply();
  auto points = all_points(SeriesId{1});
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[1].mantissa, 20);
  EXPECT_EQ(points[1].quality, Quality::estimated);
  EXPECT_EQ(points[1].evidence_count, 0U) << "nobody read it";
  EXPECT_EQ(points[2].mantissa, 30) << "a value that was read is not estimated over";
  EXPECT_EQ(points[2].quality, Quality::good);
  EXPECT_EQ(points[3].mantissa, 40) << "the meter said that it had no value";
  journal_.add(1, "m", energy, {{at(2'000), 21}});
  apply();
  points = all_points(SeriesId{1});
  EXPECT_EQ(points[1].mantissa, 21);
  EXPECT_EQ(points[1].quality, Quality::good);
}

TEST_P(TelemetryContract, EditsShowInCurvesAndPagesAndLatestButNotInCompleteness) {
  journal_.add(1, "m", energy, {{at(1'000), 10}, {at(2'000), 5'000}});
  journal_.add_edits({correction(2'000, 20), estimate(2 * utc_day_ms, 40)});
  apply();
  const auto curve = store_->curve(SeriesId{1}, {at(0), at(3 * utc_day_ms)}, 3, {});
  ASSERT_TRUE(curve);
  ASSERT_EQ(curve->size(), 2U);
  EXPECT_EQ((*curve)[0].maximum.mantissa, 20);
  EXPECT_EQ((*curve)[1].maximum.mantissa, 40);
  const auto paged = all_points(SeriesId{1}, 1);
  ASSERT_EQ(paged.size(), 3U);
  EXPECT_EQ(paged[2].mantissa, 40);
  const SeriesId id{1};
  EXPECT_EQ(store_->latest({&id, 1})[0]->mantissa, 20);
  EXPECT_EQ(store_->completeness(SeriesId{1}, {at(0), at(3 * utc_day_ms)}, utc_day_ms, {})->present, 1U);
}

TEST_P(TelemetryContract, AnEditOfWhatWasNeverReadMakesItsSeries) {
  journal_.add_edits({estimate(1'000, 10)});
  apply();
  ASSERT_TRUE(store_->find_source(GatewayId{1}, "m"));
  const auto points = all_points(SeriesId{1});
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].quality, Quality::estimated);
}

TEST_P(TelemetryContract, EditsThatDoNotParseTakeTheirNumberOnly) {
  journal_.add(1, "m", energy, {{at(1'000), 10}});
  journal_.add_body(GatewayId{}, Bytes{1, 2, 3});
  std::vector<TelemetryRecord> records(journal_.records().begin(), journal_.records().end());
  records[1].content = TelemetryRecord::Content::edits;
  const auto applied = store_->apply(records);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->records_unreadable, 1U);
  EXPECT_EQ(store_->next_record(), 2U);
}

TEST_P(TelemetryContract, AScanGivesEverySeriesInOrderAndNothingElse) {
  for (int meter = 0; meter < 30; ++meter) {
    const std::string uid = "m" + std::to_string(meter);
    journal_.add(1, uid, energy, {{at(2'000), meter}, {at(1'000), meter - 1}, {at(utc_day_ms), 7}});
    if (meter % 3 == 0) journal_.add(1, uid, voltage, {{at(1'500), 2'300}});
  }
  apply();
  std::map<std::int64_t, std::vector<ReadingRow>> seen;
  std::int64_t before = 0;
  const auto scanned = store_->scan({SeriesId{3}, SeriesId{20}}, {at(1'000), at(2'001)},
                                    [&](SeriesId series, std::span<const ReadingRow> rows) -> Result<void> {
                                      EXPECT_GE(series.value, before);
                                      before = series.value;
                                      for (const ReadingRow& row : rows) EXPECT_EQ(row.series, series.value);
                                      seen[series.value].insert(seen[series.value].end(), rows.begin(), rows.end());
                                      return {};
                                    },
                                    {});
  ASSERT_TRUE(scanned) << scanned.error().message;
  ASSERT_EQ(seen.size(), 18U);
  for (const auto& [series, rows] : seen) {
    const auto known = store_->find_series(SeriesId{series});
    ASSERT_EQ(rows.size(), known->register_name == "voltage_a" ? 1U : 2U);
    EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &ReadingRow::order));
  }
}

TEST_P(TelemetryContract, AScanEndsWithItsSinksErrorOrWhenItIsWithdrawn) {
  journal_.add(1, "a", energy, {{at(1'000), 1}});
  journal_.add(1, "b", energy, {{at(1'000), 1}});
  apply();
  int calls = 0;
  const auto ended = store_->scan({SeriesId{1}, SeriesId{2}}, everything,
                                  [&](SeriesId, std::span<const ReadingRow>) -> Result<void> {
                                    ++calls;
                                    return fail(ErrorCode::limit_exceeded, "enough");
                                  },
                                  {});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(calls, 1);
  std::stop_source withdrawn;
  withdrawn.request_stop();
  const auto cancelled = store_->scan({SeriesId{1}, SeriesId{2}}, everything,
                                      [](SeriesId, std::span<const ReadingRow>) { return Result<void>{}; },
                                      {.timeout_ms = 2'000, .cancel = withdrawn.get_token()});
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::cancelled);
}

TEST_P(TelemetryContract, WhatComesForSettledDaysIsNotedUntilForgotten) {
  journal_.add(1, "m", energy, {{at(0), 1}, {at(-utc_day_ms), 0}});
  apply();
  ASSERT_TRUE(store_->settle_before(first_day + 1));
  ASSERT_TRUE(store_->settle_before(first_day - 5)) << "it never moves back";
  EXPECT_EQ(store_->settled_before(), first_day + 1);
  ASSERT_TRUE(store_->checkpoint());
  EXPECT_TRUE(store_->changes(100)->days.empty()) << "what was there before is part of what is settled";

  journal_.add(1, "m", energy, {{at(10), 2}, {at(20), 3}, {at(-utc_day_ms), 0}, {at(2 * utc_day_ms), 9}});
  journal_.add_edits({correction(0, 7)});
  apply();
  ASSERT_TRUE(store_->checkpoint());
  const auto noted = store_->changes(100);
  ASSERT_TRUE(noted);
  ASSERT_EQ(noted->days.size(), 2U) << "each day once, open days not at all";
  EXPECT_EQ(noted->days[0], (ChangedDay{SeriesId{1}, first_day}));
  EXPECT_EQ(noted->days[1], (ChangedDay{SeriesId{1}, first_day - 1}));

  // Something comes between looking and forgetting: it must not be forgotten with the rest.
  journal_.add(1, "m", energy, {{at(30), 4}});
  apply();
  ASSERT_TRUE(store_->checkpoint());
  ASSERT_TRUE(store_->forget_changes(noted->through));
  const auto later = store_->changes(100);
  ASSERT_EQ(later->days.size(), 1U);
  EXPECT_EQ(later->days[0], (ChangedDay{SeriesId{1}, first_day}));
  ASSERT_TRUE(store_->forget_changes(later->through));
  EXPECT_TRUE(store_->changes(100)->days.empty());
}

TEST_P(TelemetryContract, ImplausibleTimesAreKeptButNeverTheLatest) {
  journal_.add(1, "m", energy, {{at(0), 1}});
  BatchWriter writer(testing::start_utc_ms);
  const auto device = writer.device("m");
  const auto index = writer.register_of(energy);
  writer.frame({device, Protocol::dlt645_2007, 0, at(1'000), {}, {}});
  writer.reading({index, 77, at(3 * utc_day_ms), TimeSource::meter, Quality::good});
  Bytes body;
  writer.finish(body);
  journal_.add_body(GatewayId{1}, std::move(body));
  apply();
  const auto points = all_points(SeriesId{1});
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[1].mantissa, 77);
  EXPECT_EQ(points[1].quality, Quality::time_implausible);
  const SeriesId id{1};
  EXPECT_EQ(store_->latest({&id, 1})[0]->mantissa, 1);
}

TEST_P(TelemetryContract, DurableNeverRunsAheadAndCatchesUpAtACheckpoint) {
  journal_.add(1, "m", energy, {{at(0), 1}});
  apply();
  EXPECT_LE(store_->durable_record(), store_->next_record());
  ASSERT_TRUE(store_->checkpoint());
  EXPECT_EQ(store_->durable_record(), store_->next_record());
}

}  // namespace duheng::store
