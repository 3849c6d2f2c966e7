#include "codec/dlt645/frame.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <rapidcheck/gtest.h>

#include "codec/dlt645/scanner.hpp"
#include "codec/dlt645/test_vectors.hpp"

namespace duheng::dlt645 {
namespace {

/// The frame format once more, written as plainly as it reads, to judge the fast code by.
bool is_frame_by_the_book(ByteView f) {
  if (f.size() < 12 || f[0] != 0x68 || f[7] != 0x68 || f.size() != 12U + f[9]) return false;
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
    EXPECT_EQ(to_hex(frame->plain_data().view(), ' '), v.data_minus_33);
    return;
  }
  const std::string named =
      frame.error().code == ErrorCode::truncated ? "truncated" : std::string(to_string(frame.error().field));
  EXPECT_EQ(named, v.error);
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
  for (std::size_t at = 0; at < v.octets.size(); ++at) {
    for (unsigned change = 1; change < 256; ++change) {
      Bytes changed = v.octets;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      const auto frame = decode(changed);
      if (!frame) {
        EXPECT_NE(frame.error().field, Field::none);
        EXPECT_LE(frame.error().octet_offset, changed.size());
        EXPECT_GE(frame.error().octet_offset, std::min(at, whole->offset()));
        continue;
      }
      ASSERT_TRUE(is_frame_by_the_book(frame->octets()));
      const bool outside = at < whole->offset() || at >= whole->end_offset();
      if (frame->offset() == whole->offset() && frame->length() == whole->length()) {
        EXPECT_TRUE(outside) << "octet " << at << " changed unnoticed";
        EXPECT_EQ(to_hex(frame->octets()), to_hex(whole->octets()));
      } else {
        EXPECT_NE(frame->offset(), whole->offset()) << "octet " << at;
      }
    }
  }
}

TEST_P(WholeFrameVectors, EncodesToTheSameOctets) {
  const TestVector& v = GetParam();
  const auto frame = decode(v.octets);
  ASSERT_TRUE(frame);
  const PlainData plain = frame->plain_data();
  const auto again = encode({frame->address(), frame->control(), plain.view(), 0});
  ASSERT_TRUE(again);
  EXPECT_EQ(to_hex(again->view()), to_hex(frame->octets()));
}

INSTANTIATE_TEST_SUITE_P(Dlt645Json, FrameVectors, testing::ValuesIn(test_vectors()),
                         [](const auto& param) { return param.param.name; });

std::vector<TestVector> whole_frames() {
  std::vector<TestVector> whole = test_vectors();
  std::erase_if(whole, [](const TestVector& vector) { return !vector.valid; });
  return whole;
}
INSTANTIATE_TEST_SUITE_P(Dlt645Json, WholeFrameVectors, testing::ValuesIn(whole_frames()),
                         [](const auto& param) { return param.param.name; });

TEST(FrameVectorFile, HoldsTheFramesItShould) { EXPECT_GE(whole_frames().size(), 55U); }

TEST(Frame, ChecksumIsThePlainSumForEveryLength) {
  Bytes octets(300);
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(i * 37 + 250);
  for (std::size_t size = 0; size <= octets.size(); ++size) {
    const Bytes exact(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(checksum_of(exact), std::accumulate(exact.begin(), exact.end(), 0U) & 0xFF) << size;
  }
  EXPECT_EQ(checksum_of(Bytes(267, 0xFF)), (267 * 0xFFU) & 0xFF);
}

TEST(Frame, ShiftIsRemovedFromEveryOctetValueAndEveryLength) {
  for (std::size_t size = 0; size <= 255; ++size) {
    Bytes data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 11 + size);
    const auto encoded = encode({Address{}, 0x91, data, 0});
    ASSERT_TRUE(encoded);
    const auto frame = decode(encoded->view());
    ASSERT_TRUE(frame);
    EXPECT_TRUE(std::ranges::equal(frame->plain_data().view(), data)) << size;
    for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(frame->plain_octet(i), data[i]);
  }
}

RC_GTEST_PROP(FrameProperty, WhatIsEncodedDecodesTheSame, (Address::Wire address, std::uint8_t control, Bytes data)) {
  if (data.size() > 255) data.resize(255);
  const auto preamble = *rc::gen::inRange<std::uint8_t>(0, 9);
  const auto noise = *rc::gen::container<Bytes>(rc::gen::distinctFrom(std::uint8_t{0x68}));
  const auto encoded = encode({Address(address), control, data, preamble});
  RC_ASSERT(encoded.has_value());
  Bytes octets = noise;
  octets.insert(octets.end(), encoded->view().begin(), encoded->view().end());
  octets.insert(octets.end(), {0x00, 0x68, 0x11});
  const auto frame = decode(octets);
  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->address() == Address(address));
  RC_ASSERT(frame->control() == control);
  RC_ASSERT(std::ranges::equal(frame->plain_data().view(), data));
  RC_ASSERT(frame->offset() == noise.size() + preamble);
  RC_ASSERT(frame->end_offset() == octets.size() - 3);
  const auto noise_preambles = static_cast<std::size_t>(std::ranges::count(noise, 0xFE));
  RC_ASSERT(frame->preamble_octets() == preamble + noise_preambles);
}

