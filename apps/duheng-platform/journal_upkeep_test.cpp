#include "journal_upkeep.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "store/journal/journal_testing.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

class JournalUpkeepTest : public ::testing::Test {
 protected:
  JournalUpkeepTest() {
    journal_ = std::move(
        store::Journal::open(disk_, random_, keys_, {.directory = "/journal", .segment_bytes_max = 2'000}).value());
    journal_->hold_for("telemetry", [this] { return applied_; });
    for (int day = 0; day < 60; ++day) {
      clock_.advance_ms(day_ms);
      sender_.received_utc_ms = clock_.utc_ms();
      const store::JournalRecord record = sender_.next();
      EXPECT_TRUE(journal_->commit({&record, 1}));
    }
  }
  void look_for_an_hour(JournalUpkeep& upkeep) {
    for (int minute = 0; minute < 60; ++minute) {
      clock_.advance_ms(60'000);
      upkeep.look();
    }
  }

  SimulatedDisk disk_;
  SeededRandom random_{1};
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  ManualClock clock_;
  store::testing::Sender sender_{7, 1};
  std::uint64_t applied_ = 61;
  std::unique_ptr<store::Journal> journal_;
  std::vector<std::uint64_t> removed_;
};

TEST_F(JournalUpkeepTest, KeepsEverythingUnlessToldOtherwise) {
  JournalUpkeep upkeep(*journal_, disk_, clock_, {}, [&](std::uint64_t before) { removed_.push_back(before); });
  look_for_an_hour(upkeep);
  EXPECT_EQ(journal_->first_number(), 1U);
  EXPECT_EQ(journal_->backup_watermark(), 0U);
  EXPECT_TRUE(removed_.empty());
  EXPECT_TRUE(disk_.exists("/journal/00000000000000000001.fix")) << "the index of frames is made all the same";
}

TEST_F(JournalUpkeepTest, RemovesWhatIsOldCopiedAndApplied) {
  applied_ = 20;
  const std::size_t closed = journal_->segments().size() - 1;
  JournalUpkeep upkeep(*journal_, disk_, clock_, {.keep_days = 30, .ship_to = "/elsewhere"},
                       [&](std::uint64_t before) { removed_.push_back(before); });
  look_for_an_hour(upkeep);
  EXPECT_EQ(upkeep.status().segments_shipped, closed);
  EXPECT_GT(journal_->backup_watermark(), 40U);
  ASSERT_EQ(removed_.size(), 1U);
  EXPECT_LE(removed_[0], 20U) << "telemetry has not taken in the rest";
  EXPECT_EQ(journal_->first_number(), removed_[0]);
  EXPECT_EQ(upkeep.status().records_removed, removed_[0] - 1);
  applied_ = 61;
  look_for_an_hour(upkeep);
  ASSERT_EQ(removed_.size(), 2U);
  EXPECT_GT(removed_[1], 20U);
  EXPECT_LE(removed_[1], 31U) << "thirty days are kept";
  EXPECT_TRUE(journal_->read(31));
  EXPECT_EQ(upkeep.status().failures, 0U);
}

TEST_F(JournalUpkeepTest, WithoutACopyNothingIsRemoved) {
  JournalUpkeep upkeep(*journal_, disk_, clock_, {.keep_days = 1, .ship_to = ""},
                       [&](std::uint64_t before) { removed_.push_back(before); });
  look_for_an_hour(upkeep);
  EXPECT_EQ(journal_->first_number(), 1U);
  EXPECT_TRUE(removed_.empty());
}

TEST_F(JournalUpkeepTest, AFullDiskIsCountedAndGoneOnWith) {
  JournalUpkeep upkeep(*journal_, disk_, clock_, {.keep_days = 30, .ship_to = "/elsewhere"},
                       [&](std::uint64_t before) { removed_.push_back(before); });
  disk_.set_capacity_bytes(disk_.used_bytes());
  look_for_an_hour(upkeep);
  EXPECT_GT(upkeep.status().failures, 0U);
  EXPECT_EQ(journal_->first_number(), 1U);
  disk_.set_capacity_bytes(std::nullopt);
  look_for_an_hour(upkeep);
  EXPECT_GT(journal_->first_number(), 1U);
}

}  // namespace
}  // namespace duheng::platform
