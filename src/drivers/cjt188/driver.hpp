#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// CJ/T 188-2004 and -2018: water, heat and gas meters. A model has
///   cjt188: { meter_type: "20", profile: standard_2004 }   T, and one of cjt188::known_profiles()
/// and an item has
///   di             the data identifier, four hexadecimal digits; 901F unless stated
///   register       the product's name of a field of its answer, e.g. volume_total
///   unit, exponent what meters of this type usually send; a meter that sends another unit octet gets a series of its
///                  own, and the model's range does not apply to it
[[nodiscard]] const Driver& cjt188_driver();

}  // namespace duheng::drivers
