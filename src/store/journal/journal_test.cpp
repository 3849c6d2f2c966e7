#include "store/journal/journal.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/simulated_disk.hpp"
#include "store/journal/journal_testing.hpp"

namespace duheng::store {
namespace {

using testing::Sender;

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { open(); }
  void open() {
    journal_.reset();
    auto opened = Journal::open(disk_, random_, keys_, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  std::uint64_t commit_one(const JournalRecord& record) {
    const auto number = journal_->commit({&record, 1});
    EXPECT_TRUE(number) << number.error().message;
    return number.value_or(0);
  }
  SimulatedDisk disk_;
  SeededRandom random_{1};
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  JournalOptions options_{.directory = "/journal", .segment_bytes_max = 3000};
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, NumbersRecordsFromOneAndGivesThemBack) {
  Sender sender(7, 1);
  const std::vector<JournalRecord> group = {sender.next(), sender.next(), sender.next()};
  EXPECT_EQ(journal_->commit(group).value(), 1U);
  EXPECT_EQ(commit_one(sender.next()), 4U);
  open();
  EXPECT_EQ(journal_->next_number(), 5U);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const StoredRecord stored = journal_->read(number).value();
    const JournalRecord& expected = group[number - 1];
    EXPECT_EQ(stored.record.type, JournalRecordType::batch);
    EXPECT_EQ(stored.record.gateway, expected.gateway);
    EXPECT_EQ(stored.record.sequence, expected.sequence);
    EXPECT_EQ(stored.record.hash, expected.hash);
    EXPECT_EQ(stored.record.previous_hash, expected.previous_hash);
    EXPECT_EQ(stored.record.received_utc_ms, expected.received_utc_ms);
    EXPECT_TRUE(std::ranges::equal(stored.record.body, expected.body));
  }
  EXPECT_EQ(journal_->read(0).error().code, ErrorCode::not_found);
  EXPECT_EQ(journal_->read(5).error().code, ErrorCode::not_found);
}

TEST_F(JournalTest, KnowsEverySourcesPositionAlsoAfterManySegments) {
  std::map<std::pair<int, int>, Sender> senders;
  SeededRandom random(3);
  for (int i = 0; i < 400; ++i) {
    const int gateway = 1 + static_cast<int>(random.below(5));
    const int epoch = 1 + static_cast<int>(random.below(2));
    auto& sender = senders.try_emplace({gateway, epoch}, gateway, static_cast<std::uint64_t>(epoch)).first->second;
    commit_one(sender.next());
    if (i % 37 == 0) open();
  }
  open();
  EXPECT_GT(journal_->segments().size(), 5U);
  for (const auto& [key, sender] : senders) {
    const auto position = journal_->position(GatewayId{key.first}, static_cast<std::uint64_t>(key.second));
    ASSERT_TRUE(position);
    EXPECT_EQ(position->next_sequence, sender.sequence());
    EXPECT_EQ(position->last_hash, sender.hash());
    EXPECT_EQ(position->last_received_utc_ms, 1'750'000'500'000);
  }
  const auto epochs = journal_->source_positions(GatewayId{3});
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs[0].epoch, 1U);
  EXPECT_EQ(epochs[1].epoch, 2U);
  EXPECT_FALSE(journal_->position(GatewayId{3}, 9));
  EXPECT_TRUE(journal_->source_positions(GatewayId{99}).empty());
}

TEST_F(JournalTest, PositionsAtAnyRecordAreThoseOfTheRecordsBeforeIt) {
  Sender one(1, 5);
  Sender two(2, 5);
  for (int i = 0; i < 60; ++i) commit_one((i % 3 == 0 ? two : one).next());
  std::uint64_t next_one = 1;
  std::uint64_t next_two = 1;
  for (std::uint64_t number = 1; number <= journal_->next_number(); ++number) {
    const auto positions = journal_->source_positions_at(number);
    ASSERT_TRUE(positions) << positions.error().message;
    std::map<std::int64_t, std::uint64_t> next;
    for (const auto& position : *positions) next[position.gateway.value] = position.next_sequence;
    ASSERT_EQ(next.contains(1) ? next[1] : 1, next_one) << number;
    ASSERT_EQ(next.contains(2) ? next[2] : 1, next_two) << number;
    ((number - 1) % 3 == 0 ? next_two : next_one) += 1;
  }
  EXPECT_EQ(journal_->source_positions_at(journal_->next_number() + 1).error().code, ErrorCode::not_found);
}

TEST_F(JournalTest, RefusesToHoldAnOffsetTwice) {
  Sender sender(7, 1);
  const JournalRecord first = sender.next();
  const JournalRecord second = sender.next();
  commit_one(first);
  const auto again = journal_->commit({&first, 1});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
  const std::vector<JournalRecord> twice = {second, second};
  EXPECT_EQ(journal_->commit(twice).error().code, ErrorCode::already_exists);
  EXPECT_EQ(journal_->next_number(), 2U);
  commit_one(second);
  open();
  EXPECT_EQ(journal_->commit({&second, 1}).error().code, ErrorCode::already_exists);
  JournalRecord other_epoch = first;
  other_epoch.epoch = 2;
  EXPECT_EQ(commit_one(other_epoch), 3U);
}

TEST_F(JournalTest, RefusedEvidenceIsKeptAndMovesNoPosition) {
  Sender sender(7, 1);
  const JournalRecord good = sender.next();
  commit_one(good);
  JournalRecord evidence = good;
  evidence.type = JournalRecordType::refused_evidence;
  evidence.hash.fill(9);
  evidence.reason = "the same offset with another hash";
  EXPECT_EQ(commit_one(evidence), 2U);
  open();
  EXPECT_EQ(journal_->position(GatewayId{7}, 1)->last_hash, good.hash);
  const StoredRecord stored = journal_->read(2).value();
  EXPECT_EQ(stored.record.reason, "the same offset with another hash");
  EXPECT_EQ(journal_->frame(FrameReference::make(2, 0)).error().code, ErrorCode::not_found);
}

TEST_F(JournalTest, AFrameIsFoundByItsReferenceWithAllThatIsKnownOfIt) {
  Sender sender(7, 1);
  for (int i = 0; i < 30; ++i) commit_one(sender.next(5));
  for (std::uint64_t number = 1; number <= 30; ++number) {
    for (std::uint32_t index = 0; index < 5; ++index) {
      const auto evidence = journal_->frame(FrameReference::make(number, index));
      ASSERT_TRUE(evidence) << evidence.error().message;
      EXPECT_EQ(evidence->stored.record.sequence, number);
      EXPECT_EQ(evidence->device_uid, "meter-7-" + std::to_string(index % 3));
      EXPECT_EQ(to_hex(evidence->frame.response),
                to_hex(Bytes{0x68, static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(index), 0x16}));
      EXPECT_EQ(evidence->frame.sent_utc_ms, 1'750'000'000'000 + static_cast<std::int64_t>(number) * 1000);
      EXPECT_EQ(evidence->frame.received_utc_ms, evidence->frame.sent_utc_ms + 20);
      ASSERT_EQ(evidence->readings.size(), 1U);
      EXPECT_EQ(evidence->readings[0].mantissa, static_cast<std::int64_t>(number * 100 + index));
      EXPECT_EQ(evidence->registers.at(evidence->readings[0].register_index).name, "energy_active_import_total");
    }
    EXPECT_EQ(journal_->frame(FrameReference::make(number, 5)).error().code, ErrorCode::not_found);
  }
  EXPECT_EQ(journal_->frame(FrameReference{}).error().code, ErrorCode::not_found);
}

TEST_F(JournalTest, RetentionNeverPassesTheBackupWatermark) {
  Sender sender(7, 1);
  for (int i = 0; i < 60; ++i) commit_one(sender.next());
  EXPECT_EQ(journal_->backup_watermark(), 0U);
  EXPECT_EQ(journal_->remove_before(50).value(), 1U);
  EXPECT_EQ(journal_->set_backup_watermark(62).error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE(journal_->set_backup_watermark(30));
  const std::uint64_t first = journal_->remove_before(50).value();
  EXPECT_GT(first, 1U);
  EXPECT_LE(first, 30U);
  EXPECT_TRUE(journal_->read(30));
  EXPECT_EQ(journal_->read(1).error().code, ErrorCode::not_found);
  EXPECT_EQ(journal_->cursor(1).next().error().code, ErrorCode::not_found);
  disk_.crash(random_);
  open();
  EXPECT_EQ(journal_->backup_watermark(), 30U);
  EXPECT_EQ(journal_->first_number(), first);
  EXPECT_EQ(journal_->position(GatewayId{7}, 1)->next_sequence, 61U);
}

TEST_F(JournalTest, ADamagedWatermarkMeansThatNothingIsBackedUp) {
  Sender sender(7, 1);
  for (int i = 0; i < 30; ++i) commit_one(sender.next());
  ASSERT_TRUE(journal_->set_backup_watermark(20));
  const Bytes whole = read_file(disk_, "/journal/backup_watermark").value();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    ASSERT_TRUE(disk_.flip_bit("/journal/backup_watermark", at, 0));
    open();
    ASSERT_EQ(journal_->backup_watermark(), 0U) << at;
    ASSERT_TRUE(disk_.flip_bit("/journal/backup_watermark", at, 0));
  }
  open();
  EXPECT_EQ(journal_->backup_watermark(), 20U);
}

TEST_F(JournalTest, CursorsFollowFromTheirPosition) {
  Sender sender(7, 1);
  auto cursor = journal_->cursor(1);
  EXPECT_FALSE(cursor.next().value());
  for (int i = 0; i < 10; ++i) commit_one(sender.next());
  for (std::uint64_t number = 1; number <= 10; ++number) {
    const auto stored = cursor.next().value();
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->number, number);
    EXPECT_EQ(stored->record.sequence, number);
  }
  EXPECT_FALSE(cursor.next().value());
  EXPECT_EQ(cursor.position(), 11U);
  EXPECT_TRUE(journal_->wait_for(10, std::chrono::milliseconds(0)));
  EXPECT_FALSE(journal_->wait_for(11, std::chrono::milliseconds(0)));
}

