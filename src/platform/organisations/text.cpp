#include "platform/organisations/text.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

namespace duheng::platform {
namespace {

/// Octets of the character that begins at `text[0]`; 0 when it is none: RFC 3629 clause 4, over-long forms and
/// surrogates refused.
std::size_t character_octets(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (octet(i) & 0xC0) == 0x80; };
  const std::uint8_t first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    const bool overlong = first == 0xE0 && octet(1) < 0xA0;
    const bool surrogate = first == 0xED && octet(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    const bool overlong = first == 0xF0 && octet(1) < 0x90;
    const bool beyond = first == 0xF4 && octet(1) > 0x8F;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

}  // namespace

Result<void> check_text(std::string_view what, std::string_view text, std::size_t octets_min, std::size_t octets_max) {
  if (text.size() < octets_min || text.size() > octets_max) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} has {} to {} octets, not {}", what, octets_min, octets_max, text.size()));
  }
  while (!text.empty()) {
    const std::size_t octets = character_octets(text);
    const auto first = static_cast<std::uint8_t>(text.front());
    if (octets == 0) return fail(ErrorCode::invalid_argument, fmt::format("{} is not UTF-8", what));
    if (first < 0x20 || first == 0x7F)
      return fail(ErrorCode::invalid_argument, fmt::format("{} holds a control character", what));
    text.remove_prefix(octets);
  }
  return {};
}

std::string to_lower_ascii(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace duheng::platform
