#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "store/consumption/exact_amount.hpp"
#include "store/consumption/step_rule.hpp"

namespace duheng::store {

/// `to_utc_ms` of the link in use.
inline constexpr std::int64_t open_end_utc_ms = std::numeric_limits<std::int64_t>::max() / 8;

enum class RegisterBehaviour : std::uint8_t {
  counts_up,      ///< a cumulative register: consumption is the difference of its values
  instantaneous,  ///< power, temperature …: consumption cannot be told from it exactly
};

/// What the register shows times numerator / denominator is what the point consumed, e.g. 2000/5 x 10000/100 of the
/// transformers as 40000/1. Both at least 1.
struct Ratio {
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
  friend bool operator==(const Ratio&, const Ratio&) = default;
};

/// One series in use at a point for a time: readings stamped in (from, to] belong to it. A meter exchange, a change of
/// the transformers' ratio and a reset of the register each begin a new link.
struct ChainLink {
  SeriesId series;
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = open_end_utc_ms;
  Ratio ratio{};
  std::int8_t exponent = 0;  ///< the series'
  std::string unit{};        ///< the series'; the ratio leads from it to the chain's unit
  RegisterBehaviour behaviour = RegisterBehaviour::counts_up;
  std::optional<std::uint8_t> register_digits{};  ///< of the mantissa: it turns over at 10^digits; 1 to 18
  std::int64_t rate_max_per_hour = 0;             ///< see StepRule
  std::optional<std::int64_t> start_mantissa{};   ///< read by whoever installed it, at `from`
  std::optional<std::int64_t> end_mantissa{};     ///< read by whoever removed it, at `to`

  [[nodiscard]] StepRule rule() const noexcept;
};

/// What stood at a metering point, one after the other.
struct PointChain {
  std::string unit;  ///< of the consumption
  std::vector<ChainLink> links;
};

namespace chain_limits {
inline constexpr std::size_t links_max = 1'000;
}

/// Checks the chain: links by time without overlap, sound ratios and digits. Errors: invalid_argument - the message
/// names the link; limit_exceeded.
[[nodiscard]] Result<void> check_chain(const PointChain& chain);

/// Whether link `index` goes on with the register of the link before it, without a break in time.
[[nodiscard]] bool continues(const PointChain& chain, std::size_t index) noexcept;
/// The value somebody read when link `index` began / ended. Where the same register goes on, one reading serves both
/// sides.
[[nodiscard]] std::optional<std::int64_t> value_at_start(const PointChain& chain, std::size_t index) noexcept;
[[nodiscard]] std::optional<std::int64_t> value_at_end(const PointChain& chain, std::size_t index) noexcept;

/// How mantissas of each link become numerators of one common representation: numerator = mantissa x factor[link],
/// value = numerator x 10^exponent / denominator.
struct ChainScale {
  std::int8_t exponent = 0;
  std::int64_t denominator = 1;
  std::vector<Int128> factors;
};
/// Errors: limit_exceeded - ratios or exponents too far apart for an exact common representation.
[[nodiscard]] Result<ChainScale> scale_of(const PointChain& chain);

}  // namespace duheng::store
