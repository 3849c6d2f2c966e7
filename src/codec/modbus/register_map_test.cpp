#include "codec/modbus/register_map.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck/gtest.h>

namespace duheng::modbus {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

RegisterDescription describe(ValueType type, WordOrder order = WordOrder::high_first, bool swapped = false) {
  RegisterDescription description;
  description.type = type;
  description.word_order = order;
  description.octets_swapped = swapped;
  if (type == ValueType::bcd) description.register_count = 2;
  return description;
}
RegisterValue decoded(const RegisterDescription& description, std::string_view octets) {
  const auto value = decode_value(description, hex(octets));
  EXPECT_TRUE(value) << octets;
  return value.value_or(RegisterValue{});
}

TEST(RegisterMap, TheFourOrdersOfTheSameNumber) {
  // 12345678H as makers send it: ABCD, CDAB, BADC, DCBA.
  EXPECT_EQ(decoded(describe(ValueType::uint32), "12 34 56 78").mantissa, 0x12345678);
  EXPECT_EQ(decoded(describe(ValueType::uint32, WordOrder::low_first), "56 78 12 34").mantissa, 0x12345678);
  EXPECT_EQ(decoded(describe(ValueType::uint32, WordOrder::high_first, true), "34 12 78 56").mantissa, 0x12345678);
  EXPECT_EQ(decoded(describe(ValueType::uint32, WordOrder::low_first, true), "78 56 34 12").mantissa, 0x12345678);
}

TEST(RegisterMap, IntegersAtTheirBounds) {
  EXPECT_EQ(decoded(describe(ValueType::int16), "80 00").mantissa, -32768);
  EXPECT_EQ(decoded(describe(ValueType::uint16), "80 00").mantissa, 32768);
  EXPECT_EQ(decoded(describe(ValueType::int32), "FF FF FF FE").mantissa, -2);
  EXPECT_EQ(decoded(describe(ValueType::int48), "80 00 00 00 00 00").mantissa, -140737488355328);
  EXPECT_EQ(decoded(describe(ValueType::uint48), "FF FF FF FF FF FF").mantissa, 281474976710655);
  EXPECT_EQ(decoded(describe(ValueType::int64), "80 00 00 00 00 00 00 00").mantissa,
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(decoded(describe(ValueType::uint64), "7F FF FF FF FF FF FF FF").mantissa,
            std::numeric_limits<std::int64_t>::max());
  const auto above = decode_value(describe(ValueType::uint64), hex("80 00 00 00 00 00 00 00"));
  ASSERT_FALSE(above);
  EXPECT_EQ(above.error().code, ErrorCode::limit_exceeded);
}

TEST(RegisterMap, ExponentStaysExact) {
  auto description = describe(ValueType::int32);
  description.exponent = -2;
  const RegisterValue value = decoded(description, "00 00 57 A8");
  EXPECT_EQ(value, (RegisterValue{22440, -2, SeriesKind::decimal}));
}

TEST(RegisterMap, FloatsStayBits) {
  const RegisterValue value = decoded(describe(ValueType::float32, WordOrder::low_first), "00 00 43 5C");
  EXPECT_EQ(value.kind, SeriesKind::ieee_bits);
  EXPECT_EQ(std::bit_cast<double>(value.mantissa), 220.0);
  const RegisterValue tenth = decoded(describe(ValueType::float64), "3F B9 99 99 99 99 99 9A");
  EXPECT_EQ(std::bit_cast<double>(tenth.mantissa), 0.1);
  EXPECT_TRUE(std::isnan(std::bit_cast<double>(decoded(describe(ValueType::float32), "7F C0 00 00").mantissa)));
}

TEST(RegisterMap, BcdDigitsAreChecked) {
  EXPECT_EQ(decoded(describe(ValueType::bcd), "00 12 34 56").mantissa, 123456);
  EXPECT_EQ(decoded(describe(ValueType::bcd, WordOrder::low_first), "34 56 00 12").mantissa, 123456);
  const auto bad = decode_value(describe(ValueType::bcd, WordOrder::low_first), hex("34 5A 00 12"));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), (ValueError{ErrorCode::bad_bcd_digit, 0}));
}

TEST(RegisterMap, BitFields) {
  auto field = describe(ValueType::bits);
  field.first_bit = 4;
  field.bit_count = 3;
  EXPECT_EQ(decoded(field, "00 50"), (RegisterValue{5, 0, SeriesKind::bit_set}));
  field.register_count = 2;
  field.first_bit = 31;
  field.bit_count = 1;
  EXPECT_EQ(decoded(field, "80 00 00 00").mantissa, 1);
}

