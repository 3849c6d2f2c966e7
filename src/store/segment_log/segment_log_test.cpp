#include "store/segment_log/segment_log.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "base/simulated_disk.hpp"
#include "store/segment_log/segment_file.hpp"
#include "store/segment_log/segment_log_testing.hpp"

namespace duheng::store {
namespace {

using testing::append_numbered;
using testing::entry_for;
using testing::VersionedKeys;
using testing::views;

enum class Medium { simulated, real };

/// The same expectations hold on the simulated disk and on real files.
class Log : public ::testing::TestWithParam<Medium> {
 protected:
  Log() {
    if (GetParam() == Medium::simulated) {
      disk_ = std::make_unique<SimulatedDisk>();
      directory_ = "/log";
    } else {
      std::string pattern = (std::filesystem::temp_directory_path() / "duheng_log_XXXXXX").string();
      temporary_ = mkdtemp(pattern.data());
      directory_ = temporary_ + "/inner/log";
      disk_ = std::make_unique<PosixDisk>();
    }
    options_.directory = directory_;
    options_.purpose = "journal";
    options_.segment_bytes_max = 4000;
  }
  ~Log() override {
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
  }
  void open() {
    log_.reset();
    auto opened = SegmentLog::open(*disk_, random_, keys_, options_);
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
  }
  void expect_all_readable() const {
    for (std::uint64_t number = log_->first_number(); number < log_->next_number(); ++number) {
      const auto entry = log_->read(number);
      ASSERT_TRUE(entry) << entry.error().message;
      ASSERT_EQ(Bytes(entry->bytes.begin(), entry->bytes.end()), entry_for(number));
    }
    auto cursor = log_->cursor(log_->first_number());
    for (std::uint64_t number = log_->first_number(); number < log_->next_number(); ++number) {
      const auto entry = cursor.next();
      ASSERT_TRUE(entry && *entry);
      ASSERT_EQ((*entry)->number, number);
      ASSERT_EQ(Bytes((*entry)->bytes.begin(), (*entry)->bytes.end()), entry_for(number));
    }
    const auto end = cursor.next();
    ASSERT_TRUE(end && !*end);
  }
  void append_groups(int groups) {
    for (int i = 0; i < groups; ++i) ASSERT_TRUE(append_numbered(*log_, 1 + static_cast<std::uint64_t>(i) % 5));
  }

  std::unique_ptr<Disk> disk_;
  std::string temporary_;
  std::string directory_;
  SeededRandom random_{42};
  VersionedKeys keys_;
  SegmentLogOptions options_;
  std::unique_ptr<SegmentLog> log_;
};
INSTANTIATE_TEST_SUITE_P(On, Log, ::testing::Values(Medium::simulated, Medium::real), [](const auto& entry) {
  return entry.param == Medium::simulated ? "Simulated" : "RealFiles";
});

TEST_P(Log, StartsEmptyAtTheNumberGiven) {
  options_.first_number = 17;
  open();
  EXPECT_TRUE(log_->open_report().created);
  EXPECT_EQ(log_->first_number(), 17U);
  EXPECT_EQ(log_->next_number(), 17U);
  EXPECT_EQ(log_->size_bytes(), 0U);
  EXPECT_EQ(log_->append({}).value(), 17U);
  EXPECT_EQ(log_->read(17).error().code, ErrorCode::not_found);
  EXPECT_EQ(append_numbered(*log_, 3).value(), 17U);
  EXPECT_EQ(append_numbered(*log_, 1).value(), 20U);
  open();
  EXPECT_FALSE(log_->open_report().created);
  EXPECT_EQ(log_->open_report().bytes_cut, 0U);
  EXPECT_EQ(log_->next_number(), 21U);
  expect_all_readable();
}

TEST_P(Log, SpreadsOverSegmentsAndReopens) {
  open();
  append_groups(120);
  EXPECT_GT(log_->segment_count(), 5U);
  expect_all_readable();
  const auto size = log_->size_bytes();
  const auto hash = log_->last_hash();
  open();
  EXPECT_EQ(log_->size_bytes(), size);
  EXPECT_EQ(log_->last_hash(), hash);
  expect_all_readable();
  append_groups(10);
  expect_all_readable();
  const auto report = log_->verify();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->entries, log_->next_number());
  EXPECT_EQ(report->bytes, log_->size_bytes());
  EXPECT_EQ(report->segments, log_->segment_count());
  EXPECT_EQ(report->blocks, 130U);
}

TEST_P(Log, SizeIsThatOfTheFiles) {
  open();
  append_groups(60);
  std::uint64_t total = 0;
  const auto names = disk_->list(directory_).value();
  for (const auto& name : names) {
    total += disk_->open(directory_ + "/" + name, OpenMode::read).value()->size().value();
  }
  EXPECT_EQ(log_->size_bytes(), total);
}

TEST_P(Log, KeepsTheOwnersSnapshotInEachSegment) {
  options_.snapshot = [this] {
    Bytes bytes;
    ByteWriter(bytes).u64(log_ ? log_->next_number() : 0);
    return bytes;
  };
  open();
  EXPECT_EQ(log_->last_snapshot(), Bytes{});
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(append_numbered(*log_, 2));
    if (i % 9 == 0) open();
    const Bytes snapshot = log_->last_snapshot();
    ByteReader in(snapshot);
    ASSERT_EQ(in.u64(), log_->last_segment_first_number());
  }
  EXPECT_GT(log_->last_segment_first_number(), 0U);
}

