#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// DL/T 698.45-2017. A model may have
///   dlt698: { objects_max: 8 }   how many attributes one question may ask
/// and an item has
///   oad       the attribute, eight hexadecimal digits: OI, attribute, index
///   element   the place in an array or structure, from 0
/// Register name, unit and exponent must agree with the object table (codec/dlt698/objects); clocks and status words
/// have neither.
[[nodiscard]] const Driver& dlt698_driver();

}  // namespace duheng::drivers
