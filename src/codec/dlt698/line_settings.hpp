#pragma once
// COMDCB, the settings of a serial port. Source: DL/T 698.45-2017, data type 95: speed, parity, data bits, stop bits,
// flow control, an octet each.
#include <array>
#include <cstdint>

namespace duheng::dlt698 {

/// The speeds by their code; 255 means that the device finds the speed out.
inline constexpr std::array<std::uint32_t, 11> bauds_by_code{300,   600,    1'200,  2'400,  4'800,  7'200,
                                                             9'600, 19'200, 38'400, 57'600, 115'200};
inline constexpr std::uint8_t baud_automatic = 255;

/// bit/s; 0: no speed's code.
[[nodiscard]] constexpr std::uint32_t baud_of(std::uint8_t code) noexcept {
  return code < bauds_by_code.size() ? bauds_by_code[code] : 0;
}
/// `baud_automatic` for a speed that has no code.
[[nodiscard]] constexpr std::uint8_t baud_code_of(std::uint32_t baud) noexcept {
  for (std::uint8_t code = 0; code < bauds_by_code.size(); ++code)
    if (bauds_by_code[code] == baud) return code;
  return baud_automatic;
}

}  // namespace duheng::dlt698
