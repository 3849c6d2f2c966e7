#pragma once
#include <cstdint>

namespace duheng::device::meter698 {

/// Data access results this meter gives. Source: DL/T 698.45-2017, application layer (data access result).
enum class Dar : std::uint8_t {
  success = 0,
  refused = 3,
  undefined = 4,  ///< the object is there, this attribute or method of it is not
  no_object = 6,
  type_mismatch = 7,
  out_of_range = 8,
  unavailable = 9,
  not_in_transfer = 11,
  wrong_block = 14,
  unauthorised = 15,       ///< CONNECT was made, but without the password
  security_mismatch = 20,  ///< writing needs CONNECT with the password, or a MAC
  verification_failed = 22,
  cannot_decrypt = 28,
  stale = 32,  ///< the time tag's delay has passed
};

}  // namespace duheng::device::meter698
