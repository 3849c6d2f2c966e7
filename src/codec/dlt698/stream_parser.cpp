#include "codec/dlt698/stream_parser.hpp"

#include <algorithm>

namespace duheng::dlt698 {

namespace {

std::size_t within_limits(std::size_t frame_octets_max) noexcept {
  return std::clamp(frame_octets_max, frame_layout::frame_octets_min, frame_layout::frame_octets_max);
}

}  // namespace

// Room for one whole frame that is awaited and one more to be taken in.
StreamParser::StreamParser(std::size_t frame_octets_max)
    : CandidateParser(Bytes(2 * std::max(within_limits(frame_octets_max), frame_layout::header_octets_max))),
      frame_octets_max_(within_limits(frame_octets_max)) {}

void StreamParser::count(const DecodeError& error) noexcept {
  if (error.field == "fcs") {
    ++counters_.bad_frame_checks;
    reject();
  } else if (error.field == "end") {
    ++counters_.bad_ends;
    reject();
  } else if (error.field == "hcs") {
    ++counters_.bad_header_checks;
  } else {
    ++counters_.bad_lengths;
  }
}

std::optional<FrameView> StreamParser::try_at(ByteView pending, bool& is_waiting) noexcept {
  constexpr std::size_t octets_to_length_end = 3;
  const bool is_too_long = pending.size() >= octets_to_length_end &&
                           pending[1] + pending[2] * 256U + frame_layout::uncounted_octets > frame_octets_max_;
  if (is_too_long) {
    ++counters_.bad_lengths;
    return std::nullopt;
  }
  const auto frame = decode_at_start(pending);
  if (frame) return *frame;
  is_waiting = frame.error().code == ErrorCode::truncated;
  if (!is_waiting) count(frame.error());
  return std::nullopt;
}

}  // namespace duheng::dlt698
