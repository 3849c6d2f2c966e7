#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// DL/T 645-2007. An item of a model has
///   di        the data identifier, eight hexadecimal digits, DI3 first; items of one identifier share a question;
///   element   the place in a block, from 0.
/// Register name, unit and exponent must agree with the standard's table (DL/T 645-2007, Annex A).
[[nodiscard]] const Driver& dlt645_driver();

}  // namespace duheng::drivers
