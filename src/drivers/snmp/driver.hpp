#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// "snmp" in model files. An item has `oid`; with `next: true` it is the first object below that name, for tables whose
/// rows number themselves (processors, sensors). `unit` and `exponent` say what the number means.
[[nodiscard]] const Driver& snmp_driver();

}  // namespace duheng::drivers
