#include "store/journal/journal_record.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace duheng::store {
namespace {

crypto::Hash256 hash_of(std::uint64_t number) {
  Bytes bytes;
  ByteWriter(bytes).u64(number);
  return crypto::sha256(bytes);
}

TEST(JournalRecord, AnyRecordComesBackAsItWas) {
  rc::check("records survive encoding",
            [](bool refused, std::int64_t gateway, std::uint64_t epoch, std::uint64_t sequence, std::int64_t received,
               const Bytes& body, std::uint64_t seed) {
              const std::string reason = refused ? "the same offset with another hash" : "";
              const JournalRecord record{refused ? JournalRecordType::refused_evidence : JournalRecordType::batch,
                                         GatewayId{gateway},
                                         epoch,
                                         sequence,
                                         hash_of(seed),
                                         hash_of(seed + 1),
                                         received,
                                         reason,
                                         body};
              const Bytes bytes = encode_record(record).value();
              const JournalRecord parsed = parse_record(bytes).value();
              RC_ASSERT(parsed.type == record.type);
              RC_ASSERT(parsed.gateway == record.gateway);
              RC_ASSERT(parsed.epoch == epoch);
              RC_ASSERT(parsed.sequence == sequence);
              RC_ASSERT(parsed.hash == record.hash);
              RC_ASSERT(parsed.previous_hash == record.previous_hash);
              RC_ASSERT(parsed.received_utc_ms == received);
              RC_ASSERT(parsed.reason == reason);
              RC_ASSERT(std::ranges::equal(parsed.body, body));
            });
}

TEST(JournalRecord, CutShortUnknownAndOversizedAreRefused) {
  const Bytes body(40, 1);
  const JournalRecord record{
      JournalRecordType::refused_evidence, GatewayId{5}, 6, 7, hash_of(1), hash_of(2), 8, "why", body};
  Bytes bytes = encode_record(record).value();
  for (std::size_t size = 0; size < bytes.size() - body.size(); ++size) {
    ASSERT_EQ(parse_record(ByteView(bytes).first(size)).error().code, ErrorCode::malformed) << size;
  }
  bytes[1] = 4;
  EXPECT_EQ(parse_record(bytes).error().code, ErrorCode::malformed);
  bytes[0] = 2;
  EXPECT_EQ(parse_record(bytes).error().code, ErrorCode::unsupported);
  JournalRecord oversized = record;
  const Bytes large(journal_limits::body_bytes_max + 1);
  oversized.body = large;
  EXPECT_EQ(encode_record(oversized).error().code, ErrorCode::limit_exceeded);
  const std::string long_reason(journal_limits::reason_bytes_max + 1, 'x');
  oversized = record;
  oversized.reason = long_reason;
  EXPECT_EQ(encode_record(oversized).error().code, ErrorCode::limit_exceeded);
}

TEST(JournalRecord, EditsArePlatformMadeAndNameTheirBody) {
  const Bytes body = {1, 2, 3};
  const JournalRecord record = edits_record(body, 1'700'000'000'000);
  const Bytes bytes = encode_record(record).value();
  const JournalRecord parsed = parse_record(bytes).value();
  EXPECT_EQ(parsed.type, JournalRecordType::edits);
  EXPECT_EQ(parsed.gateway, GatewayId{});
  EXPECT_EQ(parsed.epoch, 0U);
  EXPECT_EQ(parsed.sequence, 0U);
  EXPECT_EQ(parsed.hash, crypto::sha256(body));
  EXPECT_EQ(parsed.previous_hash, crypto::Hash256{});
  EXPECT_EQ(parsed.received_utc_ms, 1'700'000'000'000);
  EXPECT_TRUE(std::ranges::equal(parsed.body, body));
  // Stored for ever: these numbers must not move.
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[1], 3);
}

TEST(SourcePositions, ComeBackAndDamageIsRefused) {
  const std::vector<SourcePosition> positions = {{GatewayId{1}, 2, 3, hash_of(3), 4},
                                                 {GatewayId{-1}, UINT64_MAX, 0, hash_of(4), -5}};
  Bytes bytes = encode_positions(positions);
  EXPECT_EQ(parse_positions(bytes).value(), positions);
  EXPECT_EQ(parse_positions(encode_positions({})).value(), std::vector<SourcePosition>{});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(parse_positions(ByteView(bytes).first(size))) << size;
  bytes.push_back(0);
  EXPECT_EQ(parse_positions(bytes).error().code, ErrorCode::malformed);
  bytes[0] = 9;
  EXPECT_EQ(parse_positions(bytes).error().code, ErrorCode::unsupported);
  // A count that promises more than there is must not reserve memory for it.
  EXPECT_EQ(parse_positions(Bytes{1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}).error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace duheng::store
