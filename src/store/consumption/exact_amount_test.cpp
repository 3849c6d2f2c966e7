#include "store/consumption/exact_amount.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace duheng::store {
namespace {

TEST(ExactAmount, IsWrittenPlainly) {
  EXPECT_EQ((ExactAmount{123'450, -2, 1}).to_string(), "1234.50");
  EXPECT_EQ((ExactAmount{-7, -2, 1}).to_string(), "-0.07");
  EXPECT_EQ((ExactAmount{0, -3, 1}).to_string(), "0.000");
  EXPECT_EQ((ExactAmount{12, 3, 1}).to_string(), "12000");
  EXPECT_EQ((ExactAmount{600, -2, 4}).to_string(), "1.50");
}

TEST(ExactAmount, KeepsAFractionThatDoesNotDivide) { EXPECT_EQ((ExactAmount{100, -2, 3}).to_string(), "(1.00)/3"); }

TEST(ExactAmount, WritesTheSmallestNumber) {
  const Int128 smallest = Int128{1} << 126;
  EXPECT_EQ(digits_of(smallest), "85070591730234615865843651857942052864");
  EXPECT_EQ(digits_of(-smallest - smallest), "-170141183460469231731687303715884105728");
}

TEST(ExactAmount, RefusesToOverflow) {
  const Int128 large = Int128{1} << 126;
  EXPECT_EQ(checked_add(large, large).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(checked_multiply(large, 3).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(power_of_ten(38).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(power_of_ten(-1).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(digits_of(*power_of_ten(18)), "1000000000000000000");
}

}  // namespace
}  // namespace duheng::store
