#include "codec/cjt188/scanner.hpp"

#include <algorithm>

namespace duheng::cjt188 {

using namespace frame_layout;

bool ScannedProtocol::looks_like_a_frame(ByteView octets) noexcept {
  if (octets.size() > type_offset && family_of(octets[type_offset]) == MeterFamily::unknown) return false;
  if (octets.size() <= control_offset) return octets.size() > type_offset;
  return class_of(octets[control_offset] & control_bits::function) != FunctionClass::vendor;
}

std::size_t ScannedProtocol::broken_size(ByteView gap, const DecodeError& error) noexcept {
  if (error.field != Field::checksum && error.field != Field::end) return gap.size();
  return std::min<std::size_t>(gap.size(), overhead_octets + gap[length_offset]);
}

}  // namespace duheng::cjt188