RC_GTEST_PROP(FrameProperty, OnlyFramesByTheBookAreAccepted, (Bytes octets)) {
  // Random octets rarely begin a frame; these always do.
  Bytes candidate{0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, *rc::gen::inRange<std::uint8_t>(0, 6)};
  candidate.insert(candidate.end(), octets.begin(), octets.end());
  if (const auto frame = decode(candidate)) {
    RC_ASSERT(is_frame_by_the_book(frame->octets()));
  }
}

TEST(Frame, RefusesTooMuchData) {
  const Bytes data(256);
  EXPECT_EQ(encode({Address{}, 0x91, data, 0}).error().code, ErrorCode::limit_exceeded);
  std::array<std::uint8_t, 15> small{};
  EXPECT_EQ(encode({Address{}, 0x91, Bytes(4), 0}, small).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(encode({Address{}, 0x91, Bytes(255), 9}).error().code, ErrorCode::limit_exceeded);
}

TEST(Frame, DoubledStartIsSkipped) {
  const auto octets = from_hex("68 68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16").value();
  const auto frame = decode(octets);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->offset(), 1U);
  EXPECT_EQ(frame->noise_octets(), 1U);
}

TEST(Frame, NothingButPreambleWaitsForMore) {
  EXPECT_EQ(decode(Bytes{0xFE, 0xFE}).error().code, ErrorCode::truncated);
  EXPECT_EQ(decode({}).error().code, ErrorCode::truncated);
  EXPECT_EQ(decode(Bytes{0xFE, 0x01}).error(),
            (DecodeError{ErrorCode::malformed, Field::start, 0x68, 0x01, 1, "DL/T 645-2007, 5.2"}));
}

TEST(Frame, EditionsAreToldApart) {
  EXPECT_EQ(edition_of(0x11, 4), Edition::edition_2007);
  EXPECT_EQ(edition_of(0x91, 8), Edition::edition_2007);
  EXPECT_EQ(edition_of(0x01, 2), Edition::edition_1997);
  EXPECT_EQ(edition_of(0x81, 6), Edition::edition_1997);
  EXPECT_EQ(edition_of(0xC4, 1), Edition::edition_1997);
  EXPECT_EQ(edition_of(0x08, 6), Edition::edition_2007);
  EXPECT_EQ(edition_of(0x03, 12), Edition::edition_2007);
  EXPECT_EQ(edition_of(0x03, 2), Edition::edition_1997);
  EXPECT_EQ(edition_of(0xC3, 1), Edition::edition_1997);
  EXPECT_EQ(edition_of(0xC3, 2), Edition::edition_2007);
  EXPECT_EQ(edition_of(0x1F, 4), Edition::edition_2007);
}

TEST(AddressTest, ParsesAndShows) {
  EXPECT_EQ(Address::parse("161")->to_string(), "000000000161");
  EXPECT_EQ(Address::parse("123456789012")->wire(), (Address::Wire{0x12, 0x90, 0x78, 0x56, 0x34, 0x12}));
  EXPECT_TRUE(Address::parse("AAAAAAAAAAAA")->is_wildcard());
  EXPECT_TRUE(Address::parse("999999999999")->is_broadcast());
  for (const char* bad : {"", "1234567890123", "12B4", "12 3", "-1"}) EXPECT_FALSE(Address::parse(bad)) << bad;
}

TEST(AddressTest, UnknownDigitsMatchAnything) {
  const auto meter = *Address::parse("151230011061");
  EXPECT_TRUE(Address::wildcard().matches(meter));
  EXPECT_TRUE(Address::parse("AAAAAAAA1061")->matches(meter));
  EXPECT_TRUE(meter.matches(meter));
  EXPECT_FALSE(Address::parse("AAAAAAAA1062")->matches(meter));
  EXPECT_FALSE(Address::broadcast().matches(meter));
  EXPECT_TRUE(Address::parse("A1061")->has_unknown_digits());
  EXPECT_FALSE(meter.has_unknown_digits());
  EXPECT_TRUE(meter.is_decimal());
  EXPECT_FALSE(Address::wildcard().is_decimal());
}

TEST(Scanner, AMebibyteOfStartOctetsIsCoveredOnce) {
  // Where nothing is a frame every octet may begin one: a search that began anew for each would not end in a test's
  // time.
  const Bytes octets(1 << 20, frame_layout::start);
  std::size_t covered = 0;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    ASSERT_EQ(segment->offset, covered);
    ASSERT_GT(segment->octets.size(), 0U);
    covered += segment->octets.size();
  }
  EXPECT_EQ(covered, octets.size());
}

}  // namespace
}  // namespace duheng::dlt645
