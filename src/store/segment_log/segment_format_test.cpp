#include "store/segment_log/segment_format.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/segment_log/segment_file.hpp"
#include "store/segment_log/segment_log_testing.hpp"

namespace duheng::store {
namespace {

SegmentHeader sample_header() {
  SegmentHeader header;
  header.key_version = 3;
  header.first_number = 77;
  header.salt.fill(0x5A);
  header.previous_hash.fill(0xA5);
  header.purpose = "journal";
  header.snapshot = {9, 8, 7, 6};
  return header;
}
crypto::Aead sample_aead(std::uint8_t seed = 1) {
  return crypto::Aead(derive_segment_key(crypto::SecretKey{crypto::hkdf_sha256(Bytes{seed}, {}, {})}, sample_header()));
}

TEST(SegmentHeader, ComesBackAsItWas) {
  SegmentHeader header = sample_header();
  auto aead = sample_aead();
  const Bytes bytes = encode_header(header, aead).value();
  auto parsed = parse_header(bytes);
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_TRUE(open_header(*parsed, bytes, aead));
  EXPECT_EQ(parsed->key_version, 3U);
  EXPECT_EQ(parsed->first_number, 77U);
  EXPECT_EQ(parsed->purpose, "journal");
  EXPECT_EQ(parsed->snapshot, (Bytes{9, 8, 7, 6}));
  EXPECT_EQ(parsed->hash, header.hash);
  EXPECT_EQ(parsed->size_bytes, bytes.size());
}

TEST(SegmentHeader, EveryFlippedBitIsFoundWithoutTheKey) {
  SegmentHeader header = sample_header();
  auto aead = sample_aead();
  const Bytes bytes = encode_header(header, aead).value();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    ASSERT_FALSE(parse_header(damaged)) << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(parse_header(ByteView(bytes).first(size))) << size;
}

TEST(SegmentHeader, AnotherKeyIsSaidToBeMissingAndALaterVersionUnsupported) {
  SegmentHeader header = sample_header();
  auto aead = sample_aead(1);
  auto other = sample_aead(2);
  Bytes bytes = encode_header(header, aead).value();
  auto parsed = parse_header(bytes).value();
  EXPECT_EQ(open_header(parsed, bytes, other).error().code, ErrorCode::key_missing);
  bytes[6] = 2;
  EXPECT_EQ(parse_header(bytes).error().code, ErrorCode::unsupported);
}

TEST(Blocks, ComeBackAndEveryFlippedBitIsFound) {
  auto aead = sample_aead();
  BlockEncoder encoder;
  for (const bool compressible : {true, false}) {
    std::vector<Bytes> entries = {Bytes(300, 7), {}, Bytes(5, 9)};
    if (!compressible) SeededRandom(5).fill(entries[0]);
    const Bytes plain = encode_entries(testing::views(entries)).value();
    const auto encoded = encoder.encode(plain, 3, 1000, crypto::Aead::Nonce{1}, crypto::Hash256{2}, aead).value();
    const Bytes block(encoded.bytes.begin(), encoded.bytes.end());
    const auto header = parse_block_header(block).value();
    EXPECT_EQ(header.encoding, compressible ? BlockEncoding::zstd : BlockEncoding::raw);
    EXPECT_EQ(checked_block_hash(block), encoded.hash);
    const auto decoded = DecodedBlock::from_plain(1000, 3, open_block(header, block, aead).value()).value();
    for (std::uint64_t i = 0; i < 3; ++i) {
      const ByteView entry = decoded->entry(1000 + i);
      EXPECT_EQ(Bytes(entry.begin(), entry.end()), entries[i]);
    }
    EXPECT_FALSE(decoded->holds(999));
    EXPECT_FALSE(decoded->holds(1003));
    for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
      Bytes damaged = block;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      ASSERT_FALSE(checked_block_hash(damaged)) << bit;
      // The tag alone covers all but the hash behind it.
      if (const auto damaged_header = parse_block_header(damaged);
          damaged_header && bit / 8 < block.size() - hash_bytes) {
        ASSERT_FALSE(open_block(*damaged_header, damaged, aead)) << bit;
      }
    }
  }
}

TEST(Blocks, WhatDoesNotShrinkIsStoredRaw) {
  auto aead = sample_aead();
  BlockEncoder encoder;
  Bytes noise(500);
  SeededRandom(11).fill(noise);
  const ByteView entry = noise;
  const Bytes plain = encode_entries({&entry, 1}).value();
  const auto encoded = encoder.encode(plain, 1, 0, {}, {}, aead).value();
  EXPECT_EQ(parse_block_header(encoded.bytes).value().encoding, BlockEncoding::raw);
  EXPECT_EQ(encoded.bytes.size(), plain.size() + block_overhead_bytes);
}

TEST(Blocks, LimitsAreKept) {
  const std::vector<ByteView> many(segment_limits::block_entries_max + 1);
  EXPECT_EQ(encode_entries(many).error().code, ErrorCode::limit_exceeded);
  const Bytes half(segment_limits::block_bytes_max / 2 + 1);
  const std::vector<ByteView> large(2, ByteView(half));
  EXPECT_EQ(encode_entries(large).error().code, ErrorCode::limit_exceeded);
}

TEST(Footer, ComesBackAndEveryFlippedBitIsFound) {
  auto aead = sample_aead();
  SegmentIndex index;
  index.blocks = {{77, 200}, {79, 500}, {500, 501}};
  index.next_number = 501;
  index.end = 9000;
  index.last_hash.fill(4);
  const Bytes footer = encode_footer(index, crypto::Aead::Nonce{3}, aead).value();
  EXPECT_EQ(footer_size(ByteView(footer).last(footer_end_bytes)).value(), footer.size());
  EXPECT_EQ(open_footer(footer, 77, 200, aead).value(), index);
  EXPECT_FALSE(open_footer(footer, 76, 200, aead));
  for (std::size_t bit = 0; bit < footer.size() * 8; ++bit) {
    Bytes damaged = footer;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    ASSERT_FALSE(footer_is_whole(damaged)) << bit;
    ASSERT_FALSE(open_footer(damaged, 77, 200, aead)) << bit;
  }
}

TEST(Entries, AnyListComesBack) {
  rc::check("entries survive encoding", [](const std::vector<Bytes>& entries) {
    RC_PRE(!entries.empty());
    const auto block =
        DecodedBlock::from_plain(5, entries.size(), encode_entries(testing::views(entries)).value()).value();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const ByteView entry = block->entry(5 + i);
      RC_ASSERT(Bytes(entry.begin(), entry.end()) == entries[i]);
    }
  });
}

TEST(Entries, AnyOctetsAreEitherRefusedOrConsistent) {
  rc::check("a table of sizes never points outside", [](const Bytes& plain) {
    const auto count = *rc::gen::inRange<std::size_t>(0, 12);
    const auto block = DecodedBlock::from_plain(0, count, plain);
    if (!block) return;
    std::size_t total = 0;
    for (std::uint64_t i = 0; i < count; ++i) total += (*block)->entry(i).size();
    RC_ASSERT(total <= plain.size());
  });
}

TEST(SegmentNames, OnlyTheirOwnFormCounts) {
  EXPECT_EQ(segment_name(42), "00000000000000000042.seg");
  EXPECT_EQ(number_in_segment_name(segment_name(UINT64_MAX)), UINT64_MAX);
  for (const char* name : {"42.seg", "0000000000000000004x.seg", "00000000000000000042.sex", "99999999999999999999.seg",
                           "+0000000000000000042.seg", "00000000000000000042.seg.new"}) {
    EXPECT_FALSE(number_in_segment_name(name)) << name;
  }
}

}  // namespace
}  // namespace duheng::store
