#include "codec/cjt188/stream_parser.hpp"

#include <algorithm>
#include <cstring>

namespace duheng::cjt188 {

std::size_t StreamParser::push(ByteView octets) noexcept {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t taken = std::min(octets.size(), buffer_.size() - end_);
  if (taken > 0) std::memcpy(buffer_.data() + end_, octets.data(), taken);
  end_ += taken;
  return taken;
}

std::optional<FrameView> StreamParser::next() noexcept {
  while (begin_ < end_) {
    if (buffer_[begin_] != frame_layout::start) {
      discard_one();
      continue;
    }
    const auto frame = decode_at_start({buffer_.data() + begin_, end_ - begin_});
    if (frame) {
      ++counters_.frames;
      in_rejected_ = false;
      // The view stays good: octets move only with the next push().
      begin_ += frame->size_octets();
      return *frame;
    }
    // A frame that is not all here yet fits the buffer beside whatever push() adds, so waiting always ends.
    if (frame.error().code == ErrorCode::truncated) return std::nullopt;
    ++(frame.error().field == Field::checksum ? counters_.bad_checksums : counters_.bad_ends);
    in_rejected_ = true;
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
  if (buffer_[begin_] == frame_layout::preamble && !in_rejected_) {
    ++counters_.preamble_octets;
  } else if (in_rejected_) {
    ++counters_.rejected_octets;
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

}  // namespace duheng::cjt188
