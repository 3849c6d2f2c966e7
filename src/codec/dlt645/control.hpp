#pragma once
#include <cstdint>
#include <string_view>

namespace duheng::dlt645 {

/// Bits D4..D0 of the control code. Vendor functions exist outside this list and are carried through as they are.
/// Source: DL/T 645-2007, 5.2 (control code) and 7; security and the multi-function output as State Grid meters use
/// them.
enum class Function : std::uint8_t {
  security = 0x03,
  broadcast_time = 0x08,
  read = 0x11,
  read_following = 0x12,
  read_address = 0x13,
  write = 0x14,
  write_address = 0x15,
  freeze = 0x16,
  change_speed = 0x17,
  change_password = 0x18,
  clear_demand = 0x19,
  clear_meter = 0x1A,
  clear_events = 0x1B,
  control = 0x1C,
  multi_function_output = 0x1D,
};
/// Functions of the 1997 edition that 2007 does not know.
enum class Function1997 : std::uint8_t {
  read = 0x01,
  read_following = 0x02,
  read_again = 0x03,
  write = 0x04,
  write_address = 0x0A,
  change_speed = 0x0C,
  change_password = 0x0F,
  clear_demand = 0x10,
};
enum class Edition : std::uint8_t { edition_1997, edition_2007 };

namespace control_bits {
inline constexpr std::uint8_t from_slave = 0x80;
inline constexpr std::uint8_t error = 0x40;
inline constexpr std::uint8_t follow = 0x20;
inline constexpr std::uint8_t function = 0x1F;
}  // namespace control_bits

/// Which edition's tables the DATA field needs, from the control code and the length. Codes that neither edition
/// defines count as 2007: vendors extend that one.
[[nodiscard]] Edition edition_of(std::uint8_t control, std::uint8_t length) noexcept;
/// "dlt645-2007" or "dlt645-1997".
[[nodiscard]] std::string_view to_string(Edition edition) noexcept;

/// A word in both languages of the product.
struct Label {
  std::string_view english;
  std::string_view chinese;
};
/// What a function asks for, e.g. {"read data", "读数据"}; {"vendor function", …} when the edition does not define it.
[[nodiscard]] Label function_label(std::uint8_t function, Edition edition) noexcept;

/// Names of the error word's bits, stable identifiers such as "no_requested_data"; bit is 0..7.
/// Source: DL/T 645-2007, 7 (error information word); 1997 as far as the bits are known.
[[nodiscard]] std::string_view error_bit_name(unsigned bit, Edition edition) noexcept;
[[nodiscard]] Label error_bit_label(unsigned bit, Edition edition) noexcept;

/// Names of the bits of SERR, the security dialogue's own error word; bit is 0..15.
/// Source: State Grid's addition to DL/T 645-2007, as public knowledge gives it.
[[nodiscard]] std::string_view security_error_bit_name(unsigned bit) noexcept;
[[nodiscard]] Label security_error_bit_label(unsigned bit) noexcept;

/// What the multi-function output gives out: "clock_pulse", "demand_period", "tariff_switch"; empty for others.
[[nodiscard]] std::string_view output_name(std::uint8_t output) noexcept;
[[nodiscard]] Label output_label(std::uint8_t output) noexcept;

/// N1 of the control command 1CH.
enum class RelayCommand : std::uint8_t {
  trip = 0x1A,
  close_permit = 0x1B,
  close_direct = 0x1C,
  alarm = 0x2A,
  alarm_release = 0x2B,
  keep_power = 0x3A,
  keep_power_release = 0x3B,
};
/// "trip", "close_permit" …; empty for a number that is none of them.
[[nodiscard]] std::string_view relay_command_name(std::uint8_t command) noexcept;
[[nodiscard]] Label relay_command_label(std::uint8_t command) noexcept;

/// Line speed in bit/s of the speed word Z (one bit set); 0 when it is none of the defined ones.
[[nodiscard]] std::uint32_t speed_of(std::uint8_t speed_word) noexcept;
/// How a speed is coded in Z. Meters of the standard set one bit; one public library sends the BCD digits of speed /
/// 300 instead, which shares the codes 04, 08 and 16 … with other speeds, so that the reader must be told.
enum class SpeedCoding : std::uint8_t { one_bit, bcd_of_300 };
[[nodiscard]] std::uint32_t speed_of(std::uint8_t speed_word, SpeedCoding coding) noexcept;
/// The reverse; 0 for a speed that has no code.
[[nodiscard]] std::uint8_t speed_word_of(std::uint32_t bit_per_s, SpeedCoding coding = SpeedCoding::one_bit) noexcept;

}  // namespace duheng::dlt645
