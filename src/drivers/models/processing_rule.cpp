#include "drivers/models/processing_rule.hpp"

#include <charconv>

#include "drivers/models/model_reader.hpp"

namespace duheng::drivers {
namespace {

// Bounds that keep every product of exact processing within 127 bits.
constexpr std::int64_t mantissa_most = 1'000'000'000'000;
constexpr int exponent_least = -9;

std::optional<Decimal> modest_decimal(const ConfigNode& node, std::string_view key) {
  auto value = read_decimal(node, key);
  if (value && (value->mantissa > mantissa_most || value->mantissa < -mantissa_most ||
                value->exponent < exponent_least || value->exponent > 0)) {
    node.reject(key, "has more than twelve digits, or more than nine behind the point");
    return std::nullopt;
  }
  return value;
}

Decimal decimal_or(const ConfigNode& node, std::string_view key, Decimal fallback) {
  if (!node.has(key)) return fallback;
  return modest_decimal(node, key).value_or(fallback);
}

std::optional<Decimal> optional_decimal(const ConfigNode& node, std::string_view key) {
  if (!node.has(key)) return std::nullopt;
  return modest_decimal(node, key);
}

std::optional<ProcessingRule::Line> read_line(const ConfigNode& node) {
  if (!node.has("line")) return std::nullopt;
  const auto section = node.section("line");
  const auto from_low = modest_decimal(section, "from_low");
  const auto from_high = modest_decimal(section, "from_high");
  const auto to_low = modest_decimal(section, "to_low");
  const auto to_high = modest_decimal(section, "to_high");
  if (!from_low || !from_high || !to_low || !to_high) return std::nullopt;
  if (from_low->to_double() >= from_high->to_double()) section.reject("from_high", "must be above 'from_low'");
  return ProcessingRule::Line{*from_low, *from_high, *to_low, *to_high};
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "0.25" or "1/3", above 0 and at most 1.
std::optional<ProcessingRule::Fraction> fraction_of(std::string_view text) {
  constexpr std::int64_t part_most = 1'000'000;
  ProcessingRule::Fraction out;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto above = whole(text.substr(0, slash));
    const auto below = whole(text.substr(slash + 1));
    if (!above || !below) return std::nullopt;
    out = {*above, *below};
  } else {
    const auto value = Decimal::parse(text);
    if (!value || value->exponent < -6 || value->exponent > 0) return std::nullopt;
    out = {value->mantissa, 1};
    for (int i = 0; i < -value->exponent; ++i) out.denominator *= 10;
  }
  if (out.numerator <= 0 || out.denominator > part_most || out.numerator > out.denominator) return std::nullopt;
  return out;
}

void read_filter(const ConfigNode& node, ProcessingRule& out) {
  if (!node.has("filter")) return;
  const auto section = node.section("filter");
  out.filter = static_cast<ProcessingRule::Filter>(section.choice("kind", {"none", "mean", "median", "first_order"}));
  if (out.filter == ProcessingRule::Filter::mean || out.filter == ProcessingRule::Filter::median)
    out.window = static_cast<std::uint32_t>(section.integer("window", {2, ProcessingRule::window_max}));
  if (out.filter != ProcessingRule::Filter::first_order) return;
  const auto coefficient = fraction_of(section.text("coefficient"));
  if (coefficient)
    out.coefficient = *coefficient;
  else
    section.reject("coefficient", "must be a number or fraction above 0, at most 1, of at most six digits");
}

}  // namespace

ProcessingRule read_processing_rule(const ConfigNode& node) {
  ProcessingRule out;
  out.from = read_name(node, "from");
  out.into = read_name(node, "into");
  if (out.from == out.into) node.reject("into", "must not be the register that is read");
  out.unit = node.text("unit", "");
  out.exponent = static_cast<std::int8_t>(node.integer("exponent", {exponent_least, 0}));
  out.line = read_line(node);
  if (out.line && (node.has("gain") || node.has("offset"))) node.reject("line", "stands beside 'gain' or 'offset'");
  out.gain = decimal_or(node, "gain", out.gain);
  out.offset = decimal_or(node, "offset", out.offset);
  out.fail_below = optional_decimal(node, "fail_below");
  out.fail_above = optional_decimal(node, "fail_above");
  out.dead_band = optional_decimal(node, "dead_band");
  if (out.dead_band && out.dead_band->mantissa < 0) node.reject("dead_band", "must not be below 0");
  read_filter(node, out);
  return out;
}

}  // namespace duheng::drivers
