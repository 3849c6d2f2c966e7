#include "store/consumption/value_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>
#include <utility>

namespace duheng::store {
namespace {

namespace limits = value_rule_limits;

constexpr std::array<std::pair<ValueRule, std::string_view>, 7> names{
    {{ValueRule::roll_over, "roll_over"},
     {ValueRule::negative, "negative"},
     {ValueRule::spike, "spike"},
     {ValueRule::tariff_sum, "tariff_sum"},
     {ValueRule::phase_sum, "phase_sum"},
     {ValueRule::voltage_implausible, "voltage_implausible"},
     {ValueRule::power_implausible, "power_implausible"}}};

Int128 magnitude(Int128 value) { return value < 0 ? -value : value; }

/// Multiples of the finest exponent of those that are added up.
class Scale {
 public:
  explicit Scale(std::int8_t exponent) : exponent_(exponent) {}
  void meet(std::int8_t exponent) { exponent_ = std::min(exponent_, exponent); }
  /// Register exponents lie within -9 and 9, so that this fits.
  [[nodiscard]] Int128 of(Int128 mantissa, std::int8_t exponent) const {
    for (std::int8_t i = exponent_; i < exponent; ++i) mantissa *= 10;
    return mantissa;
  }
  /// So many units of 10^exponent, exponent at or above the scale's; otherwise rounded down.
  [[nodiscard]] Int128 units(std::int64_t count, std::int8_t exponent) const {
    Int128 out = count;
    for (std::int8_t i = exponent_; i < exponent; ++i) out *= 10;
    for (std::int8_t i = exponent_; i > exponent; --i) out /= 10;
    return out;
  }
  [[nodiscard]] Decimal decimal(Int128 value) const { return {static_cast<std::int64_t>(value), exponent_}; }

 private:
  std::int8_t exponent_;
};

class Examiner {
 public:
  explicit Examiner(const Examination& question) : question_(question) {}

  ExaminationOutcome run() && {
    for (std::size_t i = 0; i < question_.series.size(); ++i) {
      const RuleSeries& series = question_.series[i];
      if (series.counts_up) judge_steps(i, series);
      if (series.register_name.starts_with("voltage_")) judge_voltage(i, series);
      if (series.register_name.ends_with("_total")) judge_sums(i, series);
    }
    std::ranges::sort(out_.findings, {},
                      [](const RuleFinding& one) { return std::tuple{one.series, one.value.time_utc_ms, one.rule}; });
    return std::move(out_);
  }

 private:
  void note(ValueRule rule, std::size_t series, const RuleValue& value, Decimal expected) {
    if (value.time_utc_ms < question_.from_utc_ms) return;
    if (out_.findings.size() == limits::findings_max) {
      ++out_.left_out;
      return;
    }
    out_.findings.push_back({rule, series, value, expected});
  }

  // --- steps ---

  static Step step_of(const RuleValue& from, const RuleValue& to, const StepRule& rule) {
    return judge_step({from.time_utc_ms, from.mantissa, from.quality}, {to.time_utc_ms, to.mantissa, to.quality}, rule);
  }

  /// Units in a day, so that slow registers keep their digits.
  static Int128 rate_of(Int128 amount, const RuleValue& from, const RuleValue& to) {
    constexpr Int128 day_ms = 86'400'000;
    const Int128 elapsed = std::max<Int128>(1, Int128{to.time_utc_ms} - from.time_utc_ms);
    return amount * day_ms / elapsed;
  }

  /// The median of the positive rates; 0 when there are too few to say.
  static Int128 usual_rate(const RuleSeries& series) {
    std::vector<Int128> rates;
    for (std::size_t i = 1; i < series.values.size(); ++i) {
      const Step step = step_of(series.values[i - 1], series.values[i], series.rule);
      if (step.kind == StepKind::increase && step.amount > 0)
        rates.push_back(rate_of(step.amount, series.values[i - 1], series.values[i]));
    }
    if (rates.size() < limits::spike_rates_min) return 0;
    const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
    std::ranges::nth_element(rates, middle);
    return *middle;
  }

  static bool is_spike(const Step& step, const RuleValue& from, const RuleValue& to, Int128 usual) {
    if (step.kind == StepKind::increase_implausible) return true;
    return usual > 0 && step.amount >= limits::spike_units_min &&
           rate_of(step.amount, from, to) > usual * limits::spike_factor;
  }

  static bool is_plain(const RuleValue& from, const RuleValue& to, const RuleSeries& series, Int128 usual) {
    const Step step = step_of(from, to, series.rule);
    return step.kind == StepKind::increase && !is_spike(step, from, to, usual);
  }

