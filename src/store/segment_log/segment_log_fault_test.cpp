// Goal: whatever crashes, full disks, failed synchronisations and flipped bits do, an acknowledged entry is there
// exactly once, in order, octet for octet, and nothing half-written is ever shown. Real code, simulated disk; a failure
// prints its seed.
#include <algorithm>
#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "store/segment_log/segment_file.hpp"
#include "store/segment_log/segment_log.hpp"
#include "store/segment_log/segment_log_testing.hpp"

namespace duheng::store {
namespace {

using testing::append_numbered;
using testing::entry_for;
using testing::VersionedKeys;
using testing::views;

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    options_.directory = "/data/log";
    options_.purpose = "spool";
    options_.segment_bytes_max = 400 + random_.below(4000);
    options_.cache_bytes_max = random_.below(3) * 2000;
    options_.snapshot = [this] {
      Bytes bytes;
      ByteWriter(bytes).u64(acknowledged_.size());
      return bytes;
    };
    EXPECT_TRUE(disk_.make_directories("/data"));
  }

  void run(int steps) {
    open();
    for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) this->step();
    disk_.set_capacity_bytes(std::nullopt);
    disk_.fail_next_syncs(0);
    crash();
    append_group();
    check_everything();
  }
  std::uint64_t crashes() const { return crashes_; }
  std::uint64_t cuts() const { return cuts_; }
  std::uint64_t kept_unacknowledged() const { return kept_unacknowledged_; }
  std::uint64_t refused() const { return refused_; }

 private:
  void step() {
    switch (random_.below(16)) {
      case 0:
        return crash();
      case 1:
        return disk_.lose_power_after(random_.below(12));
      case 2:
        return disk_.set_capacity_bytes(disk_.used_bytes() + random_.below(1500));
      case 3:
        return disk_.set_capacity_bytes(std::nullopt);
      case 4:
        return disk_.cut_next_append(random_.below(300));
      case 5:
        if (random_.below(3) != 0) return;
        sync_failed_ = true;
        return disk_.fail_next_syncs(1);
      case 6:
        (void)log_->start_new_segment();
        return;
      case 7:
        return remove_some();
      case 8:
        return check_some();
      default:
        append_group();
    }
    if (log_->poisoned() || disk_.powerless()) crash();
  }

  void append_group() {
    std::vector<Bytes> entries;
    const std::uint64_t count = 1 + random_.below(6);
    for (std::uint64_t i = 0; i < count; ++i) entries.push_back(entry_for(++made_));
    const auto number = log_->append(views(entries));
    if (number) {
      ASSERT_EQ(*number, acknowledged_.size());
      acknowledged_.insert(acknowledged_.end(), entries.begin(), entries.end());
      unacknowledged_.clear();
    } else {
      ++refused_;
      ASSERT_TRUE(number.error().code == ErrorCode::storage_full || number.error().code == ErrorCode::storage_failed);
      unacknowledged_ = std::move(entries);
      ASSERT_EQ(log_->next_number(), acknowledged_.size());
      if (log_->poisoned() || disk_.powerless()) crash();
    }
  }

  void remove_some() {
    const std::uint64_t bound = random_.below(acknowledged_.size() + 1);
    removed_before_ = std::max(removed_before_, bound);
    (void)log_->remove_segments_before(bound);
  }

  void check_some() {
    if (disk_.powerless() || log_->first_number() == log_->next_number()) return;
    const std::uint64_t number = log_->first_number() + random_.below(log_->next_number() - log_->first_number());
    const auto entry = log_->read(number);
    ASSERT_TRUE(entry) << entry.error().message;
    ASSERT_TRUE(std::ranges::equal(entry->bytes, acknowledged_[number]));
  }

  void crash() {
    ++crashes_;
    log_.reset();
    // Killed in the instant between a failed synchronisation and cutting its block off, a process leaves a block that
    // the kernel shows but will never write: no reopening can tell, so this one combination is left out (see
    // README.md).
    if (!sync_failed_ && random_.below(4) == 0) {
      disk_.kill_process();
    } else {
      disk_.crash(random_);
    }
    disk_.fail_next_syncs(0);
    sync_failed_ = false;
    if (random_.below(8) == 0) {  // another crash while opening
      disk_.lose_power_after(random_.below(5));
      (void)SegmentLog::open(disk_, random_, keys_, options_);
      disk_.crash(random_);
    }
    open();
    if (::testing::Test::HasFatalFailure()) return;
    cuts_ += log_->open_report().bytes_cut > 0 ? 1 : 0;
    adopt_unacknowledged();
    check_everything();
  }

  void open() {
    if (random_.below(10) == 0) keys_.current += 1;
    auto opened = SegmentLog::open(disk_, random_, keys_, options_);
    if (!opened && opened.error().code == ErrorCode::storage_full) {
      disk_.set_capacity_bytes(std::nullopt);
      opened = SegmentLog::open(disk_, random_, keys_, options_);
    }
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
  }

  /// A group that was refused may be found after a crash, but then wholly.
  void adopt_unacknowledged() {
    ASSERT_GE(log_->next_number(), acknowledged_.size());
    const std::uint64_t extra = log_->next_number() - acknowledged_.size();
    if (extra != 0) {
      ++kept_unacknowledged_;
      ASSERT_EQ(extra, unacknowledged_.size());
      acknowledged_.insert(acknowledged_.end(), unacknowledged_.begin(), unacknowledged_.end());
    }
    unacknowledged_.clear();
  }

  void check_everything() {
    ASSERT_EQ(log_->next_number(), acknowledged_.size());
    ASSERT_LE(log_->first_number(), removed_before_);
    auto cursor = log_->cursor(log_->first_number());
    for (std::uint64_t number = log_->first_number(); number < log_->next_number(); ++number) {
      const auto entry = cursor.next();
      ASSERT_TRUE(entry) << entry.error().message;
      ASSERT_TRUE(*entry);
      ASSERT_TRUE(std::ranges::equal((*entry)->bytes, acknowledged_[number])) << number;
    }
    const auto report = log_->verify();
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_TRUE(report->sound()) << report->findings[0].file << ": " << report->findings[0].what;
    ASSERT_EQ(report->entries, log_->next_number() - log_->first_number());
    if (log_->segment_count() > 0) {
      const Bytes snapshot = log_->last_snapshot();
      ByteReader in(snapshot);
      ASSERT_EQ(in.u64(), log_->last_segment_first_number());
    }
  }

  SimulatedDisk disk_;
  SeededRandom random_;
  VersionedKeys keys_;
  SegmentLogOptions options_;
  std::unique_ptr<SegmentLog> log_;
  std::vector<Bytes> acknowledged_;
  std::vector<Bytes> unacknowledged_;
  bool sync_failed_ = false;
  std::uint64_t made_ = 0;
  std::uint64_t removed_before_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t cuts_ = 0;
  std::uint64_t kept_unacknowledged_ = 0;
  std::uint64_t refused_ = 0;
};

