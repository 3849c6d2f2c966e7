#include "codec/gdw13762/explain.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/gdw13762/test_vectors.hpp"

namespace duheng::gdw13762 {
namespace {

void expect_every_octet_once(ByteView octets) {
  std::size_t at = 0;
  const auto fields = explain(octets);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > fields[i].depth;
    ASSERT_EQ(fields[i].offset, at) << fields[i].key;
    ASSERT_GT(fields[i].size, 0U) << fields[i].key;
    if (!has_parts) at += fields[i].size;
  }
  EXPECT_EQ(at, octets.size());
}

TEST(CarrierExplain, EveryOctetOfEveryVectorOnce) {
  for (const auto& vector : test_vectors()) {
    SCOPED_TRACE(vector.name);
    expect_every_octet_once(vector.octets);
    const auto fields = explain(vector.octets);
    EXPECT_EQ(std::ranges::none_of(fields, &ExplainedField::is_fault), vector.valid);
    for (std::size_t size = 0; size < vector.octets.size(); ++size)
      expect_every_octet_once(ByteView(vector.octets).first(size));
  }
}

TEST(CarrierExplain, TheMetersFrameIsExplainedWithinTheCarriers) {
  const auto found = std::ranges::find(test_vectors(), std::string("ask_node_645_answer"), &TestVector::name);
  ASSERT_NE(found, test_vectors().end());
  const auto fields = explain(found->octets);
  const auto value = std::ranges::find(fields, std::string("value"), &ExplainedField::key);
  ASSERT_NE(value, fields.end());
  EXPECT_EQ(value->value, "1234.50");
  EXPECT_EQ(value->unit, "kWh");
  EXPECT_EQ(value->depth, 2);
  EXPECT_TRUE(is_carrier_exchange(found->octets));
  EXPECT_FALSE(is_carrier_exchange(ByteView(found->octets).subspan(1)));
  EXPECT_FALSE(is_carrier_exchange({}));
  EXPECT_FALSE(is_carrier_exchange(from_hex("68 23 01 00 00 26 20 68 11 04 33 33 34 33 C4 16").value()));
}

}  // namespace
}  // namespace duheng::gdw13762
