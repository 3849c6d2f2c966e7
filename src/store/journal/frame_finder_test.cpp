#include "store/journal/frame_finder.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

#include "base/simulated_disk.hpp"
#include "store/journal/journal_testing.hpp"

namespace duheng::store {
namespace {

/// What the journal holds, read from beginning to end: what the index must agree with.
std::vector<FrameReference> by_reading(const Journal& journal, const FrameQuery& query) {
  std::vector<FrameReference> found;
  JournalCursor cursor = journal.cursor(journal.first_number());
  while (auto stored = cursor.next().value()) {
    if (stored->record.type != JournalRecordType::batch || stored->record.gateway != query.gateway) continue;
    const auto batch = BatchView::parse(stored->record.body);
    batch->for_each(
        [&](std::uint32_t index, const Frame& frame) {
          const std::int64_t time = frame_time_utc_ms(frame);
          if (batch->devices()[frame.device_index] == query.device_uid && time >= query.from_utc_ms &&
              time < query.to_utc_ms)
            found.push_back(FrameReference::make(stored->number, index));
        },
        [](std::uint32_t, const Frame&, const Reading&) {});
  }
  if (query.newest_first) std::reverse(found.begin(), found.end());
  return found;
}

class FramesOf : public ::testing::Test {
 protected:
  FramesOf() {
    open();
    fill(150);
  }
  void open() {
    journal_.reset();
    auto opened = Journal::open(disk_, random_, keys_, {.directory = "/journal", .segment_bytes_max = 3000});
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      const JournalRecord record = senders_[random_.below(3)].next(static_cast<int>(1 + random_.below(6)));
      ASSERT_TRUE(journal_->commit({&record, 1}));
    }
  }
  void index_all() {
    for (int i = 0; i < 10'000; ++i) {
      const auto more = journal_->index_frames(7);
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) return;
    }
    FAIL() << "there is always more to index";
  }
  std::vector<FrameReference> by_index(FrameQuery query) {
    std::vector<FrameReference> found;
    while (true) {
      const auto page = journal_->frames_of(query);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) return found;
      EXPECT_LE(page->frames.size(), query.frames_max);
      for (const FoundFrame& frame : page->frames) found.push_back(frame.reference);
      if (!page->next) return found;
      EXPECT_NE(query.after, page->next) << "a page leads on";
      query.after = page->next;
    }
  }
  /// Every device, several ranges, sizes of pages and both directions.
  void expect_agreement() {
    for (const std::int64_t gateway : {1, 2, 3, 4}) {
      for (int device = 0; device < 3; ++device) {
        FrameQuery query;
        query.gateway = GatewayId{gateway};
        query.device_uid = "meter-" + std::to_string(gateway) + "-" + std::to_string(device);
        query.newest_first = random_.below(2) == 0;
        query.frames_max = 1 + random_.below(60);
        if (random_.below(2) == 0) {
          query.from_utc_ms = 1'750'000'000'000 + static_cast<std::int64_t>(random_.below(40)) * 1'000 + 20;
          query.to_utc_ms = query.from_utc_ms + static_cast<std::int64_t>(random_.below(20)) * 1'000;
        }
        ASSERT_EQ(by_index(query), by_reading(*journal_, query)) << query.device_uid;
      }
    }
  }
  std::vector<std::string> sidecars() {
    std::vector<std::string> names = disk_.list("/journal").value();
    std::erase_if(names, [](const std::string& name) { return !number_in_frame_index_name(name); });
    return names;
  }

  SimulatedDisk disk_;
  SeededRandom random_{5};
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  std::vector<testing::Sender> senders_ = [] {
    std::vector<testing::Sender> senders;
    for (const std::int64_t gateway : {1, 2, 3}) senders.emplace_back(gateway, 1);
    return senders;
  }();
  std::unique_ptr<Journal> journal_;
};

