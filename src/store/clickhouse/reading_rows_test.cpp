#include "store/clickhouse/reading_rows.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "base/random.hpp"

namespace duheng::store {
namespace {

bool equal(const ReadingRow& a, const ReadingRow& b) { return a.series == b.series && a.order() == b.order(); }

std::vector<ReadingRow> made_rows() {
  std::vector<ReadingRow> rows;
  SeededRandom random(7);
  for (std::uint32_t i = 0; i < 200; ++i)
    rows.push_back({i / 7 + 1, static_cast<std::int64_t>(random.next_u64()),
                    static_cast<std::int64_t>(random.next_u64()), static_cast<std::uint16_t>(random.below(65'536)),
                    static_cast<std::uint8_t>(random.below(256)), static_cast<std::int64_t>(random.next_u64()),
                    static_cast<std::int64_t>(random.next_u64())});
  rows[3].mantissa = std::numeric_limits<std::int64_t>::min();
  rows[4].time_utc_ms = std::numeric_limits<std::int64_t>::max();
  return rows;
}

TEST(ReadingRows, ComeBackWhateverThePiecesTheyArriveIn) {
  const auto rows = made_rows();
  Bytes wire;
  for (std::uint32_t i = 0; i < rows.size(); ++i) write_reading_row(wire, rows[i], i);
  ASSERT_EQ(wire.size(), rows.size() * reading_row_bytes);
  for (const std::size_t piece : {1U, 2U, 42U, 43U, 44U, 100U, 8'600U}) {
    std::vector<ReadingRow> out;
    ReadingRowReader reader([&](const ReadingRow& row) -> Result<void> {
      out.push_back(row);
      return {};
    });
    for (std::size_t at = 0; at < wire.size(); at += piece)
      ASSERT_TRUE(reader.feed(ByteView(wire).subspan(at, std::min(piece, wire.size() - at))));
    ASSERT_TRUE(reader.finish());
    ASSERT_EQ(out.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_TRUE(equal(out[i], rows[i])) << i;
  }
}

TEST(ReadingRows, WhatWasWrittenTwiceIsReadOnce) {
  const ReadingRow row{1, 1'000, 5, 0, 1, 65'536, 7};
  Bytes wire;
  for (const std::uint32_t place : {0U, 0U, 0U, 1U, 1U, 2U}) write_reading_row(wire, row, place);
  std::size_t taken = 0;
  ReadingRowReader reader([&](const ReadingRow&) -> Result<void> {
    ++taken;
    return {};
  });
  ASSERT_TRUE(reader.feed(wire));
  EXPECT_EQ(taken, 3U) << "equal readings of one frame are evidence, the same place is the same reading";
  EXPECT_EQ(reader.rows_seen(), 6U);
}

TEST(ReadingRows, AnAnswerCutWithinARowIsNoAnswer) {
  Bytes wire;
  write_reading_row(wire, {1, 1, 1, 0, 0, 1, 1}, 0);
  wire.pop_back();
  ReadingRowReader reader([](const ReadingRow&) -> Result<void> { return {}; });
  ASSERT_TRUE(reader.feed(wire));
  const auto done = reader.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::storage_failed);
}

TEST(ReadingRows, TheSinkEndsTheReading) {
  Bytes wire;
  for (std::uint32_t i = 0; i < 5; ++i) write_reading_row(wire, {1, 1, 1, 0, 0, 1, 1}, i);
  std::size_t taken = 0;
  ReadingRowReader reader([&](const ReadingRow&) -> Result<void> {
    if (++taken == 2) return fail(ErrorCode::cancelled, "enough");
    return {};
  });
  const auto done = reader.feed(wire);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  EXPECT_EQ(taken, 2U);
}

TEST(ReadingRows, TheSumWrapsAsTheServerSDoes) {
  EXPECT_EQ(row_sum_of(0, 3), 3U);
  EXPECT_EQ(row_sum_of(-1, 31), 0U);
  EXPECT_EQ(row_sum_of(std::numeric_limits<std::int64_t>::max(), 0),
            static_cast<std::uint64_t>(9'223'372'036'854'775'807ULL) * 31);
}

}  // namespace
}  // namespace duheng::store
