#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace duheng::gdw13762 {

/// Why octets are no frame, or its data no data unit of its kind. Small and free of allocation, unlike duheng::Error.
struct DecodeError {
  ErrorCode code = ErrorCode::malformed;
  /// "start", "length", "control", "information", "address", "data_unit", "data", "checksum", "end". Static text.
  std::string_view field = "data";
  std::uint16_t expected = 0;      ///< checksum_mismatch: the sum computed; otherwise the octet due, if one was
  std::uint16_t found = 0;         ///< what stands there
  std::uint32_t octet_offset = 0;  ///< into the span the failing function was given
  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// The product's general error, with one English sentence that names field and offset.
[[nodiscard]] Error to_error(const DecodeError& error);

}  // namespace duheng::gdw13762
