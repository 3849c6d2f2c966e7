#pragma once
#include "device/bus/device_bus.hpp"

namespace duheng::device {

/// Modbus RTU, ASCII or TCP. On a serial line unit 0 is the broadcast, which everybody hears and nobody answers; over
/// TCP it is a unit like any other.
[[nodiscard]] const LineProtocol& modbus_rtu_line();
[[nodiscard]] const LineProtocol& modbus_ascii_line();
[[nodiscard]] const LineProtocol& modbus_tcp_line();

}  // namespace duheng::device
