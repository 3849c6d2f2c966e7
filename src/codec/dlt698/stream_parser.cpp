#include "codec/dlt698/stream_parser.hpp"

#include <algorithm>
#include <cstring>

namespace duheng::dlt698 {

StreamParser::StreamParser(std::size_t frame_octets_max)
    : frame_octets_max_(std::clamp(frame_octets_max, frame_layout::frame_octets_min, frame_layout::frame_octets_max)),
      buffer_(2 * std::max(frame_octets_max_, frame_layout::header_octets_max)) {}

std::size_t StreamParser::push(ByteView octets) noexcept {
  // Octets move only when there is no room behind them, so that each moves at most once per frame's length.
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  } else if (begin_ > 0 && octets.size() > buffer_.size() - end_) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t taken = std::min(octets.size(), buffer_.size() - end_);
  if (taken > 0) std::memcpy(buffer_.data() + end_, octets.data(), taken);
  end_ += taken;
  return taken;
}

void StreamParser::count(const DecodeError& error) noexcept {
  if (error.field == "fcs") {
    ++counters_.bad_frame_checks;
    in_rejected_ = true;
  } else if (error.field == "end") {
    ++counters_.bad_ends;
    in_rejected_ = true;
  } else if (error.field == "hcs") {
    ++counters_.bad_header_checks;
  } else {
    ++counters_.bad_lengths;
  }
}

std::optional<FrameView> StreamParser::next() noexcept {
  while (begin_ < end_) {
    if (buffer_[begin_] != frame_layout::start) {
      discard_one();
      continue;
    }
    const ByteView pending{buffer_.data() + begin_, end_ - begin_};
    const bool is_too_long =
        pending.size() >= 3 && pending[1] + pending[2] * 256U + frame_layout::uncounted_octets > frame_octets_max_;
    if (is_too_long) {
      ++counters_.bad_lengths;
      discard_one();
      continue;
    }
    const auto frame = decode_at_start(pending);
    if (frame) {
      ++counters_.frames;
      in_rejected_ = false;
      // The view stays good: octets move only with the next push().
      begin_ += frame->size_octets();
      return *frame;
    }
    // A frame that is not all here yet fits the buffer beside whatever push() adds, so waiting always ends.
    if (frame.error().code == ErrorCode::truncated) return std::nullopt;
    count(frame.error());
    discard_one();
  }
  return std::nullopt;
}

void StreamParser::give_up_candidate() noexcept {
  if (begin_ == end_) return;
  ++counters_.unfinished;
  in_rejected_ = true;
  discard_one();
}

void StreamParser::discard_one() noexcept {
  if (in_rejected_) {
    ++counters_.rejected_octets;
  } else if (buffer_[begin_] == frame_layout::preamble) {
    ++counters_.preamble_octets;
  } else {
    ++counters_.noise_octets;
  }
  ++begin_;
}

void StreamParser::reset() noexcept {
  begin_ = 0;
  end_ = 0;
  in_rejected_ = false;
}

}  // namespace duheng::dlt698
