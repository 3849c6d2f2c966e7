#include "store/consumption/exact_amount.hpp"

#include <algorithm>

namespace duheng::store {
namespace {

std::string with_point(Int128 value, int exponent) {
  std::string digits = digits_of(value < 0 ? -value : value);
  if (exponent > 0 && value != 0) digits.append(static_cast<std::size_t>(exponent), '0');
  if (exponent < 0) {
    const auto places = static_cast<std::size_t>(-exponent);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return value < 0 ? "-" + digits : digits;
}

}  // namespace

std::string digits_of(Int128 value) {
  // Remainders may be negative: the most negative number has no positive counterpart.
  std::string digits;
  const bool negative = value < 0;
  do {
    const auto digit = static_cast<int>(value % 10);
    digits.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  if (negative) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

std::string ExactAmount::to_string() const {
  if (denominator > 0 && numerator % denominator == 0) return with_point(numerator / denominator, exponent);
  return "(" + with_point(numerator, exponent) + ")/" + std::to_string(denominator);
}

Result<Int128> checked_add(Int128 a, Int128 b) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return fail(ErrorCode::limit_exceeded, "an exact sum is beyond 127 bits");
  return sum;
}

Result<Int128> checked_multiply(Int128 a, Int128 b) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    return fail(ErrorCode::limit_exceeded, "an exact product is beyond 127 bits");
  return product;
}

Result<Int128> power_of_ten(int power) {
  if (power < 0 || power > 37) return fail(ErrorCode::limit_exceeded, "exponents differ by more than 37");
  Int128 value = 1;
  for (int i = 0; i < power; ++i) value *= 10;
  return value;
}

}  // namespace duheng::store
