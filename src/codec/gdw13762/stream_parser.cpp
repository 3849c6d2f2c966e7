#include "codec/gdw13762/stream_parser.hpp"

namespace duheng::gdw13762 {

// Room for one whole frame that is awaited and one more to be taken in.
StreamParser::StreamParser() : CandidateParser(Bytes(2 * frame_layout::frame_octets_max)) {}

std::optional<FrameView> StreamParser::try_at(ByteView pending, bool& is_waiting) noexcept {
  const auto frame = decode_at_start(pending);
  if (frame) return *frame;
  const auto& error = frame.error();
  is_waiting = error.code == ErrorCode::truncated;
  if (is_waiting) return std::nullopt;
  if (error.field == "checksum") {
    ++counters_.bad_checksums;
    reject();
  } else if (error.field == "end") {
    ++counters_.bad_ends;
    reject();
  } else {
    ++counters_.bad_lengths;
  }
  return std::nullopt;
}

}  // namespace duheng::gdw13762
