#include "base/decimal.hpp"

#include <cmath>
#include <cstdlib>

namespace duheng {

std::string Decimal::to_string() const {
  // The magnitude is taken unsigned so that the smallest 64-bit integer has one too.
  const bool negative = mantissa < 0;
  std::string digits =
      std::to_string(negative ? ~static_cast<std::uint64_t>(mantissa) + 1 : static_cast<std::uint64_t>(mantissa));
  if (exponent > 0) {
    if (mantissa != 0) digits.append(static_cast<std::size_t>(exponent), '0');
  } else if (exponent < 0) {
    const auto places = static_cast<std::size_t>(-static_cast<int>(exponent));
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return negative ? "-" + digits : digits;
}

Result<Decimal> Decimal::parse(std::string_view text) {
  bool negative = false;
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    at = 1;
  }
  std::int64_t mantissa = 0;
  int places = -1;
  bool any = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && places < 0) {
      places = 0;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return fail(ErrorCode::malformed, "not a decimal number");
    any = true;
    if (__builtin_mul_overflow(mantissa, 10, &mantissa) ||
        __builtin_sub_overflow(mantissa, text[at] - '0', &mantissa)) {
      return fail(ErrorCode::limit_exceeded, "decimal number does not fit 63 bits");
    }
    if (places >= 0) ++places;
  }
  if (!any) return fail(ErrorCode::malformed, "not a decimal number");
  // Gathered as a negative number, because there is one more of those.
  if (!negative && __builtin_sub_overflow(std::int64_t{0}, mantissa, &mantissa)) {
    return fail(ErrorCode::limit_exceeded, "decimal number does not fit 63 bits");
  }
  if (places > 127) return fail(ErrorCode::limit_exceeded, "more than 127 digits after the point");
  return Decimal{mantissa, static_cast<std::int8_t>(places > 0 ? -places : 0)};
}

Result<Decimal> Decimal::rescaled(std::int8_t to_exponent) const {
  Decimal out = *this;
  while (out.exponent > to_exponent) {
    if (__builtin_mul_overflow(out.mantissa, 10, &out.mantissa)) {
      return fail(ErrorCode::limit_exceeded, "rescaled number does not fit 63 bits");
    }
    --out.exponent;
  }
  while (out.exponent < to_exponent) {
    if (out.mantissa % 10 != 0) return fail(ErrorCode::limit_exceeded, "rescaling would lose digits");
    out.mantissa /= 10;
    ++out.exponent;
  }
  return out;
}

double Decimal::to_double() const noexcept { return static_cast<double>(mantissa) * std::pow(10.0, exponent); }

}  // namespace duheng
