#include "store/consumption/point_chain.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace duheng::store {
namespace {

constexpr std::uint8_t digits_max = 18;
constexpr std::int64_t denominator_max = 1'000'000'000'000;

Result<void> check_link(const ChainLink& link, std::size_t index) {
  const auto wrong = [index](std::string_view what) {
    return fail(ErrorCode::invalid_argument, fmt::format("link {} of the chain: {}", index + 1, what));
  };
  if (!link.series) return wrong("no series");
  if (link.from_utc_ms >= link.to_utc_ms) return wrong("it ends before it begins");
  if (link.to_utc_ms > open_end_utc_ms || link.from_utc_ms < -open_end_utc_ms) return wrong("times out of bounds");
  if (link.ratio.numerator < 1 || link.ratio.denominator < 1) return wrong("the ratio must be positive");
  if (link.register_digits && (*link.register_digits < 1 || *link.register_digits > digits_max))
    return wrong("a register has 1 to 18 digits");
  if (link.rate_max_per_hour < 0) return wrong("the greatest rate must not be negative");
  return {};
}

}  // namespace

StepRule ChainLink::rule() const noexcept {
  StepRule rule{.rate_max_per_hour = rate_max_per_hour};
  if (register_digits && *register_digits <= digits_max) {
    rule.modulus = 1;
    for (int i = 0; i < *register_digits; ++i) rule.modulus *= 10;
  }
  return rule;
}

Result<void> check_chain(const PointChain& chain) {
  if (chain.links.empty()) return fail(ErrorCode::invalid_argument, "the chain has no link");
  if (chain.links.size() > chain_limits::links_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a chain has at most {} links, this one {}", chain_limits::links_max, chain.links.size()));
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    DUHENG_CHECK(check_link(chain.links[i], i));
    if (i > 0 && chain.links[i].from_utc_ms < chain.links[i - 1].to_utc_ms)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("links {} and {} of the chain overlap or are not in order", i, i + 1));
  }
  return {};
}

bool continues(const PointChain& chain, std::size_t index) noexcept {
  if (index == 0 || index >= chain.links.size()) return false;
  const ChainLink& before = chain.links[index - 1];
  const ChainLink& link = chain.links[index];
  return before.series == link.series && before.to_utc_ms == link.from_utc_ms;
}

std::optional<std::int64_t> value_at_start(const PointChain& chain, std::size_t index) noexcept {
  if (chain.links[index].start_mantissa) return chain.links[index].start_mantissa;
  return continues(chain, index) ? chain.links[index - 1].end_mantissa : std::nullopt;
}

std::optional<std::int64_t> value_at_end(const PointChain& chain, std::size_t index) noexcept {
  if (chain.links[index].end_mantissa) return chain.links[index].end_mantissa;
  return continues(chain, index + 1) ? chain.links[index + 1].start_mantissa : std::nullopt;
}

Result<ChainScale> scale_of(const PointChain& chain) {
  ChainScale scale;
  scale.exponent = std::ranges::min(chain.links, {}, &ChainLink::exponent).exponent;
  Int128 common = 1;
  for (const ChainLink& link : chain.links) {
    const std::int64_t denominator = link.ratio.denominator / std::gcd(link.ratio.numerator, link.ratio.denominator);
    common = common / std::gcd(static_cast<std::int64_t>(common), denominator) * denominator;
    if (common > denominator_max)
      return fail(ErrorCode::limit_exceeded, "the ratios of the chain have no common denominator below 10^12");
  }
  scale.denominator = static_cast<std::int64_t>(common);
  for (const ChainLink& link : chain.links) {
    const std::int64_t divisor = std::gcd(link.ratio.numerator, link.ratio.denominator);
    DUHENG_TRY(const Int128 shift, power_of_ten(link.exponent - scale.exponent));
    DUHENG_TRY(const Int128 ratio,
               checked_multiply(link.ratio.numerator / divisor, common / (link.ratio.denominator / divisor)));
    DUHENG_TRY(const Int128 factor, checked_multiply(shift, ratio));
    scale.factors.push_back(factor);
  }
  return scale;
}

}  // namespace duheng::store
