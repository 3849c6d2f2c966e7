#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// Modbus RTU and TCP. A model may have
///   modbus: { registers_max: 125, bits_max: 2000, gap_max: 0 }   what one read may ask, and may read along between
/// and an item has
///   table     holding (the default), input, coil, discrete
///   address   counted from 0, as it travels
///   type      bits (the default of coils and discrete inputs), uint16 (of registers), int16, int32, uint32, int48,
///   uint48, int64, uint64, float32, float64, bcd, bits word_order  high_first (the default), low_first octets_swapped,
///   registers (bcd and bits), first_bit, bit_count (bits) unit, exponent  what the maker's manual says; floats have no
///   exponent no_value  the number by which the device says that it has none
[[nodiscard]] const Driver& modbus_rtu_driver();
[[nodiscard]] const Driver& modbus_tcp_driver();

}  // namespace duheng::drivers
