#include "codec/dlt698/reader.hpp"

#include <gtest/gtest.h>

#include "codec/dlt698/test_vectors.hpp"
#include "codec/dlt698/value.hpp"

namespace duheng::dlt698 {
namespace {

Bytes octets(const std::string& hex) { return from_hex(hex).value(); }

DecodeError error_of(const Type& type, const Bytes& input) {
  Reader reader(type, input);
  while (true) {
    const auto element = reader.next();
    if (!element) {
      EXPECT_EQ(reader.next().error(), element.error());
      return element.error();
    }
    if (element->event == Element::Event::finished) {
      ADD_FAILURE() << "read to the end";
      return {};
    }
  }
}

TEST(ReaderTest, GivesNamesOffsetsAndContent) {
  const Bytes input = octets("85 01 42 20 00 02 00 01 12 00 DC 00 00");
  Reader reader(types::apdu, input);
  std::vector<std::string> seen;
  while (true) {
    const auto element = reader.next();
    ASSERT_TRUE(element) << to_error(element.error()).message;
    if (element->event == Element::Event::finished) {
      EXPECT_EQ(element->end_offset, input.size());
      break;
    }
    if (element->event != Element::Event::value) continue;
    seen.push_back(std::string(element->name) + " " + std::string(element->type->name) + " " +
                   std::to_string(element->offset) + " " + to_hex(element->content));
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"piid_acd PIID-ACD 2 42", "oad OAD 3 20000200", "data long-unsigned 8 00DC"}));
}

// Begin and end nest, offsets never run back, and leaves with headers cover every octet.
TEST(ReaderTest, ElementsOfAllVectorsCoverTheirOctetsInOrder) {
  for (const Bytes& apdu : test_apdus()) {
    Reader reader(types::apdu, apdu);
    std::size_t depth = 0;
    std::size_t covered = 0;
    while (true) {
      const auto element = reader.next();
      ASSERT_TRUE(element) << to_hex(apdu) << to_error(element.error()).message;
      if (element->event == Element::Event::finished) break;
      if (element->event == Element::Event::end) {
        --depth;
        EXPECT_EQ(element->end_offset, covered);
        EXPECT_EQ(element->depth, depth);
        continue;
      }
      EXPECT_EQ(element->depth, depth);
      EXPECT_EQ(element->offset, covered);
      covered = element->end_offset;
      if (element->event == Element::Event::begin) ++depth;
    }
    EXPECT_EQ(depth, 0U);
    EXPECT_EQ(covered, apdu.size());
  }
}

TEST(ReaderTest, RefusesWhatMeansNothing) {
  EXPECT_EQ(error_of(types::apdu, octets("04")).code, ErrorCode::malformed);
  EXPECT_EQ(error_of(types::apdu, octets("05 07 01")).octet_offset, 1U);
  EXPECT_EQ(error_of(types::apdu, octets("05 00 01")).code, ErrorCode::malformed);
  for (unsigned tag = 0; tag < 256; ++tag) {
    if (data_type(static_cast<std::uint8_t>(tag)) != nullptr) continue;
    const Bytes input(20, static_cast<std::uint8_t>(tag));
    EXPECT_EQ(error_of(types::data, input).code, ErrorCode::malformed);
  }
  for (const unsigned tag : {7U, 8U, 11U, 13U, 14U, 19U, 29U, 79U, 97U}) {
    EXPECT_EQ(data_type(static_cast<std::uint8_t>(tag)), nullptr) << tag;
  }
  // Presence is 0 or 1.
  EXPECT_EQ(error_of(types::apdu, octets("05 01 01 40 01 02 00 02")).field, "time_tag");
  // Lengths: 80H is none, 85H more than any APDU needs.
  EXPECT_EQ(error_of(types::data, octets("09 80 00")).code, ErrorCode::malformed);
  EXPECT_EQ(error_of(types::data, octets("09 85 00 00 00 00 01 AA")).code, ErrorCode::malformed);
}

TEST(ReaderTest, CountsBeyondTheOctetsLeftAreTruncated) {
  for (const char* input :
       {"01 84 FF FF FF FF 00", "09 84 FF FF FF FF 00", "04 84 FF FF FF FF 00", "02 05 00 00", "06 00", "09 82 01"}) {
    EXPECT_EQ(error_of(types::data, octets(input)).code, ErrorCode::truncated) << input;
  }
}

TEST(ReaderTest, NestingIsBounded) {
  Bytes deep;
  for (int i = 0; i < 20'000; ++i) {
    deep.push_back(1);
    deep.push_back(1);
  }
  const auto error = error_of(types::data, deep);
  EXPECT_EQ(error.code, ErrorCode::limit_exceeded);
  EXPECT_EQ(error.octet_offset, 2 * Reader::open_containers_max);
  // As deep as is allowed.
  deep.resize(2 * Reader::open_containers_max);
  deep.push_back(0);
  Reader reader(types::data, deep);
  while (true) {
    const auto element = reader.next();
    ASSERT_TRUE(element);
    if (element->event == Element::Event::finished) break;
  }
}

TEST(ReaderTest, StepsAreInProportionToOctets) {
  // The shortest elements there are: NULL, and structures of nothing.
  for (const std::uint8_t octet : {std::uint8_t{0}, std::uint8_t{2}}) {
    Bytes input = {1, 0x82, 0x40, 0x00};
    for (int i = 0; i < 0x4000; ++i) {
      input.push_back(octet);
      if (octet == 2) input.push_back(0);
    }
    Reader reader(types::data, input);
    std::size_t steps = 0;
    while (reader.next()->event != Element::Event::finished) ++steps;
    EXPECT_LE(steps, 2 * input.size());
  }
}

TEST(ReaderTest, ReadsAnyTypeAloneAndTellsWhereItEnds) {
  const Bytes input = octets("00 10 02 01 AA BB");
  Reader reader(types::oad, input);
  EXPECT_EQ(read_oad(reader.next()->content).to_string(), "00100201");
  const auto end = reader.next();
  EXPECT_EQ(end->event, Element::Event::finished);
  EXPECT_EQ(end->end_offset, 4U);
}

}  // namespace
}  // namespace duheng::dlt698