TEST_F(FramesOf, AgreesWithReadingEverything) {
  ASSERT_GT(journal_->segments().size(), 5U);
  expect_agreement();  // nothing indexed in the background yet
  index_all();
  EXPECT_EQ(sidecars().size(), journal_->segments().size() - 1);
  for (int i = 0; i < 20; ++i) expect_agreement();
  fill(40);
  for (int i = 0; i < 5; ++i) expect_agreement();
  open();
  for (int i = 0; i < 5; ++i) expect_agreement();
  index_all();
  expect_agreement();
}

TEST_F(FramesOf, TellsWhatTheFrameWas) {
  index_all();
  FrameQuery query;
  query.gateway = GatewayId{2};
  query.device_uid = "meter-2-0";
  query.frames_max = 1;
  query.newest_first = false;
  const FramePage page = journal_->frames_of(query).value();
  ASSERT_EQ(page.frames.size(), 1U);
  const FoundFrame& found = page.frames[0];
  const FrameEvidence evidence = journal_->frame(found.reference).value();
  EXPECT_EQ(evidence.device_uid, "meter-2-0");
  EXPECT_EQ(found.received_utc_ms, evidence.frame.received_utc_ms);
  EXPECT_EQ(found.sent_utc_ms, evidence.frame.sent_utc_ms);
  EXPECT_EQ(found.protocol, Protocol::dlt645_2007);
  EXPECT_EQ(to_hex(found.request), to_hex(evidence.frame.request));
  EXPECT_EQ(to_hex(found.response), to_hex(evidence.frame.response));
  EXPECT_EQ(found.reading_count, 1U);
  EXPECT_EQ(found.journalled_utc_ms, evidence.stored.record.received_utc_ms);
  query.frames_max = 0;
  EXPECT_EQ(journal_->frames_of(query).error().code, ErrorCode::invalid_argument);
}

TEST_F(FramesOf, DamagedStaleAndMissingSidecarsAreMadeAnew) {
  index_all();
  const std::vector<std::string> names = sidecars();
  ASSERT_GT(names.size(), 4U);
  ASSERT_TRUE(disk_.flip_bit("/journal/" + names[0], 100, 3));
  ASSERT_TRUE(disk_.flip_bit("/journal/" + names[1], 0, 0));
  ASSERT_TRUE(disk_.remove("/journal/" + names[2]));
  // Of another segment, under this one's name.
  const Bytes other = read_file(disk_, "/journal/" + names[4]).value();
  ASSERT_TRUE(write_file_atomically(disk_, "/journal/" + names[3], other));
  open();
  expect_agreement();
  index_all();
  for (int i = 0; i < 5; ++i) expect_agreement();
  EXPECT_EQ(sidecars(), names);
}

TEST_F(FramesOf, SidecarsGoWithTheirSegments) {
  index_all();
  ASSERT_TRUE(journal_->set_backup_watermark(journal_->next_number()));
  ASSERT_GT(journal_->remove_before(80).value(), 1U);
  expect_agreement();
  index_all();
  EXPECT_EQ(sidecars().size(), journal_->segments().size() - 1);
  EXPECT_EQ(number_in_frame_index_name(sidecars().front()), journal_->first_number());
  expect_agreement();
}

TEST_F(FramesOf, AFullDiskOnlyDelaysTheIndex) {
  disk_.set_capacity_bytes(disk_.used_bytes());
  const auto refused = [&] {
    while (true) {
      const auto more = journal_->index_frames();
      if (!more) return more.error().code;
      if (!*more) return ErrorCode::internal;
    }
  }();
  EXPECT_EQ(refused, ErrorCode::storage_full);
  expect_agreement();
  disk_.set_capacity_bytes(std::nullopt);
  index_all();
  EXPECT_EQ(sidecars().size(), journal_->segments().size() - 1);
  expect_agreement();
}

TEST_F(FramesOf, PowerMayFailAtAnyPointOfIndexing) {
  for (std::uint64_t operations = 0; operations < 24; ++operations) {
    disk_.lose_power_after(operations);
    while (journal_->index_frames(20).value_or(false)) {
    }
    disk_.crash(random_);
    open();
    ASSERT_NO_FATAL_FAILURE(expect_agreement()) << operations;
  }
}

}  // namespace
}  // namespace duheng::store
