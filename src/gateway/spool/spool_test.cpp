#include "gateway/spool/spool.hpp"

#include <gtest/gtest.h>
#include <map>
#include <optional>

#include "base/simulated_disk.hpp"
#include "model/batch.hpp"
#include "uplink/messages.hpp"

namespace duheng::gateway {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

Bytes batch_of(std::int64_t created_utc_ms, std::uint64_t content, std::size_t padding = 40) {
  BatchWriter writer(created_utc_ms);
  Bytes response(padding);
  for (std::size_t i = 0; i < padding; ++i)
    response[i] = static_cast<std::uint8_t>((content >> (8 * (i % 8))) + i * 31 * content);
  Frame frame;
  frame.device_index = writer.device("000000000001");
  frame.received_utc_ms = created_utc_ms;
  frame.response = response;
  writer.frame(frame);
  Bytes out;
  writer.finish(out);
  return out;
}

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() : keys_(crypto::SecretKey(std::array<std::uint8_t, 32>{1, 2, 3})), random_(42) {
    options_.directory = "spool";
    options_.segment_bytes_max = 16'384;
  }
  std::unique_ptr<Spool> open() {
    auto spool = Spool::open(disk_, random_, keys_, clock_, options_);
    EXPECT_TRUE(spool) << (spool ? "" : spool.error().message);
    return spool ? std::move(*spool) : nullptr;
  }
  SimulatedDisk disk_;
  crypto::LocalKeyProvider keys_;
  SeededRandom random_;
  ManualClock clock_;
  SpoolOptions options_;
};

TEST_F(SpoolTest, NumbersChainsAndGoesOnAfterARestart) {
  std::uint64_t epoch = 0;
  crypto::Hash256 previous{};
  for (int round = 0; round < 3; ++round) {
    const auto spool = open();
    if (epoch == 0) epoch = spool->epochs().back().epoch;
    EXPECT_EQ(spool->epochs().back().epoch, epoch);
    for (int i = 0; i < 5; ++i) {
      const Bytes body = batch_of(clock_.utc_ms(), static_cast<std::uint64_t>(round * 5 + i));
      const auto sequence = spool->append(body);
      ASSERT_TRUE(sequence);
      EXPECT_EQ(*sequence, static_cast<std::uint64_t>(round * 5 + i));
      const auto batch = spool->read(epoch, *sequence);
      ASSERT_TRUE(batch);
      EXPECT_TRUE(std::ranges::equal(batch->body, body));
      EXPECT_EQ(batch->previous_hash, previous);
      EXPECT_EQ(batch->hash, uplink::batch_hash(previous, epoch, *sequence, body));
      previous = batch->hash;
    }
  }
  const auto spool = open();
  EXPECT_EQ(spool->epochs().size(), 1U);
  EXPECT_EQ(spool->read(epoch, 15).error().code, ErrorCode::not_found);
  EXPECT_EQ(spool->read(epoch + 1, 0).error().code, ErrorCode::not_found);
}

TEST_F(SpoolTest, ReinstalledGatewayBeginsAnEpochAndDrainsTheOld) {
  std::uint64_t old_epoch = 0;
  {
    const auto spool = open();
    old_epoch = spool->epochs().back().epoch;
    ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), 1)));
  }
  clock_.advance_ms(1'000);
  ASSERT_TRUE(disk_.remove("spool/identity"));
  const auto spool = open();
  auto epochs = spool->epochs();
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs.front().epoch, old_epoch);
  EXPECT_NE(epochs.back().epoch, old_epoch);
  EXPECT_EQ(*spool->append(batch_of(clock_.utc_ms(), 2)), 0U);
  // Acknowledged and backed up, but young: stays. Old enough: goes, with its files.
  spool->acknowledged(old_epoch, 1, 1);
  ASSERT_TRUE(spool->maintain());
  EXPECT_EQ(spool->epochs().size(), 2U);
  clock_.advance_ms(8 * day_ms);
  ASSERT_TRUE(spool->maintain());
  ASSERT_EQ(spool->epochs().size(), 1U);
  EXPECT_EQ(open()->epochs().size(), 1U);
}

TEST_F(SpoolTest, KeepsWhatIsUnacknowledgedUnsavedOrYoung) {
  const auto spool = open();
  const std::uint64_t epoch = spool->epochs().back().epoch;
  for (std::uint64_t i = 0; i < 400; ++i) {
    ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), i, 800)));
    clock_.advance_ms(day_ms / 20);  // 20 days in all
  }
  ASSERT_TRUE(spool->maintain());
  EXPECT_EQ(spool->epochs().back().first_sequence, 0U);
  spool->acknowledged(epoch, 300, 0);
  ASSERT_TRUE(spool->maintain());
  EXPECT_EQ(spool->epochs().back().first_sequence, 0U);  // no backup yet
  spool->acknowledged(epoch, 300, 100);
  ASSERT_TRUE(spool->maintain());
  const auto first = spool->epochs().back().first_sequence;
  EXPECT_GT(first, 50U);
  EXPECT_LE(first, 100U);
  spool->acknowledged(epoch, 400, 400);
  ASSERT_TRUE(spool->maintain());
  EXPECT_GT(spool->epochs().back().first_sequence, 200U);
  EXPECT_LE(spool->epochs().back().first_sequence, 260U);  // the last seven days stay
}