TEST_P(Log, NewSegmentsTakeTheNewKeyAndOldOnesKeepTheirs) {
  open();
  append_groups(5);
  keys_.current = 2;
  const std::uint64_t with_new_key = log_->next_number();
  ASSERT_TRUE(log_->start_new_segment());
  append_groups(5);
  expect_all_readable();
  open();
  expect_all_readable();
  EXPECT_TRUE(log_->verify().value().sound());
  const auto header = [&](std::uint64_t number) {
    const auto file = disk_->open(directory_ + "/" + segment_name(number), OpenMode::read).value();
    return read_segment_header(*file, keys_, "journal", number).value().header;
  };
  EXPECT_EQ(header(0).key_version, 1U);
  EXPECT_EQ(header(with_new_key).key_version, 2U);
  EXPECT_NE(header(0).salt, header(with_new_key).salt);
}

TEST_P(Log, AWithdrawnKeyHidesOnlyItsOwnSegments) {
  open();
  append_groups(3);
  for (const std::uint32_t version : {2U, 3U}) {
    keys_.current = version;
    ASSERT_TRUE(log_->start_new_segment());
    append_groups(3);
  }
  keys_.oldest = 3;
  open();
  EXPECT_EQ(log_->read(0).error().code, ErrorCode::key_missing);
  EXPECT_TRUE(log_->read(log_->next_number() - 1));
  const auto report = log_->verify();
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->findings.empty());
  EXPECT_EQ(report->findings[0].file, segment_name(0));
}

TEST_P(Log, AnotherMasterKeyIsSaidToBeMissing) {
  open();
  append_groups(3);
  log_.reset();
  VersionedKeys others(9);
  const auto opened = SegmentLog::open(*disk_, random_, others, options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::key_missing);
  EXPECT_NE(opened.error().message.find("does not open"), std::string::npos) << opened.error().message;
  options_.purpose = "spool";
  const auto other_purpose = SegmentLog::open(*disk_, random_, keys_, options_);
  ASSERT_FALSE(other_purpose);
  EXPECT_EQ(other_purpose.error().code, ErrorCode::storage_corrupt);
  EXPECT_NE(other_purpose.error().message.find("\"journal\""), std::string::npos) << other_purpose.error().message;
  options_.purpose = "journal";
  open();
  expect_all_readable();
}

