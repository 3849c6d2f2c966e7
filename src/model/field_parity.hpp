#pragma once
#include <cstdint>

namespace duheng {

/// Of the octets on a serial line; stored and sent by its number.
enum class FieldParity : std::uint8_t { none, even, odd };

}  // namespace duheng
