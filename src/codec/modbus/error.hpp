#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace duheng::modbus {

/// The part of a frame an error speaks of.
enum class Field : std::uint8_t {
  none,
  transaction_id,     ///< MBAP: which question an answer belongs to
  protocol_id,        ///< MBAP: 0 for Modbus
  length,             ///< MBAP: octets that follow
  start,              ///< ASCII: ':'
  character,          ///< ASCII: one of 0-9, A-F
  end,                ///< ASCII: CR LF
  unit_id,            ///< server address (serial line) or unit identifier (TCP)
  function,           ///< function code
  exception_code,     ///< why a request was refused
  address,            ///< first coil, input or register
  quantity,           ///< number of coils, inputs or registers
  byte_count,         ///< octets of values that follow
  values,             ///< coils, inputs or registers
  write_address,      ///< function 23: first register written
  write_quantity,     ///< function 23: number of registers written
  and_mask,           ///< function 22
  or_mask,            ///< function 22
  mei_type,           ///< function 43
  read_device_id,     ///< function 43/14: read device id code
  conformity_level,   ///< function 43/14
  more_follows,       ///< function 43/14
  next_object_id,     ///< function 43/14
  number_of_objects,  ///< function 43/14
  object_id,          ///< function 43/14
  object_length,      ///< function 43/14
  object_value,       ///< function 43/14
  crc,                ///< RTU: CRC-16, low octet first
  lrc,                ///< ASCII: longitudinal redundancy check
  trailing            ///< octets behind what the function code allows
};
/// The stable lower-case name, e.g. "byte_count".
[[nodiscard]] std::string_view to_string(Field field) noexcept;

/// Why octets are no frame. Small and free of allocation, unlike duheng::Error.
struct DecodeError {
  ErrorCode code = ErrorCode::malformed;
  Field field = Field::none;
  std::uint16_t expected = 0;      ///< the checksum computed, or the only value that would do
  std::uint16_t found = 0;         ///< what stands there
  std::uint32_t octet_offset = 0;  ///< into the span the failing function was given
  std::string_view clause = {};    ///< standard, edition, clause
  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// The product's general error, with one English sentence that names field and offset.
[[nodiscard]] Error to_error(const DecodeError& error);

}  // namespace duheng::modbus