TEST(SegmentLogFaults, AcknowledgedEntriesSurviveEverything) {
  std::uint64_t crashes = 0;
  std::uint64_t cuts = 0;
  std::uint64_t kept = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 0; seed < 2500; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    World world(seed);
    world.run(40);
    if (HasFatalFailure()) return;
    crashes += world.crashes();
    cuts += world.cuts();
    kept += world.kept_unacknowledged();
    refused += world.refused();
  }
  // The world must have been as hostile as it is meant to be.
  EXPECT_GT(crashes, 5000U);
  EXPECT_GT(cuts, 300U);
  EXPECT_GT(kept, 100U);
  EXPECT_GT(refused, 2000U);
  RecordProperty("crashes", std::to_string(crashes));
  RecordProperty("cuts", std::to_string(cuts));
}

class Damage : public ::testing::Test {
 protected:
  Damage() {
    options_.directory = "/log";
    options_.purpose = "journal";
    options_.segment_bytes_max = 1200;
    options_.snapshot = [] { return Bytes{1, 2, 3}; };
    auto log = open().value();
    while (log->segment_count() < 3) EXPECT_TRUE(append_numbered(*log, 2));
    EXPECT_TRUE(log->start_new_segment());
    for (int i = 0; i < 4; ++i) {  // small ones, so that they share the last segment
      const Bytes small(20, static_cast<std::uint8_t>(i));
      const ByteView entry = small;
      EXPECT_TRUE(log->append({&entry, 1}));
    }
    next_number_ = log->next_number();
    EXPECT_EQ(log->last_segment_first_number(), next_number_ - 4);
  }
  Result<std::unique_ptr<SegmentLog>> open() { return SegmentLog::open(disk_, random_, keys_, options_); }
  std::vector<std::string> files() {
    std::vector<std::string> paths;
    const auto names = disk_.list("/log").value();
    for (const auto& name : names) paths.push_back("/log/" + name);
    return paths;
  }
  std::uint64_t size_of(const std::string& path) { return disk_.open(path, OpenMode::read).value()->size().value(); }
  std::uint64_t last_block_offset() {
    const std::uint64_t number = *number_in_segment_name(files().back().substr(5));
    auto scanner = SegmentScanner::start(disk_, keys_, files().back(), "journal", number, std::nullopt).value();
    while (scanner.next().value() == SegmentScanner::Step::block) {
    }
    return scanner.index().blocks.back().offset;
  }
  SimulatedDisk disk_;
  SeededRandom random_{1};
  VersionedKeys keys_;
  SegmentLogOptions options_;
  std::uint64_t next_number_ = 0;
};

