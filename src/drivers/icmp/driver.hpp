#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// "icmp_echo" in model files: is somebody there, and how far away. Its channel is link/icmp's; the address is always
/// "echo". An item has `measure: round_trip`, in milliseconds with an exponent of -3.
[[nodiscard]] const Driver& icmp_driver();

}  // namespace duheng::drivers
