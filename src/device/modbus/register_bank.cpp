#include "device/modbus/register_bank.hpp"

#include <algorithm>
#include <bit>

namespace duheng::device {
namespace {

using modbus::ValueType;

struct Range {
  std::int64_t least;
  std::int64_t most;
};
constexpr Range range_of(ValueType type) {
  switch (type) {
    case ValueType::int16:
      return {INT16_MIN, INT16_MAX};
    case ValueType::uint16:
    case ValueType::bits:
      return {0, UINT16_MAX};
    case ValueType::int32:
      return {INT32_MIN, INT32_MAX};
    default:
      return {0, UINT32_MAX};
  }
}
std::uint16_t& at(std::vector<std::uint16_t>& words, std::size_t address) {
  if (words.size() <= address) words.resize(address + 1);
  return words[address];
}
void put_words(std::vector<std::uint16_t>& words, std::uint16_t address, std::uint32_t value, bool is_wide) {
  if (is_wide) at(words, address) = static_cast<std::uint16_t>(value >> 16);
  at(words, address + (is_wide ? 1U : 0U)) = static_cast<std::uint16_t>(value);
}

}  // namespace

void RegisterBank::put(modbus::Table table, std::uint16_t address, ValueType type, std::int64_t number) {
  const auto range = range_of(type);
  const auto value = static_cast<std::uint32_t>(std::clamp(number, range.least, range.most));
  put_words(table == modbus::Table::holding_registers ? holding : input, address, value,
            type == ValueType::int32 || type == ValueType::uint32);
}

void RegisterBank::put_float(modbus::Table table, std::uint16_t address, float number) {
  put_words(table == modbus::Table::holding_registers ? holding : input, address, std::bit_cast<std::uint32_t>(number),
            true);
}

void RegisterBank::put_bit(std::uint16_t address, bool on) {
  if (discrete.size() <= address) discrete.resize(address + 1U);
  discrete[address] = on;
}

}  // namespace duheng::device
