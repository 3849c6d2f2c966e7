#pragma once
#include <cstdint>
#include <string_view>

namespace duheng::modbus {

/// Who speaks. The same octets may be a question or an answer; only the caller knows which is due.
enum class Role : std::uint8_t { request, response };
[[nodiscard]] std::string_view to_string(Role role) noexcept;

/// How frames travel. Source: Modbus over Serial Line V1.02, 2.5 (RTU, ASCII); Modbus Messaging on TCP/IP V1.0b, 3
/// (TCP).
enum class Transport : std::uint8_t { rtu, ascii, tcp };
[[nodiscard]] std::string_view to_string(Transport transport) noexcept;

/// Function codes whose content this codec reads and writes; any other from 1 to 127 is carried raw.
/// Source: Modbus Application Protocol V1.1b3, 6.
enum class Function : std::uint8_t {
  read_coils = 1,
  read_discrete_inputs = 2,
  read_holding_registers = 3,
  read_input_registers = 4,
  write_single_coil = 5,
  write_single_register = 6,
  write_multiple_coils = 15,
  write_multiple_registers = 16,
  mask_write_register = 22,
  read_write_multiple_registers = 23,
  encapsulated_interface = 43,
};

/// Set in the function code of an answer that refuses. Source: V1.1b3, 7.
inline constexpr std::uint8_t exception_bit = 0x80;
/// The one MEI type read and written here; another one is carried raw. Source: V1.1b3, 6.21.
inline constexpr std::uint8_t mei_read_device_identification = 0x0E;

/// Why a request was refused. Source: V1.1b3, 7 (exception codes).
enum class ExceptionCode : std::uint8_t {
  illegal_function = 1,
  illegal_data_address = 2,
  illegal_data_value = 3,
  server_device_failure = 4,
  acknowledge = 5,
  server_device_busy = 6,
  negative_acknowledge = 7,  ///< not in V1.1b3; sent by older devices
  memory_parity_error = 8,
  gateway_path_unavailable = 10,
  gateway_target_failed = 11,
};

/// Limits of one frame. Source: V1.1b3, 4.1 (PDU size) and 6.1 to 6.17 (quantities).
namespace limits {
inline constexpr std::size_t pdu_octets_max = 253;
inline constexpr unsigned read_bits_max = 2000;
inline constexpr unsigned write_coils_max = 1968;
inline constexpr unsigned read_registers_max = 125;
inline constexpr unsigned write_registers_max = 123;
inline constexpr unsigned read_write_registers_max = 121;
inline constexpr unsigned addresses = 65536;
}  // namespace limits

struct Label {
  std::string_view english;
  std::string_view chinese;
};

/// Stable lower-case name of a function code without its exception bit, e.g. "read_holding_registers"; also of the
/// public codes carried raw; "unknown" else.
[[nodiscard]] std::string_view function_name(std::uint8_t code) noexcept;
[[nodiscard]] Label function_label(std::uint8_t code) noexcept;
/// Where the function is laid down.
[[nodiscard]] std::string_view function_clause(std::uint8_t code) noexcept;
/// True for the members of Function.
[[nodiscard]] bool is_understood(std::uint8_t code) noexcept;

/// Stable lower-case name, e.g. "illegal_data_address"; "unknown" for a code that is not laid down.
[[nodiscard]] std::string_view exception_name(std::uint8_t code) noexcept;
[[nodiscard]] Label exception_label(std::uint8_t code) noexcept;

/// Name of a basic or regular object of function 43/14, e.g. "vendor_name"; empty for others.
/// Source: V1.1b3, 6.21 (object identifiers).
[[nodiscard]] std::string_view identification_object_name(std::uint8_t object_id) noexcept;

}  // namespace duheng::modbus
