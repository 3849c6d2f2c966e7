#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "store/consumption/step_rule.hpp"

namespace duheng::store {

/// What can be odd about a stored value. Stored: append, never renumber.
enum class ValueRule : std::uint8_t {
  roll_over = 1,            ///< a step backwards that the register's turning over explains
  negative = 2,             ///< a step backwards that nothing explains
  spike = 3,                ///< a step that is larger than the meter can count, or than it ever does
  tariff_sum = 4,           ///< the total is not the sum of its tariff registers
  phase_sum = 5,            ///< the total power is not the sum of the phases'
  voltage_implausible = 6,  ///< far from what the same conductor has the rest of the time
  power_implausible = 7,    ///< more active power than voltage times current
};
[[nodiscard]] std::string_view to_string(ValueRule rule) noexcept;
[[nodiscard]] std::optional<ValueRule> value_rule_of(std::string_view name) noexcept;

/// A value with its evidence.
struct RuleValue {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  Quality quality = Quality::good;
  FrameReference frame{};
};

/// What one register of a device showed.
struct RuleSeries {
  std::string_view register_name;
  std::int8_t exponent = 0;
  bool counts_up = false;
  StepRule rule{};
  /// Good values by time, one for each time, edits in force applied. Values before `Examination::from_utc_ms` are
  /// history: judged against, not judged.
  std::span<const RuleValue> values;
};

namespace value_rule_limits {
/// A step is a spike when its rate is so many times the median of the register's own positive rates ...
inline constexpr std::int64_t spike_factor = 50;
/// ... of which there must be so many to say anything ...
inline constexpr std::size_t spike_rates_min = 12;
/// ... and when it is at least so many units of the register, since small meters count in jumps.
inline constexpr std::int64_t spike_units_min = 100;
/// Total and tariff registers are compared when they were read at most so far apart.
inline constexpr std::int64_t tariff_apart_ms_max = 60'000;
/// Powers, voltages and currents change: they must come from one moment.
inline constexpr std::int64_t moment_apart_ms_max = 2'000;
/// Of the greater of |total| and the sum of the phases' magnitudes, in percent, and besides in watts.
inline constexpr std::int64_t phase_tolerance_percent = 5;
inline constexpr std::int64_t phase_tolerance_w = 20;
/// A voltage may differ so much from the median of its register, in percent (an outage reads 0 and is an event, not
/// a wrong value).
inline constexpr std::int64_t voltage_tolerance_percent = 40;
inline constexpr std::size_t voltage_values_min = 12;
/// Active power may exceed the sum of U x I by so much (each is rounded, and read one after the other), and besides by
/// phase_tolerance_w.
inline constexpr std::int64_t power_tolerance_percent = 10;
/// Of one examination; what is beyond it is counted alone.
inline constexpr std::size_t findings_max = 32;
}  // namespace value_rule_limits

/// A value that a rule objects to.
struct RuleFinding {
  ValueRule rule = ValueRule::negative;
  std::size_t series = 0;  ///< its place in Examination::series
  RuleValue value{};
  /// What the rule would have expected: the value before (negative, roll_over), the greatest (spike,
  /// voltage_implausible, power_implausible), the sum (tariff_sum, phase_sum).
  Decimal expected{};
};

struct Examination {
  std::span<const RuleSeries> series;  ///< all of one device
  std::int64_t from_utc_ms = 0;        ///< values before this are history
};
struct ExaminationOutcome {
  std::vector<RuleFinding> findings;  ///< by series, then time; at most value_rule_limits::findings_max
  std::size_t left_out = 0;           ///< further findings
};

/// Holds the values of one device against all rules. Pure, in integers, linear in the values but for medians.
///
/// Steps     Of a register that counts up each step is judged by judge_step() and by its own history. A value that
///           jumps away and comes back is the odd one itself, not the one after it.
/// Sums      "<name>_total" against "<name>_tariff_1" ... "_tariff_4" where all of them were read together (at least
///           two); "power_active_total" against "power_active_a", "_b", "_c". A tariff register shows whole units:
///           each may hide less than one unit of its last digit; a total read at another second may have counted on by
///           as much as it does to its next value.
/// Units     Energies in one unit, powers in kW, voltages in V, currents in A.
[[nodiscard]] ExaminationOutcome examine_values(const Examination& question);

}  // namespace duheng::store
