#include "drivers/models/model_sensor.hpp"

#include "drivers/models/model_reader.hpp"

namespace duheng::drivers {

ModelSensor read_model_sensor(const ConfigNode& node) {
  ModelSensor out;
  if (node.has("register")) out.register_name = read_name(node, "register");
  out.quantity = read_name(node, "quantity");
  out.accuracy_class = node.text("accuracy_class", "");
  out.protection = node.text("protection", "");
  if (!node.has("range")) return out;
  const auto range = node.section("range");
  out.range_low = read_decimal(range, "min");
  out.range_high = read_decimal(range, "max");
  out.range_unit = range.text("unit");
  return out;
}

}  // namespace duheng::drivers
