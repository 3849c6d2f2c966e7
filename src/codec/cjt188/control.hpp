#pragma once
#include <cstdint>
#include <string_view>

namespace duheng::cjt188 {

/// A name in both languages of the product.
struct Label {
  std::string_view english;
  std::string_view chinese;
};

/// Bits of the control code C. Source: CJ/T 188-2004 and -2018, control code; D5 is reserved in 2004 and read as "more
/// frames follow" by one maker's 2018 meters only.
namespace control_bits {
inline constexpr std::uint8_t from_slave = 0x80;
inline constexpr std::uint8_t error = 0x40;
inline constexpr std::uint8_t follow = 0x20;
inline constexpr std::uint8_t function = 0x1F;
}  // namespace control_bits

/// D4..D0 of C.
enum class Function : std::uint8_t {
  read = 0x01,
  read_address = 0x03,
  write = 0x04,
  read_key_version = 0x09,
  write_address = 0x15,
  write_sync = 0x16,  ///< brings the electronics in line with the mechanical register
};
/// What kind of DATA a function carries.
enum class FunctionClass : std::uint8_t { vendor, reads, writes };
[[nodiscard]] constexpr FunctionClass class_of(std::uint8_t function) noexcept {
  switch (static_cast<Function>(function)) {
    case Function::read:
    case Function::read_address:
    case Function::read_key_version:
      return FunctionClass::reads;
    case Function::write:
    case Function::write_address:
    case Function::write_sync:
      return FunctionClass::writes;
  }
  return FunctionClass::vendor;
}
[[nodiscard]] Label function_label(std::uint8_t function) noexcept;

/// What T says about the layout of DATA. Source: CJ/T 188-2018, meter types; the family, not the exact code, decides.
enum class MeterFamily : std::uint8_t { unknown, water, heat, gas, user_defined, any };
[[nodiscard]] constexpr MeterFamily family_of(std::uint8_t meter_type) noexcept {
  if (meter_type == 0xAA) return MeterFamily::any;
  if ((meter_type & 0x0F) > 9) return MeterFamily::unknown;
  switch (meter_type >> 4) {
    case 1:
      return MeterFamily::water;
    case 2:
      return MeterFamily::heat;
    case 3:
      return MeterFamily::gas;
    case 4:
      return MeterFamily::user_defined;
    default:
      return MeterFamily::unknown;
  }
}
/// "water", "heat" ...
[[nodiscard]] std::string_view to_string(MeterFamily family) noexcept;

namespace meter_types {
inline constexpr std::uint8_t cold_water = 0x10;
inline constexpr std::uint8_t hot_water = 0x11;
inline constexpr std::uint8_t drinking_water = 0x12;
inline constexpr std::uint8_t reclaimed_water = 0x13;
inline constexpr std::uint8_t heat = 0x20;
inline constexpr std::uint8_t cooling = 0x21;
inline constexpr std::uint8_t heat_and_cooling = 0x22;
inline constexpr std::uint8_t gas = 0x30;
inline constexpr std::uint8_t electricity = 0x40;
inline constexpr std::uint8_t any = 0xAA;
}  // namespace meter_types
[[nodiscard]] Label meter_type_label(std::uint8_t meter_type) noexcept;

}  // namespace duheng::cjt188
