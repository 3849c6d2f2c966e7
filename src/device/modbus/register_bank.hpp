#pragma once
#include <cstdint>
#include <vector>

#include "codec/modbus/register_map.hpp"

namespace duheng::device {

/// The four tables of a Modbus device at one moment, each from address 0 without holes.
struct RegisterBank {
  std::vector<std::uint16_t> input;
  std::vector<std::uint16_t> holding;
  std::vector<bool> discrete;
  std::vector<bool> coils;

  /// Puts a number where a 16- or 32-bit integer lies, high word first; a table grows as needed. What does not fit is
  /// cut to the nearest number that does, as a meter's display stands at its end.
  void put(modbus::Table table, std::uint16_t address, modbus::ValueType type, std::int64_t number);
  void put_float(modbus::Table table, std::uint16_t address, float number);
  void put_bit(std::uint16_t address, bool on);  ///< a discrete input
};

}  // namespace duheng::device
