#include "gateway/validation/validation.hpp"

namespace duheng::gateway {
namespace {

__extension__ using Wide = __int128;

Wide magnitude(Wide value) noexcept { return value < 0 ? -value : value; }

/// |change| x 10^exponent > rate x elapsed / 1000, without a division.
bool faster_than(const Decimal& rate, std::int8_t exponent, Wide change, std::int64_t elapsed_ms) noexcept {
  Wide left = change * 1'000;
  Wide right = static_cast<Wide>(rate.mantissa) * elapsed_ms;
  // Neither side reaches 2^120 by itself (a mantissa has 63 bits, a time less than 50), so that stopping there decides.
  constexpr Wide enough = Wide{1} << 120;
  const int shift = exponent - rate.exponent;
  for (int i = 0; i < shift && left != 0 && left < enough; ++i) left *= 10;
  for (int i = 0; i < -shift && right != 0 && right < enough; ++i) right *= 10;
  return left > right;
}

}  // namespace

Quality validate(const ValidationRule& rule, std::int8_t exponent, std::int64_t mantissa,
                 std::int64_t taken_monotonic_ms, LastValue& last) {
  Quality quality = Quality::good;
  if ((rule.minimum && mantissa < *rule.minimum) || (rule.maximum && mantissa > *rule.maximum))
    quality = quality | Quality::out_of_range;
  if (last.taken_monotonic_ms != INT64_MIN) {
    const Wide change = static_cast<Wide>(mantissa) - last.mantissa;
    if (rule.counts_up && change < 0) quality = quality | Quality::decreased;
    const std::int64_t elapsed_ms = taken_monotonic_ms - last.taken_monotonic_ms;
    const Wide beyond_rounding = magnitude(change) - 1;
    if (rule.rate_max_per_s && elapsed_ms > 0 && beyond_rounding > 0 && !has(quality, Quality::decreased) &&
        faster_than(*rule.rate_max_per_s, exponent, beyond_rounding, elapsed_ms))
      quality = quality | Quality::rate_exceeded;
  }
  last = {mantissa, taken_monotonic_ms};
  return quality;
}

bool ClockWatch::suspect(std::int64_t utc_ms, std::int64_t monotonic_ms) noexcept {
  if (utc_ms >= highest_utc_ms_) {
    highest_utc_ms_ = utc_ms;
    suspect_ = false;
    return false;
  }
  if (!suspect_ && utc_ms >= highest_utc_ms_ - tolerance_ms) return false;  // a time server's gentle pull
  if (!suspect_) {
    suspect_ = true;
    suspect_since_monotonic_ms_ = monotonic_ms;
    ++jumps_back_;
  }
  if (monotonic_ms - suspect_since_monotonic_ms_ >= distrust_ms) {
    highest_utc_ms_ = utc_ms;
    suspect_ = false;
  }
  return suspect_;
}

}  // namespace duheng::gateway