  void judge_steps(std::size_t index, const RuleSeries& series) {
    if (series.values.empty()) return;
    const Int128 usual = usual_rate(series);
    const RuleValue* before = series.values.data();
    for (std::size_t i = 1; i < series.values.size(); ++i) {
      const RuleValue& value = series.values[i];
      const Step step = step_of(*before, value, series.rule);
      const bool spikes = is_spike(step, *before, value, usual);
      if (spikes) {
        note(ValueRule::spike, index, value, {before->mantissa, series.exponent});
      } else if (step.kind == StepKind::decrease_unexplained) {
        note(ValueRule::negative, index, value, {before->mantissa, series.exponent});
      } else if (step.kind == StepKind::roll_over) {
        note(ValueRule::roll_over, index, value, {before->mantissa, series.exponent});
      }
      const bool is_odd = spikes || step.kind == StepKind::decrease_unexplained;
      const bool comes_back = is_odd && i + 1 < series.values.size() &&
                              is_plain(*before, series.values[i + 1], series, usual) &&
                              !is_plain(value, series.values[i + 1], series, usual);
      if (!comes_back) before = &value;
    }
  }

  // --- sums ---

  [[nodiscard]] const RuleSeries* find(std::string_view stem, std::string_view end) const {
    for (const RuleSeries& one : question_.series) {
      if (one.register_name.size() == stem.size() + end.size() && one.register_name.starts_with(stem) &&
          one.register_name.ends_with(end))
        return &one;
    }
    return nullptr;
  }

  /// The value nearest in time, when it is near enough.
  static const RuleValue* near(const RuleSeries& series, std::int64_t time_utc_ms, std::int64_t apart_ms_max) {
    const auto after = std::ranges::lower_bound(series.values, time_utc_ms, {}, &RuleValue::time_utc_ms);
    const RuleValue* best = nullptr;
    const auto look = [&](const RuleValue& value) {
      const std::int64_t apart = std::abs(value.time_utc_ms - time_utc_ms);
      if (apart > apart_ms_max || (best != nullptr && apart >= std::abs(best->time_utc_ms - time_utc_ms))) return;
      best = &value;
    };
    if (after != series.values.end()) look(*after);
    if (after != series.values.begin()) look(*std::prev(after));
    return best;
  }

  void judge_sums(std::size_t index, const RuleSeries& total) {
    const std::string_view stem = total.register_name.substr(0, total.register_name.size() - 5);  // without "total"
    if (total.counts_up) return judge_tariffs(index, total, stem);
    if (stem == "power_active_") {
      judge_phases(index, total);
      judge_power(index, total);
    }
  }

  void judge_tariffs(std::size_t index, const RuleSeries& total, std::string_view stem) {
    std::vector<const RuleSeries*> parts;
    for (const std::string_view end : {"tariff_1", "tariff_2", "tariff_3", "tariff_4"}) {
      if (const RuleSeries* part = find(stem, end)) parts.push_back(part);
    }
    if (parts.size() < 2) return;
    Scale scale(total.exponent);
    std::int8_t coarsest = total.exponent;
    for (const RuleSeries* part : parts) {
      scale.meet(part->exponent);
      coarsest = std::max(coarsest, part->exponent);
    }
    for (std::size_t i = 0; i < total.values.size(); ++i) {
      const RuleValue& value = total.values[i];
      Int128 sum = 0;
      bool is_whole = true;
      bool is_one_moment = true;
      for (const RuleSeries* part : parts) {
        const RuleValue* found = near(*part, value.time_utc_ms, limits::tariff_apart_ms_max);
        is_whole = is_whole && found != nullptr;
        if (found == nullptr) break;
        sum += scale.of(found->mantissa, part->exponent);
        is_one_moment = is_one_moment && found->time_utc_ms == value.time_utc_ms;
      }
      if (!is_whole) continue;
      Int128 tolerance = scale.units(static_cast<std::int64_t>(parts.size()), coarsest);
      if (!is_one_moment) tolerance += scale.of(moved_around(total, i), total.exponent);
      if (magnitude(sum - scale.of(value.mantissa, total.exponent)) > tolerance)
        note(ValueRule::tariff_sum, index, value, scale.decimal(sum));
    }
  }

  /// How far the register moved from the value before to the one after.
  static Int128 moved_around(const RuleSeries& series, std::size_t at) {
    const std::size_t first = at == 0 ? 0 : at - 1;
    const std::size_t last = std::min(at + 1, series.values.size() - 1);
    return magnitude(Int128{series.values[last].mantissa} - series.values[first].mantissa);
  }

  // --- moments ---

  struct Phase {
    const RuleSeries* power;
    const RuleSeries* voltage;
    const RuleSeries* current;
  };
  [[nodiscard]] std::array<Phase, 3> phases() const {
    std::array<Phase, 3> out{};
    constexpr std::array<std::string_view, 3> letters{"a", "b", "c"};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = {find("power_active_", letters[i]), find("voltage_", letters[i]), find("current_", letters[i])};
    return out;
  }

