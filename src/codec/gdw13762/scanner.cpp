#include "codec/gdw13762/scanner.hpp"

#include <algorithm>

namespace duheng::gdw13762 {

bool ScannedProtocol::looks_like_a_frame(ByteView octets) noexcept {
  const auto frame = gdw13762::decode_at_start(octets);
  return frame || frame.error().field == "checksum" || frame.error().field == "end";
}

std::size_t ScannedProtocol::broken_size(ByteView gap, const DecodeError& error) noexcept {
  if (error.field != "checksum" && error.field != "end") return gap.size();
  return std::min<std::size_t>(gap.size(), static_cast<std::size_t>(gap[1]) | static_cast<std::size_t>(gap[2]) << 8);
}

}  // namespace duheng::gdw13762
