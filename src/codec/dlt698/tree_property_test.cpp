#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/dlt698/node.hpp"
#include "codec/dlt698/random_tree.hpp"
#include "codec/dlt698/reader.hpp"
#include "codec/dlt698/test_vectors.hpp"

namespace duheng::dlt698 {
namespace {

Bytes random_octets(std::size_t count) { return *rc::gen::container<Bytes>(count, rc::gen::arbitrary<std::uint8_t>()); }

void encodes_and_decodes(const Type& type, const Node& node) {
  const auto encoded = encode_tree(type, node);
  RC_ASSERT(encoded.has_value());
  const auto decoded = decode_tree(type, *encoded);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->size_octets == encoded->size());
  RC_ASSERT(decoded->root == node);
  const auto again = encode_tree(type, decoded->root);
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *encoded);
}

RC_GTEST_PROP(Tree, AnyDataSurvives, ()) {
  const Bytes octets = random_octets(200);
  encodes_and_decodes(types::data, RandomTree(octets).make(types::data));
}

RC_GTEST_PROP(Tree, AnyApduSurvives, ()) {
  const Bytes octets = random_octets(300);
  encodes_and_decodes(types::apdu, RandomTree(octets).make(types::apdu));
}

// Every service, with every choice it has, not only those a random octet happens to hit.
RC_GTEST_PROP(Tree, EveryServiceAndChoiceSurvives, ()) {
  const Bytes octets = random_octets(200);
  for (unsigned tag = 0; tag < 256; ++tag) {
    const Type* service = apdu_type(static_cast<std::uint8_t>(tag));
    if (service == nullptr) continue;
    RandomTree random(octets);
    Node node = random.make(*service);
    Node& first = node.children[0];
    if (first.type->kind != Kind::choice) {
      encodes_and_decodes(types::apdu, node);
      continue;
    }
    for (std::size_t i = 0; i < first.type->fields.size(); ++i) {
      first.selector = static_cast<std::uint8_t>(first.type->first_selector + i);
      first.children[0] = random.make(*first.type->fields[i].type);
      encodes_and_decodes(types::apdu, node);
    }
  }
}

RC_GTEST_PROP(Tree, EveryTruncationOfAnApduIsTruncated, ()) {
  const Bytes octets = random_octets(60);
  const auto encoded = encode_tree(types::apdu, RandomTree(octets).make(types::apdu)).value();
  for (std::size_t cut = 0; cut < encoded.size(); ++cut) {
    const Bytes part(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto decoded = decode_tree(types::apdu, part);
    RC_ASSERT(!decoded.has_value());
    RC_ASSERT(decoded.error().code == ErrorCode::truncated);
    RC_ASSERT(decoded.error().octet_offset <= cut);
    RC_ASSERT(!decoded.error().field.empty());
  }
}

// Whatever octets: read or refused; what is read encodes to the same tree again.
RC_GTEST_PROP(Tree, AnyOctetsAreReadOrRefused, ()) {
  const Bytes octets = random_octets(80);
  for (const Type* type : {&types::data, &types::apdu, &types::result_record, &types::rsd}) {
    const auto decoded = decode_tree(*type, octets);
    if (!decoded) {
      RC_ASSERT(decoded.error().octet_offset <= octets.size());
      continue;
    }
    const auto encoded = encode_tree(*type, decoded->root);
    RC_ASSERT(encoded.has_value());
    RC_ASSERT(decode_tree(*type, *encoded)->root == decoded->root);
  }
}

TEST(Tree, VectorsEncodeToTheirOctets) {
  std::size_t same = 0;
  for (const Bytes& apdu : test_apdus()) {
    const auto decoded = decode_tree(types::apdu, apdu);
    ASSERT_TRUE(decoded) << to_hex(apdu);
    EXPECT_EQ(decoded->size_octets, apdu.size());
    const Bytes again = encode_tree(types::apdu, decoded->root).value();
    if (again == apdu) {
      ++same;
      continue;
    }
    // Only a length in a longer form than needed may change, and then nothing else.
    EXPECT_NE(to_hex(apdu).find("820007"), std::string::npos) << to_hex(apdu);
    EXPECT_EQ(decode_tree(types::apdu, again)->root, decoded->root);
  }
  EXPECT_EQ(same + 1, test_apdus().size());
}

TEST(Tree, NodesThatDoNotFitTheGrammarAreRefused) {
  Node node = decode_tree(types::apdu, from_hex("0501014001020000").value())->root;
  const auto refused = [](const Node& wrong) { return encode_tree(types::apdu, wrong).error(); };
  Node wrong = node;
  wrong.type = &types::octet_string;
  EXPECT_EQ(refused(wrong).code, ErrorCode::invalid_argument);
  wrong = node;
  wrong.children.pop_back();
  EXPECT_EQ(refused(wrong).code, ErrorCode::invalid_argument);
  wrong = node;
  wrong.children[0].selector = 9;
  EXPECT_EQ(refused(wrong).code, ErrorCode::invalid_argument);
  wrong = node;
  wrong.children[0].children[0].children[1].content.pop_back();
  EXPECT_EQ(refused(wrong).code, ErrorCode::invalid_argument);
  EXPECT_NE(refused(wrong).message.find("oad"), std::string::npos);
  Bytes small(7);
  EXPECT_EQ(encode_tree(types::apdu, node, std::span<std::uint8_t>(small)).error().code, ErrorCode::limit_exceeded);
  // Deeper than a reader follows.
  Node deep;
  for (int i = 0; i < 60; ++i) {
    Node outer;
    outer.type = &types::array;
    outer.children.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_EQ(encode_tree(types::data, deep).error().code, ErrorCode::limit_exceeded);
  Bytes room(1000);
  EXPECT_EQ(encode_tree(types::data, deep, std::span<std::uint8_t>(room)).error().code, ErrorCode::limit_exceeded);
}

TEST(Tree, FindLooksThroughPartsWithoutAName) {
  const auto tree = decode_tree(types::apdu, from_hex("8501412000020001 1200DC 0000").value());
  ASSERT_TRUE(tree);
  ASSERT_NE(tree->root.find("piid_acd"), nullptr);
  EXPECT_EQ(tree->root.find("piid_acd")->content, Bytes{0x41});
  const Node* result = tree->root.find("result");
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->find("data")->type, &types::long_unsigned);
  EXPECT_EQ(result->find("dar"), nullptr);
  EXPECT_EQ(tree->root.find("time_tag")->children.size(), 0U);
}

}  // namespace
}  // namespace duheng::dlt698
