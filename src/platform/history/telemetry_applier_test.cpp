#include "platform/history/telemetry_applier.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "base/simulated_disk.hpp"
#include "platform/ingest/test_batches.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

constexpr GatewayId gateway{3};

class TelemetryApplierTest : public ::testing::Test {
 protected:
  TelemetryApplierTest() {
    auto opened = store::Journal::open(disk, random, keys, {.directory = "journal", .segment_bytes_max = 4'000});
    if (opened) journal = std::move(*opened);
  }
  void commit(store::JournalRecordType type, Bytes body) {
    const uplink::Batch batch = chain.next(std::move(body));
    const store::JournalRecord record{.type = type,
                                      .gateway = gateway,
                                      .epoch = 7,
                                      .sequence = batch.sequence,
                                      .hash = batch.hash,
                                      .previous_hash = batch.previous_hash,
                                      .received_utc_ms = clock.utc_ms(),
                                      .reason = {},
                                      .body = batch.body};
    ASSERT_TRUE(journal->commit({&record, 1}));
  }
  void commit_batches(int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance_ms(1'000);
      commit(store::JournalRecordType::batch, test_body(clock.utc_ms(), ++value));
    }
  }
  static void apply_all(TelemetryApplier& applier) {
    while (true) {
      const auto applied = applier.step();
      ASSERT_TRUE(applied) << applied.error().message;
      if (*applied == 0) return;
    }
  }

  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  ManualClock clock;
  std::unique_ptr<store::Journal> journal;
  store::MemoryTelemetryStore telemetry;
  TestChain chain{7};
  std::int64_t value = 0;
};

TEST_F(TelemetryApplierTest, AppliesTheJournalInOrderAndGoesOnWhereTheStoreStands) {
  ApplierOptions options;
  options.chunk_records_max = 3;
  commit_batches(10);
  {
    TelemetryApplier applier(*journal, telemetry, clock, options);
    EXPECT_TRUE(applier.status().rebuilding);
    EXPECT_EQ(applier.status().lag_records, 10U);
    EXPECT_EQ(*applier.step(), 3U);
    EXPECT_NEAR(applier.status().rebuild_progress, 0.3, 0.001);
    EXPECT_GT(applier.status().lag_ms, 0);
  }
  TelemetryApplier applier(*journal, telemetry, clock, options);
  apply_all(applier);
  commit_batches(2);
  apply_all(applier);
  EXPECT_EQ(applier.status().lag_records, 0U);
  EXPECT_EQ(applier.status().lag_ms, 0);
  EXPECT_FALSE(applier.status().rebuilding);
  const auto source = telemetry.find_source(gateway, "000000000001");
  ASSERT_TRUE(source);
  const auto series = telemetry.series_of(source->id);
  ASSERT_EQ(series.size(), 1U);
  const auto page = telemetry.range(series[0].id, {0, clock.utc_ms() + 1}, 100, {});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->points.size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(page->points[i].mantissa, static_cast<std::int64_t>(i) + 1);
  EXPECT_EQ(page->points[11].frame, FrameReference::make(12, 0));
}

TEST_F(TelemetryApplierTest, EvidenceAndUnreadableBatchesTakeTheirNumberWithoutReadings) {
  commit_batches(1);
  commit(store::JournalRecordType::refused_evidence, test_body(clock.utc_ms(), 999));
  commit(store::JournalRecordType::batch, Bytes{1, 2, 3});
  commit_batches(1);
  TelemetryApplier applier(*journal, telemetry, clock);
  apply_all(applier);
  EXPECT_EQ(applier.status().readings, 2U);
  EXPECT_EQ(applier.status().records_unreadable, 1U);
  EXPECT_EQ(telemetry.next_record(), journal->next_number());
}

TEST_F(TelemetryApplierTest, EditsAreHandedOverAsEdits) {
  commit_batches(1);
  TelemetryApplier applier(*journal, telemetry, clock);
  apply_all(applier);
  const auto source = telemetry.find_source(gateway, "000000000001");
  ASSERT_TRUE(source);
  const store::Series series = telemetry.series_of(source->id).at(0);
  const auto read = telemetry.range(series.id, {0, clock.utc_ms() + 1}, 100, {});
  ASSERT_TRUE(read);
  Edit edit;
  edit.gateway = gateway;
  edit.device_uid = source->device_uid;
  edit.register_name = series.register_name;
  edit.unit = series.unit;
  edit.exponent = series.exponent;
  edit.series_kind = series.kind;
  edit.time_utc_ms = read->points.at(0).time_utc_ms;
  edit.mantissa = 4711;
  edit.author = "wang";
  edit.reason = "a digit was misread";
  edit.made_utc_ms = clock.utc_ms();
  const auto body = encode_edits({edit});
  ASSERT_TRUE(body);
  const store::JournalRecord record = store::edits_record(*body, clock.utc_ms());
  const auto number = journal->commit({&record, 1});
  ASSERT_TRUE(number);
  apply_all(applier);
  edit.record_number = *number;
  EXPECT_EQ(telemetry.edits(series.id, {0, clock.utc_ms() + 1}), std::vector{edit});
  EXPECT_EQ(applier.status().records_unreadable, 0U);
  EXPECT_EQ(telemetry.next_record(), journal->next_number());
}

TEST_F(TelemetryApplierTest, ARebuiltStoreIsEqual) {
  commit_batches(40);
  TelemetryApplier applier(*journal, telemetry, clock);
  apply_all(applier);
  store::MemoryTelemetryStore other;
  ApplierOptions options;
  options.chunk_records_max = 7;
  TelemetryApplier again(*journal, other, clock, options);
  apply_all(again);
  EXPECT_EQ(*telemetry.digest(), *other.digest());
}

TEST_F(TelemetryApplierTest, SaysWhatRetentionTookAwayBeforeTelemetryHadIt) {
  commit_batches(60);
  ASSERT_TRUE(journal->set_backup_watermark(journal->next_number()));
  const auto first = journal->remove_before(40);
  ASSERT_TRUE(first);
  ASSERT_GT(*first, 1U) << "something must have been removed for this test to mean anything";
  TelemetryApplier applier(*journal, telemetry, clock);
  apply_all(applier);
  EXPECT_EQ(applier.status().records_missing, *first - 1);
  EXPECT_EQ(applier.status().readings, 60U - (*first - 1));
}

TEST_F(TelemetryApplierTest, TheThreadFollowsTheJournal) {
  TelemetryApplier applier(*journal, telemetry, clock);
  applier.start();
  commit_batches(25);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (telemetry.next_record() != journal->next_number() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(telemetry.next_record(), journal->next_number());
  applier.stop();
  EXPECT_EQ(applier.status().readings, 25U);
}

}  // namespace
}  // namespace duheng::platform
