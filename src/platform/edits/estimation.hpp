#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform {

/// How a value that nobody read is made up. The name stands in every estimate (Edit::method).
enum class EstimateMethod : std::uint8_t {
  linear,         ///< on the straight line between the neighbours
  last_value,     ///< what was read last
  same_weekdays,  ///< as the last four same weekdays went at the same time of day; see estimate()
};
/// e.g. "same_weekdays".
[[nodiscard]] std::string_view to_string(EstimateMethod method) noexcept;
[[nodiscard]] std::optional<EstimateMethod> estimate_method_of(std::string_view name) noexcept;

namespace estimation_limits {
inline constexpr std::size_t values_max = 10'000;  ///< made at once
inline constexpr int weeks = 4;                    ///< that same_weekdays looks back
inline constexpr std::int64_t week_ms = 7LL * 86'400'000;
}  // namespace estimation_limits

/// A value that was read.
struct KnownValue {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  friend bool operator==(const KnownValue&, const KnownValue&) = default;
};

/// What is missing, and what it can be made from.
struct EstimateQuestion {
  std::span<const KnownValue> known;    ///< good values by time, one for each time
  std::span<const std::int64_t> times;  ///< to be filled, ascending, none of them known
  std::int64_t interval_ms = 900'000;   ///< planned between two values
  bool counts_up = false;               ///< a register whose values never go down
};

struct EstimatedValue {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  std::optional<KnownValue> before{};  ///< the neighbours it was made between
  std::optional<KnownValue> after{};
  int weeks = 0;  ///< of same_weekdays: how many of the four were whole
  friend bool operator==(const EstimatedValue&, const EstimatedValue&) = default;
};

/// Times on the grid of `interval_ms` (counted from 1970) in [from, to) around which, half an interval to either side,
/// there is no value.
/// `present` are the times of all values, ascending. Errors: invalid_argument - no interval; limit_exceeded - more than
/// values_max.
[[nodiscard]] Result<std::vector<std::int64_t>> missing_times(std::span<const std::int64_t> present,
                                                              std::int64_t from_utc_ms, std::int64_t to_utc_ms,
                                                              std::int64_t interval_ms);

/// One value for every time asked for, by one method, in integers only.
///
/// linear         before + (after - before) x elapsed / whole, rounded to the nearest, halves up.
/// last_value     the value before.
/// same_weekdays  Of the four weeks before, those are used that have values (or two neighbours not more than two
///                intervals apart) at every time of the gap. A quantity takes the mean of its values there. A register
///                that counts up takes the course of the increments: scaled to meet the value after the gap exactly
///                when there is one, otherwise their mean. Weeks are seven times 24 hours.
///
/// A run of times without a known value between them is one gap. Pure. Errors: not_found - a neighbour or every week is
/// missing, or the weeks show no increase to go by; conflict - a register that counts up is lower after the gap than
/// before; limit_exceeded - a value beyond 63 bits.
[[nodiscard]] Result<std::vector<EstimatedValue>> estimate(EstimateMethod method, const EstimateQuestion& question);

}  // namespace duheng::platform
