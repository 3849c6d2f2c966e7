#include "codec/modbus/frame.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/modbus/checksum.hpp"
#include "codec/modbus/scanner.hpp"
#include "codec/modbus/test_vectors.hpp"

namespace duheng::modbus {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

/// A copy whose end is the end of its memory, so that the address sanitizer sees every octet read past it.
Bytes exact(ByteView octets) { return {octets.begin(), octets.end()}; }

/// The definition, bit by bit.
std::uint16_t plain_crc(ByteView octets) {
  std::uint16_t crc = 0xFFFF;
  for (const std::uint8_t octet : octets) {
    crc ^= octet;
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = (crc & 1U) != 0;
      crc = static_cast<std::uint16_t>(crc >> 1);
      if (carry) crc ^= 0xA001;
    }
  }
  return crc;
}

RC_GTEST_PROP(Checksum, CrcIsTheDefinitions, (const Bytes& octets)) {
  RC_ASSERT(crc16_of(octets) == plain_crc(octets));
}

TEST(Checksum, EveryShortLength) {
  Bytes octets;
  for (unsigned i = 0; i < 40; ++i) {
    EXPECT_EQ(crc16_of(octets), plain_crc(octets)) << i;
    octets.push_back(static_cast<std::uint8_t>(i * 37 + 11));
  }
  EXPECT_EQ(crc16_of(hex("02 07")), 0x1241);
  EXPECT_EQ(lrc_of(hex("11 03 00 6B 00 03")), 0x7E);
}

TEST(Frame, VectorsDecodeAndEncodeToTheSameOctets) {
  ASSERT_GT(valid_frames().size(), 60U);
  for (const auto& [vector, role] : valid_frames()) {
    const Bytes octets = exact(vector->octets);
    const auto frame = decode_any(octets, vector->transport, role);
    ASSERT_TRUE(frame) << vector->name << ": " << to_error(frame.error()).message;
    EXPECT_EQ(frame->size_octets(), octets.size()) << vector->name;
    const auto again =
        encode_frame(vector->transport, frame->transaction_id(), frame->unit_id(), frame->pdu().octets());
    ASSERT_TRUE(again) << vector->name;
    EXPECT_EQ(again->to_bytes(), octets) << vector->name;
  }
}

TEST(Frame, EveryTruncationIsAnErrorThatNamesThePlace) {
  for (const auto& [vector, role] : valid_frames()) {
    for (std::size_t size = 0; size < vector->octets.size(); ++size) {
      const Bytes octets = exact(ByteView(vector->octets).first(size));
      const auto frame = decode_any(octets, vector->transport, role);
      ASSERT_FALSE(frame) << vector->name << " cut to " << size;
      EXPECT_NE(frame.error().field, Field::none) << vector->name << " cut to " << size;
      EXPECT_LE(frame.error().octet_offset, size) << vector->name;
      EXPECT_FALSE(to_error(frame.error()).message.empty());
      // A frame whose function has no known size ends with the span, so that its CRC is what shows the cut.
      const bool is_raw = vector->transport == Transport::rtu && size >= 4;
      if (!is_raw || frame.error().code != ErrorCode::checksum_mismatch) {
        EXPECT_EQ(frame.error().code, ErrorCode::truncated) << vector->name << " cut to " << size;
      }
    }
  }
}

TEST(Frame, EverySingleOctetChangeOfAnRtuOrAsciiFrameIsSeen) {
  for (const auto& [vector, role] : valid_frames()) {
    if (vector->transport == Transport::tcp) continue;
    Bytes octets = vector->octets;
    for (std::size_t at = 0; at < octets.size(); ++at) {
      const std::uint8_t kept = octets[at];
      for (unsigned change = 1; change < 256; ++change) {
        octets[at] = static_cast<std::uint8_t>(kept ^ change);
        const auto frame = decode_any(octets, vector->transport, role);
        // A byte count made smaller ends the frame earlier; that its CRC is right by chance is 1 in 65536.
        ASSERT_FALSE(frame) << vector->name << " octet " << at << " is " << int{octets[at]};
        EXPECT_NE(frame.error().field, Field::none);
        EXPECT_LE(frame.error().octet_offset, octets.size());
      }
      octets[at] = kept;
    }
  }
}

