#include "codec/dlt698/stream_parser.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/dlt698/test_vectors.hpp"

namespace duheng::dlt698 {
namespace {

Bytes octets(const char* hex) { return from_hex(hex).value(); }
const Bytes release = octets("68 12 00 43 05 01 00 00 00 00 00 10 E2 FD 03 05 00 AB 5E 16");

struct Collected {
  std::vector<Bytes> frames;
  auto keep() {
    return [this](const FrameView& frame) { frames.emplace_back(frame.octets().begin(), frame.octets().end()); };
  }
};
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

TEST(StreamParserTest, AllVectorsGluedWithNoiseInAnyPieces) {
  Bytes line;
  std::vector<Bytes> expected;
  for (const TestVector& vector : test_vectors()) {
    if (!vector.valid || vector.is_bare_apdu) continue;
    const auto frame = *decode(vector.octets);
    expected.emplace_back(frame.octets().begin(), frame.octets().end());
    line.insert(line.end(), vector.octets.begin(), vector.octets.end());
    line.insert(line.end(), {0x68, 0x12, 0x00, 0xFE});
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100}, line.size()}) {
    StreamParser parser;
    Collected collected;
    for (std::size_t at = 0; at < line.size(); at += piece) {
      parser.feed(ByteView(line).subspan(at, std::min(piece, line.size() - at)), collected.keep());
    }
    parser.flush(collected.keep());
    EXPECT_EQ(collected.frames, expected) << piece;
    EXPECT_EQ(parser.counters().frames, expected.size());
  }
}

TEST(StreamParserTest, CountsEachFaultByItsCause) {
  Bytes bad_header = release;
  bad_header[3] ^= 1;
  Bytes bad_check = release;
  bad_check[15] ^= 1;
  Bytes bad_end = release;
  bad_end.back() = 0x17;
  const Bytes bad_length = octets("68 03 00 43 00");
  StreamParser parser;
  Collected collected;
  parser.feed(joined({octets("FE FE 01"), bad_header, bad_check, bad_end, bad_length, release, octets("68 12 00")}),
              collected.keep());
  EXPECT_EQ(collected.frames.size(), 1U);
  EXPECT_EQ(parser.pending_octets(), 3U);
  parser.flush(collected.keep());
  const auto& counters = parser.counters();
  EXPECT_EQ(counters.bad_header_checks, 1U);
  EXPECT_EQ(counters.bad_frame_checks, 1U);
  EXPECT_EQ(counters.bad_ends, 1U);
  EXPECT_EQ(counters.bad_lengths, 1U);
  EXPECT_EQ(counters.unfinished, 1U);
  EXPECT_EQ(counters.preamble_octets, 2U);
  EXPECT_EQ(counters.noise_octets + counters.rejected_octets, 1 + 3 * release.size() + bad_length.size() + 3);
}

TEST(StreamParserTest, FramesAboveTheLimitArePassedOver) {
  StreamParser parser(64);
  Collected collected;
  const Bytes user_data(100, 0);
  const Bytes long_frame = encode(FrameFields{.user_data = user_data}).value();
  parser.feed(joined({long_frame, release}), collected.keep());
  EXPECT_EQ(collected.frames, std::vector<Bytes>{release});
  EXPECT_EQ(parser.counters().bad_lengths, 1U);
}

TEST(StreamParserTest, AFrameHiddenInAnUnfinishedOneComesOutWithFlush) {
  Bytes head = encode(FrameFields{.user_data = Bytes(200, 0)}).value();
  head.resize(30);
  StreamParser parser;
  Collected collected;
  parser.feed(joined({head, release}), collected.keep());
  EXPECT_TRUE(collected.frames.empty());
  parser.flush(collected.keep());
  EXPECT_EQ(collected.frames, std::vector<Bytes>{release});
  parser.feed(release, collected.keep());
  parser.reset();
  EXPECT_EQ(parser.pending_octets(), 0U);
}

RC_GTEST_PROP(StreamParserTest, EveryOctetIsAccountedFor, (const Bytes& noise)) {
  StreamParser parser;
  Collected collected;
  const Bytes line = joined({noise, release, noise});
  parser.feed(line, collected.keep());
  parser.flush(collected.keep());
  std::size_t in_frames = 0;
  for (const Bytes& frame : collected.frames) in_frames += frame.size();
  const auto& counters = parser.counters();
  RC_ASSERT(counters.preamble_octets + counters.noise_octets + counters.rejected_octets + in_frames == line.size());
}

}  // namespace
}  // namespace duheng::dlt698
