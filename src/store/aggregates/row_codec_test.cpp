#include "store/aggregates/row_codec.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace duheng::store {
namespace {

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

Int128 any_wide() { return (Int128{any<std::int64_t>()} << 64) | static_cast<std::uint64_t>(any<std::int64_t>()); }

AggregateMark any_mark() {
  return {any<std::int64_t>(), any<std::int64_t>(), {any<std::int64_t>()}, static_cast<Quality>(any<std::uint16_t>())};
}

AggregateRow any_row() {
  AggregateRow row;
  row.after_utc_ms = any<std::int64_t>();
  row.through_utc_ms = any<std::int64_t>();
  row.value_count = *rc::gen::inRange(0, 3) == 0 ? 0 : any<std::uint32_t>();
  if (any<bool>()) row.increase_since_utc_ms = any<std::int64_t>();
  row.longest_silence_ms = any<std::int64_t>();
  if (any<bool>()) {
    row.without_value_count = any<std::uint32_t>();
    row.estimated_count = any<std::uint32_t>();
    row.quality_union = any<std::uint16_t>();
    row.findings = any<std::uint16_t>();
    row.increase_edited = any_wide();
  }
  if (any<bool>()) row.increase = any_wide();
  if (any<bool>()) row.slots_expected = any<std::uint32_t>();
  if (row.value_count == 0) return row;
  row.sum = any_wide();
  row.first = any_mark();
  row.last = any_mark();
  row.minimum = any<bool>() ? row.first : any_mark();
  row.maximum = any<bool>() ? row.last : any_mark();
  return row;
}

DayTile any_tile() {
  DayTile tile;
  for (auto& entries : tile.series) {
    std::int32_t day = *rc::gen::inRange(0, 30'000);
    const int count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) {
      entries.push_back({day, any_row()});
      day += *rc::gen::inRange(1, 9);
    }
  }
  return tile;
}

RC_GTEST_PROP(RowCodec, TilesComeBackAsTheyWere, ()) {
  const DayTile tile = any_tile();
  const Bytes bytes = encode_day_tile(tile);
  const auto back = parse_day_tile(bytes);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == tile);
  for (std::size_t i = 0; i < tile.series.size(); ++i) {
    const auto one = parse_day_tile_series(bytes, i);
    RC_ASSERT(one.has_value());
    RC_ASSERT(*one == tile.series[i]);
  }
}

RC_GTEST_PROP(RowCodec, FiguresAndHoursComeBackAsTheyWere, ()) {
  std::vector<DayFigure> figures;
  for (std::int64_t series = 1'025; series <= 2'048; series += *rc::gen::inRange(1, 500)) {
    figures.push_back({SeriesId{series}, 20'000, any<std::uint16_t>(), any<std::uint32_t>(), any<std::uint32_t>(),
                       any<std::uint32_t>(), any_wide(), any_wide()});
    if ((figures.back().findings & aggregate_findings::over_gap) != 0) {
      figures.back().entry_from_utc_ms = any<std::int64_t>();
      figures.back().entry_to_utc_ms = any<std::int64_t>();
    }
  }
  std::vector<DayFigure> back;
  RC_ASSERT(parse_figures(encode_figures(figures, SeriesId{1'025}), SeriesId{1'025}, 20'000, back).has_value());
  RC_ASSERT(back == figures);
  std::vector<AggregateRow> hours;
  for (int i = *rc::gen::inRange(0, 26); i > 0; --i) hours.push_back(any_row());
  const auto hours_back = parse_hours(encode_hours(hours));
  RC_ASSERT(hours_back.has_value());
  RC_ASSERT(*hours_back == hours);
}

RC_GTEST_PROP(RowCodec, DamageIsFoundOrHarmless, ()) {
  Bytes bytes = encode_day_tile(any_tile());
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  if (any<bool>()) {
    bytes.resize(at);
    RC_ASSERT(!parse_day_tile(bytes).has_value());
  } else {
    bytes[at] = any<std::uint8_t>();
    if (const auto back = parse_day_tile(bytes)) {
      const auto again = parse_day_tile(encode_day_tile(*back));
      RC_ASSERT(again.has_value());
      RC_ASSERT(*again == *back);
    }
  }
}

TEST(RowCodec, APlainDayOfACounterIsSmall) {
  DayTile tile;
  for (int i = 0; i < 31; ++i) {
    AggregateRow row;
    const std::int64_t begin = 1'750'000'000'000 + i * std::int64_t{86'400'000};
    row.after_utc_ms = begin;
    row.through_utc_ms = begin + 86'400'000;
    row.value_count = 96;
    row.first = {begin + 900'000, 1'000'000 + i * 960,
                 FrameReference::make(50'000 + static_cast<std::uint64_t>(i) * 900, 5), Quality::good};
    row.last = {begin + 86'400'000, 1'000'950 + i * 960,
                FrameReference::make(50'890 + static_cast<std::uint64_t>(i) * 900, 7), Quality::good};
    row.minimum = row.first;
    row.maximum = row.last;
    row.sum = 96'000'000;
    row.increase = 960;
    row.slots_expected = row.slots_present = 96;
    row.longest_silence_ms = 900'000;
    tile.series[0].push_back({20'000 + i, row});
  }
  EXPECT_LT(encode_day_tile(tile).size(), 31U * 50U);
}

/// Octets as the release before wrote them: an hour with two values (10 and 14 of a counter), and a day's figure.
TEST(RowCodec, ReadsRowsOfVersionOne) {
  const Bytes hours{0x01, 0x01, 0x0B, 0x00, 0x80, 0xBA, 0xB7, 0x03, 0x02, 0x00,
                    0x08, 0x30, 0x02, 0x14, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00};
  const auto rows = parse_hours(hours);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().through_utc_ms, 3'600'000);
  EXPECT_EQ(rows->front().value_count, 2U);
  EXPECT_EQ(rows->front().increase, 4);
  EXPECT_EQ(rows->front().sum, 24);
  EXPECT_EQ(rows->front().last.mantissa, 14);
  EXPECT_EQ(rows->front().increase_since_utc_ms, AggregateRow::no_time);
  const Bytes figures{0x01, 0x01, 0x04, 0x01, 0x60, 0x60, 0x5F, 0x14, 0x00};
  std::vector<DayFigure> back;
  ASSERT_TRUE(parse_figures(figures, SeriesId{1}, 20'000, back));
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0], (DayFigure{SeriesId{5}, 20'000, aggregate_findings::roll_over, 96, 96, 95, 10, 0}));
  // Written anew, they are of today's version and say the same.
  EXPECT_EQ(encode_hours(*rows).front(), 2);
  EXPECT_EQ(*parse_hours(encode_hours(*rows)), *rows);
}

TEST(RowCodec, RefusesANewerVersion) {
  Bytes bytes = encode_day_tile({});
  bytes[0] = 3;
  EXPECT_EQ(parse_day_tile(bytes).error().code, ErrorCode::unsupported);
  bytes[0] = 0;
  EXPECT_EQ(parse_day_tile(bytes).error().code, ErrorCode::storage_corrupt);
  EXPECT_EQ(parse_day_tile({}).error().code, ErrorCode::storage_corrupt);
}

}  // namespace
}  // namespace duheng::store
