#pragma once
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace duheng::store {

/// Sums of mantissas: 2^32 values of 64 bits cannot overflow it.
__extension__ using Int128 = __int128;

/// An exact quantity: numerator x 10^exponent / denominator. The denominator is there for ratios that do not divide
/// (a gear of 1:3, say); it is at least 1. Equality compares the representation, not the value.
struct ExactAmount {
  Int128 numerator = 0;
  std::int8_t exponent = 0;
  std::int64_t denominator = 1;

  /// Plain decimal notation when the denominator divides, e.g. "1234.50"; otherwise "(1234.50)/3".
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ExactAmount&, const ExactAmount&) = default;
};

/// A limit_exceeded error instead of a wrong number.
[[nodiscard]] Result<Int128> checked_add(Int128 a, Int128 b);
[[nodiscard]] Result<Int128> checked_multiply(Int128 a, Int128 b);
/// 10^power. Errors: limit_exceeded - power above 37.
[[nodiscard]] Result<Int128> power_of_ten(int power);
/// Decimal digits with a sign.
[[nodiscard]] std::string digits_of(Int128 value);

}  // namespace duheng::store
