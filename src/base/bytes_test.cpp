#include "base/bytes.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng {
namespace {

TEST(Hex, RefusesHalfOctetsAndStrangers) {
  EXPECT_EQ(to_hex(*from_hex("68 1a,FF:00")), "681AFF00");
  EXPECT_EQ(to_hex(*from_hex("0x68"), ' '), "68");
  EXPECT_EQ(from_hex("681").error().code, ErrorCode::malformed);
  EXPECT_EQ(from_hex("6 81").error().code, ErrorCode::malformed);
  EXPECT_EQ(from_hex("6g").error().code, ErrorCode::malformed);
}

RC_GTEST_PROP(Hex, RoundTrips, (const Bytes& bytes)) {
  RC_ASSERT(*from_hex(to_hex(bytes)) == bytes);
  RC_ASSERT(*from_hex(to_hex(bytes, ' ')) == bytes);
}

RC_GTEST_PROP(ByteReader, ReadsWhatWasWritten, (std::uint64_t a, std::int64_t b, const Bytes& c)) {
  Bytes out;
  ByteWriter writer(out);
  writer.varint(a);
  writer.zigzag(b);
  writer.sized(ByteView{c});
  writer.u64(a);
  ByteReader reader(out);
  RC_ASSERT(reader.varint() == a);
  RC_ASSERT(reader.zigzag() == b);
  const auto view = reader.sized();
  RC_ASSERT(Bytes(view.begin(), view.end()) == c);
  RC_ASSERT(reader.u64() == a);
  RC_ASSERT(reader.ok() && reader.at_end());
}

RC_GTEST_PROP(ByteReader, NeverReadsPastItsInput, (const Bytes& bytes)) {
  ByteReader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    static_cast<void>(reader.sized());
    static_cast<void>(reader.varint());
    static_cast<void>(reader.u32());
  }
  RC_ASSERT(reader.offset() <= bytes.size());
}

}  // namespace
}  // namespace duheng
