#pragma once
#include "codec/cjt188/address.hpp"
#include "device/bus/device_bus.hpp"

namespace duheng::device {

/// CJ/T 188: an octet AAH of an address fits any.
[[nodiscard]] const LineProtocol& cjt188_line();
/// The key under which a bus finds the meter of that address.
[[nodiscard]] std::uint64_t bus_key_of(const cjt188::Address& address) noexcept;

}  // namespace duheng::device
