#include "codec/gdw13762/frame.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/gdw13762/message.hpp"
#include "codec/gdw13762/scanner.hpp"
#include "codec/gdw13762/stream_parser.hpp"
#include "codec/gdw13762/test_vectors.hpp"

namespace duheng::gdw13762 {
namespace {

FrameFields fields_of(const FrameView& frame) {
  FrameFields fields;
  fields.from_module = frame.from_module();
  fields.is_started = frame.is_started();
  fields.communication_kind = frame.communication_kind();
  fields.information = frame.information();
  fields.service = frame.service();
  fields.data = frame.data();
  if (!frame.has_addresses()) return fields;
  fields.addresses = FrameFields::Addresses{frame.source(), frame.destination(), {}};
  for (std::size_t i = 0; i < frame.relay_count(); ++i)
    fields.addresses->relays.push_back(NodeAddress::from_wire(
        frame.octets().subspan(frame_layout::address_offset + (i + 1) * frame_layout::address_octets)));
  return fields;
}

TEST(CarrierFrame, VectorsDecodeAndEncodeBack) {
  ASSERT_GT(test_vectors().size(), 10U);
  for (const auto& vector : test_vectors()) {
    const auto frame = decode(vector.octets);
    ASSERT_EQ(frame.has_value(), vector.valid) << vector.name;
    if (!frame) continue;
    const auto again = encode(fields_of(*frame));
    ASSERT_TRUE(again) << vector.name;
    EXPECT_EQ(*again, vector.octets) << vector.name;
  }
}

TEST(CarrierFrame, EveryTruncationWaitsForMore) {
  for (const auto& vector : test_vectors()) {
    if (!vector.valid) continue;
    for (std::size_t size = 0; size < vector.octets.size(); ++size) {
      const auto frame = decode_at_start(ByteView(vector.octets).first(size));
      ASSERT_FALSE(frame) << vector.name << " " << size;
      EXPECT_EQ(frame.error().code, ErrorCode::truncated) << vector.name << " " << size;
      EXPECT_EQ(frame.error().octet_offset, size) << vector.name;
    }
  }
}

TEST(CarrierFrame, EverySingleOctetChangeIsFound) {
  for (const auto& vector : test_vectors()) {
    if (!vector.valid) continue;
    for (std::size_t at = 0; at < vector.octets.size(); ++at) {
      for (unsigned change = 1; change < 256; ++change) {
        Bytes changed = vector.octets;
        changed[at] ^= static_cast<std::uint8_t>(change);
        const auto frame = decode_at_start(changed);
        ASSERT_FALSE(frame) << vector.name << " octet " << at << " " << change;
      }
    }
  }
}

TEST(CarrierFrame, NodeAddressesAreWrittenAsMetersShowThem) {
  const auto address = NodeAddress::parse("202600000123");
  ASSERT_TRUE(address);
  EXPECT_EQ(to_hex(address->wire(), ' '), "23 01 00 00 26 20");
  EXPECT_EQ(address->to_string(), "202600000123");
  EXPECT_EQ(NodeAddress::parse("7")->to_string(), "000000000007");
  EXPECT_FALSE(NodeAddress::parse(""));
  EXPECT_FALSE(NodeAddress::parse("12A"));
  EXPECT_FALSE(NodeAddress::parse("1234567890123"));
}

TEST(CarrierFrame, FunctionsAreNumberedThroughTheirGroups) {
  for (unsigned function = 1; function <= 255; ++function) {
    FrameFields fields;
    fields.service = {0x03, static_cast<std::uint8_t>(function)};
    const auto octets = encode(fields);
    ASSERT_TRUE(octets);
    const auto frame = decode_at_start(*octets);
    ASSERT_TRUE(frame) << function;
    EXPECT_EQ(frame->service(), fields.service);
  }
}

TEST(CarrierFrame, WhatDoesNotFitIsRefused) {
  FrameFields fields;
  fields.service = services::ask_node;
  const Bytes long_data(frame_layout::frame_octets_max, 0);
  fields.data = long_data;
  EXPECT_EQ(encode(fields).error().code, ErrorCode::limit_exceeded);
  fields.data = {};
  fields.addresses = FrameFields::Addresses{{}, {}, std::vector<NodeAddress>(16)};
  EXPECT_EQ(encode(fields).error().code, ErrorCode::limit_exceeded);
  EXPECT_FALSE(make_node_question(CarriedProtocol::dlt698, Bytes(256, 0)));
  EXPECT_TRUE(make_node_question(CarriedProtocol::dlt698, Bytes(255, 0)));
}

TEST(CarrierStream, FramesComeWholeHoweverTheOctetsCome) {
  Bytes stream{0x00, 0x68, 0x11, 0xFE};
  std::vector<Bytes> sent;
  for (const auto& vector : test_vectors()) {
    if (!vector.valid) continue;
    stream.insert(stream.end(), vector.octets.begin(), vector.octets.end());
    stream.push_back(0xFE);
    sent.push_back(vector.octets);
  }
  for (std::size_t step = 1; step < 40; ++step) {
    StreamParser parser;
    std::vector<Bytes> heard;
    const auto keep = [&](const FrameView& frame) { heard.emplace_back(frame.octets().begin(), frame.octets().end()); };
    for (std::size_t at = 0; at < stream.size(); at += step)
      parser.feed(ByteView(stream).subspan(at, std::min(step, stream.size() - at)), keep);
    parser.flush(keep);
    ASSERT_EQ(heard, sent) << step;
  }
}

TEST(CarrierStream, BrokenFramesAreCountedByTheirFault) {
  StreamParser parser;
  std::size_t heard = 0;
  for (const auto& vector : test_vectors()) {
    parser.feed(vector.octets, [&](const FrameView&) { ++heard; });
    parser.flush([&](const FrameView&) { ++heard; });
  }
  const auto valid = static_cast<std::size_t>(std::ranges::count(test_vectors(), true, &TestVector::valid));
  EXPECT_EQ(heard, valid);
  EXPECT_GE(parser.counters().bad_checksums, 1U);
  EXPECT_GE(parser.counters().bad_ends, 1U);
  EXPECT_GE(parser.counters().bad_lengths, 2U);
  EXPECT_GE(parser.counters().unfinished, 1U);
}

RC_GTEST_PROP(CarrierStream, NoiseNeverStopsIt, (const Bytes& noise)) {
  StreamParser parser;
  const Bytes whole = *encode({.service = services::running_mode});
  std::size_t heard = 0;
  const auto count = [&](const FrameView& frame) { heard += std::ranges::equal(frame.octets(), whole) ? 1 : 0; };
  parser.feed(noise, count);
  parser.flush(count);
  parser.feed(whole, count);
  RC_ASSERT(heard >= 1U);
}

RC_GTEST_PROP(CarrierFrame, WhatIsEncodedDecodes, (const Bytes& data, std::uint8_t code, std::uint8_t serial)) {
  FrameFields fields;
  fields.from_module = (serial & 1U) != 0;
  fields.service = {code, static_cast<std::uint8_t>(serial % 255 + 1)};
  fields.information.octets[5] = serial;
  fields.addresses =
      FrameFields::Addresses{*NodeAddress::parse("1"), *NodeAddress::parse("202600000123"),
                             std::vector<NodeAddress>(fields.from_module ? 0 : serial % 16, *NodeAddress::parse("77"))};
  fields.data = data;
  const auto octets = encode(fields);
  RC_PRE(octets.has_value());
  const auto frame = decode_at_start(*octets);
  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->service() == fields.service);
  RC_ASSERT(frame->source() == fields.addresses->source);
  RC_ASSERT(frame->destination() == fields.addresses->destination);
  RC_ASSERT(std::ranges::equal(frame->data(), data));
  RC_ASSERT(frame->information().serial() == serial);
}

}  // namespace
}  // namespace duheng::gdw13762
