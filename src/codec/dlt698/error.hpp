#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace duheng::dlt698 {

/// Why octets are no frame or no APDU. Small and free of allocation, unlike duheng::Error.
struct DecodeError {
  ErrorCode code = ErrorCode::malformed;
  /// The part the error speaks of: "start", "length", "address", "hcs" … of a frame, or the name of a field of the
  /// application layer as the grammar gives it ("oad", "data", "time_tag"). Static text, never empty.
  std::string_view field = "apdu";
  std::uint16_t expected = 0;      ///< checksum_mismatch: the check computed; otherwise the octet due, if one was
  std::uint16_t found = 0;         ///< what stands there
  std::uint32_t octet_offset = 0;  ///< into the span the failing function was given
  std::string_view clause = {};    ///< standard, edition, chapter
  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// The product's general error, with one English sentence that names field and offset.
[[nodiscard]] Error to_error(const DecodeError& error);

}  // namespace duheng::dlt698
