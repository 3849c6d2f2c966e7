#include "store/journal/segment_shipping.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "store/journal/journal_testing.hpp"

namespace duheng::store {
namespace {

constexpr std::size_t all = 1'000;

class Shipping : public ::testing::Test {
 protected:
  Shipping() {
    auto opened = Journal::open(disk_, random_, keys_, {.directory = "/journal", .segment_bytes_max = 2000});
    if (opened) journal_ = std::move(*opened);
    fill(40);
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      const JournalRecord record = sender_.next();
      ASSERT_TRUE(journal_->commit({&record, 1}));
    }
  }
  void expect_sound_copy() {
    const auto findings = verify_shipping_list(disk_, "/copy").value();
    for (const VerifyFinding& finding : findings) ADD_FAILURE() << finding.file << ": " << finding.what;
    const auto verified = SegmentLog::verify_directory(disk_, keys_, "/copy", "journal").value();
    EXPECT_TRUE(verified.sound());
  }

  SimulatedDisk disk_;
  SeededRandom random_{1};
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  testing::Sender sender_{7, 1};
  std::unique_ptr<Journal> journal_;
};

TEST_F(Shipping, ClosedSegmentsAreCopiedOnceAndTheCopyOpensAsAJournal) {
  const std::size_t closed = journal_->segments().size() - 1;
  const ShipReport first = ship_closed_segments(*journal_, disk_, "/copy", all).value();
  EXPECT_EQ(first.segments_shipped, closed);
  EXPECT_FALSE(first.more);
  EXPECT_EQ(first.next_number, journal_->segments().back().first_number);
  expect_sound_copy();
  const ShipReport again = ship_closed_segments(*journal_, disk_, "/copy", all).value();
  EXPECT_EQ(again.segments_shipped, 0U);
  EXPECT_EQ(again.segments_present, closed);
  EXPECT_EQ(again.next_number, first.next_number);
  ASSERT_TRUE(journal_->start_new_segment());
  fill(1);
  const ShipReport rest = ship_closed_segments(*journal_, disk_, "/copy", all).value();
  EXPECT_EQ(rest.segments_shipped, 1U);
  EXPECT_EQ(rest.next_number, 41U);
  ASSERT_TRUE(journal_->set_backup_watermark(rest.next_number));
  const auto copy = Journal::open(disk_, random_, keys_, {.directory = "/copy", .segment_bytes_max = 2000});
  ASSERT_TRUE(copy) << copy.error().message;
  for (std::uint64_t number = 1; number < rest.next_number; ++number)
    EXPECT_EQ((*copy)->read(number)->record.hash, journal_->read(number)->record.hash);
}

TEST_F(Shipping, IsGoneOnWithWhereverItWasCutOff) {
  for (std::uint64_t operations = 0;; ++operations) {
    disk_.lose_power_after(operations);
    const auto shipped = ship_closed_segments(*journal_, disk_, "/copy", all);
    const bool whole = shipped && !disk_.powerless();
    disk_.crash(random_);
    journal_ =
        std::move(Journal::open(disk_, random_, keys_, {.directory = "/journal", .segment_bytes_max = 2000}).value());
    if (whole) break;
    ASSERT_LT(operations, 1'000U);
  }
  const ShipReport report = ship_closed_segments(*journal_, disk_, "/copy", all).value();
  EXPECT_EQ(report.next_number, journal_->segments().back().first_number);
  expect_sound_copy();
}

TEST_F(Shipping, TakesNoMoreThanAskedForAtOnce) {
  std::uint64_t shipped = 0;
  ShipReport report;
  do {
    report = ship_closed_segments(*journal_, disk_, "/copy", 2).value();
    EXPECT_LE(report.segments_shipped, 2U);
    shipped += report.segments_shipped;
  } while (report.more);
  EXPECT_EQ(shipped, journal_->segments().size() - 1);
}

TEST_F(Shipping, ADamagedSegmentIsNotShippedNorPassed) {
  const SegmentInfo damaged = journal_->segments().at(2);
  ASSERT_TRUE(disk_.flip_bit(damaged.path, damaged.size_bytes / 2, 0));
  EXPECT_EQ(ship_closed_segments(*journal_, disk_, "/copy", all).error().code, ErrorCode::storage_corrupt);
  EXPECT_EQ(parse_shipping_list(as_text(read_file(disk_, "/copy/segments.sha256").value()))->size(), 2U);
  expect_sound_copy();
}

TEST_F(Shipping, AnotherJournalsDirectoryIsRefused) {
  ASSERT_TRUE(ship_closed_segments(*journal_, disk_, "/copy", all));
  auto other = Journal::open(disk_, random_, keys_, {.directory = "/other", .segment_bytes_max = 900}).value();
  testing::Sender sender(1, 1);
  for (int i = 0; i < 9; ++i) {
    const JournalRecord record = sender.next(5);
    ASSERT_TRUE(other->commit({&record, 1}));
  }
  EXPECT_EQ(ship_closed_segments(*other, disk_, "/copy", all).error().code, ErrorCode::conflict);
}

TEST_F(Shipping, AnyFlippedOctetOfTheCopyIsFound) {
  ASSERT_TRUE(ship_closed_segments(*journal_, disk_, "/copy", 2));
  const std::vector<std::string> names = disk_.list("/copy").value();
  for (const std::string& name : names) {
    const std::string path = "/copy/" + name;
    const std::size_t size = read_file(disk_, path)->size();
    for (std::size_t at = 0; at < size; at += 7) {
      ASSERT_TRUE(disk_.flip_bit(path, at, at % 8));
      ASSERT_FALSE(verify_shipping_list(disk_, "/copy")->empty()) << name << " " << at;
      ASSERT_TRUE(disk_.flip_bit(path, at, at % 8));
    }
  }
  expect_sound_copy();
}

TEST_F(Shipping, AFullDiskIsSaidAndGoneOnWith) {
  disk_.set_capacity_bytes(disk_.used_bytes() + 3000);
  EXPECT_EQ(ship_closed_segments(*journal_, disk_, "/copy", all).error().code, ErrorCode::storage_full);
  disk_.set_capacity_bytes(std::nullopt);
  ASSERT_TRUE(ship_closed_segments(*journal_, disk_, "/copy", all));
  expect_sound_copy();
}

TEST(ShippingList, ComesBackAndWhatLeadsOutOfTheDirectoryIsRefused) {
  const ShippingList list = {{"a.seg", crypto::Hash256{1}}, {"b.seg", crypto::Hash256{2}}};
  const std::string text = write_shipping_list(list);
  EXPECT_EQ(parse_shipping_list(text).value(), list);
  EXPECT_TRUE(parse_shipping_list("")->empty());
  for (std::size_t size = 1; size < text.size(); ++size) {
    const auto parsed = parse_shipping_list(std::string_view(text).substr(0, size));
    ASSERT_TRUE(!parsed || parsed->size() == 1) << size;
  }
  const std::string hash(64, 'a');
  EXPECT_FALSE(parse_shipping_list(hash + "  ../x.seg\n"));
  EXPECT_FALSE(parse_shipping_list(hash + "  \n"));
  EXPECT_FALSE(parse_shipping_list(hash + "  x\n" + hash + "  x\n"));
}

}  // namespace
}  // namespace duheng::store
