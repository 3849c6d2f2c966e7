#include "store/consumption/step_rule.hpp"

#include <algorithm>

namespace duheng::store {
namespace {

constexpr Int128 ms_per_hour = 3'600'000;

/// The most that can be counted in the time between, rounded up, and one unit for the register's own rounding.
Int128 most_in(Int128 elapsed_ms, Int128 amount, Int128 per_hours) {
  const Int128 whole = per_hours * ms_per_hour;
  return (amount * elapsed_ms + whole - 1) / whole + 1;
}

bool fits(std::int64_t mantissa, std::int64_t modulus) { return mantissa >= 0 && mantissa < modulus; }

}  // namespace

Step judge_step(const StepEnd& from, const StepEnd& to, const StepRule& rule) noexcept {
  const Int128 difference = Int128{to.mantissa} - from.mantissa;
  const Int128 elapsed_ms = std::max<Int128>(0, Int128{to.time_utc_ms} - from.time_utc_ms);
  const bool rate_known = rule.rate_max_per_hour > 0;
  if (difference >= 0) {
    const bool too_fast = rate_known && difference > most_in(elapsed_ms, rule.rate_max_per_hour, 1);
    const bool flagged = difference > 0 && has(to.quality, Quality::rate_exceeded | Quality::out_of_range);
    return {too_fast || flagged ? StepKind::increase_implausible : StepKind::increase, difference};
  }
  if (rule.modulus <= 0 || !fits(from.mantissa, rule.modulus) || !fits(to.mantissa, rule.modulus))
    return {StepKind::decrease_unexplained, 0};
  const Int128 through_zero = difference + rule.modulus;
  const Int128 most = rate_known ? most_in(elapsed_ms, rule.rate_max_per_hour, 1)
                                 : most_in(elapsed_ms, rule.modulus, step_limits::hours_per_turn_min);
  const bool plausible = through_zero <= most && through_zero <= rule.modulus / step_limits::roll_over_modulus_part;
  return plausible ? Step{StepKind::roll_over, through_zero} : Step{StepKind::decrease_unexplained, 0};
}

}  // namespace duheng::store
