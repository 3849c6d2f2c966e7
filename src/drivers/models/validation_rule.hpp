#pragma once
#include <cstdint>
#include <optional>

#include "base/decimal.hpp"

namespace duheng::drivers {

/// What a device model says about a register's values. All numbers are exact.
struct ValidationRule {
  std::optional<std::int64_t> minimum = {};  ///< mantissa, in the register's exponent
  std::optional<std::int64_t> maximum = {};
  std::optional<Decimal> rate_max_per_s = {};  ///< in the register's unit per second, by amount
  bool counts_up = false;                      ///< a total that never goes down while it is the same meter
};

}  // namespace duheng::drivers
