#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "base/decimal.hpp"

namespace duheng::drivers {

/// What a gateway makes of a register's values before anybody uses them: scaled, filtered, thinned out. The result is
/// a register of its own beside the one that was read, which is never touched. All numbers are exact.
struct ProcessingRule {
  enum class Filter : std::uint8_t {
    none,
    mean,         ///< of the last `window` values
    median,       ///< of the last `window` values; of an even number the mean of the middle two
    first_order,  ///< y += coefficient x (x - y)
  };
  /// A straight line through two points, e.g. 4 to 20 mA for 0 to 1.6 MPa.
  struct Line {
    Decimal from_low;
    Decimal from_high;
    Decimal to_low;
    Decimal to_high;
  };
  struct Fraction {
    std::int64_t numerator = 1;
    std::int64_t denominator = 1;
  };
  static constexpr std::uint32_t window_max = 1'000;

  std::string from;                     ///< a register of the device
  std::string into;                     ///< the result's name; not one that the model reads
  std::string unit;                     ///< of the result
  std::int8_t exponent = 0;             ///< of the result
  Decimal gain{1, 0};                   ///< result = value x gain + offset, unless `line` says otherwise
  Decimal offset{0, 0};                 ///< in the result's unit
  std::optional<Line> line{};           ///< instead of gain and offset
  std::optional<Decimal> fail_below{};  ///< in the unit of `from`: beyond these the sensor or its wire is broken
  std::optional<Decimal> fail_above{};
  Filter filter = Filter::none;
  std::uint32_t window = 1;
  Fraction coefficient{};
  std::optional<Decimal> dead_band{};  ///< a result that differs by no more than this from the last is left out
};

/// One item of a list `processing:`, in a model file or a gateway's configuration; models/README.md names the keys.
/// What is wrong is told at the node's lines.
[[nodiscard]] ProcessingRule read_processing_rule(const ConfigNode& node);

}  // namespace duheng::drivers