TEST_F(Damage, VerifyFindsEveryFlippedOctetInEveryFile) {
  const auto log = open().value();
  ASSERT_TRUE(log->verify().value().sound());
  ASSERT_TRUE(SegmentLog::verify_directory(disk_, keys_, "/log", "journal").value().sound());
  std::uint64_t flipped = 0;
  for (const auto& path : files()) {
    for (std::uint64_t at = 0; at < size_of(path); ++at, ++flipped) {
      const unsigned bit = static_cast<unsigned>(at % 8);
      ASSERT_TRUE(disk_.flip_bit(path, at, bit));
      const auto report = log->verify();
      ASSERT_TRUE(report) << report.error().message;
      ASSERT_FALSE(report->sound()) << path << " octet " << at;
      ASSERT_EQ("/log/" + report->findings[0].file, path);
      ASSERT_FALSE(SegmentLog::verify_directory(disk_, keys_, "/log", "journal").value().sound());
      ASSERT_TRUE(disk_.flip_bit(path, at, bit));
    }
  }
  EXPECT_GT(flipped, 3000U);
  EXPECT_TRUE(log->verify().value().sound());
}

TEST_F(Damage, OpeningCutsTheLastBlockOnlyAndNeverSoundOnesBehindDamage) {
  const std::string last = files().back();
  const std::uint64_t size = size_of(last);
  const std::uint64_t tail = last_block_offset();
  const Bytes whole = read_file(disk_, last).value();
  for (std::uint64_t at = 0; at < size; ++at) {
    ASSERT_TRUE(disk_.flip_bit(last, at, 3));
    const auto opened = open();
    if (at >= tail) {
      ASSERT_TRUE(opened) << opened.error().message;
      ASSERT_EQ((*opened)->open_report().bytes_cut, size - tail);
      ASSERT_EQ("/log/" + (*opened)->open_report().cut_file, last);
      ASSERT_EQ((*opened)->next_number(), next_number_ - 1);
    } else {
      ASSERT_FALSE(opened) << at;
      ASSERT_TRUE(opened.error().code == ErrorCode::storage_corrupt || opened.error().code == ErrorCode::unsupported)
          << at << ": " << opened.error().message;
      ASSERT_EQ(size_of(last), size);
    }
    ASSERT_TRUE(write_file_atomically(disk_, last, whole));
  }
  ASSERT_TRUE(open());
}

