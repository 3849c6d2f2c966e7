#include "codec/cjt188/frame.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <rapidcheck/gtest.h>

#include "codec/cjt188/scanner.hpp"
#include "codec/cjt188/test_vectors.hpp"

namespace duheng::cjt188 {
namespace {

/// The frame format once more, written as plainly as it reads, to judge the fast code by.
bool is_frame_by_the_book(ByteView f) {
  if (f.size() < 13 || f[0] != 0x68 || f.size() != 13U + f[10]) return false;
  const auto sum = std::accumulate(f.begin(), f.end() - 2, 0U);
  return (sum & 0xFF) == f[f.size() - 2] && f.back() == 0x16;
}

class FrameVectors : public testing::TestWithParam<TestVector> {};

TEST_P(FrameVectors, IsJudgedAsRecorded) {
  const TestVector& v = GetParam();
  const auto frame = decode(v.octets);
  ASSERT_EQ(frame.has_value(), v.valid);
  if (frame) {
    EXPECT_EQ(frame->address().to_string(), v.address);
    if (!v.payload.empty()) {
      EXPECT_EQ(to_hex(frame->data().subspan(3), ' '), v.payload);
    }
    return;
  }
  EXPECT_EQ(to_string(frame.error().field), v.error);
  EXPECT_NE(to_error(frame.error()).message.find(v.error), std::string::npos);
}

TEST_P(FrameVectors, EveryTruncationIsAnErrorThatNamesItsPlace) {
  const TestVector& v = GetParam();
  const auto whole = decode(v.octets);
  const std::size_t end = whole ? whole->end_offset() : v.octets.size();
  for (std::size_t cut = 0; cut < end; ++cut) {
    // A copy of exact size, so that reading past the cut is reading past the memory.
    const Bytes part(v.octets.begin(), v.octets.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto frame = decode(part);
    ASSERT_FALSE(frame) << cut;
    EXPECT_LE(frame.error().octet_offset, cut);
    EXPECT_NE(frame.error().field, Field::none);
    EXPECT_FALSE(frame.error().clause.empty());
    if (whole && whole->noise_octets() == 0) {
      EXPECT_EQ(frame.error().code, ErrorCode::truncated) << cut;
    }
  }
}

class WholeFrameVectors : public testing::TestWithParam<TestVector> {};

TEST_P(WholeFrameVectors, NoChangedOctetIsAccepted) {
  const TestVector& v = GetParam();
  const auto whole = decode(v.octets);
  ASSERT_TRUE(whole);
  const Bytes right(whole->octets().begin(), whole->octets().end());
  for (std::size_t at = 0; at < v.octets.size(); ++at) {
    for (unsigned change = 1; change < 256; ++change) {
      Bytes changed = v.octets;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      const auto frame = decode(changed);
      if (!frame) {
        EXPECT_LE(frame.error().octet_offset, changed.size());
        continue;
      }
      // Only what stands outside the frame may change unseen.
      ASSERT_TRUE(std::ranges::equal(frame->octets(), right)) << "octet " << at;
    }
  }
}

TEST_P(WholeFrameVectors, EncodesToTheSameOctets) {
  const auto frame = decode(GetParam().octets);
  ASSERT_TRUE(frame);
  const auto again = encode({frame->meter_type(), frame->address(), frame->control(), frame->data(), 0});
  ASSERT_TRUE(again);
  EXPECT_EQ(to_hex(again->view()), to_hex(frame->octets()));
}

INSTANTIATE_TEST_SUITE_P(Cjt188Json, FrameVectors, testing::ValuesIn(test_vectors()),
                         [](const auto& param) { return param.param.name; });
INSTANTIATE_TEST_SUITE_P(Cjt188Json, WholeFrameVectors, testing::ValuesIn(valid_test_vectors()),
                         [](const auto& param) { return param.param.name; });

TEST(FrameVectorFile, HoldsTheFramesItShould) { EXPECT_EQ(valid_test_vectors().size(), 45U); }

TEST(Frame, ChecksumIsThePlainSumForEveryLength) {
  Bytes octets(300);
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(i * 37 + 250);
  for (std::size_t size = 0; size <= octets.size(); ++size) {
    const Bytes exact(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(checksum_of(exact), std::accumulate(exact.begin(), exact.end(), 0U) & 0xFF) << size;
  }
}

TEST(Frame, ErrorsNameTheFirstMissingField) {
  const auto octets = from_hex("68 10 01 02 03 04 05 06 07 01 03 1F 90 00 5A 16").value();
  const Field expected[] = {Field::start,   Field::meter_type, Field::address,  Field::address,
                            Field::address, Field::address,    Field::address,  Field::address,
                            Field::address, Field::control,    Field::length,   Field::data,
                            Field::data,    Field::data,       Field::checksum, Field::end};
  for (std::size_t cut = 0; cut < octets.size(); ++cut) {
    const auto error = decode(ByteView(octets).first(cut)).error();
    EXPECT_EQ(error.code, ErrorCode::truncated);
    EXPECT_EQ(error.field, expected[cut]) << cut;
    EXPECT_EQ(error.octet_offset, cut);
  }
}

TEST(Frame, RefusesTooMuchData) {
  EXPECT_EQ(encode({.data = Bytes(256)}).error().code, ErrorCode::limit_exceeded);
  std::array<std::uint8_t, 16> small{};
  EXPECT_EQ(encode({.data = Bytes(4)}, small).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(encode({.data = Bytes(255), .preamble_octets = 17}).error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(encode({.data = Bytes(255), .preamble_octets = 16}));
}

TEST(Frame, NothingButPreambleWaitsForMore) {
  EXPECT_EQ(decode(Bytes{0xFE, 0xFE}).error().code, ErrorCode::truncated);
  EXPECT_EQ(decode({}).error().code, ErrorCode::truncated);
  const auto error = decode(Bytes{0xFE, 0x01}).error();
  EXPECT_EQ(error.field, Field::start);
  EXPECT_EQ(error.octet_offset, 1U);
  EXPECT_EQ(error.found, 0x01);
}

RC_GTEST_PROP(FrameProperty, WhatIsEncodedDecodesTheSame,
              (Address::Wire address, std::uint8_t type, std::uint8_t control, Bytes data)) {
  if (data.size() > 255) data.resize(255);
  const auto preamble = *rc::gen::inRange<std::uint8_t>(0, 17);
  const auto noise = *rc::gen::container<Bytes>(rc::gen::distinctFrom(std::uint8_t{0x68}));
  const auto encoded = encode({type, Address(address), control, data, preamble});
  RC_ASSERT(encoded.has_value());
  Bytes octets = noise;
  octets.insert(octets.end(), encoded->view().begin(), encoded->view().end());
  octets.insert(octets.end(), {0x00, 0x68, 0x11});
  const auto frame = decode(octets);
  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->meter_type() == type);
  RC_ASSERT(frame->address() == Address(address));
  RC_ASSERT(frame->control() == control);
  RC_ASSERT(std::ranges::equal(frame->data(), data));
  RC_ASSERT(frame->offset() == noise.size() + preamble);
  RC_ASSERT(frame->end_offset() == octets.size() - 3);
}

RC_GTEST_PROP(FrameProperty, OnlyFramesByTheBookAreAccepted, (Bytes octets)) {
  // Random octets rarely begin a frame; these always do.
  Bytes candidate{0x68, 0x10, 1, 2, 3, 4, 5, 6, 7, 0x81, *rc::gen::inRange<std::uint8_t>(0, 6)};
  candidate.insert(candidate.end(), octets.begin(), octets.end());
  if (const auto frame = decode(candidate)) {
    RC_ASSERT(is_frame_by_the_book(frame->octets()));
  }
}

TEST(ScannerTest, PrefersWholeFramesAndCoversEverything) {
  const auto whole = encode({.control = 0x01, .data = Bytes{0x1F, 0x90, 0x00}, .preamble_octets = 2}).value();
  // Another protocol's frame, a broken one, a whole one, half a one.
  Bytes all = from_hex("68 08 08 68 53 01").value();
  Bytes broken = whole.to_bytes();
  broken[broken.size() - 2] ^= 1;
  for (const Bytes& part : {broken, whole.to_bytes(), Bytes(broken.begin(), broken.begin() + 12)}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  Scanner scanner(all);
  std::vector<Segment::Kind> kinds;
  std::size_t at = 0;
  while (const auto segment = scanner.next()) {
    EXPECT_EQ(segment->offset, at);
    at += segment->octets.size();
    kinds.push_back(segment->kind);
  }
  EXPECT_EQ(at, all.size());
  EXPECT_EQ(std::ranges::count(kinds, Segment::Kind::frame), 1);
  EXPECT_EQ(std::ranges::count(kinds, Segment::Kind::broken), 2);
  EXPECT_EQ(kinds.back(), Segment::Kind::broken);
}

TEST(AddressTest, ParsesAndShows) {
  const auto address = *Address::parse("78330011223344");
  EXPECT_EQ(address.wire(), (Address::Wire{0x44, 0x33, 0x22, 0x11, 0x00, 0x33, 0x78}));
  EXPECT_EQ(address.to_string(), "78330011223344");
  EXPECT_EQ(address.number(), "0011223344");
  EXPECT_EQ(address.manufacturer(), "7833");
  EXPECT_TRUE(Address::parse("AAAAAAAAAAAAAA")->is_wildcard());
  EXPECT_TRUE(address.is_decimal());
  EXPECT_FALSE(Address::wildcard().is_decimal());
  for (const char* bad : {"", "123456789012345", "12B4", "12 3", "-1"}) EXPECT_FALSE(Address::parse(bad)) << bad;
}

TEST(AddressTest, UnknownOctetsMatchAnything) {
  const auto meter = *Address::parse("78330011223344");
  EXPECT_TRUE(Address::wildcard().matches(meter));
  EXPECT_TRUE(Address::parse("AAAA0011223344")->matches(meter));
  EXPECT_FALSE(Address::parse("AAAA0011223345")->matches(meter));
  EXPECT_FALSE(meter.matches(Address::wildcard()));
}

}  // namespace
}  // namespace duheng::cjt188
