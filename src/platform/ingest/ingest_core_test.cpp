#include "platform/ingest/ingest_core.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "platform/ingest/test_batches.hpp"

namespace duheng::platform {
namespace {

using uplink::BatchSink;
using uplink::Refusal;
using uplink::RefusalCode;

constexpr GatewayId gateway{3};
constexpr uplink::SessionId session{1};

class IngestCoreTest : public ::testing::Test {
 protected:
  IngestCoreTest() { open(); }
  void open() {
    core.reset();
    journal.reset();
    auto opened = store::Journal::open(disk, random, keys, {.directory = "journal"});
    ASSERT_TRUE(opened) << opened.error().message;
    journal = std::move(*opened);
    core.emplace(*journal, clock, options);
  }
  BatchSink::Offered offer(const uplink::Batch& batch, GatewayId from = gateway) {
    return core->offer(from, session, check_batch(batch, options.batch_bytes_max));
  }
  uplink::Batch next() { return chain.next(test_body(clock.utc_ms(), 100)); }
  bool queued(const uplink::Batch& batch) { return std::holds_alternative<BatchSink::Queued>(offer(batch)); }
  std::optional<RefusalCode> refused(const uplink::Batch& batch) {
    const auto offered = offer(batch);
    const auto* refusal = std::get_if<Refusal>(&offered);
    return refusal == nullptr ? std::nullopt : std::optional(refusal->code);
  }
  std::vector<store::StoredRecord> records() {
    std::vector<store::StoredRecord> all;
    auto cursor = journal->cursor(store::Journal::first_record_number);
    while (true) {
      auto record = cursor.next();
      EXPECT_TRUE(record) << record.error().message;
      if (!record || !*record) return all;
      all.push_back(std::move(**record));
    }
  }

  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  ManualClock clock;
  IngestOptions options;
  std::unique_ptr<store::Journal> journal;
  std::optional<IngestCore> core;
  TestChain chain{7};
};

TEST_F(IngestCoreTest, CommitsWhatWaitsAsOneGroupAndAcknowledgesOnce) {
  EXPECT_EQ(core->positions(gateway, std::vector<uplink::EpochRange>{{7, 0, 3}})[0].next_sequence, 0U);
  EXPECT_TRUE(queued(next()));
  (void)core->commit_pending();  // the first one also begins a segment
  const auto a = next();
  const auto b = next();
  EXPECT_TRUE(queued(a));
  EXPECT_TRUE(queued(b));
  const std::uint64_t syncs = disk.sync_count();
  const auto outcome = core->commit_pending();
  EXPECT_EQ(disk.sync_count(), syncs + 1);
  ASSERT_EQ(outcome.committed.size(), 1U);
  EXPECT_EQ(outcome.committed[0].second.next_sequence, 3U);
  EXPECT_EQ(outcome.committed[0].second.last_hash, b.hash);
  ASSERT_EQ(outcome.batches.size(), 2U);
  EXPECT_EQ(outcome.batches[1].record_number, outcome.batches[0].record_number + 1);
  ASSERT_EQ(records().size(), 3U);
  EXPECT_TRUE(std::ranges::equal(records()[1].record.body, a.body));
  EXPECT_EQ(core->statistics().readings, 3U);
}

TEST_F(IngestCoreTest, AcknowledgesAnEqualBatchAgainButOnlyWhatIsCommitted) {
  const auto a = next();
  EXPECT_TRUE(queued(a));
  auto again = offer(a);
  ASSERT_TRUE(std::holds_alternative<BatchSink::Duplicate>(again));
  EXPECT_EQ(std::get<BatchSink::Duplicate>(again).position.next_sequence, 0U) << "not durable yet";
  (void)core->commit_pending();
  again = offer(a);
  EXPECT_EQ(std::get<BatchSink::Duplicate>(again).position.next_sequence, 1U);
  EXPECT_EQ(records().size(), 1U);
}

TEST_F(IngestCoreTest, RefusesOtherContentAtTheSameOffsetAndKeepsItAsEvidence) {
  TestChain other{7};
  const auto impostor = other.next(test_body(clock.utc_ms(), 999));
  EXPECT_TRUE(queued(next()));
  EXPECT_EQ(refused(impostor), RefusalCode::hash_conflict);
  EXPECT_EQ(refused(impostor), RefusalCode::hash_conflict);
  (void)core->commit_pending();
  ASSERT_EQ(records().size(), 2U) << "the same evidence is kept once";
  EXPECT_EQ(records()[1].record.type, store::JournalRecordType::refused_evidence);
  EXPECT_TRUE(std::ranges::equal(records()[1].record.body, impostor.body));
  EXPECT_NE(records()[1].record.reason, "");
  EXPECT_EQ(core->statistics().conflicts, 2U);
  EXPECT_TRUE(queued(next())) << "the true chain goes on";
}

TEST_F(IngestCoreTest, KnowsTheLatestHashesAgainAfterARestart) {
  const auto a = next();
  EXPECT_TRUE(queued(a));
  EXPECT_TRUE(queued(next()));
  (void)core->commit_pending();
  open();
  EXPECT_TRUE(std::holds_alternative<BatchSink::Duplicate>(offer(a)));
  TestChain other{7};
  EXPECT_EQ(refused(other.next(test_body(clock.utc_ms(), 999))), RefusalCode::hash_conflict);
  EXPECT_TRUE(queued(next()));
}

TEST_F(IngestCoreTest, RefusesABrokenChainAndAWrongHash) {
  EXPECT_TRUE(queued(next()));
  auto broken = next();
  broken.previous_hash[0] ^= 1;
  broken.hash = uplink::batch_hash(broken.previous_hash, broken.epoch, broken.sequence, broken.body);
  EXPECT_EQ(refused(broken), RefusalCode::hash_conflict);
  auto wrong = next();
  wrong.sequence = 1;
  EXPECT_EQ(refused(wrong), RefusalCode::hash_conflict);
}

TEST_F(IngestCoreTest, ReportsAGap) {
  (void)next();
  EXPECT_EQ(refused(next()), RefusalCode::gap);
  EXPECT_EQ(core->statistics().gaps, 1U);
}

TEST_F(IngestCoreTest, RecordsAsLostWhatTheGatewayDeclaresToNoLongerHold) {
  for (int i = 0; i < 5; ++i) (void)next();
  const auto sixth = next();
  EXPECT_EQ(core->positions(gateway, std::vector<uplink::EpochRange>{{7, 5, 6}})[0].next_sequence, 0U);
  EXPECT_TRUE(queued(sixth));
  const auto outcome = core->commit_pending();
  EXPECT_EQ(outcome.committed[0].second.next_sequence, 6U);
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records()[0].record.type, store::JournalRecordType::refused_evidence);
  EXPECT_NE(records()[0].record.reason.find("batches 0 to 4 are lost"), std::string_view::npos);
  EXPECT_EQ(core->statistics().batches_lost, 5U);
  EXPECT_TRUE(queued(next()));
}

TEST_F(IngestCoreTest, AnUnreadableBatchKeepsItsPlaceAndNothingWaitsBehindIt) {
  EXPECT_TRUE(queued(chain.next(Bytes{1, 2, 3})));
  EXPECT_TRUE(queued(next()));
  const auto outcome = core->commit_pending();
  ASSERT_EQ(outcome.committed.size(), 1U);
  EXPECT_EQ(outcome.committed[0].second.next_sequence, 2U);
  ASSERT_EQ(outcome.refused.size(), 1U);
  EXPECT_EQ(outcome.refused[0].second.code, RefusalCode::malformed);
  EXPECT_EQ(outcome.batches.size(), 1U);
  EXPECT_EQ(records().size(), 2U);
  EXPECT_EQ(core->statistics().malformed, 1U);
}

TEST_F(IngestCoreTest, RefusesABatchOfALaterVersionSoThatTelemetryNeedNotStop) {
  Bytes later = test_body(clock.utc_ms(), 1);
  later[0] = 2;
  EXPECT_EQ(refused(chain.next(later)), RefusalCode::version);
}

TEST_F(IngestCoreTest, RefusesTooLargeABatch) {
  options.batch_bytes_max = 100;
  EXPECT_EQ(refused(chain.next(Bytes(101))), RefusalCode::too_large);
}

TEST_F(IngestCoreTest, IsFullAtItsBoundsAndHasRoomAgainAfterTheCommit) {
  options.pending_batches_max = 2;
  open();
  EXPECT_TRUE(queued(next()));
  EXPECT_TRUE(queued(next()));
  const auto third = next();
  EXPECT_TRUE(std::holds_alternative<BatchSink::Full>(offer(third)));
  (void)core->commit_pending();
  EXPECT_TRUE(queued(third));
}

TEST_F(IngestCoreTest, ADiskThatIsFullRefusesEverythingPendingAndGoesOnLater) {
  EXPECT_TRUE(queued(next()));
  (void)core->commit_pending();
  disk.set_capacity_bytes(disk.used_bytes());
  const auto a = next();
  const auto b = next();
  EXPECT_TRUE(queued(a));
  EXPECT_TRUE(queued(b));
  const auto outcome = core->commit_pending();
  EXPECT_TRUE(outcome.committed.empty());
  ASSERT_EQ(outcome.refused.size(), 1U);
  EXPECT_EQ(outcome.refused[0].second.code, RefusalCode::storage_full);
  EXPECT_EQ(outcome.refused[0].second.sequence, 1U);
  EXPECT_GT(outcome.refused[0].second.retry_after_ms, 0U);
  EXPECT_TRUE(core->statistics().storage_full);
  disk.set_capacity_bytes(std::nullopt);
  EXPECT_TRUE(queued(a));
  EXPECT_TRUE(queued(b));
  EXPECT_EQ(core->commit_pending().committed[0].second.next_sequence, 3U);
  EXPECT_FALSE(core->statistics().storage_full);
  EXPECT_EQ(records().size(), 3U);
}

TEST_F(IngestCoreTest, AFailedSynchronisationIsReportedUntilTheJournalIsOpenedAnew) {
  EXPECT_TRUE(queued(next()));
  (void)core->commit_pending();
  disk.fail_next_syncs(1);
  const auto a = next();
  EXPECT_TRUE(queued(a));
  EXPECT_EQ(core->commit_pending().refused.size(), 1U);
  EXPECT_TRUE(core->statistics().storage_failed);
  EXPECT_TRUE(queued(a));
  EXPECT_EQ(core->commit_pending().refused.size(), 1U) << "poisoned";
  disk.crash(random);
  open();
  EXPECT_TRUE(queued(a));
  EXPECT_EQ(core->commit_pending().committed.size(), 1U);
}

TEST_F(IngestCoreTest, TellsWhatABackupHolds) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queued(next()));
  (void)core->commit_pending();
  ASSERT_TRUE(journal->set_backup_watermark(3));
  core->learn_backup(3, *journal->source_positions_at(3));
  const auto positions = core->positions(gateway, std::vector<uplink::EpochRange>{{7, 0, 3}});
  EXPECT_EQ(positions[0].next_sequence, 3U);
  EXPECT_EQ(positions[0].backed_up_sequence, 2U);

  options.keep_until_backup = false;
  open();
  EXPECT_EQ(core->positions(gateway, std::vector<uplink::EpochRange>{{7, 0, 3}})[0].backed_up_sequence, 3U);
}

TEST_F(IngestCoreTest, GatewaysDoNotShareOffsets) {
  TestChain other{7};
  EXPECT_TRUE(queued(next()));
  const auto offered = offer(other.next(test_body(1, 5)), GatewayId{4});
  EXPECT_TRUE(std::holds_alternative<BatchSink::Queued>(offered));
  EXPECT_EQ(core->commit_pending().committed.size(), 2U);
}

TEST_F(IngestCoreTest, EvidenceIsBounded) {
  options.evidence_per_hour_max = 3;
  open();
  EXPECT_TRUE(queued(next()));
  for (int i = 0; i < 10; ++i) {
    TestChain other{7};
    EXPECT_EQ(refused(other.next(test_body(clock.utc_ms(), 1'000 + i))), RefusalCode::hash_conflict);
  }
  (void)core->commit_pending();
  EXPECT_EQ(records().size(), 4U);
  EXPECT_EQ(core->statistics().evidence_dropped, 7U);
}

}  // namespace
}  // namespace duheng::platform
