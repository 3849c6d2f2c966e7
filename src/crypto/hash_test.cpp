#include "crypto/hash.hpp"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace duheng::crypto {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }
Bytes repeated(std::uint8_t octet, std::size_t count) { return Bytes(count, octet); }
Bytes counting(std::uint8_t first, std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(first + i));
  return bytes;
}

// FIPS 180-4 examples (NIST "Secure Hash Standard" example values).
TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(to_hex(sha256(ByteView{})), "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
  EXPECT_EQ(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1");
  EXPECT_EQ(to_hex(sha256(repeated('a', 1'000'000))),
            "CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0");
}

TEST(Sha256, PartsAreHashedAsOneMessage) {
  EXPECT_EQ(sha256({as_bytes("a"), ByteView{}, as_bytes("bc")}), sha256(as_bytes("abc")));
}

TEST(Sha256, EachThreadHasItsOwnContext) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      const std::string text = "thread " + std::to_string(t);
      const Hash256 first = sha256(as_bytes(text));
      for (int i = 0; i < 2000; ++i) wrong[t] += sha256(as_bytes(text)) == first ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

// GB/T 32905-2016, Annex A, examples 1 and 2.
TEST(Sm3, MatchesTheStandardsExamples) {
  EXPECT_EQ(to_hex(sm3({as_bytes("abc")})), "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0");
  std::string text;
  for (int i = 0; i < 16; ++i) text += "abcd";
  EXPECT_EQ(to_hex(sm3({as_bytes(text)})), "DEBE9FF92275B8A138604889C18E5A4D6FDB70E5387E5765293DCBA39C0C5732");
}

// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(repeated(0x0B, 20), as_bytes("Hi There"))),
            "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
  EXPECT_EQ(
      to_hex(hmac_sha256(repeated(0xAA, 131), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
      "60E431591EE0B67F0D8A26AACBF5B77F8E0BC6213728C5140546040F0EE37F54");
}

// RFC 5869, Appendix A, test cases 1 to 3: the first 32 of 42 or 82 octets, which are the first block of the expansion.
TEST(HkdfSha256, MatchesRfc5869) {
  EXPECT_EQ(to_hex(hkdf_sha256(repeated(0x0B, 22), counting(0x00, 13), counting(0xF0, 10))),
            "3CB25F25FAACD57A90434F64D0362F2A2D2D0A90CF1A5A4C5DB02D56ECC4C5BF");
  EXPECT_EQ(to_hex(hkdf_sha256(counting(0x00, 80), counting(0x60, 80), counting(0xB0, 80))),
            "B11E398DC80327A1C8E7F78C596A49344F012EDA2D4EFAD8A050CC4C19AFA97C");
  EXPECT_EQ(to_hex(hkdf_sha256(repeated(0x0B, 22), {}, {})),
            "8DA4E775A563C18F715F802A063C5A31B8A11F5C5EE1879EC3454E5F3C738D2D");
}

TEST(EqualInConstantTime, ComparesContentAndSize) {
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_TRUE(equal_in_constant_time(hex("0102"), hex("0102")));
  EXPECT_FALSE(equal_in_constant_time(hex("0102"), hex("0103")));
  EXPECT_FALSE(equal_in_constant_time(hex("0102"), hex("010200")));
}

}  // namespace
}  // namespace duheng::crypto
