#include "platform/provenance/figure_trace.hpp"

#include <gtest/gtest.h>

#include "platform/provenance/figure_output.hpp"
#include "platform/provenance/figure_test_world.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t start_utc_ms = 1'750'000'000'000;
constexpr std::int64_t hour_ms = 3'600'000;

/// A meter read every hour, journalled and applied.
class FigureTrace : public ::testing::Test, protected testing::FigureWorld {
 protected:
  FigureTrace() {
    for (int i = 0; i < 10; ++i) read(start_utc_ms + i * hour_ms, 1'000 + 25 * i);
    series_ = series_of(uid_);
  }
  SeriesId series_;
};

TEST_F(FigureTrace, AReadingLeadsToItsFrameAndTheBlockThatHoldsIt) {
  const TracedValue value = trace_value(*journal_, telemetry_, series_, start_utc_ms + 3 * hour_ms).value();
  EXPECT_EQ(value.source.device_uid, uid_);
  EXPECT_EQ(value.series.register_name, "energy_active_import_total");
  ASSERT_EQ(value.versions.size(), 1U);
  const TracedVersion& version = value.versions[0];
  EXPECT_EQ(version.version.point.mantissa, 1'075);
  EXPECT_TRUE(version.version.in_force);
  ASSERT_TRUE(version.frame && version.proof) << version.missing;
  EXPECT_EQ(version.frame->readings.at(0).mantissa, 1'075);
  EXPECT_EQ(version.proof->record_number, 4U);
  EXPECT_EQ(version.proof->sequence, 3U);
  EXPECT_EQ(version.proof->place.key_version, 1U);
  EXPECT_EQ(version.proof->place.block_first_number, 4U);
  EXPECT_TRUE(version.proof->verified());
  EXPECT_TRUE(value.verified());
  const auto before = prove_record(*journal_, 3);
  ASSERT_TRUE(before);
  EXPECT_EQ(version.proof->previous_hash, before->hash) << "the batch names the one before it";
  EXPECT_EQ(version.proof->place.previous_block_hash, before->place.block_hash);
}

TEST_F(FigureTrace, ACorrectionLeadsToItsRecordAndKeepsWhatWasRead) {
  const std::int64_t time = start_utc_ms + 5 * hour_ms;
  const std::uint64_t number = correct(time, 1'125, 1'120);
  const TracedValue value = trace_value(*journal_, telemetry_, series_, time).value();
  ASSERT_EQ(value.versions.size(), 2U);
  EXPECT_EQ(value.versions[0].version.point.mantissa, 1'125);
  EXPECT_FALSE(value.versions[0].version.in_force);
  ASSERT_TRUE(value.versions[0].frame);
  const TracedVersion& edited = value.versions[1];
  ASSERT_TRUE(edited.version.edit);
  EXPECT_EQ(edited.version.edit->author, "wang");
  EXPECT_EQ(edited.version.edit->mantissa, 1'120);
  EXPECT_TRUE(edited.version.in_force);
  EXPECT_FALSE(edited.frame);
  ASSERT_TRUE(edited.proof) << edited.missing;
  EXPECT_EQ(edited.proof->record_number, number);
  EXPECT_EQ(edited.proof->type, store::JournalRecordType::edits);
  EXPECT_TRUE(value.verified());
}

TEST_F(FigureTrace, ConsumptionIsComputedAnewAndLeadsToTheValuesItStandsOn) {
  const store::ConsumptionInterval interval{start_utc_ms + 2 * hour_ms, start_utc_ms + 8 * hour_ms};
  const TracedConsumption traced = trace_consumption(*journal_, telemetry_, series_, interval).value();
  EXPECT_EQ(traced.consumption.exact().to_string(), "1.50");
  ASSERT_EQ(traced.values.size(), 2U);
  EXPECT_EQ(traced.values[0].time_utc_ms, start_utc_ms + 2 * hour_ms);
  EXPECT_EQ(traced.values[1].time_utc_ms, start_utc_ms + 8 * hour_ms);
  EXPECT_TRUE(traced.verified());
  correct(start_utc_ms + 8 * hour_ms, 1'200, 1'190);
  const TracedConsumption again = trace_consumption(*journal_, telemetry_, series_, interval).value();
  EXPECT_EQ(again.consumption.exact().to_string(), "1.40");
  EXPECT_EQ(again.values[1].versions.size(), 2U);
  EXPECT_TRUE(again.verified());
}

TEST_F(FigureTrace, ARecordOfEditsTellsWhoAndWhyAndFromWhatToWhat) {
  const std::int64_t time = start_utc_ms + 5 * hour_ms;
  const std::uint64_t number = correct(time, 1'125, 1'120);
  const TracedEdits traced = trace_edits(*journal_, number).value();
  ASSERT_EQ(traced.edits.size(), 1U);
  EXPECT_EQ(traced.edits[0].author, "wang");
  EXPECT_EQ(traced.edits[0].old_mantissa, 1'125);
  EXPECT_TRUE(traced.verified());
  const std::string english = to_text(traced, false);
  for (const char* told : {"645:000000000001", "new value: 11.20 kWh", "by: wang", "reason: misread",
                           "stood before: 11.25 kWh", "Verified: yes"})
    EXPECT_NE(english.find(told), std::string::npos) << told << "\n" << english;
  EXPECT_NE(to_text(traced, true).find("修订人：wang"), std::string::npos);
  const std::string json = to_json_text(traced);
  for (const char* told : {R"("author":"wang")", R"("old_value":"11.25")", R"("new_value":"11.20")",
                           R"("cipher":"aes_256_gcm")", R"("verified":true)"})
    EXPECT_NE(json.find(told), std::string::npos) << told << "\n" << json;
  EXPECT_EQ(trace_edits(*journal_, 1).error().code, ErrorCode::not_found) << "frames";
  EXPECT_EQ(trace_edits(*journal_, 99).error().code, ErrorCode::not_found);
}

/// Every stored reading leads to its entry in the log, and an entry that was altered is found, whichever it is and
/// wherever in it the alteration lies.
TEST_F(FigureTrace, EveryStoredReadingLeadsToItsEntryAndAnAlteredEntryIsFound) {
  std::vector<std::int64_t> times;
  ASSERT_TRUE(telemetry_.scan({series_, series_}, {start_utc_ms, start_utc_ms + 24 * hour_ms},
                              [&](SeriesId, std::span<const store::ReadingRow> rows) -> Result<void> {
                                for (const store::ReadingRow& row : rows) times.push_back(row.time_utc_ms);
                                return {};
                              },
                              {}));
  ASSERT_EQ(times.size(), telemetry_.statistics().readings);
  ASSERT_EQ(times.size(), 10U);
  for (const std::int64_t time : times) {
    const TracedValue value = trace_value(*journal_, telemetry_, series_, time).value();
    ASSERT_TRUE(value.verified()) << time;
    ASSERT_EQ(value.versions.size(), 1U);
    const Provenance& frame = *value.versions[0].frame;
    EXPECT_EQ(frame.journalled_utc_ms, time + 10) << "the time of receipt";
    EXPECT_FALSE(frame.response.empty()) << "the content";
    const store::EntryPlace place = value.versions[0].proof->place;
    for (const std::uint64_t at : {std::uint64_t{0}, place.block_bytes / 2, place.block_bytes - 1}) {
      ASSERT_TRUE(disk_.flip_bit(place.path, place.block_offset + at, 3));
      const auto altered = prove_record(*journal_, value.versions[0].proof->record_number);
      EXPECT_TRUE(!altered || !altered->verified()) << time << " at " << at;
      EXPECT_FALSE(journal_->verify()->sound()) << time << " at " << at;
      ASSERT_TRUE(disk_.flip_bit(place.path, place.block_offset + at, 3));
    }
    EXPECT_TRUE(trace_value(*journal_, telemetry_, series_, time)->verified());
  }
}

TEST_F(FigureTrace, DamageAndRetentionAreToldNotHidden) {
  const auto place = journal_->place_of(4).value();
  ASSERT_TRUE(disk_.flip_bit(place.path, place.block_offset + 80, 2));
  // What memory still holds is shown, but not as verified.
  const auto value = trace_value(*journal_, telemetry_, series_, start_utc_ms + 3 * hour_ms);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_FALSE(value->verified());
  EXPECT_EQ(trace_value(*journal_, telemetry_, series_, start_utc_ms + 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(trace_value(*journal_, telemetry_, SeriesId{99}, start_utc_ms).error().code, ErrorCode::not_found);
  ASSERT_TRUE(journal_->start_new_segment());
  read(start_utc_ms + 10 * hour_ms, 1'250);
  ASSERT_TRUE(journal_->set_backup_watermark(11));
  EXPECT_EQ(journal_->remove_before(11).value(), 11U);
  const auto removed = trace_value(*journal_, telemetry_, series_, start_utc_ms + hour_ms);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(removed->verified());
  EXPECT_FALSE(removed->versions.at(0).missing.empty());
  EXPECT_EQ(removed->versions.at(0).version.point.mantissa, 1'025) << "the figure stays";
}

}  // namespace
}  // namespace duheng::platform