  /// Watts, and what a total may differ by, in units of `scale` (kW).
  static Int128 tolerance(const Scale& scale, Int128 greater, std::int64_t percent) {
    return greater * percent / 100 + scale.units(limits::phase_tolerance_w, -3);
  }

  void judge_phases(std::size_t index, const RuleSeries& total) {
    const auto all = phases();
    if (std::ranges::any_of(all, [](const Phase& phase) { return phase.power == nullptr; })) return;
    Scale scale(total.exponent);
    for (const Phase& phase : all) scale.meet(phase.power->exponent);
    scale.meet(-3);
    for (const RuleValue& value : total.values) {
      Int128 sum = 0;
      Int128 magnitudes = 0;
      bool is_whole = true;
      for (const Phase& phase : all) {
        const RuleValue* found = near(*phase.power, value.time_utc_ms, limits::moment_apart_ms_max);
        is_whole = is_whole && found != nullptr;
        if (found == nullptr) break;
        const Int128 power = scale.of(found->mantissa, phase.power->exponent);
        sum += power;
        magnitudes += magnitude(power);
      }
      if (!is_whole) continue;
      const Int128 shown = scale.of(value.mantissa, total.exponent);
      const Int128 greater = std::max(magnitude(shown), magnitudes);
      if (magnitude(sum - shown) > tolerance(scale, greater, limits::phase_tolerance_percent))
        note(ValueRule::phase_sum, index, value, scale.decimal(sum));
    }
  }

  /// Apparent power of all phases at the moment, in 10^-12 kW; nothing when a reading is missing.
  std::optional<Int128> apparent(const std::array<Phase, 3>& all, std::int64_t time_utc_ms) const {
    Int128 sum = 0;
    std::size_t found = 0;
    for (const Phase& phase : all) {
      if (phase.voltage == nullptr && phase.current == nullptr) continue;
      if (phase.voltage == nullptr || phase.current == nullptr) return std::nullopt;
      const RuleValue* voltage = near(*phase.voltage, time_utc_ms, limits::moment_apart_ms_max);
      const RuleValue* current = near(*phase.current, time_utc_ms, limits::moment_apart_ms_max);
      if (voltage == nullptr || current == nullptr) return std::nullopt;
      const int exponent = phase.voltage->exponent + phase.current->exponent;  // of W
      Int128 power = magnitude(Int128{voltage->mantissa}) * magnitude(Int128{current->mantissa});
      for (int i = -9; i < exponent; ++i) power *= 10;  // to 10^-9 W
      sum += power;
      ++found;
    }
    return found == 0 ? std::nullopt : std::optional{sum};
  }

  void judge_power(std::size_t index, const RuleSeries& total) {
    constexpr std::int8_t apparent_exponent = -12;  // of kW
    const auto all = phases();
    for (const RuleValue& value : total.values) {
      const auto most = apparent(all, value.time_utc_ms);
      if (!most) continue;
      Int128 shown = magnitude(Int128{value.mantissa});
      for (std::int8_t i = apparent_exponent; i < total.exponent; ++i) shown *= 10;
      Int128 allowed = *most + *most * limits::power_tolerance_percent / 100;
      allowed += Int128{limits::phase_tolerance_w} * 1'000'000'000;  // 10^-12 kW in a watt
      if (shown <= allowed) continue;
      Int128 expected = *most;
      for (std::int8_t i = apparent_exponent; i < total.exponent; ++i) expected /= 10;
      note(ValueRule::power_implausible, index, value, {static_cast<std::int64_t>(expected), total.exponent});
    }
  }

  void judge_voltage(std::size_t index, const RuleSeries& series) {
    std::vector<std::int64_t> present;
    for (const RuleValue& value : series.values) {
      if (value.mantissa > 0) present.push_back(value.mantissa);
    }
    if (present.size() < limits::voltage_values_min) return;
    const auto middle = present.begin() + static_cast<std::ptrdiff_t>(present.size() / 2);
    std::ranges::nth_element(present, middle);
    const Int128 usual = *middle;
    for (const RuleValue& value : series.values) {
      if (value.mantissa == 0) continue;
      if (magnitude(value.mantissa - usual) * 100 <= usual * limits::voltage_tolerance_percent) continue;
      note(ValueRule::voltage_implausible, index, value, {static_cast<std::int64_t>(usual), series.exponent});
    }
  }

  const Examination& question_;
  ExaminationOutcome out_;
};

}  // namespace

std::string_view to_string(ValueRule rule) noexcept {
  for (const auto& [one, name] : names) {
    if (one == rule) return name;
  }
  return "unknown";
}

std::optional<ValueRule> value_rule_of(std::string_view name) noexcept {
  for (const auto& [one, word] : names) {
    if (word == name) return one;
  }
  return std::nullopt;
}

ExaminationOutcome examine_values(const Examination& question) { return Examiner(question).run(); }

}  // namespace duheng::store
