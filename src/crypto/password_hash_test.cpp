#include "crypto/password_hash.hpp"

#include <gtest/gtest.h>

namespace duheng::crypto {
namespace {

constexpr PasswordHashParameters cheap{.memory_kib = 64, .passes = 1, .lanes = 1};

class PasswordHashTest : public testing::Test {
 protected:
  SeededRandom random_{1};
  PasswordHasher hasher_{random_, cheap};
};

TEST_F(PasswordHashTest, VerifiesTheRightPasswordOnly) {
  const std::string encoded = hasher_.hash("度衡 correct").value();
  EXPECT_TRUE(encoded.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << encoded;
  EXPECT_TRUE(hasher_.verify(encoded, "度衡 correct").value());
  EXPECT_FALSE(hasher_.verify(encoded, "度衡 Correct").value());
  EXPECT_FALSE(hasher_.verify(encoded, "").value());
  EXPECT_FALSE(hasher_.verify(encoded, std::string(PasswordHasher::password_bytes_max + 1, 'x')).value());
}

TEST_F(PasswordHashTest, SaltMakesEveryHashAnother) {
  EXPECT_NE(hasher_.hash("same").value(), hasher_.hash("same").value());
}

TEST_F(PasswordHashTest, RefusesOtherKindsAndDamagedHashes) {
  for (const char* damaged :
       {"", "plain", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=64,t=1,p=1$",
        "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAA",
        "$argon2id$v=19$m=64,t=4000000000,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=19$m=64,t=1,p=1$!!$!!"}) {
    const auto outcome = hasher_.verify(damaged, "x");
    ASSERT_FALSE(outcome) << damaged;
    EXPECT_EQ(outcome.error().code, ErrorCode::malformed) << damaged;
    EXPECT_TRUE(std::string_view(damaged).starts_with("$argon2id$v=19$m=64,t=1,p=1$") || hasher_.needs_rehash(damaged))
        << damaged;
  }
}

TEST_F(PasswordHashTest, AnAlteredTagDoesNotVerify) {
  std::string encoded = hasher_.hash("word").value();
  encoded[encoded.size() - 5] = encoded[encoded.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(hasher_.verify(encoded, "word").value());
}

TEST_F(PasswordHashTest, SaysWhenTheCostChanged) {
  const std::string encoded = hasher_.hash("word").value();
  EXPECT_FALSE(hasher_.needs_rehash(encoded));
  const PasswordHasher dearer{random_, {.memory_kib = 128, .passes = 1, .lanes = 1}};
  EXPECT_TRUE(dearer.needs_rehash(encoded));
  EXPECT_TRUE(dearer.verify(encoded, "word").value());
}

TEST_F(PasswordHashTest, LimitsThePasswordsLength) {
  EXPECT_EQ(hasher_.hash("").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(hasher_.hash(std::string(PasswordHasher::password_bytes_max + 1, 'x')).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(hasher_.hash(std::string(PasswordHasher::password_bytes_max, 'x')));
}

TEST(PasswordHashDefaults, AreTheStatedCost) {
  SystemRandom random;
  const PasswordHasher hasher{random};
  const std::string encoded = hasher.hash("word").value();
  EXPECT_TRUE(encoded.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << encoded;
  EXPECT_TRUE(hasher.verify(encoded, "word").value());
}

}  // namespace
}  // namespace duheng::crypto
