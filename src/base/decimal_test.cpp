#include "base/decimal.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng {
namespace {

TEST(Decimal, PrintsAllDigits) {
  EXPECT_EQ((Decimal{22440, -2}.to_string()), "224.40");
  EXPECT_EQ((Decimal{-5, -4}.to_string()), "-0.0005");
  EXPECT_EQ((Decimal{0, -3}.to_string()), "0.000");
  EXPECT_EQ((Decimal{12, 3}.to_string()), "12000");
  EXPECT_EQ((Decimal{INT64_MIN, -2}.to_string()), "-92233720368547758.08");
}

TEST(Decimal, RefusesWhatIsNoNumberAndWhatDoesNotFit) {
  for (const char* text : {"", "-", ".", "1e5", "1.2.3", " 1", "12a"}) {
    EXPECT_EQ(Decimal::parse(text).error().code, ErrorCode::malformed) << text;
  }
  EXPECT_EQ(Decimal::parse("9223372036854775808").error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(Decimal::parse("-9223372036854775808")->mantissa, INT64_MIN);
}

TEST(Decimal, NeverRescalesWithLoss) {
  EXPECT_EQ((*Decimal{1230, -3}.rescaled(-2)), (Decimal{123, -2}));
  EXPECT_FALSE((Decimal{1234, -3}.rescaled(-2)));
  EXPECT_FALSE((Decimal{INT64_MAX, 0}.rescaled(-1)));
}

RC_GTEST_PROP(Decimal, RoundTripsThroughText, (std::int64_t mantissa)) {
  const Decimal number{mantissa, static_cast<std::int8_t>(-*rc::gen::inRange(0, 30))};
  RC_ASSERT(*Decimal::parse(number.to_string()) == number);
}

}  // namespace
}  // namespace duheng
