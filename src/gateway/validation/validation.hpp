#pragma once
#include <cstdint>

#include "drivers/models/validation_rule.hpp"
#include "model/reading.hpp"

namespace duheng::gateway {

using drivers::ValidationRule;

/// The last value of one register that could be understood. 16 octets, one for each register of each meter.
struct LastValue {
  std::int64_t mantissa = 0;
  std::int64_t taken_monotonic_ms = INT64_MIN;
};

/// Findings on a new value (Quality::good when there are none), and makes it the last one. The rate is judged between
/// two values of one run of the program, over the time that passed (not the wall clock); one unit of the last digit is
/// allowed for rounding. A jump and the way back are both flagged: nothing here knows which side was right.
[[nodiscard]] Quality validate(const ValidationRule& rule, std::int8_t exponent, std::int64_t mantissa,
                               std::int64_t taken_monotonic_ms, LastValue& last);

/// Notices when the wall clock is set back: what is stamped until it has caught up with itself might stand before
/// earlier stamps. After an hour the new time is taken for the truth (an operator corrected a clock that was wrong
/// before).
class ClockWatch {
 public:
  /// `newest_known_utc_ms`: the newest stamp on record, 0 when there is none.
  explicit ClockWatch(std::int64_t newest_known_utc_ms = 0) : highest_utc_ms_(newest_known_utc_ms) {}
  /// True while stamps from this clock are suspect.
  [[nodiscard]] bool suspect(std::int64_t utc_ms, std::int64_t monotonic_ms) noexcept;
  [[nodiscard]] std::uint64_t jumps_back() const noexcept { return jumps_back_; }

  static constexpr std::int64_t tolerance_ms = 1'000;
  static constexpr std::int64_t distrust_ms = 3'600'000;

 private:
  std::int64_t highest_utc_ms_;
  std::int64_t suspect_since_monotonic_ms_ = INT64_MIN;
  std::uint64_t jumps_back_ = 0;
  bool suspect_ = false;
};

}  // namespace duheng::gateway
