#include "crypto/enrolment_code.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::crypto {
namespace {

// By hand from Crockford's table: 16 octets FF are 25 characters of 31 and a last one of 11100; 0 to 7 in five bits
// each are 00000 00001 00010 00011 00100 00101 00110 00111, the octets 00 44 32 14 C7.
TEST(Base32, FollowsTheTable) {
  EXPECT_EQ(to_base32_groups(Bytes(16, 0xFF)), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZW");
  EXPECT_EQ(to_base32_groups(Bytes{0x00, 0x44, 0x32, 0x14, 0xC7}), "0123-4567");
  EXPECT_EQ(to_base32_groups({}), "");
}

TEST(EnrolmentCode, HoldsTheSecretAndHalfTheFingerprint) {
  SeededRandom random{3};
  Hash256 fingerprint{};
  random.fill(fingerprint);
  const auto code = EnrolmentCode::make(random, fingerprint);
  EXPECT_EQ(code.text().size(), 52U + 12U);
  EXPECT_EQ(EnrolmentCode::parse(code.text()).value(), code);
  EXPECT_EQ(EnrolmentCode::parse_secret(code.secret_text()).value(), code.secret);
  EXPECT_TRUE(code.names_authority(fingerprint));
  fingerprint[15] ^= 1;
  EXPECT_FALSE(code.names_authority(fingerprint));
  EXPECT_NE(EnrolmentCode::make(random, fingerprint).secret, code.secret);
}

TEST(EnrolmentCode, ForgivesWhatPeopleDoToCodes) {
  SeededRandom random{4};
  const auto code = EnrolmentCode::make(random, {});
  std::string text = code.text();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  std::replace(text.begin(), text.end(), '-', ' ');
  std::replace(text.begin(), text.end(), '1', 'l');
  std::replace(text.begin(), text.end(), '0', 'o');
  EXPECT_EQ(EnrolmentCode::parse(" " + text + "\r\n").value(), code);
}

TEST(EnrolmentCode, RefusesOtherTexts) {
  const std::string zeros(52, '0');
  EXPECT_TRUE(EnrolmentCode::parse(zeros));
  for (const std::string& text : {std::string{}, zeros.substr(1), zeros + "0", zeros.substr(1) + "U",
                                  zeros.substr(1) + "1", zeros.substr(1) + "\xE5"}) {
    const auto parsed = EnrolmentCode::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed);
  }
  EXPECT_EQ(EnrolmentCode::parse_secret(zeros).error().code, ErrorCode::malformed);
}

RC_GTEST_PROP(EnrolmentCodeProperty, EveryCodeComesBack, (std::uint64_t seed)) {
  SeededRandom random{seed};
  Hash256 fingerprint{};
  random.fill(fingerprint);
  const auto code = EnrolmentCode::make(random, fingerprint);
  RC_ASSERT(EnrolmentCode::parse(code.text()).value() == code);
}

}  // namespace
}  // namespace duheng::crypto
