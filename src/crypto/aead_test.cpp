#include "crypto/aead.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace duheng::crypto {
namespace {

struct Vector {
  const char* name;
  const char* key;
  const char* nonce;
  const char* associated;
  const char* plain;
  const char* sealed;  // ciphertext, then tag
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", Appendix B (the vectors NIST SP 800-38D refers to): 13,
// 14, 16.
constexpr Vector vectors[] = {
    {"13", "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "530F8AFBC74536B9A963B4F1C4CB738B"},
    {"14", "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "CEA7403D4D606B6E074EC5D3BAF39D18D0D1C8A799996BF0265B98B5D48AB919"},
    {"16", "FEFFE9928665731C6D6A8F9467308308FEFFE9928665731C6D6A8F9467308308", "CAFEBABEFACEDBADDECAF888",
     "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2",
     "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A72"
     "1C3C0C95956809532FCF0E2449A6B525B16AEDF5AA0DE657BA637B39",
     "522DC1F099567D07F47F37A32A84427D643A8CDCBFE5C0C97598A2BD2555D1AA"
     "8CB08E48590DBB3DA7B08B1056828838C5F61E6393BA7A0ABCC9F66276FC6ECE0F4E1768CDDF8853BB2D551B"},
};

SecretKey key_of(const char* text) {
  const Bytes octets = from_hex(text).value();
  return SecretKey{std::span<const std::uint8_t, SecretKey::size_bytes>(octets.data(), SecretKey::size_bytes)};
}
Aead::Nonce nonce_of(const char* text) {
  const Bytes octets = from_hex(text).value();
  Aead::Nonce nonce{};
  std::copy_n(octets.begin(), nonce.size(), nonce.begin());
  return nonce;
}

class PublishedVectors : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVectors, SealAndOpenAsPrinted) {
  const Vector& v = GetParam();
  Aead aead(key_of(v.key));
  const Bytes associated = from_hex(v.associated).value();
  for (int round = 0; round < 2; ++round) {  // the second time runs on a used context
    Bytes out = {0xEE};
    ASSERT_TRUE(aead.seal(nonce_of(v.nonce), associated, from_hex(v.plain).value(), out));
    EXPECT_EQ(to_hex(out), "EE" + std::string(v.sealed));
    Bytes plain = {0xDD};
    ASSERT_TRUE(aead.open(nonce_of(v.nonce), associated, ByteView(out).subspan(1), plain));
    EXPECT_EQ(to_hex(plain), "DD" + std::string(v.plain));
  }
}
INSTANTIATE_TEST_SUITE_P(Gcm, PublishedVectors, testing::ValuesIn(vectors),
                         [](const auto& entry) { return std::string("Case") + entry.param.name; });

// RFC 8998, appendix A.1.
constexpr Vector sm4_vector{
    "Sm4",
    "0123456789ABCDEFFEDCBA987654321000000000000000000000000000000000",
    "00001234567800000000ABCD",
    "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2",
    "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
    "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
    "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
    "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D83DE3541E4C2B58177E065A9BF7B62EC"};

SecretKey sm4_key() { return SecretKey{key_of(sm4_vector.key).octets(), Cipher::sm4_gcm}; }

TEST(Sm4Gcm, SealsAndOpensAsPrinted) {
  Aead aead(sm4_key());
  const Bytes associated = from_hex(sm4_vector.associated).value();
  for (int round = 0; round < 2; ++round) {
    Bytes out = {0xEE};
    ASSERT_TRUE(aead.seal(nonce_of(sm4_vector.nonce), associated, from_hex(sm4_vector.plain).value(), out));
    EXPECT_EQ(to_hex(out), "EE" + std::string(sm4_vector.sealed));
    Bytes plain = {0xDD};
    ASSERT_TRUE(aead.open(nonce_of(sm4_vector.nonce), associated, ByteView(out).subspan(1), plain));
    EXPECT_EQ(to_hex(plain), "DD" + std::string(sm4_vector.plain));
  }
}

TEST(Sm4Gcm, TakesNothingAndMuchAndIsNotAes) {
  Aead sm4(sm4_key());
  Aead aes(SecretKey{key_of(sm4_vector.key).octets()});
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'003}}) {
    const Bytes plain(size, 0x5A);
    Bytes sealed;
    ASSERT_TRUE(sm4.seal({}, {}, plain, sealed));
    ASSERT_EQ(sealed.size(), size + Aead::tag_bytes);
    Bytes out;
    ASSERT_TRUE(sm4.open({}, {}, sealed, out));
    EXPECT_EQ(out, plain);
    EXPECT_FALSE(aes.open({}, {}, sealed, out)) << "another cipher";
    EXPECT_EQ(out, plain);
  }
}

class EveryCipher : public testing::TestWithParam<Cipher> {};
INSTANTIATE_TEST_SUITE_P(Gcm, EveryCipher, testing::Values(Cipher::aes_256_gcm, Cipher::sm4_gcm),
                         [](const auto& entry) { return std::string(to_string(entry.param)); });

TEST_P(EveryCipher, RefusesEveryFlippedBitAndLeavesTheOutputAlone) {
  const bool is_sm4 = GetParam() == Cipher::sm4_gcm;
  const Vector& v = is_sm4 ? sm4_vector : vectors[2];
  Aead aead(is_sm4 ? sm4_key() : key_of(v.key));
  const Bytes associated = from_hex(v.associated).value();
  const Bytes sealed = from_hex(v.sealed).value();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes damaged = sealed;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    Bytes out = {1, 2, 3};
    const auto opened = aead.open(nonce_of(v.nonce), associated, damaged, out);
    ASSERT_FALSE(opened);
    ASSERT_EQ(opened.error().code, ErrorCode::storage_corrupt);
    ASSERT_EQ(out, (Bytes{1, 2, 3}));
  }
  Bytes other_associated = associated;
  other_associated[0] ^= 1;
  Bytes out;
  EXPECT_FALSE(aead.open(nonce_of(v.nonce), other_associated, sealed, out));
  EXPECT_FALSE(aead.open(nonce_of(v.nonce), associated, ByteView(sealed).first(Aead::tag_bytes - 1), out));
  // After all those refusals the same object still opens what is right.
  EXPECT_TRUE(aead.open(nonce_of(v.nonce), associated, sealed, out));
  EXPECT_EQ(to_hex(out), v.plain);
}

}  // namespace
}  // namespace duheng::crypto
