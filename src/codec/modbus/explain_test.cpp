#include "codec/modbus/explain.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/modbus/scanner.hpp"
#include "codec/modbus/test_vectors.hpp"

namespace duheng::modbus {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

std::string keys_of(const std::vector<ExplainedField>& fields) {
  std::string text;
  for (const auto& field : fields) text += std::string(field.depth * 1U, '>') + field.key + " ";
  return text;
}
const ExplainedField& field_of(const std::vector<ExplainedField>& fields, std::string_view key) {
  return *std::ranges::find(fields, key, &ExplainedField::key);
}

/// Empty when the leaves cover every octet once and in order, and parts lie inside what they are parts of.
std::string fault_of(const std::vector<ExplainedField>& fields, std::size_t size) {
  std::size_t at = 0;
  std::size_t parent_end = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& field = fields[i];
    if (field.size == 0) return "empty field " + field.key;
    if (field.offset != at) return "gap before " + field.key;
    if (field.depth > 0 && field.offset + field.size > parent_end) return field.key + " outside its parent";
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > field.depth;
    if (has_parts) {
      parent_end = field.offset + field.size;
    } else {
      at += field.size;
    }
    if (field.label.english.empty() || field.label.chinese.empty()) return "no label for " + field.key;
  }
  return at == size ? "" : "ends at " + std::to_string(at);
}

TEST(Explain, EveryVectorCutAndWhole) {
  for (const auto& vector : test_vectors()) {
    for (std::size_t size = 0; size <= vector.octets.size(); ++size) {
      const auto fields = explain(ByteView(vector.octets).first(size));
      ASSERT_EQ(fault_of(fields, size), "") << vector.name << " cut to " << size << ": " << keys_of(fields);
    }
    const bool says_fault = std::ranges::any_of(explain(vector.octets), &ExplainedField::is_fault);
    EXPECT_EQ(says_fault, !vector.valid) << vector.name;
  }
}

TEST(Explain, RegistersAreThePartsOfTheirField) {
  const auto fields = explain(hex("11 03 06 02 2B 00 00 00 64 C8 BA"));
  EXPECT_EQ(keys_of(fields), "unit_id function byte_count values >register >register >register crc ");
  EXPECT_EQ(fields[4].value, "555");
  EXPECT_EQ(fields[1].label.chinese, "功能码");
  EXPECT_EQ(fields[1].clause, "Modbus Application Protocol V1.1b3, 6.3");
}

TEST(Explain, AsciiOffsetsCountCharacters) {
  const std::string line = ":1103006B00037E\r\n";
  const auto fields = explain(as_bytes(line));
  EXPECT_EQ(keys_of(fields), "start unit_id function address quantity lrc end ");
  EXPECT_EQ(fields[3].offset, 5U);
  EXPECT_EQ(fields[3].size, 4U);
  EXPECT_EQ(fields[3].plain, "006B");
  EXPECT_EQ(fields[3].value, "107");
}

TEST(Explain, IdentificationObjects) {
  const auto fields = explain(hex("00 01 00 00 00 0C 11 2B 0E 01 01 00 00 01 00 02 41 42"));
  EXPECT_EQ(keys_of(fields),
            "transaction_id protocol_id length unit_id function mei_type read_device_id conformity_level more_follows "
            "next_object_id number_of_objects object >object_id >object_length >object_value ");
  EXPECT_EQ(field_of(fields, "object_value").value, "AB");
}

TEST(Explain, TheFaultIsMarked) {
  const auto fields = explain(hex("11 03 00 6B 00 03 76 86"));
  EXPECT_TRUE(field_of(fields, "crc").is_fault);
  EXPECT_NE(field_of(fields, "crc").meaning.english.find("computed 8776H"), std::string::npos);
  const auto quantity = explain(hex("00 01 00 00 00 06 11 03 00 6B 00 00"));
  EXPECT_TRUE(field_of(quantity, "quantity").is_fault);
}

TEST(Explain, QuestionAndAnswerOfALog) {
  const auto fields = explain(hex("11 03 00 6B 00 03 76 87 11 03 06 02 2B 00 00 00 64 C8 BA"));
  EXPECT_EQ(keys_of(fields),
            "unit_id function address quantity crc unit_id function byte_count values >register >register >register "
            "crc ");
}

RC_GTEST_PROP(Explain, AnyOctets, (const Bytes& octets)) {
  for (const auto transport : {Transport::rtu, Transport::ascii, Transport::tcp}) {
    RC_ASSERT(fault_of(explain(octets, transport), octets.size()) == "");
  }
}

TEST(Scanner, TheTransportIsFound) {
  for (const auto& vector : test_vectors()) {
    EXPECT_EQ(to_string(guess_transport(vector.octets)), to_string(vector.transport)) << vector.name;
  }
}

TEST(Scanner, LinearInNoise) {
  // Quadratic work on this much would take minutes.
  Bytes noise(200'000, 0x03);
  std::size_t segments = 0;
  for (const auto transport : {Transport::rtu, Transport::ascii, Transport::tcp}) {
    Scanner scanner(noise, transport);
    std::size_t covered = 0;
    while (const auto segment = scanner.next()) {
      EXPECT_EQ(segment->offset, covered);
      covered += segment->octets.size();
      ++segments;
    }
    EXPECT_EQ(covered, noise.size());
  }
  EXPECT_GT(segments, 0U);
}

}  // namespace
}  // namespace duheng::modbus