TEST_P(Log, RemovesWholeSegmentsOldestFirstAndNeverTheLast) {
  open();
  append_groups(100);
  const std::uint64_t next = log_->next_number();
  auto behind = log_->cursor(0);
  const std::uint64_t middle = next / 2;
  ASSERT_TRUE(log_->remove_segments_before(middle));
  EXPECT_GT(log_->first_number(), 0U);
  EXPECT_LE(log_->first_number(), middle);
  EXPECT_EQ(log_->read(log_->first_number() - 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(behind.next().error().code, ErrorCode::not_found);
  EXPECT_EQ(behind.position(), 0U);
  expect_all_readable();
  EXPECT_TRUE(log_->verify().value().sound());
  ASSERT_TRUE(log_->remove_segments_before(UINT64_MAX));
  EXPECT_EQ(log_->segment_count(), 1U);
  EXPECT_EQ(log_->next_number(), next);
  open();
  EXPECT_EQ(log_->next_number(), next);
  expect_all_readable();
  append_groups(5);
  expect_all_readable();
}

TEST_P(Log, HoldsNoPlainText) {
  open();
  const std::string marker = "reading of meter 000000000042";
  for (int i = 0; i < 40; ++i) {
    const ByteView entry = as_bytes(marker);
    ASSERT_TRUE(log_->append({&entry, 1}));
  }
  const auto names = disk_->list(directory_).value();
  for (const auto& name : names) {
    const Bytes content = read_file(*disk_, directory_ + "/" + name).value();
    EXPECT_EQ(as_text(content).find("meter"), std::string_view::npos);
  }
}

TEST_P(Log, ManySegmentsAreReadWithFewHandles) {
  options_.segment_bytes_max = 1;  // every append starts a segment
  options_.cache_bytes_max = 3000;
  open();
  for (int i = 0; i < 90; ++i) ASSERT_TRUE(append_numbered(*log_, 2));
  EXPECT_EQ(log_->segment_count(), 90U);
  expect_all_readable();
  SeededRandom random(3);
  for (int i = 0; i < 600; ++i) {
    const std::uint64_t number = random.below(log_->next_number());
    const auto entry = log_->read(number);
    ASSERT_TRUE(entry) << entry.error().message;
    ASSERT_EQ(Bytes(entry->bytes.begin(), entry->bytes.end()), entry_for(number));
  }
}

TEST_P(Log, AnEntryOutlivesCacheAndLog) {
  open();
  append_groups(3);
  const LogEntry entry = log_->read(1).value();
  log_.reset();
  EXPECT_EQ(Bytes(entry.bytes.begin(), entry.bytes.end()), entry_for(1));
}

TEST_P(Log, ReadersFollowAWriter) {
  open();
  constexpr std::uint64_t total = 1500;
  std::atomic<int> wrong = 0;
  const auto follow = [&] {
    auto cursor = log_->cursor(0);
    while (cursor.position() < total) {
      const auto entry = cursor.next();
      if (!entry) {
        ++wrong;
        return;
      }
      if (!*entry) {
        (void)log_->wait_for(cursor.position(), std::chrono::milliseconds(1000));
        continue;
      }
      if (!std::ranges::equal((*entry)->bytes, entry_for((*entry)->number))) ++wrong;
    }
  };
  const auto pick = [&] {
    SeededRandom random(8);
    while (log_->next_number() < total) {
      if (log_->next_number() == 0) continue;
      const std::uint64_t number = random.below(log_->next_number());
      const auto entry = log_->read(number);
      if (!entry || !std::ranges::equal(entry->bytes, entry_for(number))) ++wrong;
    }
  };
  const auto check = [&] {
    while (log_->next_number() < total) {
      const auto report = log_->verify();
      if (!report || !report->sound()) ++wrong;
    }
  };
  std::vector<std::thread> readers;
  readers.emplace_back(follow);
  readers.emplace_back(follow);
  readers.emplace_back(pick);
  readers.emplace_back(check);
  while (log_->next_number() < total)
    ASSERT_TRUE(append_numbered(*log_, std::min<std::uint64_t>(7, total - log_->next_number())));
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_FALSE(log_->wait_for(total, std::chrono::milliseconds(1)));
}

TEST_P(Log, SeveralWritersTakeTurns) {
  open();
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (std::uint8_t w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 50; ++i) {
        const std::vector<Bytes> entries(3, Bytes(20, w));
        if (!log_->append(views(entries))) ++failed;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(log_->next_number(), 600U);
  std::vector<int> seen(4, 0);
  for (std::uint64_t number = 0; number < 600; number += 3) {
    const Bytes first(log_->read(number).value().bytes.begin(), log_->read(number).value().bytes.end());
    ++seen[first[0]];
    for (std::uint64_t i = 1; i < 3; ++i) ASSERT_TRUE(std::ranges::equal(log_->read(number + i).value().bytes, first));
  }
  EXPECT_EQ(seen, std::vector<int>(4, 50));
}

TEST_P(Log, LimitsAreRefusedWithoutHarm) {
  open();
  append_groups(2);
  const Bytes large(segment_limits::block_bytes_max + 1);
  const ByteView entry = large;
  EXPECT_EQ(log_->append({&entry, 1}).error().code, ErrorCode::limit_exceeded);
  append_groups(2);
  expect_all_readable();
  options_.purpose.clear();
  EXPECT_EQ(SegmentLog::open(*disk_, random_, keys_, options_).error().code, ErrorCode::invalid_argument);
}

TEST(SegmentLog, OneAppendIsOneSynchronisation) {
  SimulatedDisk disk;
  SeededRandom random(1);
  VersionedKeys keys;
  auto log = SegmentLog::open(disk, random, keys, {.directory = "/log", .purpose = "journal"}).value();
  ASSERT_TRUE(append_numbered(*log, 1));  // starts the first segment
  const std::uint64_t before = disk.sync_count();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(append_numbered(*log, 100));
  EXPECT_EQ(disk.sync_count() - before, 10U);
}

TEST(SegmentLog, NoNonceIsUsedTwiceUnderOneKeyEvenByBlocksThatWereCutOff) {
  SimulatedDisk disk;
  SeededRandom random(1);
  VersionedKeys keys;
  std::set<Bytes> seen;
  std::uint64_t blocks = 0;
  for (std::uint64_t round = 0; round < 40; ++round) {
    auto log = SegmentLog::open(disk, random, keys, {.directory = "/log", .purpose = "journal"}).value();
    ASSERT_TRUE(append_numbered(*log, 2));
    // A block that is written but never synced, as a crash would leave it, and lost.
    disk.fail_next_syncs(1);
    ASSERT_FALSE(append_numbered(*log, 2));
    disk.crash(random);
  }
  const Bytes content = read_file(disk, "/log/" + segment_name(0)).value();
  const std::string_view text = as_text(content);
  for (auto at = text.find("DBLK"); at != std::string_view::npos; at = text.find("DBLK", at + 4)) {
    const auto header = parse_block_header(ByteView(content).subspan(at)).value();
    seen.insert(Bytes(header.nonce.begin(), header.nonce.end()));
    ++blocks;
  }
  EXPECT_EQ(blocks, 40U);
  EXPECT_EQ(seen.size(), blocks);
}

}  // namespace
}  // namespace duheng::store