TEST_F(SpoolTest, FullSpoolRefusesAndNeverOverwrites) {
  options_.bytes_max = 100'000;
  const auto spool = open();
  const std::uint64_t epoch = spool->epochs().back().epoch;
  std::uint64_t stored = 0;
  Result<std::uint64_t> outcome = 0;
  while ((outcome = spool->append(batch_of(clock_.utc_ms(), stored, 900)))) ASSERT_LT(++stored, 1'000U);
  EXPECT_EQ(outcome.error().code, ErrorCode::storage_full);
  EXPECT_TRUE(spool->state().full);
  EXPECT_EQ(spool->state().unacknowledged_batches, stored);
  for (std::uint64_t i = 0; i < stored; ++i) ASSERT_TRUE(spool->read(epoch, i)) << i;
  // Backed up makes room, even before the retention is over.
  spool->acknowledged(epoch, stored, stored);
  const auto next = spool->append(batch_of(clock_.utc_ms(), stored, 900));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(*next, stored);
  EXPECT_FALSE(spool->state().full);
  EXPECT_EQ(spool->state().released_without_backup, 0U);
}

TEST_F(SpoolTest, WithoutAnyBackupTheOldestCommittedBatchesGoOnlyWhenItIsFull) {
  options_.bytes_max = 100'000;
  const auto spool = open();
  const std::uint64_t epoch = spool->epochs().back().epoch;
  std::uint64_t stored = 0;
  while (spool->append(batch_of(clock_.utc_ms(), stored, 900))) ASSERT_LT(++stored, 1'000U);
  spool->acknowledged(epoch, stored / 2, 0);
  clock_.advance_ms(30 * day_ms);
  ASSERT_TRUE(spool->maintain());
  EXPECT_EQ(spool->epochs().back().first_sequence, 0U) << "kept for a backup";
  EXPECT_EQ(spool->state().awaiting_backup_batches, stored / 2);
  // Full: the oldest go a segment at a time, and no more than the new one needs.
  const auto next = spool->append(batch_of(clock_.utc_ms(), stored, 900));
  ASSERT_TRUE(next) << next.error().message;
  const std::uint64_t first = spool->epochs().back().first_sequence;
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, stored / 2);
  EXPECT_EQ(spool->state().released_without_backup, first);
  EXPECT_EQ(spool->state().awaiting_backup_batches, stored / 2 - first);
  // What the platform has not committed is never given up for it.
  std::uint64_t number = *next;
  while (spool->append(batch_of(clock_.utc_ms(), number, 900))) ASSERT_LT(++number, 2'000U);
  EXPECT_TRUE(spool->state().full);
  EXPECT_LE(spool->epochs().back().first_sequence, stored / 2);
  for (std::uint64_t i = stored / 2; i <= number; ++i) ASSERT_TRUE(spool->read(epoch, i)) << i;
}

TEST_F(SpoolTest, AFullDiskTakesBackWhatThePlatformHasCommitted) {
  const auto spool = open();
  const std::uint64_t epoch = spool->epochs().back().epoch;
  std::uint64_t stored = 0;
  for (; stored < 300; ++stored) ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), stored, 900)));
  spool->acknowledged(epoch, 250, 0);
  disk_.set_capacity_bytes(disk_.used_bytes() + 20);
  const Bytes waiting = batch_of(clock_.utc_ms(), stored, 900);
  const auto refused = spool->append(waiting);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
  const auto taken = spool->append(waiting);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, stored);
  EXPECT_GT(spool->state().released_without_backup, 0U);
  for (std::uint64_t i = 250; i <= stored; ++i) ASSERT_TRUE(spool->read(epoch, i)) << i;
}

TEST_F(SpoolTest, DiskFullThenRoomAgain) {
  const auto spool = open();
  ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), 0)));
  disk_.set_capacity_bytes(disk_.used_bytes() + 20);
  const Bytes waiting = batch_of(clock_.utc_ms(), 1, 3'000);
  const auto refused = spool->append(waiting);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
  EXPECT_TRUE(spool->state().full);
  disk_.set_capacity_bytes(std::nullopt);
  EXPECT_EQ(*spool->append(waiting), 1U);
  EXPECT_FALSE(spool->state().full);
}

TEST_F(SpoolTest, FailedSynchronisationIsSurvivedWithoutLossOrDouble) {
  const auto spool = open();
  const std::uint64_t epoch = spool->epochs().back().epoch;
  ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), 0)));
  disk_.fail_next_syncs(1);
  const Bytes body = batch_of(clock_.utc_ms(), 1);
  EXPECT_FALSE(spool->append(body));
  const auto again = spool->append(body);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, 1U);
  EXPECT_EQ(spool->epochs().back().next_sequence, 2U);
  EXPECT_TRUE(spool->read(epoch, 1));
}

