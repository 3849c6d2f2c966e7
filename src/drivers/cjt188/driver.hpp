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
/// settlement_day (8103) and reading_day (8104) are registers, too; a parameter's `write` says `di: A011` or A012.
/// A command's `operation` has
///   does      clock_set (A015), valve_close, valve_open (A017; a gas meter only permits opening then)
/// The one history is monthly_freeze: D120 to D12B, whose times follow from the settlement day.
[[nodiscard]] const Driver& cjt188_driver();

}  // namespace duheng::drivers
