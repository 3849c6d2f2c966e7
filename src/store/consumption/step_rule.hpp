#pragma once
#include <cstdint>

#include "model/reading.hpp"
#include "store/consumption/exact_amount.hpp"

namespace duheng::store {

/// What is known of a register that counts up, to judge a step from one of its values to the next.
struct StepRule {
  std::int64_t modulus = 0;            ///< the register turns to 0 instead of showing this mantissa; 0: not known
  std::int64_t rate_max_per_hour = 0;  ///< mantissa units the installation can consume in an hour; 0: not known
  friend bool operator==(const StepRule&, const StepRule&) = default;
};

/// How a step is taken. Stored as bits in aggregates: append, never renumber.
enum class StepKind : std::uint8_t {
  increase = 0,              ///< plain, zero included
  roll_over = 1,             ///< backwards, explained by the register having turned over once
  decrease_unexplained = 2,  ///< backwards, not explained: counts as 0
  increase_implausible = 3,  ///< faster than the rate known, or to a value the gateway flagged: counts as it is
};

struct Step {
  StepKind kind = StepKind::increase;
  Int128 amount = 0;  ///< mantissa units, never negative
};

/// One end of a step.
struct StepEnd {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  Quality quality = Quality::good;
};

namespace step_limits {
/// When no rate is known a register is taken to last this long at full load before it turns over: meters are made so
/// that they do (IEC 62052-11 asks 1 500 h of electricity meters).
inline constexpr std::int64_t hours_per_turn_min = 1'500;
/// A step taken as a roll-over is at most this part of the modulus, however long it took.
inline constexpr std::int64_t roll_over_modulus_part = 10;
}  // namespace step_limits

/// Judges the step between two neighbouring good values, `from` before `to`. Depends on nothing but these two values
/// and the rule, which is what makes consumption additive. Backwards is a roll-over if and only if the modulus is
/// known, both values fit it, and going on through zero takes at most a tenth of the modulus and no more than the rate
/// allows in the time between (when no rate is known: the modulus in 1,500 hours). Pure.
[[nodiscard]] Step judge_step(const StepEnd& from, const StepEnd& to, const StepRule& rule) noexcept;

}  // namespace duheng::store
