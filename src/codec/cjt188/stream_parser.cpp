#include "codec/cjt188/stream_parser.hpp"

namespace duheng::cjt188 {

std::optional<FrameView> StreamParser::try_at(ByteView pending, bool& is_waiting) noexcept {
  const auto frame = decode_at_start(pending);
  if (frame) return *frame;
  is_waiting = frame.error().code == ErrorCode::truncated;
  if (is_waiting) return std::nullopt;
  ++(frame.error().field == Field::checksum ? counters_.bad_checksums : counters_.bad_ends);
  reject();
  return std::nullopt;
}

}  // namespace duheng::cjt188
