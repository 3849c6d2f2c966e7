#pragma once
// Private: what the codecs' scanners have in common.
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

/// Runs a codec's scanner to its end.
template <class Scanner>
[[nodiscard]] std::vector<Segment> segments_of(Scanner scanner) {
  std::vector<Segment> out;
  while (const auto segment = scanner.next()) {
    using Kind = std::remove_cvref_t<decltype(segment->kind)>;
    const bool is_frame = segment->kind == Kind::frame;
    const bool is_broken = segment->kind == Kind::broken;
    out.push_back({.kind = is_frame    ? Segment::Kind::frame
                           : is_broken ? Segment::Kind::broken
                                       : Segment::Kind::other,
                   .offset = segment->offset,
                   .size = segment->octets.size(),
                   .is_truncated = is_broken && segment->error.code == ErrorCode::truncated});
  }
  return out;
}

}  // namespace duheng::platform::analyser
