#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace duheng::dlt645 {

/// The part of a frame an error speaks of.
enum class Field : std::uint8_t {
  none,
  start,            ///< the first 68H
  address,          ///< A0..A5
  second_start,     ///< the second 68H
  control,          ///< C
  length,           ///< L
  data,             ///< DATA as a whole
  data_identifier,  ///< DI0..DI3
  value,            ///< one item of DATA
  checksum,         ///< CS
  end,              ///< 16H
};
/// The stable lower-case name, e.g. "second_start".
[[nodiscard]] std::string_view to_string(Field field) noexcept;

/// Why octets are no frame, or a frame's content no value. Small and free of allocation, unlike duheng::Error.
struct DecodeError {
  ErrorCode code = ErrorCode::malformed;
  Field field = Field::none;
  std::uint8_t expected = 0;       ///< checksum_mismatch: the sum computed; start and end octets: the one due
  std::uint8_t found = 0;          ///< the octet that stands there
  std::uint32_t octet_offset = 0;  ///< into the span the failing function was given
  std::string_view clause = {};    ///< standard, edition, clause
  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// The product's general error, with one English sentence that names field and offset.
[[nodiscard]] Error to_error(const DecodeError& error);

}  // namespace duheng::dlt645
