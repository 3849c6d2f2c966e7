#include "drivers/processing/point_processor.hpp"

#include <algorithm>
#include <vector>

namespace duheng::drivers {

using exact::Maybe;
using exact::Wide;
using Filter = ProcessingRule::Filter;

namespace {

constexpr Quality doubtful =
    Quality::out_of_range | Quality::rate_exceeded | Quality::invalid_content | Quality::no_value;

/// a < b, exactly; nothing else than "no" when they are too far apart to be written in the same digits.
bool is_below(const Decimal& a, const Decimal& b) {
  const std::int8_t exponent = std::min(a.exponent, b.exponent);
  const Maybe left = exact::in_exponent(a, exponent);
  const Maybe right = exact::in_exponent(b, exponent);
  return left && right && *left < *right;
}

}  // namespace

Maybe PointProcessor::in_guard_digits(Maybe numerator, Maybe denominator, int exponent) const {
  const int target = rule_.exponent - guard_digits;
  if (exponent >= target)
    numerator = exact::shifted(numerator, exponent - target);
  else
    denominator = exact::shifted(denominator, target - exponent);
  if (!numerator || !denominator || *denominator <= 0) return std::nullopt;
  return exact::nearest(*numerator, *denominator);
}

/// (x - a)(d - c) / (b - a) + c, as one fraction.
Maybe PointProcessor::on_line(const Decimal& value, const ProcessingRule::Line& line) const {
  const std::int8_t in = std::min({value.exponent, line.from_low.exponent, line.from_high.exponent});
  const std::int8_t out = std::min(line.to_low.exponent, line.to_high.exponent);
  const Maybe low = exact::in_exponent(line.from_low, in);
  const Maybe span = exact::minus(exact::in_exponent(line.from_high, in), low);
  const Maybe begin = exact::in_exponent(line.to_low, out);
  const Maybe rise = exact::minus(exact::in_exponent(line.to_high, out), begin);
  const Maybe above = exact::minus(exact::in_exponent(value, in), low);
  return in_guard_digits(exact::plus(exact::times(above, rise), exact::times(begin, span)), span, out);
}

Maybe PointProcessor::scaled(const Decimal& value) const {
  if (rule_.line) return on_line(value, *rule_.line);
  const int product = value.exponent + rule_.gain.exponent;
  const int common = std::min<int>(product, rule_.offset.exponent);
  const Maybe gained = exact::shifted(exact::times(Wide{value.mantissa}, Wide{rule_.gain.mantissa}), product - common);
  return in_guard_digits(exact::plus(gained, exact::in_exponent(rule_.offset, common)), Wide{1}, common);
}

bool PointProcessor::is_failed(const Decimal& value) const {
  return (rule_.fail_below && is_below(value, *rule_.fail_below)) ||
         (rule_.fail_above && is_below(*rule_.fail_above, value));
}

Maybe PointProcessor::mean() const {
  Maybe sum = Wide{0};
  for (const Wide value : window_) sum = exact::plus(sum, value);
  if (!sum) return std::nullopt;
  return exact::nearest(*sum, static_cast<Wide>(window_.size()));
}

Wide PointProcessor::median() const {
  std::vector<Wide> sorted(window_.begin(), window_.end());
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return exact::nearest(sorted[middle - 1] + sorted[middle], 2);
}

Maybe PointProcessor::filtered(Wide value) {
  if (rule_.filter == Filter::none) return value;
  if (rule_.filter == Filter::first_order) {
    const auto& coefficient = rule_.coefficient;
    const Maybe step = exact::times(exact::minus(value, level_.value_or(value)), Wide{coefficient.numerator});
    if (!step) return std::nullopt;
    level_ = exact::plus(level_.value_or(value), exact::nearest(*step, Wide{coefficient.denominator}));
    return level_;
  }
  window_.push_back(value);
  if (window_.size() > rule_.window) window_.pop_front();
  return rule_.filter == Filter::mean ? mean() : Maybe{median()};
}

bool PointProcessor::held_back(std::int64_t mantissa) const {
  if (!rule_.dead_band || !last_) return false;
  const Wide change = static_cast<Wide>(mantissa) - *last_;
  const Decimal band = *rule_.dead_band;
  const std::int8_t common = std::min(band.exponent, rule_.exponent);
  const Maybe amount = exact::shifted(change < 0 ? -change : change, rule_.exponent - common);
  const Maybe limit = exact::in_exponent(band, common);
  return amount && limit && *amount <= *limit;
}

std::optional<ProcessedValue> PointProcessor::without_value(Quality quality) {
  last_.reset();
  const Quality told = quality | Quality::no_value;
  if (rule_.dead_band && last_no_value_ == told) return std::nullopt;
  last_no_value_ = told;
  return ProcessedValue{0, told};
}

std::optional<ProcessedValue> PointProcessor::take(Decimal value, Quality quality) {
  if (has(quality, doubtful)) return without_value(quality);
  if (is_failed(value)) return without_value(quality | Quality::out_of_range);
  const Maybe exactly = scaled(value);
  const Maybe level = exactly ? filtered(*exactly) : std::nullopt;
  constexpr Wide guard = 1'000'000;
  const auto mantissa = level ? exact::narrow(exact::nearest(*level, guard)) : std::nullopt;
  if (!mantissa) return without_value(quality | Quality::out_of_range);
  if (held_back(*mantissa)) return std::nullopt;
  last_ = mantissa;
  last_no_value_.reset();
  return ProcessedValue{*mantissa, quality};
}

}  // namespace duheng::drivers
