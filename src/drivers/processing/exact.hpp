#pragma once
#include <cstdint>
#include <optional>

#include "base/decimal.hpp"

// Integers of 127 bits that notice when they do not suffice.
namespace duheng::exact {

__extension__ using Wide = __int128;
using Maybe = std::optional<Wide>;

[[nodiscard]] inline Maybe plus(Maybe a, Maybe b) noexcept {
  Wide out = 0;
  if (!a || !b || __builtin_add_overflow(*a, *b, &out)) return std::nullopt;
  return out;
}
[[nodiscard]] inline Maybe minus(Maybe a, Maybe b) noexcept {
  Wide out = 0;
  if (!a || !b || __builtin_sub_overflow(*a, *b, &out)) return std::nullopt;
  return out;
}
[[nodiscard]] inline Maybe times(Maybe a, Maybe b) noexcept {
  Wide out = 0;
  if (!a || !b || __builtin_mul_overflow(*a, *b, &out)) return std::nullopt;
  return out;
}
/// value x 10^power; `power` must not be below 0.
[[nodiscard]] inline Maybe shifted(Maybe value, int power) noexcept {
  for (int i = 0; i < power && value && *value != 0; ++i) value = times(value, 10);
  return value;
}
/// The integer nearest to numerator / denominator, halves away from zero; `denominator` must be above 0.
[[nodiscard]] inline Wide nearest(Wide numerator, Wide denominator) noexcept {
  const Wide whole = numerator / denominator;
  const Wide rest = numerator % denominator;
  const Wide amount = rest < 0 ? -rest : rest;
  if (amount < denominator - amount) return whole;
  return whole + (numerator < 0 ? -1 : 1);
}
/// Its mantissa in another, finer or equal exponent.
[[nodiscard]] inline Maybe in_exponent(const Decimal& value, int exponent) noexcept {
  if (value.exponent < exponent) return std::nullopt;
  return shifted(Wide{value.mantissa}, value.exponent - exponent);
}
[[nodiscard]] inline std::optional<std::int64_t> narrow(Wide value) noexcept {
  if (value > INT64_MAX || value < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace duheng::exact