TEST_F(Damage, ATailCutAnywhereOrZeroedAnywhereOpensAtTheLastWholeBlock) {
  const std::string last = files().back();
  const std::uint64_t tail = last_block_offset();
  const Bytes whole = read_file(disk_, last).value();
  for (std::size_t at = static_cast<std::size_t>(tail); at < whole.size(); ++at) {
    for (const bool zeroed : {false, true}) {
      Bytes torn(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at));
      if (zeroed) torn.resize(whole.size() + 100);
      ASSERT_TRUE(write_file_atomically(disk_, last, torn));
      const auto opened = open();
      ASSERT_TRUE(opened) << at << ": " << opened.error().message;
      ASSERT_EQ((*opened)->next_number(), next_number_ - 1);
      ASSERT_EQ((*opened)->open_report().bytes_cut, torn.size() - tail);
      ASSERT_TRUE(append_numbered(**opened, 1));
      ASSERT_TRUE((*opened)->verify().value().sound());
    }
  }
}

TEST_F(Damage, ATornNewSegmentIsRemovedWhateverIsLeftOfItsHeader) {
  {
    const auto log = open().value();
    ASSERT_TRUE(log->start_new_segment());
    ASSERT_TRUE(append_numbered(*log, 1));
  }
  const std::string last = files().back();
  const Bytes whole = read_file(disk_, last).value();
  const std::size_t header_bytes = header_size(ByteView(whole).first(header_prefix_bytes)).value();
  for (std::size_t kept = 0; kept < header_bytes; ++kept) {
    for (const bool zeroed : {false, true}) {
      Bytes torn(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept));
      if (zeroed) torn.resize(header_bytes);
      if (std::equal(torn.begin(), torn.end(), whole.begin()) && torn.size() == header_bytes) continue;
      ASSERT_TRUE(write_file_atomically(disk_, last, torn));
      const auto opened = open();
      ASSERT_TRUE(opened) << kept << ": " << opened.error().message;
      ASSERT_EQ((*opened)->next_number(), next_number_);
      ASSERT_FALSE(disk_.exists(last));
      ASSERT_TRUE(append_numbered(**opened, 1));
      ASSERT_TRUE((*opened)->verify().value().sound());
    }
  }
}

TEST_F(Damage, InAClosedSegmentItIsReportedByReadingAndVerifyNotCut) {
  const std::string first = files().front();
  const std::uint64_t size = size_of(first);
  ASSERT_TRUE(disk_.flip_bit(first, 230, 0));
  const auto log = open().value();  // opening reads the last segment only
  EXPECT_EQ(log->read(0).error().code, ErrorCode::storage_corrupt);
  EXPECT_FALSE(log->verify().value().sound());
  EXPECT_EQ(size_of(first), size);
  EXPECT_TRUE(log->read(next_number_ - 1));
}

TEST_F(Damage, ADamagedIndexWithholdsNoEntry) {
  const std::string first = files().front();
  ASSERT_TRUE(disk_.flip_bit(first, size_of(first) - 60, 0));
  const auto log = open().value();
  EXPECT_TRUE(std::ranges::equal(log->read(0).value().bytes, entry_for(0)));
  EXPECT_FALSE(log->verify().value().sound());
}

