#include "codec/modbus/stream_parser.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/modbus/message.hpp"
#include "codec/modbus/test_vectors.hpp"

namespace duheng::modbus {
namespace {

using Frames = std::vector<std::string>;

Bytes hex(std::string_view text) { return from_hex(text).value(); }
std::string pdu_hex(const auto& frame) { return to_hex(frame.pdu().octets()); }

Bytes glued(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
Bytes frame_of(Transport transport, std::string_view pdu) {
  return encode_frame(transport, 1, 17, hex(pdu))->to_bytes();
}

template <class Parser>
Frames fed(Parser& parser, ByteView octets, std::size_t piece) {
  Frames frames;
  const auto keep = [&](const auto& frame) { frames.push_back(pdu_hex(frame)); };
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    parser.feed(octets.subspan(at, std::min(piece, octets.size() - at)), keep);
  }
  parser.flush(keep);
  return frames;
}

constexpr std::string_view answer_1 = "0306022B00000064";
constexpr std::string_view answer_2 = "10000100 02";

TEST(StreamParser, RtuFramesNeedNoGapAndCanBeSplitAnywhere) {
  const Bytes all = glued({frame_of(Transport::rtu, answer_1), frame_of(Transport::rtu, answer_2)});
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    RtuStreamParser parser(Role::response);
    Frames frames;
    const auto keep = [&](const RtuFrame& frame) { frames.push_back(pdu_hex(frame)); };
    parser.feed(ByteView(all).first(cut), keep);
    parser.feed(ByteView(all).subspan(cut), keep);
    ASSERT_EQ(frames, (Frames{"0306022B00000064", "1000010002"})) << cut;
    EXPECT_EQ(parser.pending_octets(), 0U);
    EXPECT_EQ(parser.counters().skipped_octets, 0U);
  }
}

TEST(StreamParser, RtuUnknownFunctionEndsWithTheGap) {
  RtuStreamParser parser(Role::response);
  Frames frames;
  const auto keep = [&](const RtuFrame& frame) { frames.push_back(pdu_hex(frame)); };
  parser.feed(frame_of(Transport::rtu, "11 03 01 FF 02"), keep);
  EXPECT_TRUE(frames.empty());
  parser.flush(keep);
  EXPECT_EQ(frames, Frames{"110301FF02"});
  EXPECT_EQ(parser.counters().unfinished, 0U);
}

TEST(StreamParser, RtuFindsTheFrameBehindNoise) {
  const Bytes noise = hex("00 FF 55 03");
  Bytes damaged = frame_of(Transport::rtu, answer_2);
  damaged[3] ^= 0x40;
  RtuStreamParser parser(Role::response);
  const auto frames = fed(parser, glued({noise, damaged, frame_of(Transport::rtu, answer_1)}), 5);
  EXPECT_EQ(frames, Frames{"0306022B00000064"});
  EXPECT_EQ(parser.counters().frames, 1U);
  EXPECT_GE(parser.counters().bad_checksums, 1U);
  EXPECT_EQ(parser.counters().skipped_octets, noise.size() + damaged.size());
}

TEST(StreamParser, RtuWholeFrameThatBreaksARuleIsCountedApart) {
  RtuStreamParser parser(Role::request);
  const auto frames =
      fed(parser, glued({frame_of(Transport::rtu, "03006B0000"), frame_of(Transport::rtu, "03006B0003")}), 64);
  EXPECT_EQ(frames, Frames{"03006B0003"});
  EXPECT_EQ(parser.counters().malformed, 1U);
  EXPECT_EQ(parser.counters().malformed_octets, 8U);
  EXPECT_EQ(parser.counters().skipped_octets, 0U);
}

TEST(StreamParser, AsciiBeginsAnewWithEachColon) {
  const Bytes whole = frame_of(Transport::ascii, answer_1);
  const Bytes half(whole.begin(), whole.begin() + 7);
  AsciiStreamParser parser(Role::response);
  const auto frames = fed(parser, glued({half, whole, Bytes{'\r', '\n'}, whole}), 3);
  EXPECT_EQ(frames, (Frames{"0306022B00000064", "0306022B00000064"}));
  EXPECT_EQ(parser.counters().false_starts, 1U);
  EXPECT_EQ(parser.counters().skipped_octets, half.size() + 2);
}

TEST(StreamParser, TcpFindsTheNextHeader) {
  TcpStreamParser parser(Role::response);
  const auto frames = fed(parser, glued({hex("FF FF"), frame_of(Transport::tcp, answer_1)}), 4);
  EXPECT_EQ(frames, Frames{"0306022B00000064"});
  EXPECT_GE(parser.counters().false_starts, 1U);
}

TEST(StreamParser, FlushGivesUpTheUnfinished) {
  TcpStreamParser parser(Role::request);
  const Bytes whole = frame_of(Transport::tcp, "03006B0003");
  EXPECT_TRUE(fed(parser, ByteView(whole).first(9), 9).empty());
  EXPECT_GE(parser.counters().unfinished, 1U);
  EXPECT_EQ(parser.pending_octets(), 0U);
}

template <class Parser>
void all_vectors_in_one_stream(Transport transport, Role role) {
  Bytes all;
  std::size_t count = 0;
  for (const auto& valid : valid_frames()) {
    // A function of no known size would swallow what follows without a gap.
    const bool is_raw = valid.vector->name.find("report_server") != std::string::npos ||
                        valid.vector->name.find("crc_example") != std::string::npos;
    if (valid.vector->transport != transport || valid.role != role || is_raw) continue;
    all.insert(all.end(), valid.vector->octets.begin(), valid.vector->octets.end());
    ++count;
  }
  ASSERT_GT(count, 10U);
  for (const std::size_t piece : {1U, 7U, 256U, 5000U}) {
    Parser parser(role);
    EXPECT_EQ(fed(parser, all, piece).size(), count);
    EXPECT_EQ(parser.counters().skipped_octets, 0U);
    EXPECT_EQ(parser.counters().malformed, 0U);
  }
}
TEST(StreamParser, EveryVectorGlued) {
  for (const auto role : {Role::request, Role::response}) {
    all_vectors_in_one_stream<RtuStreamParser>(Transport::rtu, role);
    all_vectors_in_one_stream<AsciiStreamParser>(Transport::ascii, role);
    all_vectors_in_one_stream<TcpStreamParser>(Transport::tcp, role);
  }
}

template <class Parser>
void pieces_do_not_matter(const Bytes& octets, std::size_t piece, Role role) {
  Parser whole(role);
  Parser pieces(role);
  RC_ASSERT(fed(whole, octets, octets.size() + 1) == fed(pieces, octets, piece));
  RC_ASSERT(whole.counters() == pieces.counters());
  RC_ASSERT(whole.pending_octets() == 0U);
}

RC_GTEST_PROP(StreamParser, PiecesDoNotMatter, ()) {
  // Frames of the vectors, damaged and with noise between.
  const auto& vectors = test_vectors();
  Bytes octets;
  const auto parts = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, vectors.size()));
  for (const std::size_t part : parts) {
    Bytes frame = vectors[part].octets;
    if (*rc::gen::inRange(0, 4) == 0) {
      frame[*rc::gen::inRange<std::size_t>(0, frame.size())] = *rc::gen::arbitrary<std::uint8_t>();
    }
    octets.insert(octets.end(), frame.begin(), frame.end());
    if (*rc::gen::inRange(0, 4) == 0) octets.push_back(*rc::gen::arbitrary<std::uint8_t>());
  }
  const auto piece = *rc::gen::inRange<std::size_t>(1, 40);
  const auto role = *rc::gen::element(Role::request, Role::response);
  pieces_do_not_matter<RtuStreamParser>(octets, piece, role);
  pieces_do_not_matter<AsciiStreamParser>(octets, piece, role);
  pieces_do_not_matter<TcpStreamParser>(octets, piece, role);
}

}  // namespace
}  // namespace duheng::modbus
