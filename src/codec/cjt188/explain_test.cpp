#include "codec/cjt188/explain.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/test_vectors.hpp"

namespace duheng::cjt188 {
namespace {

/// Leaves follow one another over all octets; a field with parts spans exactly them.
void expect_cover(ByteView octets, const std::vector<ExplainedField>& fields) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const ExplainedField& field = fields[i];
    ASSERT_EQ(field.offset, at) << field.key;
    ASSERT_GT(field.size, 0U) << field.key;
    ASSERT_EQ(field.raw, to_hex(octets.subspan(field.offset, field.size), ' '));
    ASSERT_FALSE(field.key.empty());
    ASSERT_FALSE(field.label.english.empty());
    ASSERT_FALSE(field.label.chinese.empty());
    ASSERT_EQ(field.meaning.english.empty(), field.meaning.chinese.empty()) << field.key;
    ASSERT_FALSE(field.clause.empty());
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > field.depth;
    if (!has_parts) {
      at += field.size;
      continue;
    }
    std::size_t parts = 0;
    for (std::size_t k = i + 1; k < fields.size() && fields[k].depth > field.depth; ++k) {
      if (fields[k].depth == field.depth + 1) parts += fields[k].size;
    }
    ASSERT_EQ(parts, field.size) << field.key;
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
  if (v.valid) {
    EXPECT_EQ(find(fields, "address")->value, v.address);
  } else if (v.error != "start") {
    EXPECT_TRUE(has_fault(fields));
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

INSTANTIATE_TEST_SUITE_P(Cjt188Json, ExplainVectors, testing::ValuesIn(test_vectors()),
                         [](const auto& param) { return param.param.name; });

TEST(Explain, ShowsAValueWithItsUnitAsParts) {
  const auto octets =
      from_hex(
          "68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84 13 16")
          .value();
  const auto fields = explain(octets);
  const auto* value = find(fields, "value");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->raw, "00 77 66 55 2C");
  EXPECT_EQ(value->value, "556677.00");
  EXPECT_EQ(value->unit, "m3");
  EXPECT_EQ(value->register_name, "volume_total");
  EXPECT_EQ(value->label.chinese, "当前累积流量");
  EXPECT_EQ(find(fields, "digits")->depth, value->depth + 1);
  EXPECT_EQ(find(fields, "unit")->raw, "2C");
  EXPECT_EQ(find(fields, "manufacturer")->value, "7833");
  EXPECT_EQ(find(fields, "time")->value, "2015-05-11 22:01:31");
  EXPECT_EQ(find(fields, "data_identifier")->value, "901F");
  EXPECT_EQ(find(fields, "data_identifier")->meaning.english, "metering data, low octet first");
  EXPECT_FALSE(has_fault(fields));
}

TEST(Explain, MarksTheFault) {
  const auto frame = read_request({.preamble_octets = 0}, identifiers::metering).value();
  Bytes bad_sum = frame.to_bytes();
  bad_sum[bad_sum.size() - 2] ^= 1;
  EXPECT_TRUE(find(explain(bad_sum), "checksum")->is_fault);
  Bytes bad_end = frame.to_bytes();
  bad_end.back() = 0x17;
  EXPECT_TRUE(find(explain(bad_end), "end")->is_fault);
  const auto digit = read_reply({}, {0xD120}, from_hex("13 2A 33 43 2C").value()).value();
  EXPECT_TRUE(find(explain(digit.view()), "value")->is_fault);
  const auto length = read_reply({}, {0xD120}, Bytes(3)).value();
  EXPECT_TRUE(find(explain(length.view()), "payload")->is_fault);
  const auto time = write_request({}, identifiers::write_clock, Bytes(7, 0x77)).value();
  EXPECT_TRUE(find(explain(time.view()), "time")->is_fault);
}

TEST(Explain, ShowsCommandsAndRefusals) {
  const auto valve = valve_request({}, ValveCommand::close).value();
  EXPECT_EQ(find(explain(valve.view()), "valve_command")->meaning.chinese, "关阀");
  const auto address = write_address_request({}, *Address::parse("5")).value();
  EXPECT_EQ(find(explain(address.view()), "new_address")->value, "00000000000005");
  const auto refusal = error_reply({.sequence = 4}, 1, {0x05, 0x00}).value();
  const auto fields = explain(refusal.view());
  EXPECT_EQ(find(fields, "sequence")->value, "4");
  EXPECT_NE(find(fields, "status")->meaning.english.find("valve closed, battery low"), std::string::npos);
}

// Octets that begin a frame everywhere: each search for the next one must not start from the beginning.
TEST(Explain, NothingButStartsStaysLinear) {
  const Bytes octets(1'000'000, frame_layout::start);
  expect_cover(octets, explain(octets));
}

TEST(Explain, EveryFunctionTypeAndLengthIsCovered) {
  for (unsigned control = 0; control < 256; ++control) {
    for (std::size_t size = 0; size < 60; ++size) {
      Bytes data(size);
      for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(control * 7 + i * 3);
      static constexpr std::uint16_t starts[] = {0x1F90, 0x1F91, 0x02D3, 0x10A0, 0x0281};
      if (size >= 2) {
        const std::uint16_t start = starts[(control + size) % std::size(starts)];
        data[0] = static_cast<std::uint8_t>(start >> 8);
        data[1] = static_cast<std::uint8_t>(start);
      }
      const auto frame = encode({static_cast<std::uint8_t>(control % 2 == 0 ? 0x10 : 0x20), Address{},
                                 static_cast<std::uint8_t>(control), data, 1});
      expect_cover(frame->view(), explain(frame->view()));
    }
  }
}

}  // namespace
}  // namespace duheng::cjt188
