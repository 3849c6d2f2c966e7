#pragma once
#include "codec/dlt698/address.hpp"
#include "device/bus/device_bus.hpp"

namespace duheng::device {

/// DL/T 698.45: a wildcard, group or broadcast address, and digits A in a single one, may mean several devices.
[[nodiscard]] const LineProtocol& dlt698_line();
/// The key under which a bus finds the meter of that address; the logical address is no part of it.
[[nodiscard]] std::uint64_t bus_key_of(const dlt698::ServerAddress& address) noexcept;

}  // namespace duheng::device
