#include <gtest/gtest.h>

#include "codec/snmp/explain.hpp"
#include "codec/snmp/message.hpp"
#include "codec/snmp/usm.hpp"

namespace duheng::snmp {
namespace {

ObjectId id(std::string_view text) { return *ObjectId::parse(text); }

TEST(SnmpObjectId, ReadsAndWritesNames) {
  EXPECT_EQ(id(".1.3.6.1.2.1.1.3.0").text(), "1.3.6.1.2.1.1.3.0");
  EXPECT_TRUE(id("1.3.6.1.2.1").is_within(id("1.3.6.1")));
  EXPECT_FALSE(id("1.3.6.1").is_within(id("1.3.6.1.2.1")));
  for (const char* wrong : {"", "1", "1.", "1..3", "3.1", "1.40", "1.3.x", "1.3.4294967296"})
    EXPECT_FALSE(ObjectId::parse(wrong)) << wrong;
}

// By hand from X.690, 8.19.5: parts above 127 take several octets.
TEST(SnmpBer, WritesObjectIdsAsX690Says) {
  Bytes out;
  put_object_id(out, id("2.999.3"));
  EXPECT_EQ(to_hex(out, ' '), "06 03 88 37 03");
  EXPECT_EQ(read_object_id(ByteView(out).subspan(2)), id("2.999.3"));
  out.clear();
  put_object_id(out, id("1.3.4294967295"));
  EXPECT_EQ(read_object_id(ByteView(out).subspan(2)), id("1.3.4294967295"));
}

TEST(SnmpBer, WritesIntegersInTheShortestForm) {
  const auto written = [](std::int64_t value) {
    Bytes out;
    put_integer(out, value);
    return to_hex(out, ' ');
  };
  EXPECT_EQ(written(0), "02 01 00");
  EXPECT_EQ(written(127), "02 01 7F");
  EXPECT_EQ(written(128), "02 02 00 80");
  EXPECT_EQ(written(-1), "02 01 FF");
  EXPECT_EQ(written(-129), "02 02 FF 7F");
  EXPECT_EQ(Value::of_unsigned(UINT64_MAX, tag::counter64).number(), std::nullopt);
  EXPECT_EQ(Value::of_unsigned(4'294'967'295U, tag::counter32).number(), 4'294'967'295);
  EXPECT_EQ(Value::of_integer(-5).number(), -5);
}

// Put together by hand from RFC 1901 and RFC 3416: get sysUpTime.0 as "public".
TEST(SnmpMessage, IsWrittenAsTheStandardSays) {
  const Pdu pdu{PduType::get, 1, 0, 0, {{id("1.3.6.1.2.1.1.3.0"), {}}}};
  const Bytes message = encode_community_message("public", pdu);
  EXPECT_EQ(to_hex(message, ' '),
            "30 26 02 01 01 04 06 70 75 62 6C 69 63 A0 19 02 01 01 02 01 00 02 01 00 30 0E 30 0C 06 08 2B 06 01 02 01 "
            "01 03 00 05 00");
  const auto parsed = parse_community_message(message);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->community, "public");
  EXPECT_EQ(parse_pdu(parsed->pdu), pdu);
}

TEST(SnmpMessage, RefusesWhatIsCutOrChangedInLength) {
  const Bytes whole = encode_community_message("public", {PduType::get, 1, 0, 0, {{id("1.3.6.1.2.1.1.3.0"), {}}}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_community_message(ByteView(whole).first(size))) << size;
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(parse_community_message(longer));
}

TEST(SnmpMessage, MasksCommunitiesAndNothingElse) {
  const Pdu pdu{PduType::get, 77, 0, 0, {{id("1.3.6.1.2.1.1.3.0"), {}}}};
  Bytes both = encode_community_message("secret", pdu);
  const Bytes second = encode_community_message("other", pdu);
  both.insert(both.end(), second.begin(), second.end());
  mask_communities(both);
  EXPECT_EQ(as_text(both).find("secret"), std::string_view::npos);
  EXPECT_EQ(as_text(both).find("other"), std::string_view::npos);
  const auto first = parse_community_message(ByteView(both).first(both.size() - second.size()));
  ASSERT_TRUE(first);
  EXPECT_EQ(parse_pdu(first->pdu), pdu);
}

// RFC 3414, A.3.2: the password "maplesyrup" and the engine 00 … 02.
TEST(SnmpUsm, MakesTheKeysOfTheStandardsExample) {
  const auto key = key_of_password(Authentication::sha1, "maplesyrup");
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(*key), "9FB5CC0381497B3793528939FF788D5D79145211");
  const auto engine = from_hex("000000000000000000000002");
  EXPECT_EQ(to_hex(localised_key(Authentication::sha1, *key, *engine)), "6695FEBC9288E36282235FC7151F128497B38F3F");
  EXPECT_FALSE(key_of_password(Authentication::sha1, "short"));
}

class Secured : public testing::TestWithParam<UserKeys> {};

TEST_P(Secured, MessagesOpenWithTheirKeysOnly) {
  const UserKeys keys = GetParam();
  const Bytes engine = *from_hex("80001F8880E9630000D61FF449");
  const ScopedPdu scoped{engine, "", {PduType::get, 42, 0, 0, {{id("1.3.6.1.2.1.1.3.0"), {}}}}};
  const Outgoing header{42, true, engine, 3, 1'000, "reader", 99};
  const auto sealed = seal_message(header, keys, scoped);
  ASSERT_TRUE(sealed);
  const auto message = parse_secure_message(*sealed);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->user, "reader");
  const auto opened = open_message(*sealed, *message, keys);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, scoped);
  if (keys.authentication == Authentication::none) return;
  for (std::size_t i = 0; i < sealed->size(); ++i) {  // no octet can be changed unseen
    Bytes forged = *sealed;
    forged[i] ^= 0x01;
    const auto read = parse_secure_message(forged);
    EXPECT_FALSE(read && open_message(forged, *read, keys)) << i;
  }
  // What is less protected than asked for is refused, whoever wrote it.
  const auto plain = seal_message(header, {}, scoped);
  const auto plain_message = parse_secure_message(*plain);
  const auto refused = open_message(*plain, *plain_message, keys);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
}

INSTANTIATE_TEST_SUITE_P(Levels, Secured,
                         testing::Values(UserKeys{}, UserKeys{Authentication::sha1, Privacy::none, Bytes(20, 7), {}},
                                         UserKeys{Authentication::sha1, Privacy::aes128, Bytes(20, 7), Bytes(20, 9)},
                                         UserKeys{Authentication::sha256, Privacy::aes128, Bytes(32, 7),
                                                  Bytes(32, 9)}));

TEST(SnmpExplain, CoversEveryOctetAndShowsNoCommunity) {
  const Bytes message = encode_community_message("public", {PduType::get, 1, 0, 0, {{id("1.3.6.1.2.1.1.3.0"), {}}}});
  const auto fields = explain(message);
  std::size_t covered = 0;
  bool has_name = false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    has_name = has_name || fields[i].value == "1.3.6.1.2.1.1.3.0";
    EXPECT_EQ(fields[i].value.find("public"), std::string::npos);
    if (i + 1 < fields.size() && fields[i + 1].depth > fields[i].depth) continue;
    EXPECT_EQ(fields[i].offset, covered);
    covered += fields[i].size;
  }
  EXPECT_EQ(covered, message.size());
  EXPECT_TRUE(has_name);
}

}  // namespace
}  // namespace duheng::snmp
