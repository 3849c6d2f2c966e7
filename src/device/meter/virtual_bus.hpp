#pragma once
#include "device/bus/device_bus.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device {

/// DL/T 645: addresses may have unknown digits, and there is a broadcast.
[[nodiscard]] const LineProtocol& dlt645_line();

/// DL/T 645 meters on one line.
class VirtualBus : public DeviceBus {
 public:
  VirtualBus() : DeviceBus(dlt645_line()) {}
};
using VirtualBusPort = DeviceBusPort;

}  // namespace duheng::device