TEST(Frame, EverySingleOctetChangeOfATcpFrameIsAnErrorOrAnotherWellFormedFrame) {
  for (const auto& [vector, role] : valid_frames()) {
    if (vector->transport != Transport::tcp) continue;
    Bytes octets = vector->octets;
    for (std::size_t at = 0; at < octets.size(); ++at) {
      const std::uint8_t kept = octets[at];
      for (unsigned change = 1; change < 256; ++change) {
        octets[at] = static_cast<std::uint8_t>(kept ^ change);
        const auto frame = decode_tcp(octets, role);
        if (frame) {
          const auto again =
              encode_frame(Transport::tcp, frame->transaction_id(), frame->unit_id(), frame->pdu().octets());
          ASSERT_TRUE(again && std::ranges::equal(again->view(), frame->octets())) << vector->name << " at " << at;
        } else {
          EXPECT_NE(frame.error().field, Field::none);
          EXPECT_LE(frame.error().octet_offset, octets.size());
        }
      }
      octets[at] = kept;
    }
  }
}

TEST(Frame, OctetsBehindAreLeft) {
  Bytes octets = hex("11 03 00 6B 00 03 76 87");
  octets.push_back(0x55);
  const auto frame = decode_rtu(octets, Role::request);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->size_octets(), 8U);
  EXPECT_EQ(frame->unit_id(), 17);
  EXPECT_EQ(frame->pdu().address(), 107);
}

TEST(Frame, RuleBrokenInAWholeFrameIsNotTruncated) {
  // A PDU shorter than its function calls for, in a TCP frame whose length is right: waiting would not help.
  const auto frame = decode_tcp(hex("00 01 00 00 00 04 11 03 00 6B"), Role::request);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::malformed);
  EXPECT_EQ(frame.error().field, Field::quantity);
  EXPECT_EQ(frame.error().octet_offset, 10U);
  EXPECT_EQ(frame.error().clause, "Modbus Application Protocol V1.1b3, 6.3");
}

TEST(Frame, TcpLengthIsBounded) {
  for (unsigned length : {0U, 1U, 255U, 256U, 0xFFFFU}) {
    const Bytes octets = {0, 1, 0, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 1, 3};
    const auto frame = decode_tcp(octets, Role::request);
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::malformed) << length;
    EXPECT_EQ(frame.error().field, Field::length) << length;
  }
}

TEST(Frame, LongestPduInEveryTransport) {
  Bytes pdu(limits::pdu_octets_max, 0x5A);
  pdu[0] = 100;
  for (const auto transport : {Transport::rtu, Transport::ascii, Transport::tcp}) {
    const auto built = encode_frame(transport, 7, 9, pdu);
    ASSERT_TRUE(built);
    const auto frame = decode_any(built->view(), transport, Role::response);
    ASSERT_TRUE(frame) << to_string(transport);
    EXPECT_TRUE(std::ranges::equal(frame->pdu().octets(), pdu));
    EXPECT_TRUE(frame->pdu().is_raw());
    Bytes too_long = pdu;
    too_long.push_back(0);
    EXPECT_EQ(encode_frame(transport, 7, 9, too_long).error().code, ErrorCode::limit_exceeded);
    EXPECT_EQ(encode_frame(transport, 7, 9, {}).error().code, ErrorCode::limit_exceeded);
  }
}

TEST(Frame, AsciiTakesUpperCaseOnly) {
  const auto text = [](std::string_view line) { return Bytes(line.begin(), line.end()); };
  EXPECT_TRUE(decode_ascii(text(":1103006B00037E\r\n"), Role::request));
  const auto lower = decode_ascii(text(":1103006b00037E\r\n"), Role::request);
  ASSERT_FALSE(lower);
  EXPECT_EQ(lower.error().field, Field::character);
  EXPECT_EQ(lower.error().octet_offset, 8U);
  const auto odd = decode_ascii(text(":1103006B00037\r\n"), Role::request);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().field, Field::character);
  const auto no_colon = decode_ascii(text("1103006B00037E\r\n"), Role::request);
  EXPECT_EQ(no_colon.error().field, Field::start);
}

RC_GTEST_PROP(Frame, AnyOctetsAreAnErrorOrEncodeBack, (const Bytes& octets)) {
  for (const auto transport : {Transport::rtu, Transport::ascii, Transport::tcp}) {
    for (const auto role : {Role::request, Role::response}) {
      const auto frame = decode_any(octets, transport, role);
      if (!frame) {
        RC_ASSERT(frame.error().octet_offset <= octets.size());
        continue;
      }
      const auto again = encode_frame(transport, frame->transaction_id(), frame->unit_id(), frame->pdu().octets());
      RC_ASSERT(std::ranges::equal(again->view(), ByteView(octets).first(frame->size_octets())));
    }
  }
}

}  // namespace
}  // namespace duheng::modbus
