#include "store/journal/frame_index.hpp"

#include <gtest/gtest.h>

#include "store/journal/journal_testing.hpp"
#include "store/segment_log/segment_log_testing.hpp"

namespace duheng::store {
namespace {

constexpr crypto::Hash256 segment_hash{7, 7, 7};

FrameIndex some_index() {
  testing::Sender sender(7, 1);
  testing::Sender other(-9, 3);
  FrameIndex index(40);
  index.add(sender.next(2));
  index.add(other.next(5));
  const Bytes edits = {1, 2};
  index.add(edits_record(edits, 5));
  JournalRecord unreadable = sender.next(1);
  const Bytes octets = {9, 9, 9};
  unreadable.body = octets;
  index.add(unreadable);
  index.add(sender.next(1));
  return index;
}

std::vector<std::uint64_t> numbers(const std::vector<FrameIndex::Entry>& entries) {
  std::vector<std::uint64_t> found;
  for (const auto& entry : entries) found.push_back(entry.record_number);
  return found;
}

TEST(FrameIndex, NamesTheRecordsOfEachDeviceAndNothingElse) {
  const FrameIndex index = some_index();
  EXPECT_EQ(index.next_number(), 45U);
  EXPECT_EQ(numbers(index.records_of(GatewayId{7}, "meter-7-0")), (std::vector<std::uint64_t>{40, 44}));
  EXPECT_EQ(numbers(index.records_of(GatewayId{7}, "meter-7-1")), (std::vector<std::uint64_t>{40}));
  EXPECT_EQ(numbers(index.records_of(GatewayId{-9}, "meter--9-2")), (std::vector<std::uint64_t>{41}));
  EXPECT_TRUE(index.records_of(GatewayId{8}, "meter-7-0").empty());
  EXPECT_TRUE(index.records_of(GatewayId{7}, "meter-7").empty());
  EXPECT_EQ(index.device_count(), 5U);
  // The first batch of each sender was received 1 s and 20 ms after its start, the third of the first sender 3 s.
  EXPECT_EQ(index.earliest_utc_ms(), 1'750'000'001'020);
  EXPECT_EQ(index.latest_utc_ms(), 1'750'000'003'020);
}

TEST(FrameIndex, ComesBackAsItWasAndCutShortIsRefused) {
  const FrameIndex index = some_index();
  Bytes bytes = index.encode();
  EXPECT_EQ(FrameIndex::parse(bytes).value(), index);
  EXPECT_EQ(FrameIndex::parse(FrameIndex(3).encode()).value(), FrameIndex(3));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(FrameIndex::parse(ByteView(bytes).first(size)).error().code, ErrorCode::malformed) << size;
  bytes.push_back(0);
  EXPECT_EQ(FrameIndex::parse(bytes).error().code, ErrorCode::malformed);
  bytes[0] = 2;
  EXPECT_EQ(FrameIndex::parse(bytes).error().code, ErrorCode::unsupported);
}

TEST(FrameIndexFile, EveryFlippedBitIsFound) {
  testing::VersionedKeys keys;
  const FrameIndex index = some_index();
  Bytes file = seal_frame_index(index, segment_hash, keys).value();
  EXPECT_EQ(open_frame_index(file, segment_hash, keys).value(), index);
  for (std::size_t at = 0; at < file.size(); ++at) {
    file[at] ^= 1U << (at % 8);
    ASSERT_FALSE(open_frame_index(file, segment_hash, keys)) << at;
    file[at] ^= 1U << (at % 8);
  }
  for (std::size_t size = 0; size < file.size(); ++size)
    ASSERT_FALSE(open_frame_index(ByteView(file).first(size), segment_hash, keys)) << size;
}

TEST(FrameIndexFile, IsOfOneContentAndOneKeyAndHoldsNoPlainText) {
  testing::VersionedKeys keys;
  const Bytes file = seal_frame_index(some_index(), segment_hash, keys).value();
  EXPECT_EQ(open_frame_index(file, crypto::Hash256{1}, keys).error().code, ErrorCode::storage_corrupt);
  testing::VersionedKeys others(2);
  EXPECT_EQ(open_frame_index(file, segment_hash, others).error().code, ErrorCode::key_missing);
  keys.current = 2;
  EXPECT_TRUE(open_frame_index(file, segment_hash, keys));
  keys.oldest = 2;
  EXPECT_EQ(open_frame_index(file, segment_hash, keys).error().code, ErrorCode::key_missing);
  EXPECT_EQ(as_text(file).find("meter"), std::string_view::npos);
  const FrameIndexHeader header = parse_frame_index_header(ByteView(file).first(frame_index_header_bytes)).value();
  EXPECT_EQ(header.first_number, 40U);
  EXPECT_EQ(header.next_number, 45U);
  EXPECT_EQ(header.earliest_utc_ms, 1'750'000'001'020);
}

TEST(FrameIndexFile, NamesAreItsOwn) {
  EXPECT_EQ(frame_index_name(42), "00000000000000000042.fix");
  EXPECT_EQ(number_in_frame_index_name(frame_index_name(42)), 42U);
  for (const char* name : {"00000000000000000042.seg", "42.fix", "0000000000000000004x.fix", ""})
    EXPECT_FALSE(number_in_frame_index_name(name)) << name;
}

}  // namespace
}  // namespace duheng::store
