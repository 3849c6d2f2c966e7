#include "codec/dlt645/explain.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/test_vectors.hpp"

namespace duheng::dlt645 {
namespace {

/// Each octet stands in exactly one field, in order, and each field shows its octets.
void expect_cover(ByteView octets, const std::vector<ExplainedField>& fields) {
  std::size_t at = 0;
  for (const auto& field : fields) {
    ASSERT_EQ(field.offset, at) << field.key;
    ASSERT_GT(field.size, 0U) << field.key;
    ASSERT_EQ(field.raw, to_hex(octets.subspan(at, field.size), ' '));
    ASSERT_FALSE(field.key.empty());
    ASSERT_FALSE(field.label.english.empty());
    ASSERT_FALSE(field.label.chinese.empty());
    ASSERT_EQ(field.meaning.english.empty(), field.meaning.chinese.empty()) << field.key;
    ASSERT_FALSE(field.clause.empty());
    at += field.size;
  }
  ASSERT_EQ(at, octets.size());
}

const ExplainedField* find(const std::vector<ExplainedField>& fields, std::string_view key, std::size_t nth = 0) {
  for (const auto& field : fields) {
    if (field.key == key && nth-- == 0) return &field;
  }
  return nullptr;
}
bool has_fault(const std::vector<ExplainedField>& fields) {
  return std::ranges::any_of(fields, [](const auto& field) { return field.is_fault; });
}

class ExplainVectors : public testing::TestWithParam<TestVector> {};

TEST_P(ExplainVectors, CoversEveryOctetOnce) {
  const TestVector& v = GetParam();
  const auto fields = explain(v.octets);
  expect_cover(v.octets, fields);
  if (!v.valid) {
    EXPECT_TRUE(has_fault(fields));
  }
  if (v.valid) {
    EXPECT_EQ(find(fields, "address")->value, v.address);
  }
}

TEST_P(ExplainVectors, CoversEveryTruncationAndChange) {
  const TestVector& v = GetParam();
  for (std::size_t cut = 0; cut < v.octets.size(); ++cut) {
    const Bytes part(v.octets.begin(), v.octets.begin() + static_cast<std::ptrdiff_t>(cut));
    expect_cover(part, explain(part));
  }
  for (std::size_t at = 0; at < v.octets.size(); ++at) {
    for (const std::uint8_t change : {0x01, 0x10, 0x80, 0xFF}) {
      Bytes changed = v.octets;
      changed[at] ^= change;
      expect_cover(changed, explain(changed));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dlt645Json, ExplainVectors, testing::ValuesIn(test_vectors()),
                         [](const auto& param) { return param.param.name; });

TEST(Explain, ShowsBlocksValueByValue) {
  const auto octets = from_hex("68 12 00 00 00 10 20 68 91 0A 33 32 34 35 89 55 32 32 32 32 21 16").value();
  const auto fields = explain(octets);
  const auto* first = find(fields, "value", 0);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->raw, "89 55");
  EXPECT_EQ(first->plain, "56 22");
  EXPECT_EQ(first->value, "225.6");
  EXPECT_EQ(first->unit, "V");
  EXPECT_EQ(first->register_name, "voltage_a");
  EXPECT_EQ(first->label.chinese, "数值，A相");
  EXPECT_EQ(find(fields, "value", 2)->register_name, "voltage_c");
  EXPECT_EQ(find(fields, "value", 2)->value, "");
  EXPECT_EQ(find(fields, "data_identifier")->value, "0201FF00");
  EXPECT_EQ(find(fields, "data_identifier")->meaning.english, "voltage, phases A,B,C");
  EXPECT_FALSE(has_fault(fields));
}

TEST(Explain, MarksTheFault) {
  const auto bad_sum = from_hex("68 12 90 78 56 34 12 68 91 08 33 33 34 33 89 67 45 33 55 16").value();
  EXPECT_TRUE(find(explain(bad_sum), "checksum")->is_fault);
  const auto bad_start = from_hex("68 12 90 78 56 34 12 69 91 08 33").value();
  EXPECT_TRUE(find(explain(bad_start), "second_start")->is_fault);
  EXPECT_EQ(find(explain(bad_start), "unread")->size, 3U);
  const auto bad_digit = from_hex("68 61 01 00 00 00 00 68 91 07 33 34 36 35 67 E9 C5 B1 16").value();
  const auto fields = explain(bad_digit);
  ASSERT_NE(find(fields, "value"), nullptr);
  EXPECT_TRUE(find(fields, "value")->is_fault);
}

TEST(Explain, SplitsFollowingFramesAndCommands) {
  const auto following = from_hex("68 61 01 00 00 00 00 68 92 09 34 40 63 36 63 64 65 66 35 A1 16").value();
  EXPECT_EQ(find(explain(following), "sequence")->value, "2");
  EXPECT_EQ(find(explain(following), "payload")->plain, "30 31 32 33");
  const auto command =
      from_hex("68 61 10 01 30 12 15 68 1C 10 35 6A 39 35 34 33 33 33 4D 33 33 33 33 63 45 CC 2C 16").value();
  EXPECT_EQ(find(explain(command), "command")->meaning.chinese, "跳闸");
  EXPECT_EQ(find(explain(command), "valid_until")->value, "2099-12-30 00:00:00");
}

TEST(Explain, EveryFunctionAndLengthIsCovered) {
  for (unsigned control = 0; control < 256; ++control) {
    for (std::size_t size = 0; size < 20; ++size) {
      Bytes data(size);
      for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(control * 7 + i * 3);
      const auto frame = encode({Address{}, static_cast<std::uint8_t>(control), data, 1});
      expect_cover(frame->view(), explain(frame->view()));
    }
  }
}

}  // namespace
}  // namespace duheng::dlt645
