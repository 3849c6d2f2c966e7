#include "codec/dlt698/scanner.hpp"

#include <algorithm>

namespace duheng::dlt698 {

namespace {

bool is_header_good(const DecodeError& error) noexcept {
  return error.field == "user_data" || error.field == "fcs" || error.field == "end";
}

}  // namespace

bool ScannedProtocol::looks_like_a_frame(ByteView octets) noexcept {
  const auto frame = dlt698::decode_at_start(octets);
  return frame || is_header_good(frame.error());
}

std::size_t ScannedProtocol::broken_size(ByteView gap, const DecodeError& error) noexcept {
  if (!is_header_good(error)) return gap.size();
  return std::min<std::size_t>(gap.size(), (gap[1] | gap[2] << 8) + frame_layout::uncounted_octets);
}

}  // namespace duheng::dlt698
