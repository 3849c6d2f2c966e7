#include "platform/web/aggregate_mean.hpp"

namespace duheng::platform::web {

using store::Int128;

namespace {

std::int8_t finer(std::int8_t exponent, int digits) noexcept { return static_cast<std::int8_t>(exponent - digits); }

}  // namespace

std::string exact_mean(Int128 sum, std::int8_t exponent, std::uint32_t count) {
  constexpr int digits_more_max = 3;
  store::ExactAmount mean{sum, exponent, count};
  for (int digits = 0; digits <= digits_more_max; ++digits) {
    const auto scale = store::power_of_ten(digits);
    const auto scaled = scale ? store::checked_multiply(sum, *scale) : scale;
    if (!scaled) break;
    if (*scaled % count == 0) return store::ExactAmount{*scaled, finer(exponent, digits), count}.to_string();
  }
  return mean.to_string();
}

std::string rounded_mean(Int128 sum, std::int8_t exponent, std::uint32_t count) {
  constexpr int digits_more = 2;
  const auto scaled = store::checked_multiply(sum, 100);
  if (!scaled) return exact_mean(sum, exponent, count);
  const Int128 half = *scaled < 0 ? -Int128{count} / 2 : Int128{count} / 2;
  return store::ExactAmount{(*scaled + half) / count, finer(exponent, digits_more), 1}.to_string();
}

}  // namespace duheng::platform::web
