#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "drivers/models/processing_rule.hpp"
#include "drivers/processing/exact.hpp"
#include "model/reading.hpp"

namespace duheng::drivers {

/// What came of one value.
struct ProcessedValue {
  std::int64_t mantissa = 0;  ///< in the rule's exponent; means nothing when `quality` says no_value
  Quality quality = Quality::good;
  friend bool operator==(const ProcessedValue&, const ProcessedValue&) = default;
};

/// Scales, filters and thins out the values of one register of one device. Exact: the scaled value is rounded once, to
/// six digits behind the result's last, and the filtered one once more, to the result's last digit (halves away from
/// zero). Pure; the same values give the same results.
///
/// A mean or median of n runs over what there is until n values have come. A value with a finding that makes it
/// doubtful (out of range, too fast, invalid, none) does not enter a filter: its place is taken by "no value" with that
/// finding, and the filter goes on with the next sound one. `decreased` and `clock_suspect` do not keep a value out.
class PointProcessor {
 public:
  static constexpr int guard_digits = 6;

  explicit PointProcessor(ProcessingRule rule) : rule_(std::move(rule)) {}
  [[nodiscard]] const ProcessingRule& rule() const noexcept { return rule_; }
  /// Nothing when the dead band holds it back.
  [[nodiscard]] std::optional<ProcessedValue> take(Decimal value, Quality quality);

 private:
  [[nodiscard]] exact::Maybe scaled(const Decimal& value) const;
  [[nodiscard]] exact::Maybe on_line(const Decimal& value, const ProcessingRule::Line& line) const;
  /// numerator / denominator x 10^exponent in the filter's digits.
  [[nodiscard]] exact::Maybe in_guard_digits(exact::Maybe numerator, exact::Maybe denominator, int exponent) const;
  [[nodiscard]] bool is_failed(const Decimal& value) const;
  [[nodiscard]] exact::Maybe filtered(exact::Wide value);
  [[nodiscard]] exact::Maybe mean() const;
  [[nodiscard]] exact::Wide median() const;
  [[nodiscard]] bool held_back(std::int64_t mantissa) const;
  std::optional<ProcessedValue> without_value(Quality quality);

  ProcessingRule rule_;
  std::deque<exact::Wide> window_;
  exact::Maybe level_;                    // of first_order
  std::optional<std::int64_t> last_;      // given out; nothing after "no value"
  std::optional<Quality> last_no_value_;  // "no value" is given out once, until something changes
};

}  // namespace duheng::drivers
