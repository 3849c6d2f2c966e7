#pragma once
#include <cstdint>
#include <expected>
#include <span>

#include "codec/modbus/frame.hpp"

namespace duheng::modbus {

/// A PDU built, or invalid_argument with the field that breaks a rule of its function; `octet_offset` counts in the
/// PDU. Every builder checks with decode_pdu(): what it gives out, the decoder takes. Pure, no allocation.
using BuiltPdu = std::expected<PduBuffer, DecodeError>;

// Questions. Source: Modbus Application Protocol V1.1b3, 6.1 to 6.6, 6.11, 6.12, 6.16, 6.17, 6.21.

/// `function` is one of 1 to 4; quantity up to 2000 bits or 125 registers.
[[nodiscard]] BuiltPdu read_request(Function function, std::uint16_t address, std::uint16_t quantity) noexcept;
[[nodiscard]] BuiltPdu write_coil_request(std::uint16_t address, bool on) noexcept;
[[nodiscard]] BuiltPdu write_register_request(std::uint16_t address, std::uint16_t value) noexcept;
/// `packed` holds the coils eight an octet, lowest bit first; bits behind `quantity` are sent as 0.
[[nodiscard]] BuiltPdu write_coils_request(std::uint16_t address, std::uint16_t quantity, ByteView packed) noexcept;
[[nodiscard]] BuiltPdu write_registers_request(std::uint16_t address, std::span<const std::uint16_t> values) noexcept;
[[nodiscard]] BuiltPdu mask_write_request(std::uint16_t address, std::uint16_t and_mask,
                                          std::uint16_t or_mask) noexcept;
/// The device writes first, then reads.
[[nodiscard]] BuiltPdu read_write_request(std::uint16_t read_address, std::uint16_t read_quantity,
                                          std::uint16_t write_address, std::span<const std::uint16_t> values) noexcept;
/// `read_device_id` 1 basic, 2 regular, 3 extended, 4 the one object `object_id`; else `object_id` is where to begin.
[[nodiscard]] BuiltPdu identification_request(std::uint8_t read_device_id, std::uint8_t object_id) noexcept;

// Answers; what 5, 6, 15, 16 and 22 give back follows from the question.

/// To functions 1 and 2; `packed` as in write_coils_request(), (quantity + 7) / 8 octets of it.
[[nodiscard]] BuiltPdu bits_response(Function function, std::uint16_t quantity, ByteView packed) noexcept;
/// To functions 3, 4 and 23.
[[nodiscard]] BuiltPdu registers_response(Function function, std::span<const std::uint16_t> values) noexcept;
/// To 5, 6, 15, 16 and 22: the question's own octets, without values where it wrote many.
/// Errors: invalid_argument - `request` is no such question.
[[nodiscard]] BuiltPdu write_response(const PduView& request) noexcept;
/// `function_code` is the refused question's.
[[nodiscard]] BuiltPdu exception_response(std::uint8_t function_code, ExceptionCode code) noexcept;
struct IdentificationHeader {
  std::uint8_t read_device_id = 1;
  std::uint8_t conformity_level = 0x81;
  bool more_follows = false;
  std::uint8_t next_object_id = 0;
};
[[nodiscard]] BuiltPdu identification_response(const IdentificationHeader& header,
                                               std::span<const IdentificationObject> objects) noexcept;

/// Any other function, its data as they are.
[[nodiscard]] BuiltPdu raw_pdu(std::uint8_t function_code, ByteView data, Role role) noexcept;

/// Says whether an answer belongs to a question: the same function, the amount asked for, the echo a write is due. A
/// refusal (exception) of the same function matches.
/// Errors: conflict - `field` of the answer is another than the question calls for; drop the answer, ask again. A write
/// so answered may have been carried out: read back. invalid_argument - `request` is no request or `response` none.
/// Pure. Source: Modbus Application Protocol V1.1b3, 6.
[[nodiscard]] std::expected<void, DecodeError> match_response(const PduView& request, const PduView& response) noexcept;
/// The same with the unit, which must not be 0 (nobody answers a broadcast) and must agree; errors name unit_id.
[[nodiscard]] std::expected<void, DecodeError> match_response(const RtuFrame& request,
                                                              const RtuFrame& response) noexcept;
[[nodiscard]] std::expected<void, DecodeError> match_response(const AsciiFrame& request,
                                                              const AsciiFrame& response) noexcept;
/// The same with transaction and unit; unit 0 is a device of its own over TCP.
[[nodiscard]] std::expected<void, DecodeError> match_response(const TcpFrame& request,
                                                              const TcpFrame& response) noexcept;

}  // namespace duheng::modbus
