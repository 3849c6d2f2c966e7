#include "uplink/messages.hpp"

#include <array>

namespace duheng::uplink {

std::string_view to_string(RefusalCode code) noexcept {
  switch (code) {
    case RefusalCode::unspecified:
      return "unspecified";
    case RefusalCode::malformed:
      return "malformed";
    case RefusalCode::too_large:
      return "too_large";
    case RefusalCode::hash_conflict:
      return "hash_conflict";
    case RefusalCode::gap:
      return "gap";
    case RefusalCode::throttled:
      return "throttled";
    case RefusalCode::storage_full:
      return "storage_full";
    case RefusalCode::version:
      return "version";
  }
  return "unknown";
}

crypto::Hash256 batch_hash(const crypto::Hash256& previous_hash, std::uint64_t epoch, std::uint64_t sequence,
                           ByteView body) {
  std::array<std::uint8_t, 16> offset{};
  for (std::size_t i = 0; i < 8; ++i) {
    offset[i] = static_cast<std::uint8_t>(epoch >> (8 * i));
    offset[8 + i] = static_cast<std::uint8_t>(sequence >> (8 * i));
  }
  return crypto::sha256({ByteView{previous_hash}, ByteView{offset}, body});
}

}  // namespace duheng::uplink
