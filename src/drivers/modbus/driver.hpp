#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// Modbus RTU, ASCII and TCP. A model may have
///   modbus: { registers_max: 125, bits_max: 2000, gap_max: 0 }   what one read may ask, and may read along between
/// and an item has
///   table     holding (the default), input, coil, discrete
///   address   counted from 0, as it travels
///   type      bits (the default of coils and discrete inputs), uint16 (of registers), int16, int32, uint32, int48,
///             uint48, int64, uint64, float32, float64, bcd, bits
///   word_order  high_first (the default), low_first
///   octets_swapped, registers (bcd and bits), first_bit, bit_count (bits)
///   unit, exponent  what the maker's manual says; floats have no exponent
///   no_value  the number by which the device says that it has none
///
/// A command's `operation` is `does: write` with an item's keys and the `value` that is written; a parameter writes its
/// item. Coils and holding registers only, whole numbers, bcd and bits. `form`: shortest (functions 5 and 6 where one
/// is enough) or multiple (15 and 16); bits of a register are written by function 22.
/// `does: change_speed` writes the code of the argument "speed" into the register that an item's keys name, by
/// `codes`: a list of { speed, code }. `does: write_address` writes the argument "address" there. Both take the device
/// elsewhere (Operation::moves_to()) and are for whole numbers in holding registers.
[[nodiscard]] const Driver& modbus_rtu_driver();
[[nodiscard]] const Driver& modbus_ascii_driver();
[[nodiscard]] const Driver& modbus_tcp_driver();

}  // namespace duheng::drivers
