#include "store/telemetry/curve_block.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <random>
#include <rapidcheck.h>

#include "crypto/hash.hpp"
#include "store/telemetry/curve_bits.hpp"

namespace duheng::store {
namespace {

using Rows = std::vector<ReadingRow>;
constexpr std::uint32_t series = 42;
constexpr std::int64_t midnight_utc_ms = 1'767'225'600'000;  // 2026-01-01
constexpr std::int64_t quarter_ms = 900'000;
constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto greatest = std::numeric_limits<std::int64_t>::max();

void sort(Rows& rows) {
  std::ranges::sort(rows, [](const ReadingRow& a, const ReadingRow& b) { return a.order() < b.order(); });
}

/// `count` readings a quarter of an hour apart, all answers heard two seconds later.
template <class MantissaOf>
Rows quarters(std::size_t count, MantissaOf&& mantissa_of) {
  Rows rows;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t time = midnight_utc_ms + static_cast<std::int64_t>(i) * quarter_ms;
    rows.push_back({series, time, mantissa_of(i), 0, 0, FrameReference::make(5'000 + 300 * i, 7).value, time + 2'000});
  }
  return rows;
}

CurveBlock encoded(const Rows& rows) {
  CurveBlock block;
  encode_curve(rows, block);
  return block;
}

bool equal(const ReadingRow& a, const ReadingRow& b) { return a.series == b.series && a.order() == b.order(); }
bool equal(const Rows& a, const Rows& b) {
  return std::ranges::equal(a, b, [](const ReadingRow& x, const ReadingRow& y) { return equal(x, y); });
}

/// What comes back, with and without evidence, is what went in.
::testing::AssertionResult round_trips(const Rows& rows) {
  const CurveBlock block = encoded(rows);
  if (block.values.empty() || block.evidence.empty()) return ::testing::AssertionFailure() << "not encoded";
  Rows back;
  if (const auto done = decode_curve(series, block.values, block.evidence, back); !done)
    return ::testing::AssertionFailure() << done.error().message;
  if (!equal(rows, back)) return ::testing::AssertionFailure() << "rows differ";
  Rows bare;
  if (!decode_curve(series, block.values, {}, bare)) return ::testing::AssertionFailure() << "refused without evidence";
  Rows expected = rows;
  for (ReadingRow& row : expected) row.frame = row.received_utc_ms = 0;
  if (!equal(expected, bare)) return ::testing::AssertionFailure() << "rows without evidence differ";
  return ::testing::AssertionSuccess();
}

TEST(CurveBlock, OneRow) {
  EXPECT_TRUE(round_trips({{series, midnight_utc_ms, 12'345, 0, 1, 99, midnight_utc_ms}}));
  EXPECT_TRUE(round_trips({{series, least, least, 0xFFFF, 0xFF, least, greatest}}));
  EXPECT_TRUE(round_trips({{series, greatest, greatest, 0xFFFF, 0xFF, -1, least}}));
}

TEST(CurveBlock, ExtremesBesideEachOther) {
  Rows rows;
  for (const std::int64_t time : {least, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, greatest})
    for (const std::int64_t mantissa : {least, greatest, std::int64_t{0}, std::int64_t{-1}})
      rows.push_back({series, time, mantissa, static_cast<std::uint16_t>(mantissa), static_cast<std::uint8_t>(mantissa),
                      mantissa, time});
  sort(rows);
  EXPECT_TRUE(round_trips(rows));
}

TEST(CurveBlock, EqualTimesKeepTheirOrder) {
  Rows rows = quarters(50, [](std::size_t i) { return static_cast<std::int64_t>(i % 3); });
  for (ReadingRow& row : rows) row.time_utc_ms = midnight_utc_ms;
  EXPECT_TRUE(round_trips(rows));
}

TEST(CurveBlock, RegularDayTakesNextToNothing) {
  const CurveBlock block = encoded(quarters(96, [](std::size_t) { return 230; }));
  EXPECT_LE(block.values.size(), 14U);
  EXPECT_LE(block.evidence.size(), 16U);
}

TEST(CurveBlock, LinearCounterAndQuadraticOne) {
  for (const std::int64_t slope : {std::int64_t{1}, std::int64_t{-7}, std::int64_t{1'000'000}}) {
    const Rows rows = quarters(96, [&](std::size_t i) { return slope * static_cast<std::int64_t>(i); });
    EXPECT_TRUE(round_trips(rows));
    EXPECT_LE(encoded(rows).values.size(), 18U);
  }
  const Rows rows = quarters(96, [](std::size_t i) { return static_cast<std::int64_t>(i * (i + 1)); });
  EXPECT_TRUE(round_trips(rows));
  EXPECT_LE(encoded(rows).values.size(), 20U);
}

TEST(CurveBlock, FactorOfTransformersCostsNothing) {
  std::mt19937_64 random(1);
  std::int64_t register_value = 1'000;
  Rows fine = quarters(96, [&](std::size_t) { return register_value += static_cast<std::int64_t>(random() % 60); });
  Rows coarse = fine;
  for (ReadingRow& row : coarse) row.mantissa *= 4'000;
  EXPECT_TRUE(round_trips(coarse));
  EXPECT_LE(encoded(coarse).values.size(), encoded(fine).values.size() + 6);
}

TEST(CurveBlock, AGapAndALateStampCostFewOctets) {
  const auto flat = [](std::size_t) { return std::int64_t{230}; };
  const std::size_t regular = encoded(quarters(96, flat)).values.size();
  Rows gaps = quarters(96, flat);
  gaps.erase(gaps.begin() + 40, gaps.begin() + 43);
  gaps.erase(gaps.begin() + 60);
  EXPECT_TRUE(round_trips(gaps));
  EXPECT_LE(encoded(gaps).values.size(), regular + 14);
  Rows late = quarters(96, flat);
  late[30].time_utc_ms += 1'234;
  EXPECT_TRUE(round_trips(late));
  EXPECT_LE(encoded(late).values.size(), regular + 24);
}

TEST(CurveBlock, StampsThatShiverAreMeasuredFromTheirGrid) {
  std::mt19937_64 random(2);
  Rows rows = quarters(96, [](std::size_t) { return 230; });
  rows.erase(rows.begin() + 40, rows.begin() + 45);
  for (ReadingRow& row : rows) row.received_utc_ms = row.time_utc_ms += static_cast<std::int64_t>(random() % 64);
  EXPECT_TRUE(round_trips(rows));
  const CurveBlock block = encoded(rows);
  EXPECT_LE(block.values.size(), rows.size() * 6 / 8 + 36);  // 6 bits of chance each
  EXPECT_LE(block.evidence.size(), 32U);                     // received when stamped: nothing to say
}

TEST(CurveBlock, RunsOfFindingsCostFewOctets) {
  Rows rows = quarters(96, [](std::size_t) { return 230; });
  const std::size_t clean = encoded(rows).values.size();
  for (std::size_t i = 20; i < 50; ++i) rows[i].quality = static_cast<std::uint16_t>(Quality::clock_suspect);
  for (std::size_t i = 60; i < 96; ++i) rows[i].time_source = static_cast<std::uint8_t>(TimeSource::gateway);
  EXPECT_TRUE(round_trips(rows));
  EXPECT_LE(encoded(rows).values.size(), clean + 20);
}

TEST(CurveBlock, HistoryReadInOneFrame) {
  Rows rows = quarters(96, [](std::size_t) { return 230; });
  for (ReadingRow& row : rows) {
    row.frame = FrameReference::make(77, 3).value;
    row.received_utc_ms = midnight_utc_ms + 90'000'123;
  }
  EXPECT_TRUE(round_trips(rows));
  EXPECT_LE(encoded(rows).evidence.size(), 20U);
}

TEST(CurveBlock, FullBlockOfNoise) {
  std::mt19937_64 random(3);
  Rows rows;
  for (std::size_t i = 0; i < curve_limits::rows_max; ++i)
    rows.push_back({series, static_cast<std::int64_t>(random()), static_cast<std::int64_t>(random()),
                    static_cast<std::uint16_t>(random()), static_cast<std::uint8_t>(random()),
                    static_cast<std::int64_t>(random()), static_cast<std::int64_t>(random())});
  sort(rows);
  EXPECT_TRUE(round_trips(rows));
  const CurveBlock block = encoded(rows);
  EXPECT_LE(block.values.size(), curve_limits::bytes_max);
  EXPECT_LE(block.evidence.size(), curve_limits::bytes_max);
  EXPECT_LE(block.values.size(), rows.size() * 20);  // chance cannot be pressed, but it need not swell either
}

TEST(CurveBlock, RefusesWhatIsNotOneOrderedSeries) {
  const auto refused = [](const Rows& rows) {
    CurveBlock block{{1, 2, 3}, {4, 5}};
    encode_curve(rows, block);
    return block.values.empty() && block.evidence.empty();
  };
  const Rows good = quarters(3, [](std::size_t) { return 1; });
  EXPECT_FALSE(refused(good));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(quarters(curve_limits::rows_max + 1, [](std::size_t) { return 1; })));
  Rows other_series = good;
  other_series[1].series = series + 1;
  EXPECT_TRUE(refused(other_series));
  Rows backwards = good;
  std::swap(backwards[0], backwards[2]);
  EXPECT_TRUE(refused(backwards));
  Rows same_time_backwards = good;
  for (ReadingRow& row : same_time_backwards) row.time_utc_ms = midnight_utc_ms;
  std::swap(same_time_backwards[0], same_time_backwards[2]);
  EXPECT_TRUE(refused(same_time_backwards));
}

TEST(CurveBlock, DecodingAppendsAndLeavesNothingOfARefusedBlock) {
  const Rows rows = quarters(10, [](std::size_t i) { return static_cast<std::int64_t>(i * i * i); });
  const CurveBlock block = encoded(rows);
  Rows out = rows;
  ASSERT_TRUE(decode_curve(series, block.values, block.evidence, out));
  ASSERT_EQ(out.size(), 20U);
  EXPECT_TRUE(equal(out[13], rows[3]));
  const auto refused = decode_curve(series, block.values, ByteView(block.evidence).first(3), out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_corrupt);
  EXPECT_EQ(out.size(), 20U);
}

TEST(CurveBlock, RefusesAnotherVersionAnEmptyBlockAndTooManyRows) {
  const CurveBlock block = encoded(quarters(10, [](std::size_t) { return 5; }));
  Rows out;
  EXPECT_FALSE(decode_curve(series, {}, {}, out));
  Bytes values = block.values;
  values[0] = 2;
  EXPECT_FALSE(decode_curve(series, values, block.evidence, out));
  Bytes evidence = block.evidence;
  evidence[0] = 0;
  EXPECT_FALSE(decode_curve(series, block.values, evidence, out));
  values = block.values;
  values[1] = 0xFF;  // the number of rows, low octet first
  values[2] |= 0x07;
  EXPECT_FALSE(decode_curve(series, values, {}, out));
  values[1] = 0;
  values[2] = static_cast<std::uint8_t>(values[2] & ~0x07);
  EXPECT_FALSE(decode_curve(series, values, {}, out));
  EXPECT_FALSE(decode_curve(series, Bytes(curve_limits::bytes_max + 1), {}, out));
  EXPECT_TRUE(out.empty());
}

// --- Blocks of earlier releases ------------------------------------------------------------------------------------

/// Rows that were encoded when the layout was settled; see the blocks below.
Rows rows_of_version_1(int which) {
  Rows rows;
  std::int64_t total = 123'456;
  for (std::int64_t i = 0; i < 16; ++i) {
    const std::int64_t chance = i * i * 7 % 11;
    total += which == 1 ? chance * 40 : chance;
    ReadingRow row{series, midnight_utc_ms + i * quarter_ms, total, 0, 0, 0, 0};
    row.frame = FrameReference::make(static_cast<std::uint64_t>(700 + i * 30 + chance), 5).value;
    if (which == 1 && i > 9) row.time_utc_ms += 2 * quarter_ms;
    if (which == 2) {
      row.time_utc_ms += chance * 3;
      row.time_source = static_cast<std::uint8_t>(TimeSource::gateway);
      row.mantissa = 2'300 - chance;
    }
    if (which == 2 && i == 6) row.quality = 0x28;
    if (which == 3) {
      row.mantissa = static_cast<std::int64_t>(0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(i + 1));
      row.frame = 99;
    }
    row.received_utc_ms =
        which == 3 ? midnight_utc_ms + 99'999'999 : row.time_utc_ms + (which == 1 ? 2'000 + chance : 0);
    rows.push_back(row);
  }
  return rows;
}

/// A day that leads the adaptive code through its states: nothing, little, much, outliers.
Rows busy_day_of_version_1() {
  Rows rows;
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < 96; ++i) {
    const std::int64_t chance = (i * i * 7 + i / 5) % 11;
    const std::int64_t hour = i / 4;
    if (hour > 5 && hour < 12) total += chance < 7 ? 0 : chance - 6;
    if (hour >= 12 && hour < 18) total += chance * chance + 20;
    if (hour >= 18) total += chance < 5 ? 0 : chance;
    if (i % 37 == 36) total += 50'000;
    const std::int64_t time = midnight_utc_ms + i * 300'000;
    rows.push_back({series, time, total, 0, 0, FrameReference::make(static_cast<std::uint64_t>(i), 0).value, time});
  }
  return rows;
}

// Stored files hold such blocks: these must be read for ever. A better encoder may write others; then these stay and
// new ones are added.
TEST(CurveBlock, BlocksOfVersion1AreReadForEver) {
  struct Stored {
    std::string_view values;
    std::string_view evidence;
  };
  constexpr std::array<Stored, 4> stored{{
      {"0110A804C0A6042240E2226090B5EB5FDE066B1700", "01092FB2E08041D6AE7F791BAC5D05000800"},
      {"0110A804C0262100A0CC2240E25A200183AC5DFFF23658BB0000",
       "01092FB2E08041D6AE7F791BAC5D0500B8809E04000659BBFEE56DB07601"},
      {"0110800900780E839D40779B000705000659BBFEE56DB07631F84102881934CA0117F7A31CC80D000200006814",
       "01092FB2E08041D6AE7F791BAC5D05000800"},
      {"0110A804C0A604FEEA83B5804686C861FEEA83B5804686C82100", "01008C0180E91F34CD8301"},
  }};
  for (std::size_t which = 0; which < stored.size(); ++which) {
    Rows rows;
    const auto done = decode_curve(series, *from_hex(stored[which].values), *from_hex(stored[which].evidence), rows);
    ASSERT_TRUE(done) << which << ": " << done.error().message;
    EXPECT_TRUE(equal(rows, rows_of_version_1(static_cast<int>(which)))) << which;
  }
  Rows rows;
  const auto done = decode_curve(
      series,
      *from_hex("016020054034120008000022B672C0F3347CC1B701C4000C0A582B8B4D9CB28849E334DDB1B06089619112DFC6"
                "02C053350CA80482A0C2136EE0030620040200"),
      *from_hex("01800400001000"), rows);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(equal(rows, busy_day_of_version_1()));
}

// The same for 160 blocks of every temper: lengths and octets of values and evidence in turn.
TEST(CurveBlock, TheFileOfVersion1YieldsTheRowsItAlwaysDid) {
  std::ifstream file(DUHENG_SOURCE_DIR "/src/store/telemetry/compat/curve_blocks_version_1.bin", std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  ByteReader in(as_bytes(content));
  Bytes seen;
  ByteWriter out(seen);
  std::size_t blocks = 0;
  for (; !in.at_end(); ++blocks) {
    const ByteView values = in.sized();
    const ByteView evidence = in.sized();
    ASSERT_TRUE(in.ok());
    Rows rows;
    const auto done = decode_curve(1, values, evidence, rows);
    ASSERT_TRUE(done) << "block " << blocks << ": " << done.error().message;
    for (const ReadingRow& row : rows) {
      out.zigzag(row.time_utc_ms);
      out.zigzag(row.mantissa);
      out.u16(row.quality);
      out.u8(row.time_source);
      out.zigzag(row.frame);
      out.zigzag(row.received_utc_ms);
    }
  }
  EXPECT_EQ(blocks, 160U);
  EXPECT_EQ(to_hex(crypto::sha256(seen)), "E583AA5E77955A757CBC690ACE0CED5D0F75E0CFC6B34C9AFB8C6ABA5CD0D1E5");
}

// --- Blocks made by hand -------------------------------------------------------------------------------------------

class HandMade {
 public:
  HandMade() { bits_.put(1, 8); }
  BitWriter* operator->() noexcept { return &bits_; }
  /// A column of a constant step; 0 for equal numbers.
  HandMade& step(std::int64_t step) {
    bits_.put(step == 0 ? 0 : 1, 3);
    if (step != 0) bits_.signed_number(static_cast<std::uint64_t>(step));
    return *this;
  }
  [[nodiscard]] Bytes bytes() const { return {bits_.written().begin(), bits_.written().end()}; }

 private:
  std::array<std::uint8_t, 256> memory_{};
  BitWriter bits_{memory_.data()};
};

/// Two rows whose columns grow by the steps given.
Bytes two_values(std::int64_t time_step, std::uint64_t first_mark, std::int64_t mark_step) {
  HandMade block;
  block->put(2, 11);
  block->put(0, 3);  // milliseconds
  block->signed_number(0);
  block->put(0, 1);
  block.step(time_step);
  block->signed_number(0);
  block.step(0);
  block->number(first_mark);
  block.step(mark_step);
  return block.bytes();
}
Bytes two_pieces_of_evidence(std::uint64_t first_record, std::int64_t record_step, std::int64_t index_step) {
  HandMade block;
  block->number(first_record);
  block.step(record_step);
  block->put(0, 16);
  block.step(index_step);
  block->put(1, 1);
  block->signed_number(0);
  block.step(0);
  return block.bytes();
}

TEST(CurveBlock, RefusesWhatNoRowCanHold) {
  Rows out;
  const auto accepts = [&](const Bytes& values, const Bytes& evidence) {
    out.clear();
    return decode_curve(series, values, evidence, out).has_value();
  };
  EXPECT_TRUE(accepts(two_values(1, 0, 0), {}));
  EXPECT_TRUE(accepts(two_values(0, 0, 0xFFFFFF), two_pieces_of_evidence(1, 0, 0xFFFF)));
  EXPECT_EQ(out[1].quality, 0xFFFF);
  EXPECT_EQ(out[1].frame, FrameReference::make(1, 0xFFFF).value);
  EXPECT_FALSE(accepts(two_values(-1, 0, 0), {})) << "time running backwards";
  EXPECT_FALSE(accepts(two_values(1, 0, 0x1000000), {})) << "a quality of 17 bits";
  EXPECT_FALSE(accepts(two_values(1, 0, 0), two_pieces_of_evidence(1, 0, 0x10000))) << "an index of 17 bits";
  EXPECT_FALSE(accepts(two_values(1, 0, 0), two_pieces_of_evidence(1ULL << 48, 0, 0))) << "a record of 49 bits";
  EXPECT_FALSE(accepts(two_values(0, 0, 0), two_pieces_of_evidence(5, -1, 0))) << "arrival running backwards";
}

TEST(CurveBlock, UnitsOfTimeAreThoseOfVersion1) {
  const std::array<std::int64_t, 8> units_ms{1, 10, 1'000, 60'000, 300'000, 900'000, 3'600'000, 86'400'000};
  for (std::size_t unit = 0; unit < units_ms.size(); ++unit) {
    HandMade block;
    block->put(2, 11);
    block->put(unit, 3);
    block->signed_number(3);
    block->put(0, 1);
    block.step(2);
    block->signed_number(0);
    block.step(0);
    block->number(0);
    block.step(0);
    Rows rows;
    ASSERT_TRUE(decode_curve(series, block.bytes(), {}, rows));
    EXPECT_EQ(rows[0].time_utc_ms, 1'577'836'800'000 + 3 * units_ms[unit]);
    EXPECT_EQ(rows[1].time_utc_ms - rows[0].time_utc_ms, 2 * units_ms[unit]);
    EXPECT_LE(encoded(rows).values.size(), block.bytes().size()) << "the encoder finds the unit";
  }
}

// --- Properties over arbitrary rows --------------------------------------------------------------------------------

/// Rows of every temper: regular or wild times, values that stand, walk or jump, all in one day or anywhere.
Rows arbitrary_rows(std::size_t count_max) {
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  const auto below = [&](std::uint64_t limit) { return static_cast<std::int64_t>(random() % limit); };
  const auto wild = [&] { return static_cast<std::int64_t>(random() >> below(64)) * (below(2) == 0 ? 1 : -1); };
  const int time_temper = static_cast<int>(below(6));
  const int value_temper = static_cast<int>(below(6));
  const int evidence_temper = static_cast<int>(below(4));
  const auto count = static_cast<std::size_t>(1 + below(count_max));
  const std::uint64_t spread = 1ULL << below(40);
  const std::int64_t factor = 1 + below(1'000);
  Rows rows;
  std::int64_t time = midnight_utc_ms - below(1'000'000'000);
  std::int64_t mantissa = wild() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    time += time_temper == 0 ? 0 : quarter_ms * (below(20) == 0 ? below(5) : 1);
    mantissa += value_temper == 0 ? 0 : below(spread) / (value_temper == 1 ? 1 : 2) * (value_temper == 2 ? factor : 1);
    ReadingRow row{series, time, mantissa, 0, 0, 0, 0};
    if (time_temper == 1) row.time_utc_ms += below(200);
    if (time_temper == 2) row.time_utc_ms += below(spread);
    if (time_temper == 3) row.time_utc_ms = wild();
    if (value_temper == 3) row.mantissa = wild();
    if (value_temper == 4) row.mantissa = below(spread);
    if (below(10) == 0) row.quality = static_cast<std::uint16_t>(wild());
    if (below(30) == 0) row.time_source = static_cast<std::uint8_t>(wild());
    row.frame = evidence_temper == 0 ? wild() : FrameReference::make(1'000 + i * 37, 5).value + below(4);
    row.received_utc_ms = evidence_temper == 1
                              ? wild()
                              : static_cast<std::int64_t>(static_cast<std::uint64_t>(row.time_utc_ms) +
                                                          (evidence_temper == 2 ? random() % 5'000 : 0));
    rows.push_back(row);
  }
  sort(rows);
  return rows;
}

TEST(CurveBlockProperty, AnyOrderedRowsComeBackExactly) {
  EXPECT_TRUE(rc::check("any rows", [] { RC_ASSERT(round_trips(arbitrary_rows(200))); }));
}

TEST(CurveBlockProperty, EveryTruncationIsRefused) {
  EXPECT_TRUE(rc::check("truncation", [] {
    const CurveBlock block = encoded(arbitrary_rows(60));
    Rows out;
    for (std::size_t size = 0; size < block.values.size(); ++size)
      RC_ASSERT(!decode_curve(series, ByteView(block.values).first(size), block.evidence, out));
    // An empty evidence is a question without it, so it starts at one octet.
    for (std::size_t size = 1; size < block.evidence.size(); ++size)
      RC_ASSERT(!decode_curve(series, block.values, ByteView(block.evidence).first(size), out));
    Bytes longer = block.values;
    longer.push_back(0);
    RC_ASSERT(!decode_curve(series, longer, block.evidence, out));
    RC_ASSERT(out.empty());
  }));
}

TEST(CurveBlockProperty, DamageIsRefusedOrYieldsOrderedRowsWithinTheLimit) {
  EXPECT_TRUE(rc::check("damage", [] {
    CurveBlock block = encoded(arbitrary_rows(100));
    Bytes& hit = *rc::gen::arbitrary<bool>() ? block.values : block.evidence;
    const auto flips = *rc::gen::inRange(1, 4);
    for (int i = 0; i < flips; ++i)
      hit[*rc::gen::inRange<std::size_t>(0, hit.size())] ^= *rc::gen::inRange<std::uint8_t>(1, 255);
    Rows out;
    if (!decode_curve(series, block.values, block.evidence, out)) {
      RC_ASSERT(out.empty());
      return;
    }
    RC_ASSERT(out.size() <= curve_limits::rows_max);
    RC_ASSERT(round_trips(out));
  }));
}

}  // namespace
}  // namespace duheng::store
