#include "codec/cjt188/cipher.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/cjt188/message.hpp"

namespace duheng::cjt188 {
namespace {

using Profiles = CipherProfile;

/// Mixes each octet with key, vector and the cipher octet before it, so that order and vector matter. Not secret; here
/// the frame work is tested.
class ToyCipher final : public Cipher {
 public:
  bool encrypt(KeyReference key, ByteView vector, std::span<std::uint8_t> text) override {
    if (key.index == missing) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::uint8_t before = i == 0 ? 0x5A : text[i - 1];
      text[i] = static_cast<std::uint8_t>((text[i] ^ vector[i % vector.size()]) + before + key.version);
    }
    return true;
  }
  bool decrypt(KeyReference key, ByteView vector, std::span<std::uint8_t> text) override {
    if (key.index == missing) return false;
    for (std::size_t i = text.size(); i-- > 0;) {
      const std::uint8_t before = i == 0 ? 0x5A : text[i - 1];
      text[i] = static_cast<std::uint8_t>((text[i] - before - key.version) ^ vector[i % vector.size()]);
    }
    return true;
  }
  bool authenticate(KeyReference key, ByteView covered, std::span<std::uint8_t> mac) override {
    std::uint32_t state = key.version + 1U;
    for (const std::uint8_t octet : covered) state = state * 31 + octet;
    for (auto& octet : mac) {
      state = state * 1'103'515'245U + 12'345U;
      octet = static_cast<std::uint8_t>(state >> 16);
    }
    return key.index != missing;
  }
  bool initial_vector(KeyReference, ByteView header, std::span<std::uint8_t> out) override {
    seen_header.assign(header.begin(), header.end());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = header[i % header.size()];
    return true;
  }
  bool fresh_initial_vector(std::span<std::uint8_t> out) override {
    for (auto& octet : out) octet = ++next_;
    return true;
  }
  static constexpr std::uint8_t missing = 99;
  Bytes seen_header;

 private:
  std::uint8_t next_ = 0;
};

FrameBuffer plain_frame(ByteView payload) {
  return read_reply({.address = *Address::parse("42"), .sequence = 7, .preamble_octets = 2}, identifiers::metering,
                    payload)
      .value();
}
FrameFields fields_of(const FrameView& frame) {
  return {frame.meter_type(), frame.address(), frame.control(), frame.data(), 2};
}

TEST(CipherFrames, LieWhereTheProfileSays) {
  ToyCipher cipher;
  const FrameBuffer plain = plain_frame(Bytes(19, 0x11));
  const auto view = decode(plain.view()).value();
  const Profiles payload_only{.name = "test"};
  const auto sealed = protect(payload_only, cipher, fields_of(view)).value();
  const auto frame = decode(sealed.view()).value();
  EXPECT_EQ(frame.length(), 3 + 32);  // 19 octets and padding fill two blocks
  EXPECT_TRUE(std::ranges::equal(frame.data().first(3), view.data().first(3)));
  EXPECT_EQ(frame.preamble_octets(), 2U);

  Profiles whole = payload_only;
  whole.covered = Profiles::Covered::whole_data;
  whole.initial_vector = Profiles::InitialVector::first_block;
  whole.mac_octets = 4;
  const auto hidden = protect(whole, cipher, fields_of(view)).value();
  const auto hidden_frame = decode(hidden.view()).value();
  EXPECT_EQ(hidden_frame.length(), 16 + 32 + 4);
  EXPECT_EQ(to_hex(hidden_frame.data().first(16)), "0102030405060708090A0B0C0D0E0F10");
}

TEST(CipherFrames, MarkersAreSetAndSeen) {
  ToyCipher cipher;
  const FrameBuffer plain = plain_frame(Bytes(5));
  const auto view = decode(plain.view()).value();
  const Profiles bit{.name = "bit", .marker = Profiles::Marker::control_bit, .marker_bit = 0x20};
  EXPECT_FALSE(is_encrypted(bit, view));
  const auto sealed = protect(bit, cipher, fields_of(view)).value();
  EXPECT_TRUE(is_encrypted(bit, decode(sealed.view()).value()));
  static constexpr std::uint16_t listed[] = {0x901F};
  static constexpr std::uint16_t others[] = {0xA013};
  EXPECT_TRUE(is_encrypted({.marker = Profiles::Marker::identifier_list, .marker_identifiers = listed}, view));
  EXPECT_FALSE(is_encrypted({.marker = Profiles::Marker::identifier_list, .marker_identifiers = others}, view));
  EXPECT_TRUE(is_encrypted({}, view));
  const auto question = read_request({}, identifiers::metering).value();
  EXPECT_FALSE(is_encrypted({}, decode(question.view()).value()));  // nothing to cover
}

RC_GTEST_PROP(CipherProperty, EveryProfileComesBack, (Bytes payload)) {
  if (payload.size() > 150) payload.resize(150);
  Profiles profile{.name = "any"};
  profile.covered = *rc::gen::element(Profiles::Covered::whole_data, Profiles::Covered::payload_after_sequence);
  profile.initial_vector = *rc::gen::element(Profiles::InitialVector::zero, Profiles::InitialVector::configured,
                                             Profiles::InitialVector::first_block, Profiles::InitialVector::derived);
  profile.padding =
      *rc::gen::element(Profiles::Padding::iso7816, Profiles::Padding::pkcs7, Profiles::Padding::length_prefix);
  profile.mac_octets = *rc::gen::element<std::uint8_t>(0, 4, 8, 32);
  profile.mac_covers = *rc::gen::element(Profiles::MacCovers::cipher_text, Profiles::MacCovers::plain_text,
                                         Profiles::MacCovers::header_and_cipher_text);
  profile.block_octets = *rc::gen::element<std::uint8_t>(8, 16);
  ToyCipher cipher;
  const FrameBuffer plain = plain_frame(payload);
  const auto view = decode(plain.view()).value();
  const auto sealed = protect(profile, cipher, fields_of(view));
  RC_ASSERT(sealed.has_value());
  const auto frame = decode(sealed->view()).value();
  const auto back = unprotect(profile, cipher, frame);
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::ranges::equal(back->data(), view.data()));
}