TEST_F(Damage, AMissingSegmentAndASwappedOneAreFound) {
  const auto paths = files();
  const std::string& before_last = paths[paths.size() - 2];
  const Bytes middle = read_file(disk_, before_last).value();
  ASSERT_TRUE(disk_.remove(before_last));
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt);  // the last segment's predecessor
  EXPECT_FALSE(SegmentLog::verify_directory(disk_, keys_, "/log", "journal").value().sound());
  ASSERT_TRUE(write_file_atomically(disk_, before_last, read_file(disk_, paths[0]).value()));
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt);
  ASSERT_TRUE(write_file_atomically(disk_, before_last, middle));
  EXPECT_TRUE(open());
}

TEST_F(Damage, AHistoryRewrittenWithTheKeyStillBreaksTheChain) {
  // Another log with the same key and numbers but other contents: each of its files is sound in itself.
  SimulatedDisk other;
  SegmentLogOptions options = options_;
  auto log = SegmentLog::open(other, random_, keys_, options).value();
  const auto paths = files();
  const std::uint64_t second = *number_in_segment_name(paths[1].substr(5));
  const std::vector<Bytes> forged(static_cast<std::size_t>(second), Bytes(40, 6));
  ASSERT_TRUE(log->append(views(forged)));
  ASSERT_TRUE(log->start_new_segment());
  const Bytes forged_file = read_file(other, paths[0]).value();
  ASSERT_TRUE(write_file_atomically(disk_, paths[0], forged_file));
  const auto report = SegmentLog::verify_directory(disk_, keys_, "/log", "journal").value();
  ASSERT_FALSE(report.sound());
  EXPECT_EQ("/log/" + report.findings[0].file, paths[1]);
}

TEST_F(Damage, AFullDiskRefusesAndRecovers) {
  const auto log = open().value();
  disk_.set_capacity_bytes(disk_.used_bytes() + 100);
  for (int i = 0; i < 5; ++i) {
    const auto refused = append_numbered(*log, 2);
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().code, ErrorCode::storage_full);
    ASSERT_FALSE(log->poisoned());
    ASSERT_EQ(log->next_number(), next_number_);
  }
  EXPECT_EQ(log->free_bytes().value(), 100U);  // what did not fit was taken back
  disk_.set_capacity_bytes(std::nullopt);
  ASSERT_TRUE(append_numbered(*log, 2));
  EXPECT_TRUE(log->verify().value().sound());
}

TEST_F(Damage, AfterAFailedSynchronisationTheLogRefusesUntilReopened) {
  auto log = open().value();
  disk_.fail_next_syncs(1);
  ASSERT_EQ(append_numbered(*log, 2).error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(log->poisoned());
  EXPECT_EQ(append_numbered(*log, 2).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(log->start_new_segment().error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(log->read(next_number_ - 1));
  log = open().value();
  EXPECT_EQ(log->next_number(), next_number_);  // the refused block is not found later
  ASSERT_TRUE(append_numbered(*log, 2));
  ASSERT_TRUE(disk_.sync_directory("/"));
  log.reset();
  disk_.crash(random_);
  log = open().value();
  EXPECT_EQ(log->next_number(), next_number_ + 2);
  EXPECT_TRUE(log->verify().value().sound());
}

TEST_F(Damage, AReadOnlyDiskIsReportedAndReadingGoesOn) {
  auto log = open().value();
  disk_.set_read_only(true);
  EXPECT_EQ(append_numbered(*log, 1).error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(log->read(0));
  EXPECT_EQ(open().error().code, ErrorCode::storage_failed);
  disk_.set_read_only(false);
  log = open().value();
  EXPECT_TRUE(append_numbered(*log, 1));
}

TEST_F(Damage, AMissingKeyForANewSegmentRefusesTheAppendOnly) {
  const auto log = open().value();
  ASSERT_TRUE(log->start_new_segment());
  keys_.current = 0;
  EXPECT_EQ(append_numbered(*log, 1).error().code, ErrorCode::key_missing);
  keys_.current = 1;
  EXPECT_EQ(append_numbered(*log, 1).value(), next_number_);
}

}  // namespace
}  // namespace duheng::store