TEST_F(SpoolTest, LostConfirmedDataOrRetiredEpochMeansANewEpoch) {
  std::uint64_t epoch = 0;
  {
    const auto spool = open();
    epoch = spool->epochs().back().epoch;
    ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), 0)));
    spool->acknowledged(epoch, 5, 0);  // the platform has more than we do
    ASSERT_TRUE(spool->maintain());
  }
  {
    const auto spool = open();
    ASSERT_NE(spool->epochs().back().epoch, epoch);
    epoch = spool->epochs().back().epoch;
    ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), 1)));
    spool->retire_epoch(epoch);
    EXPECT_EQ(*spool->append(batch_of(clock_.utc_ms(), 2)), 0U);
    EXPECT_NE(spool->epochs().back().epoch, epoch);
    EXPECT_EQ(spool->epochs().size(), 3U);
    spool->retire_epoch(epoch);  // not the newest any more: nothing happens
    EXPECT_EQ(*spool->append(batch_of(clock_.utc_ms(), 3)), 1U);
  }
}

TEST_F(SpoolTest, DamagedEpochStaysAndDoesNotStopTheGateway) {
  std::uint64_t epoch = 0;
  {
    const auto spool = open();
    epoch = spool->epochs().back().epoch;
    for (std::uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), i, 500)));
  }
  clock_.advance_ms(10);
  const std::string directory = "spool/" + disk_.list("spool")->front();
  ASSERT_TRUE(disk_.flip_bit(directory + "/" + disk_.list(directory)->front(), 12, 3));
  const auto spool = open();
  EXPECT_NE(spool->epochs().back().epoch, epoch);
  EXPECT_EQ(*spool->append(batch_of(clock_.utc_ms(), 99)), 0U);
  EXPECT_FALSE(disk_.list(directory)->empty());
}

TEST_F(SpoolTest, DamagedSmallFilesCountAsMissing) {
  {
    const auto spool = open();
    ASSERT_TRUE(spool->append(batch_of(clock_.utc_ms(), 0)));
    spool->acknowledged(spool->epochs().back().epoch, 1, 0);
    ASSERT_TRUE(spool->maintain());
  }
  clock_.advance_ms(10);
  ASSERT_TRUE(disk_.flip_bit("spool/identity", 9, 0));
  ASSERT_TRUE(disk_.flip_bit("spool/acknowledged", 20, 0));
  const auto spool = open();
  ASSERT_EQ(spool->epochs().size(), 2U);
  EXPECT_EQ(spool->acknowledged_sequence(spool->epochs().front().epoch), 0U);
}

/// Whatever is cut short by a loss of power: every batch that was confirmed is there once, under its number, in its
/// chain.
TEST_F(SpoolTest, NothingConfirmedIsLostOrDoubledOverManyCrashes) {
  constexpr std::uint64_t seeds = 400;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    ManualClock clock;
    std::map<std::uint64_t, std::vector<Bytes>> confirmed;  // by epoch
    std::uint64_t content = seed * 1'000'000;
    for (int life = 0; life < 6; ++life) {
      disk.lose_power_after(random.below(60));
      auto spool = Spool::open(disk, random, keys_, clock, options_);
      for (int i = 0; spool && i < 40; ++i) {
        clock.advance_ms(1'000);
        const Bytes body = batch_of(clock.utc_ms(), ++content, random.below(900));
        const auto sequence = (*spool)->append(body);
        if (!sequence) {
          if (disk.powerless()) break;
          continue;
        }
        const auto range = (*spool)->epochs().back();
        auto& batches = confirmed[range.epoch];
        // A batch whose append failed may be there; it then has its own number before this one.
        if (batches.size() <= *sequence) batches.resize(*sequence + 1);
        ASSERT_TRUE(batches[*sequence].empty()) << "number used twice, seed " << seed;
        batches[*sequence] = body;
        if (random.below(8) == 0) (*spool)->acknowledged(range.epoch, *sequence + 1, 0);
        if (random.below(8) == 0) static_cast<void>((*spool)->maintain());
      }
      if (spool) spool->reset();
      disk.crash(random);
    }
    const auto spool = Spool::open(disk, random, keys_, clock, options_);
    ASSERT_TRUE(spool) << spool.error().message << " seed " << seed;
    std::map<Bytes, int> seen;
    for (const auto& range : (*spool)->epochs()) {
      crypto::Hash256 previous{};
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = (*spool)->read(range.epoch, sequence);
        ASSERT_TRUE(batch) << batch.error().message << " seed " << seed;
        EXPECT_EQ(batch->previous_hash, previous) << "seed " << seed;
        previous = batch->hash;
        const Bytes body(batch->body.begin(), batch->body.end());
        ASSERT_EQ(++seen[body], 1) << "doubled, seed " << seed;
      }
    }
    for (const auto& [epoch, batches] : confirmed)
      for (std::size_t sequence = 0; sequence < batches.size(); ++sequence) {
        if (batches[sequence].empty()) continue;
        const auto batch = (*spool)->read(epoch, sequence);
        ASSERT_TRUE(batch) << "lost, seed " << seed;
        ASSERT_TRUE(std::ranges::equal(batch->body, batches[sequence])) << "seed " << seed;
      }
  }
}

}  // namespace
}  // namespace duheng::gateway
