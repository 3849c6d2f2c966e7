#pragma once
#include <optional>
#include <string>

#include "base/config.hpp"
#include "base/decimal.hpp"

namespace duheng::drivers {

/// What the plate of a model's sensors says; the single sensor's papers stand in the platform's records.
struct ModelSensor {
  std::string register_name;  ///< what it measures; empty: the device as a whole
  std::string quantity;       ///< temperature, pressure, flow, heat …
  std::string accuracy_class;
  std::optional<Decimal> range_low{};
  std::optional<Decimal> range_high{};
  std::string range_unit;
  std::string protection;  ///< GB/T 4208, e.g. "IP65"
};

/// One item of a model's list `sensors:`. What is wrong is told at the node's lines.
[[nodiscard]] ModelSensor read_model_sensor(const ConfigNode& node);

}  // namespace duheng::drivers
