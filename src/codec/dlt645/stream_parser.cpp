#include "codec/dlt645/stream_parser.hpp"

namespace duheng::dlt645 {

std::optional<FrameView> StreamParser::try_at(ByteView pending, bool& is_waiting) noexcept {
  const auto frame = decode_at_start(pending);
  if (frame) return *frame;
  is_waiting = frame.error().code == ErrorCode::truncated;
  if (is_waiting) return std::nullopt;
  if (frame.error().field == Field::checksum) {
    ++counters_.bad_checksums;
    reject();
  } else if (frame.error().field == Field::end) {
    ++counters_.bad_ends;
    reject();
  } else {
    ++counters_.false_starts;
  }
  return std::nullopt;
}

}  // namespace duheng::dlt645
