#include "store/aggregates/aggregate_mean.hpp"

namespace duheng::store {
namespace {

std::int8_t finer(std::int8_t exponent, int digits) noexcept { return static_cast<std::int8_t>(exponent - digits); }

}  // namespace

std::string exact_mean(Int128 sum, std::int8_t exponent, std::uint32_t count) {
  constexpr int digits_more_max = 3;
  const ExactAmount mean{sum, exponent, count};
  for (int digits = 0; digits <= digits_more_max; ++digits) {
    const auto scale = power_of_ten(digits);
    const auto scaled = scale ? checked_multiply(sum, *scale) : scale;
    if (!scaled) break;
    if (*scaled % count == 0) return ExactAmount{*scaled, finer(exponent, digits), count}.to_string();
  }
  return mean.to_string();
}

std::optional<ExactAmount> rounded_mean_amount(Int128 sum, std::int8_t exponent, std::uint32_t count) {
  constexpr int digits_more = 2;
  const auto scaled = checked_multiply(sum, 100);
  if (!scaled) return std::nullopt;
  const Int128 half = *scaled < 0 ? -Int128{count} / 2 : Int128{count} / 2;
  return ExactAmount{(*scaled + half) / count, finer(exponent, digits_more), 1};
}

std::string rounded_mean(Int128 sum, std::int8_t exponent, std::uint32_t count) {
  const auto rounded = rounded_mean_amount(sum, exponent, count);
  return rounded ? rounded->to_string() : exact_mean(sum, exponent, count);
}

}  // namespace duheng::store
