#include "codec/dlt698/frame.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/dlt698/crc.hpp"
#include "codec/dlt698/scanner.hpp"
#include "codec/dlt698/test_vectors.hpp"

namespace duheng::dlt698 {
namespace {

Bytes octets(const char* hex) { return from_hex(hex).value(); }
const Bytes release = octets("68 12 00 43 05 01 00 00 00 00 00 10 E2 FD 03 05 00 AB 5E 16");

/// Bit by bit, as the polynomial says.
std::uint16_t slow_check(ByteView data) {
  unsigned value = 0xFFFF;
  for (const std::uint8_t octet : data) {
    value ^= octet;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1 ^ 0x8408U : value >> 1;
  }
  return static_cast<std::uint16_t>(value ^ 0xFFFFU);
}

TEST(Crc, KnownAnswerAndResidue) {
  const Bytes digits = octets("313233343536373839");
  EXPECT_EQ(check_of(digits), 0x906E);
  Bytes with_check = digits;
  with_check.push_back(0x6E);
  with_check.push_back(0x90);
  EXPECT_EQ(crc::advance(crc::initial, with_check), crc::residue);
}

RC_GTEST_PROP(Crc, SixteenAtATimeIsTheSameAsBitByBit, (const Bytes& data)) {
  RC_ASSERT(check_of(data) == slow_check(data));
}

TEST(Crc, EveryLengthUpToSeveralBlocks) {
  Bytes data;
  for (unsigned i = 0; i < 100; ++i) {
    ASSERT_EQ(check_of(data), slow_check(data)) << i;
    data.push_back(static_cast<std::uint8_t>(i * 37 + 11));
  }
}

TEST(ServerAddressTest, TextAndWireAreTheReverseOfEachOther) {
  const auto address = ServerAddress::parse("201605190907");
  ASSERT_TRUE(address);
  EXPECT_EQ(to_hex(address->wire_octets()), "070919051620");
  EXPECT_EQ(address->feature(), 0x05);
  EXPECT_EQ(address->to_string(), "201605190907");
  EXPECT_EQ(ServerAddress::parse("12345")->to_string(), "12345F");
  EXPECT_EQ(ServerAddress::parse("12", AddressType::group, 2)->feature(), 0xA0);
  EXPECT_FALSE(ServerAddress::parse(""));
  EXPECT_FALSE(ServerAddress::parse("12B4"));
  EXPECT_FALSE(ServerAddress::parse(std::string(33, '1')));
  EXPECT_FALSE(ServerAddress::parse("12", AddressType::single, 4));
  EXPECT_FALSE(ServerAddress::from_wire(0x05, octets("0102")));
}

TEST(ServerAddressTest, Reaches) {
  const auto own = *ServerAddress::parse("201605190907");
  EXPECT_TRUE(own.reaches(own));
  EXPECT_TRUE(ServerAddress::wildcard().reaches(own));
  EXPECT_TRUE(ServerAddress::broadcast().reaches(own));
  EXPECT_TRUE(ServerAddress::parse("AAAAAAAAAAAA")->reaches(own));
  EXPECT_TRUE(ServerAddress::parse("AAAAAAAA0907", AddressType::wildcard)->reaches(own));
  EXPECT_FALSE(ServerAddress::parse("AAAAAAAA0908", AddressType::wildcard)->reaches(own));
  EXPECT_FALSE(ServerAddress::parse("201605190907", AddressType::group)->reaches(own));
  EXPECT_FALSE(ServerAddress::parse("201605190908")->reaches(own));
}

TEST(ServerAddressTest, ExtendedLogicalAddress) {
  const auto address = *ServerAddress::from_wire(0x26, octets("01 30 01 00 00 00 00"));
  EXPECT_EQ(address.extended_logical(), 1);
  EXPECT_EQ(address.without_extension(), "000000000130");
  EXPECT_EQ(ServerAddress::wildcard().extended_logical(), std::nullopt);
}

TEST(Frame, FieldsOfAFrame) {
  Bytes input = octets("FE FE 01");
  input.insert(input.end(), release.begin(), release.end());
  const auto frame = decode(input);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->offset(), 3U);
  EXPECT_EQ(frame->preamble_octets(), 2U);
  EXPECT_EQ(frame->noise_octets(), 1U);
  EXPECT_EQ(frame->end_offset(), input.size());
  EXPECT_EQ(frame->length(), 0x12);
  EXPECT_EQ(frame->control(), control_codes::client_request);
  EXPECT_FALSE(frame->from_server());
  EXPECT_TRUE(frame->started_by_client());
  EXPECT_EQ(frame->server_address().to_string(), "000000000001");
  EXPECT_EQ(frame->client_address(), 0x10);
  EXPECT_EQ(to_hex(frame->wire_user_data()), "030500");
  EXPECT_EQ(to_hex(frame->header_check()), "E2FD");
  EXPECT_EQ(to_hex(frame->frame_check()), "AB5E");
}

TEST(Frame, EveryFaultHasItsFieldAndOffset) {
  const auto fault_at = [](std::size_t at) {
    Bytes changed = release;
    changed[at] ^= 0x40;
    return decode_at_start(changed).error();
  };
  EXPECT_EQ(fault_at(0).field, "start");
  EXPECT_EQ(fault_at(2).code, ErrorCode::unsupported);
  EXPECT_EQ(fault_at(2).field, "length");
  EXPECT_EQ(fault_at(3).field, "hcs");
  EXPECT_EQ(fault_at(3).octet_offset, 12U);
  EXPECT_EQ(fault_at(14).field, "fcs");
  EXPECT_EQ(fault_at(14).octet_offset, 17U);
  EXPECT_EQ(fault_at(14).code, ErrorCode::checksum_mismatch);
  EXPECT_EQ(fault_at(19).field, "end");
  Bytes short_length = release;
  short_length[1] = 14;
  EXPECT_EQ(decode_at_start(short_length).error().field, "length");
  EXPECT_NE(to_error(fault_at(14)).message.find("fcs: checksum_mismatch at octet 17"), std::string::npos);
}

TEST(Frame, ChecksInTheWrongOrderOfOctetsAreRefused) {
  Bytes swapped = release;
  std::swap(swapped[12], swapped[13]);
  EXPECT_EQ(decode(swapped).error().field, "hcs");
  swapped = release;
  std::swap(swapped[17], swapped[18]);
  EXPECT_EQ(decode(swapped).error().field, "fcs");
}

TEST(Frame, ShortestAndLongest) {
  const FrameFields shortest{.control = control_codes::link_response};
  const Bytes short_frame = encode(shortest).value();
  EXPECT_EQ(short_frame.size(), frame_layout::frame_octets_min);
  EXPECT_TRUE(decode_at_start(short_frame)->wire_user_data().empty());
  Bytes user_data(frame_layout::length_max - frame_layout::counted_overhead_octets - 1, 0x68);
  const Bytes long_frame = encode(FrameFields{.user_data = user_data}).value();
  EXPECT_EQ(long_frame.size(), frame_layout::frame_octets_max);
  EXPECT_TRUE(decode_at_start(long_frame));
  user_data.push_back(0);
  EXPECT_EQ(encode(FrameFields{.user_data = user_data}).error().code, ErrorCode::limit_exceeded);
}

RC_GTEST_PROP(Frame, DecodesWhatWasEncoded,
              (std::uint8_t control, std::uint8_t feature, std::uint8_t client, const Bytes& data)) {
  const auto address = *ServerAddress::from_wire(
      feature, *rc::gen::container<Bytes>((feature & 0x0FU) + 1, rc::gen::arbitrary<std::uint8_t>()));
  const FrameFields fields{control, address, client, data, 4};
  const Bytes encoded = encode(fields).value();
  const auto frame = decode(encoded);
  RC_ASSERT(frame.has_value());
  Bytes buffer(data.size());
  const ByteView plain = frame->user_data(buffer);
  RC_ASSERT(frame->preamble_octets() == 4U);
  RC_ASSERT(frame->control() == control);
  RC_ASSERT(frame->server_address() == address);
  RC_ASSERT(frame->client_address() == client);
  RC_ASSERT(std::ranges::equal(plain, data));
  RC_ASSERT(frame->is_scrambled() == ((control & 8U) != 0));
  Bytes small(encoded.size() - 1);
  RC_ASSERT(encode(fields, std::span<std::uint8_t>(small)).error().code == ErrorCode::limit_exceeded);
}

TEST(Frame, EveryTruncationOfEveryVectorIsTruncated) {
  for (const TestVector& vector : test_vectors()) {
    if (!vector.valid || vector.is_bare_apdu) continue;
    for (std::size_t cut = 0; cut < vector.octets.size(); ++cut) {
      // A copy of its own size, so that a sanitizer sees the first octet too many.
      const Bytes part(vector.octets.begin(), vector.octets.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto frame = decode(part);
      ASSERT_FALSE(frame) << vector.name << cut;
      ASSERT_EQ(frame.error().code, ErrorCode::truncated) << vector.name << cut;
      ASSERT_EQ(frame.error().octet_offset, cut);
    }
  }
}

TEST(Frame, NoChangedOctetOfAnyVectorPasses) {
  for (const TestVector& vector : test_vectors()) {
    if (!vector.valid || vector.is_bare_apdu) continue;
    const auto whole = *decode(vector.octets);
    for (std::size_t at = whole.offset(); at < vector.octets.size(); ++at) {
      Bytes changed = vector.octets;
      for (unsigned change = 1; change < 256; ++change) {
        changed[at] = static_cast<std::uint8_t>(vector.octets[at] ^ change);
        // From 68H on; a frame within the user data (a proxied command) may come out whole behind it.
        const auto frame = decode_at_start(ByteView(changed).subspan(whole.offset()));
        ASSERT_FALSE(frame) << vector.name << " octet " << at << " change " << change;
        ASSERT_FALSE(frame.error().field.empty());
      }
    }
  }
}

RC_GTEST_PROP(ScannerTest, SegmentsCoverEveryOctetOnceInOrder, (const Bytes& noise)) {
  Bytes input = noise;
  input.insert(input.end(), release.begin(), release.end());
  input.insert(input.end(), noise.begin(), noise.end());
  input.insert(input.end(), release.begin(), release.end() - 3);
  std::size_t at = 0;
  std::size_t frames = 0;
  Scanner scanner(input);
  while (const auto segment = scanner.next()) {
    RC_ASSERT(segment->offset == at);
    RC_ASSERT(!segment->octets.empty());
    at += segment->octets.size();
    if (segment->kind == Segment::Kind::frame) ++frames;
  }
  RC_ASSERT(at == input.size());
  RC_ASSERT(frames >= 1U);
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
}  // namespace duheng::dlt698