TEST(RegisterMap, Texts) {
  auto text = describe(ValueType::text);
  text.register_count = 4;
  std::array<char, 8> buffer{};
  EXPECT_EQ(decode_text(text, hex("41 42 43 20 20 20 20 20"), buffer).value(), "ABC");
  EXPECT_EQ(decode_text(text, hex("41 42 43 00 44 45 46 47"), buffer).value(), "ABC");
  text.octets_swapped = true;
  EXPECT_EQ(decode_text(text, hex("42 41 44 43 00 00 00 00"), buffer).value(), "ABCD");
  EXPECT_EQ(decode_text(text, hex("42 41 44"), buffer).error().code, ErrorCode::truncated);
  EXPECT_EQ(decode_value(text, hex("41 42 43 20 20 20 20 20")).error().code, ErrorCode::invalid_argument);
}

TEST(RegisterMap, TooFewRegisters) {
  const auto value = decode_value(describe(ValueType::int64), hex("00 01 00 02 00"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error(), (ValueError{ErrorCode::truncated, 2}));
}

TEST(RegisterMap, DescriptionsThatCannotBe) {
  auto width = describe(ValueType::int32);
  width.register_count = 3;
  auto exponent = describe(ValueType::float32);
  exponent.exponent = -1;
  auto end = describe(ValueType::int32);
  end.address = 65535;
  auto bits = describe(ValueType::bits);
  bits.first_bit = 15;
  bits.bit_count = 2;
  auto text = describe(ValueType::text);
  auto coil = describe(ValueType::int16);
  coil.table = Table::coils;
  auto bcd = describe(ValueType::bcd);
  bcd.register_count = 5;
  for (const auto& description : {width, exponent, end, bits, text, coil, bcd}) {
    const auto checked = check(description);
    ASSERT_FALSE(checked) << to_string(description.type);
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(checked.error().message.empty());
  }
  end.address = 65534;
  EXPECT_TRUE(check(end));
}

TEST(RegisterMap, WhatDoesNotFitIsRefused) {
  std::array<std::uint8_t, 8> out{};
  const auto refused = [&](ValueType type, std::int64_t mantissa, SeriesKind kind = SeriesKind::decimal) {
    const auto done = encode_value(describe(type), {mantissa, 0, kind}, out);
    return done ? ErrorCode{} : done.error().code;
  };
  EXPECT_EQ(refused(ValueType::int16, 32768), ErrorCode::limit_exceeded);
  EXPECT_EQ(refused(ValueType::uint16, -1), ErrorCode::limit_exceeded);
  EXPECT_EQ(refused(ValueType::uint64, -1), ErrorCode::limit_exceeded);
  EXPECT_EQ(refused(ValueType::bcd, 100000000), ErrorCode::limit_exceeded);
  EXPECT_EQ(refused(ValueType::float32, std::bit_cast<std::int64_t>(0.1), SeriesKind::ieee_bits),
            ErrorCode::limit_exceeded);
  EXPECT_EQ(refused(ValueType::float32, 1), ErrorCode::invalid_argument);
  EXPECT_EQ(encode_value(describe(ValueType::int32), {1, -1, SeriesKind::decimal}, out).error().code,
            ErrorCode::invalid_argument);
}

RC_GTEST_PROP(RegisterMap, WhatIsReadIsWrittenBack, ()) {
  const auto type = *rc::gen::element(ValueType::int16, ValueType::uint16, ValueType::int32, ValueType::uint32,
                                      ValueType::int48, ValueType::uint48, ValueType::int64, ValueType::uint64,
                                      ValueType::float32, ValueType::float64, ValueType::bcd);
  auto description =
      describe(type, *rc::gen::element(WordOrder::high_first, WordOrder::low_first), *rc::gen::arbitrary<bool>());
  if (type != ValueType::float32 && type != ValueType::float64) description.exponent = -3;
  RC_ASSERT(check(description).has_value());
  const auto octets = *rc::gen::container<Bytes>(2 * width_of(description), rc::gen::arbitrary<std::uint8_t>());
  const auto value = decode_value(description, octets);
  if (!value) {
    RC_ASSERT(type == ValueType::uint64 || type == ValueType::bcd);
    return;
  }
  if (type == ValueType::float32 && std::isnan(std::bit_cast<double>(value->mantissa))) return;
  Bytes again(octets.size());
  RC_ASSERT(encode_value(description, *value, again).has_value());
  RC_ASSERT(again == octets);
}

}  // namespace
}  // namespace duheng::modbus
