#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "codec/modbus/register_map.hpp"

namespace duheng::modbus {

/// What one read may ask of a device.
struct ReadLimits {
  std::uint16_t registers_max = limits::read_registers_max;  ///< 1 to 125; many devices answer fewer
  std::uint16_t bits_max = limits::read_bits_max;            ///< 1 to 2000
  /// How many registers or bits nobody asked for may be read along between two that are wanted. 0 where a device
  /// refuses reads that touch addresses it does not have.
  std::uint16_t gap_max = 0;
};

/// One question, and which of the wanted values its answer holds.
struct PlannedRead {
  Table table = Table::holding_registers;
  std::uint16_t address = 0;
  std::uint16_t quantity = 0;
  std::vector<std::size_t> items;  ///< indexes into what was wanted, by address
};

/// The fewest reads that hold every wanted value whole, by table and address. A value is never split over two reads.
/// Errors: invalid_argument - a description that check() refuses, or limits out of their range; limit_exceeded - a
/// value that is wider than one read may be. Pure; allocates; n log n in the number of values.
[[nodiscard]] Result<std::vector<PlannedRead>> plan_reads(std::span<const RegisterDescription> wanted,
                                                          const ReadLimits& limits = {});

}  // namespace duheng::modbus
