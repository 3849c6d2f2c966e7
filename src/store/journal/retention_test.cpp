#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/segment_log/segment_log_testing.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t start_utc_ms = 1'750'000'000'000;

class Retention : public ::testing::Test {
 protected:
  Retention() {
    open();
    for (int i = 0; i < 60; ++i) {
      sender_.received_utc_ms = start_utc_ms + i * day_ms;
      const JournalRecord record = sender_.next();
      EXPECT_TRUE(journal_->commit({&record, 1}));
    }
  }
  void open() {
    journal_.reset();
    auto opened = Journal::open(disk_, random_, keys_, {.directory = "/journal", .segment_bytes_max = 2000});
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  /// All records up to the end are there, in order.
  void expect_whole_from(std::uint64_t first) {
    ASSERT_EQ(journal_->first_number(), first);
    JournalCursor cursor = journal_->cursor(first);
    std::uint64_t number = first;
    while (const auto stored = cursor.next().value()) EXPECT_EQ(stored->number, number++);
    EXPECT_EQ(number, journal_->next_number());
  }

  SimulatedDisk disk_;
  SeededRandom random_{1};
  testing::VersionedKeys keys_;
  testing::Sender sender_{7, 1};
  std::unique_ptr<Journal> journal_;
};

TEST_F(Retention, PassesNeitherBackupNorAnyConsumer) {
  std::uint64_t durable = 20;
  std::uint64_t aggregates = 35;
  journal_->hold_for("telemetry", [&] { return durable; });
  journal_->hold_for("aggregates", [&] { return aggregates; });
  ASSERT_TRUE(journal_->set_backup_watermark(15));
  EXPECT_EQ(journal_->removable_before(), 15U);
  EXPECT_LE(journal_->remove_before(60).value(), 15U);
  ASSERT_TRUE(journal_->set_backup_watermark(61));
  EXPECT_EQ(journal_->removable_before(), 20U);
  EXPECT_LE(journal_->remove_before(60).value(), 20U);
  EXPECT_TRUE(journal_->read(20));
  durable = 61;
  EXPECT_EQ(journal_->removable_before(), 35U);
  const std::uint64_t first = journal_->remove_before(60).value();
  EXPECT_GT(first, 20U);
  EXPECT_LE(first, 35U);
  expect_whole_from(first);
  journal_->release("aggregates");
  EXPECT_EQ(journal_->removable_before(), 61U);
  EXPECT_GT(journal_->remove_before(60).value(), 35U);
}

TEST_F(Retention, ByAgeRemovesOnlySegmentsThatAreOldThroughout) {
  ASSERT_TRUE(journal_->set_backup_watermark(61));
  EXPECT_EQ(journal_->remove_older_than(start_utc_ms).value(), 1U);
  const std::uint64_t first = journal_->remove_older_than(start_utc_ms + 30 * day_ms).value();
  EXPECT_GT(first, 1U);
  EXPECT_LE(first, 31U);
  EXPECT_TRUE(journal_->read(31)) << "record 31 came on day 30";
  expect_whole_from(first);
  // However old: the open segment stays, and with it every source's position.
  const std::uint64_t last = journal_->remove_older_than(start_utc_ms + 1000 * day_ms).value();
  expect_whole_from(last);
  open();
  EXPECT_EQ(journal_->position(GatewayId{7}, 1)->next_sequence, 61U);
  expect_whole_from(last);
}

TEST_F(Retention, ByAgeWithoutABackupRemovesNothing) {
  EXPECT_EQ(journal_->remove_older_than(start_utc_ms + 1000 * day_ms).value(), 1U);
  ASSERT_TRUE(journal_->set_backup_watermark(12));
  EXPECT_LE(journal_->remove_older_than(start_utc_ms + 1000 * day_ms).value(), 12U);
  EXPECT_TRUE(journal_->read(12));
}

TEST_F(Retention, PowerLostWhileRemovingLeavesNoGap) {
  ASSERT_TRUE(journal_->set_backup_watermark(61));
  for (std::uint64_t operations = 0; operations < 12; ++operations) {
    disk_.lose_power_after(operations);
    (void)journal_->remove_before(journal_->first_number() + 6);
    disk_.crash(random_);
    open();
    expect_whole_from(journal_->first_number());
    ASSERT_EQ(journal_->position(GatewayId{7}, 1)->next_sequence, 61U);
  }
}

TEST_F(Retention, ANewKeyIsForNewSegmentsAndOldOnesNeedTheirOwn) {
  const std::uint64_t before = journal_->next_number();
  keys_.current = 2;
  ASSERT_TRUE(journal_->start_new_segment());
  const JournalRecord record = sender_.next();
  ASSERT_TRUE(journal_->commit({&record, 1}));
  EXPECT_EQ(journal_->place_of(before - 1)->key_version, 1U);
  EXPECT_EQ(journal_->place_of(before)->key_version, 2U);
  open();
  expect_whole_from(1);
  while (journal_->index_frames().value()) {
  }
  keys_.oldest = 2;  // the old key is taken away
  open();
  EXPECT_TRUE(journal_->read(before));
  EXPECT_EQ(journal_->read(before - 1).error().code, ErrorCode::key_missing);
  keys_.oldest = 1;
  keys_.current = 1;  // the new one is
  EXPECT_EQ(Journal::open(disk_, random_, keys_, {.directory = "/journal"}).error().code, ErrorCode::key_missing);
  keys_.current = 2;
  open();
  expect_whole_from(1);
}

TEST_F(Retention, AfterAChangeOfKeysTheNextOpeningBeginsASegment) {
  const std::uint64_t before = journal_->next_number();
  const std::size_t segments = journal_->segments().size();
  open();
  EXPECT_EQ(journal_->segments().size(), segments);
  keys_.current = 2;
  open();
  const JournalRecord record = sender_.next();
  ASSERT_TRUE(journal_->commit({&record, 1}));
  EXPECT_EQ(journal_->segments().size(), segments + 1);
  EXPECT_EQ(journal_->place_of(before)->key_version, 2U);
  for (const SegmentInfo& segment : journal_->segments()) {
    const Bytes file = read_file(disk_, segment.path).value();
    EXPECT_EQ(as_text(file).find("energy_active"), std::string_view::npos) << "no plain text under either key";
  }
  EXPECT_TRUE(journal_->verify()->sound());
  keys_.oldest = 2;
  EXPECT_EQ(journal_->verify()->findings.size(), segments) << "the old key alone opens the old segments";
}

TEST_F(Retention, APlaceTellsWhatProvesARecord) {
  for (std::uint64_t number = 1; number < journal_->next_number(); ++number) {
    const EntryPlace place = journal_->place_of(number).value();
    EXPECT_TRUE(place.hash_holds && place.authentic);
    EXPECT_LE(place.block_first_number, number);
    EXPECT_LT(number, place.block_first_number + place.block_entries);
    const Bytes file = read_file(disk_, place.path).value();
    const ByteView block = ByteView(file).subspan(place.block_offset, place.block_bytes);
    EXPECT_EQ(crypto::sha256(block.first(block.size() - 32)), place.block_hash);
    if (number > 1 && place.block_first_number > place.segment_first_number) {
      EXPECT_EQ(place.previous_block_hash, journal_->place_of(number - 1)->block_hash);
    }
  }
  const EntryPlace place = journal_->place_of(5).value();
  ASSERT_TRUE(disk_.flip_bit(place.path, place.block_offset + place.block_bytes - 40, 1));
  const EntryPlace damaged = journal_->place_of(5).value();
  EXPECT_FALSE(damaged.hash_holds);
  EXPECT_FALSE(damaged.authentic);
  EXPECT_EQ(journal_->place_of(61).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace duheng::store
