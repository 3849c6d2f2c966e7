#include "codec/dlt645/scanner.hpp"

#include <algorithm>

namespace duheng::dlt645 {

std::size_t ScannedProtocol::broken_size(ByteView gap, const DecodeError& error) noexcept {
  constexpr std::size_t length_offset = 9;
  if (error.field != Field::checksum && error.field != Field::end) return gap.size();
  return std::min<std::size_t>(gap.size(), frame_layout::overhead_octets + gap[length_offset]);
}

}  // namespace duheng::dlt645
