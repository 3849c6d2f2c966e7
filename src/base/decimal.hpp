#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng {

/// An exact decimal number: mantissa x 10^exponent. Registers are read, stored, compared and billed as such; floating
/// point appears only in statistics and physics.
struct Decimal {
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;

  /// Plain notation with exactly -exponent digits after the point: {22440, -2} is "224.40". Allocates.
  [[nodiscard]] std::string to_string() const;
  /// Reads plain notation; the number of digits after the point becomes the exponent.
  /// Errors: malformed - not a number; limit_exceeded - does not fit 63 bits.
  [[nodiscard]] static Result<Decimal> parse(std::string_view text);
  /// The same number with another exponent. Errors: limit_exceeded - overflow, or digits would be lost.
  [[nodiscard]] Result<Decimal> rescaled(std::int8_t to_exponent) const;
  /// For drawing and statistics only.
  [[nodiscard]] double to_double() const noexcept;

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

}  // namespace duheng
