#pragma once
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"

namespace duheng::codec {

/// Octets as all these objects show them: "68 61 01".
[[nodiscard]] inline std::string spaced(ByteView octets) { return to_hex(octets, ' '); }

[[nodiscard]] inline std::string hex_of(std::uint8_t octet) { return to_hex(ByteView(&octet, 1)); }

/// One object for each frame that a scanner finds, whole or broken, in the order they stand; at least one, so that no
/// input is passed over in silence. `on_frame` and `on_broken` take (segment, octets before it), `on_nothing` takes the
/// octets; what stands behind the last frame is its "trailing".
template <class Scanner, class OnFrame, class OnBroken, class OnNothing>
[[nodiscard]] std::vector<nlohmann::ordered_json> objects_of_segments(ByteView octets, OnFrame&& on_frame,
                                                                      OnBroken&& on_broken, OnNothing&& on_nothing) {
  using Kind = typename Scanner::Segment::Kind;
  std::vector<nlohmann::ordered_json> out;
  ByteView other;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    if (segment->kind == Kind::other) {
      // Neighbours of this kind are one stretch.
      other = other.empty() ? segment->octets : ByteView(other.data(), other.size() + segment->octets.size());
      continue;
    }
    out.push_back(segment->kind == Kind::frame ? on_frame(*segment, other) : on_broken(*segment, other));
    other = {};
  }
  if (out.empty()) {
    out.push_back(on_nothing(octets));
  } else if (!other.empty()) {
    out.back()["trailing"] = spaced(other);
  }
  return out;
}

}  // namespace duheng::codec
