#include "codec/cjt188/stream_parser.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/test_vectors.hpp"

namespace duheng::cjt188 {
namespace {

using Frames = std::vector<std::string>;

void feed(StreamParser& parser, ByteView octets, Frames& out) {
  parser.feed(octets, [&](const FrameView& frame) { out.push_back(to_hex(frame.octets())); });
}
void flush(StreamParser& parser, Frames& out) {
  parser.flush([&](const FrameView& frame) { out.push_back(to_hex(frame.octets())); });
}
Bytes glued(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const auto part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
std::uint64_t accounted(const StreamParser& parser, std::size_t octets_in_frames) {
  const auto& c = parser.counters();
  return c.preamble_octets + c.noise_octets + c.rejected_octets + octets_in_frames + parser.pending_octets();
}

const Peer master{.address = *Address::parse("161"), .preamble_octets = 4};
const Peer meter{.address = *Address::parse("161"), .preamble_octets = 2};
const FrameBuffer question = *read_request(master, identifiers::metering);
const FrameBuffer answer = *read_reply(meter, {0xD120}, Bytes{0x26, 0, 0, 0, 0x2C});

TEST(StreamParser, SplitAnywhere) {
  const Bytes all = glued({question.view(), answer.view()});
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    StreamParser parser;
    Frames frames;
    feed(parser, ByteView(all).first(cut), frames);
    feed(parser, ByteView(all).subspan(cut), frames);
    ASSERT_EQ(frames.size(), 2U) << cut;
    EXPECT_EQ(frames[0], to_hex(question.view().subspan(4)));
    EXPECT_EQ(frames[1], to_hex(answer.view().subspan(2)));
    EXPECT_EQ(parser.pending_octets(), 0U);
    EXPECT_EQ(parser.counters().preamble_octets, 6U);
    EXPECT_EQ(parser.counters().noise_octets, 0U);
  }
}

TEST(StreamParser, CountsDiscardsByCause) {
  StreamParser parser;
  Frames frames;
  Bytes bad_sum(answer.view().begin(), answer.view().end());
  bad_sum[bad_sum.size() - 2] ^= 1;
  Bytes bad_end(answer.view().begin(), answer.view().end());
  bad_end.back() = 0x17;
  feed(parser, glued({Bytes{0x01, 0x02}, bad_sum, answer.view(), bad_end, answer.view()}), frames);
  EXPECT_EQ(frames.size(), 2U);
  EXPECT_EQ(parser.counters().frames, 2U);
  EXPECT_EQ(parser.counters().bad_checksums, 1U);
  EXPECT_EQ(parser.counters().bad_ends, 1U);
  EXPECT_EQ(parser.counters().noise_octets, 2U);
  EXPECT_GE(parser.counters().rejected_octets, 40U);
}

TEST(StreamParser, FlushGivesUpTheUnfinishedAndFindsWhatItHid) {
  StreamParser parser;
  Frames frames;
  // A start that claims 255 octets of DATA swallows the answer until the line falls silent.
  const auto false_start = from_hex("68 10 01 02 03 04 05 06 07 81 FF").value();
  feed(parser, glued({false_start, answer.view()}), frames);
  EXPECT_TRUE(frames.empty());
  flush(parser, frames);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(parser.counters().unfinished, 1U);
  EXPECT_EQ(parser.pending_octets(), 0U);
  EXPECT_EQ(accounted(parser, answer.view().size() - 2), false_start.size() + answer.view().size());
}

TEST(StreamParser, ResetForgets) {
  StreamParser parser;
  Frames frames;
  feed(parser, answer.view().first(10), frames);
  EXPECT_GT(parser.pending_octets(), 0U);
  parser.reset();
  feed(parser, answer.view().subspan(10), frames);
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(parser.pending_octets(), 0U);
}

TEST(StreamParser, LongestFramesPass) {
  const auto longest = *read_reply(meter, {0xBB19}, Bytes(252, 0x68));
  StreamParser parser;
  Frames frames;
  Bytes all;
  for (int i = 0; i < 20; ++i) all = glued({all, longest.view()});
  feed(parser, all, frames);
  EXPECT_EQ(frames.size(), 20U);
}

TEST(StreamParser, AllVectorsOneBehindTheOther) {
  StreamParser parser;
  Frames frames;
  Frames expected;
  for (const auto& vector : test_vectors()) {
    if (const auto frame = decode(vector.octets)) expected.push_back(to_hex(frame->octets()));
    feed(parser, vector.octets, frames);
    flush(parser, frames);
  }
  EXPECT_EQ(frames, expected);
}

RC_GTEST_PROP(StreamParserProperty, NoFrameIsLostBetweenNoise, ()) {
  Bytes all;
  Frames expected;
  std::size_t in_frames = 0;
  const auto count = *rc::gen::inRange(1, 12);
  for (int i = 0; i < count; ++i) {
    // Noise without 68H cannot hide a frame; noise with it is the next property's.
    const auto noise = *rc::gen::container<Bytes>(rc::gen::distinctFrom(std::uint8_t{0x68}));
    auto payload = *rc::gen::arbitrary<Bytes>();
    if (payload.size() > 200) payload.resize(200);
    const auto frame = *read_reply({.preamble_octets = 0}, {0xD120}, payload);
    all = glued({all, noise, frame.view()});
    expected.push_back(to_hex(frame.view()));
    in_frames += frame.view().size();
  }
  StreamParser parser;
  Frames frames;
  ByteView rest(all);
  while (!rest.empty()) {
    const auto size = std::min<std::size_t>(rest.size(), *rc::gen::inRange<std::size_t>(1, 700));
    feed(parser, rest.first(size), frames);
    rest = rest.subspan(size);
    RC_ASSERT(parser.pending_octets() < frame_layout::frame_octets_max);
  }
  RC_ASSERT(frames == expected);
  RC_ASSERT(accounted(parser, in_frames) == all.size());
}

RC_GTEST_PROP(StreamParserProperty, EveryOctetIsAccountedFor, (Bytes octets)) {
  for (auto& octet : octets) {
    if (octet % 4 == 0) octet = 0x68;
  }
  StreamParser parser;
  std::size_t in_frames = 0;
  const auto on_frame = [&](const FrameView& frame) { in_frames += frame.size_octets(); };
  parser.feed(octets, on_frame);
  RC_ASSERT(accounted(parser, in_frames) == octets.size());
  parser.flush(on_frame);
  RC_ASSERT(parser.pending_octets() == 0U);
  RC_ASSERT(accounted(parser, in_frames) == octets.size());
}

}  // namespace
}  // namespace duheng::cjt188
