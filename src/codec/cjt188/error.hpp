#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace duheng::cjt188 {

/// The part of a frame an error speaks of.
enum class Field : std::uint8_t {
  none,
  start,            ///< 68H
  meter_type,       ///< T
  address,          ///< A0..A6
  control,          ///< C
  length,           ///< L
  data,             ///< DATA as a whole
  data_identifier,  ///< DI
  sequence,         ///< SER
  value,            ///< one item of DATA
  checksum,         ///< CS
  end,              ///< 16H
  mac,              ///< message authentication code of an encrypted frame
  padding,          ///< what fills the last cipher block
};
/// The stable lower-case name, e.g. "data_identifier".
[[nodiscard]] std::string_view to_string(Field field) noexcept;

/// Why octets are no frame, or a frame's content no value. Small and free of allocation, unlike duheng::Error.
struct DecodeError {
  ErrorCode code = ErrorCode::malformed;
  Field field = Field::none;
  std::uint8_t expected = 0;       ///< checksum_mismatch: the sum computed; start and end octets: the one due
  std::uint8_t found = 0;          ///< the octet that stands there
  std::uint32_t octet_offset = 0;  ///< into the span the failing function was given
  std::string_view clause = {};    ///< standard, edition, chapter
  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// The product's general error, with one English sentence that names field and offset.
[[nodiscard]] Error to_error(const DecodeError& error);

}  // namespace duheng::cjt188