TEST_F(JournalTest, AFullDiskCommitsNothingAndRecovers) {
  Sender sender(7, 1);
  commit_one(sender.next());
  disk_.set_capacity_bytes(disk_.used_bytes() + 50);
  const JournalRecord waiting = sender.next();
  EXPECT_EQ(journal_->commit({&waiting, 1}).error().code, ErrorCode::storage_full);
  EXPECT_EQ(journal_->position(GatewayId{7}, 1)->next_sequence, 2U);
  disk_.set_capacity_bytes(std::nullopt);
  EXPECT_EQ(commit_one(waiting), 2U);
}

// Goal: each acknowledged batch stands in the journal exactly once whatever is lost, and the positions say so, so that
// a sender that goes on from them neither loses nor doubles anything.
TEST(JournalFaults, SendersThatGoOnFromTheirPositionsLoseAndDoubleNothing) {
  std::uint64_t failures = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    SimulatedDisk disk;
    SeededRandom random(seed);
    crypto::LocalKeyProvider keys{crypto::SecretKey{}};
    const JournalOptions options{.directory = "/journal", .segment_bytes_max = 1000 + random.below(4000)};
    auto journal = Journal::open(disk, random, keys, options).value();
    std::map<std::int64_t, std::vector<JournalRecord>> sent;
    std::vector<std::unique_ptr<Sender>> senders;
    for (std::int64_t gateway = 1; gateway <= 3; ++gateway) {
      senders.push_back(std::make_unique<Sender>(gateway, 1));
      for (int i = 0; i < 40; ++i) sent[gateway].push_back(senders.back()->next());
    }
    std::map<std::int64_t, std::uint64_t> acknowledged;  // batches, by gateway
    const auto next_of = [&](std::int64_t gateway) {
      const auto position = journal->position(GatewayId{gateway}, 1);
      return position ? position->next_sequence : 1;
    };
    for (int round = 0; round < 400; ++round) {
      std::vector<JournalRecord> group;
      for (std::int64_t gateway = 1; gateway <= 3; ++gateway) {
        const std::uint64_t next = next_of(gateway);
        ASSERT_GE(next, acknowledged[gateway] + 1);
        for (std::uint64_t i = 0; i < random.below(4) && next + i <= 40; ++i)
          group.push_back(sent[gateway][next + i - 1]);
      }
      if (random.below(6) == 0) disk.lose_power_after(random.below(6));
      if (random.below(12) == 0) disk.fail_next_syncs(1);
      if (journal->commit(group)) {
        for (const auto& record : group) acknowledged[record.gateway.value] = record.sequence;
      } else {
        ++failures;
      }
      if (disk.powerless() || journal->poisoned()) {
        journal.reset();
        disk.crash(random);
        disk.fail_next_syncs(0);
        journal = Journal::open(disk, random, keys, options).value();
      }
    }
    std::map<std::int64_t, std::uint64_t> seen;
    auto cursor = journal->cursor(1);
    for (;;) {
      const auto stored = cursor.next().value();
      if (!stored) break;
      const auto& expected = sent[stored->record.gateway.value][seen[stored->record.gateway.value]++];
      ASSERT_EQ(stored->record.sequence, expected.sequence);
      ASSERT_EQ(stored->record.hash, expected.hash);
      ASSERT_TRUE(std::ranges::equal(stored->record.body, expected.body));
    }
    for (std::int64_t gateway = 1; gateway <= 3; ++gateway) {
      ASSERT_EQ(seen[gateway], 40U);
      ASSERT_EQ(next_of(gateway), 41U);
      ASSERT_EQ(journal->position(GatewayId{gateway}, 1)->last_hash, sent[gateway].back().hash);
    }
    ASSERT_TRUE(journal->verify().value().sound());
  }
  EXPECT_GT(failures, 5000U);
}

}  // namespace
}  // namespace duheng::store