TEST(CipherFrames, ChangedOctetsAreRefusedByTheMac) {
  ToyCipher cipher;
  const Profiles profile{.name = "mac", .mac_octets = 8, .mac_covers = Profiles::MacCovers::header_and_cipher_text};
  const FrameBuffer plain = plain_frame(Bytes(19, 0x22));
  const auto sealed = protect(profile, cipher, fields_of(decode(plain.view()).value())).value();
  const auto frame = decode(sealed.view()).value();
  for (std::size_t at = 1; at < frame.size_octets() - 2; ++at) {
    if (at == frame_layout::length_offset) continue;
    Bytes changed(frame.octets().begin(), frame.octets().end());
    changed[at] ^= 0x01;
    changed[changed.size() - 2] = checksum_of(ByteView(changed).first(changed.size() - 2));
    const auto result = unprotect(profile, cipher, decode(changed).value());
    ASSERT_FALSE(result) << at;
    EXPECT_EQ(result.error().code, ErrorCode::checksum_mismatch);
    EXPECT_EQ(result.error().field, Field::mac);
  }
}

TEST(CipherFrames, WrongPaddingKeyAndLengthAreToldApart) {
  ToyCipher cipher;
  Profiles profile{.name = "plain"};
  const FrameBuffer plain = plain_frame(Bytes(19, 0x22));
  const auto fields = fields_of(decode(plain.view()).value());
  const auto sealed = protect(profile, cipher, fields).value();
  const auto frame = decode(sealed.view()).value();
  Profiles other_key = profile;
  other_key.key.version = 3;
  EXPECT_EQ(unprotect(other_key, cipher, frame).error().field, Field::padding);
  Profiles no_key = profile;
  no_key.key.index = ToyCipher::missing;
  EXPECT_EQ(unprotect(no_key, cipher, frame).error().code, ErrorCode::key_missing);
  EXPECT_EQ(protect(no_key, cipher, fields).error().code, ErrorCode::key_missing);
  EXPECT_EQ(unprotect(profile, cipher, decode(plain.view()).value()).error().field, Field::data);  // 19 octets
  Profiles contradicting = profile;
  contradicting.block_octets = 0;
  EXPECT_EQ(protect(contradicting, cipher, fields).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(unprotect(contradicting, cipher, frame).error().code, ErrorCode::invalid_argument);
  const FrameBuffer longest = plain_frame(Bytes(250));
  EXPECT_EQ(protect(profile, cipher, fields_of(decode(longest.view()).value())).error().code,
            ErrorCode::limit_exceeded);
}

TEST(CipherFrames, ZeroPaddingStaysOn) {
  ToyCipher cipher;
  const Profiles profile{.name = "zero", .padding = Profiles::Padding::zero};
  const FrameBuffer plain = plain_frame(Bytes(19, 0x22));
  const auto sealed = protect(profile, cipher, fields_of(decode(plain.view()).value())).value();
  const auto back = unprotect(profile, cipher, decode(sealed.view()).value()).value();
  EXPECT_EQ(back.data().size(), 3U + 32U);
  EXPECT_EQ(back.data()[21], 0x22);
  EXPECT_EQ(back.data()[22], 0x00);
}

TEST(CipherFrames, TheVectorMayFollowTheHeader) {
  ToyCipher cipher;
  const Profiles profile{.name = "derived", .initial_vector = Profiles::InitialVector::derived};
  const FrameBuffer plain = plain_frame(Bytes(19));
  static_cast<void>(protect(profile, cipher, fields_of(decode(plain.view()).value())).value());
  EXPECT_EQ(to_hex(cipher.seen_header, ' '), "10 42 00 00 00 00 00 00 81");
}

}  // namespace
}  // namespace duheng::cjt188
