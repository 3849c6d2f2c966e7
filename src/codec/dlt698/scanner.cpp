#include "codec/dlt698/scanner.hpp"

#include <algorithm>

namespace duheng::dlt698 {

namespace {

using namespace frame_layout;

/// Whether the header check holds, so that L can be trusted.
bool is_header_good(const DecodeError& error) noexcept {
  return error.field == "user_data" || error.field == "fcs" || error.field == "end";
}

/// Where a frame seems to have begun in octets that hold no whole one; their size when nowhere.
std::size_t find_broken_start(ByteView gap, bool is_all_there_is) noexcept {
  std::size_t first_start = gap.size();
  std::size_t first_other = gap.size();
  for (std::size_t i = 0; i < gap.size(); ++i) {
    if (first_other == gap.size() && gap[i] != preamble) first_other = i;
    if (gap[i] != start) continue;
    if (is_header_good(decode_at_start(gap.subspan(i)).error())) return i;
    first_start = std::min(first_start, i);
  }
  // With a bad header 68H is believed where a frame is due, or when there is nothing better to report.
  return first_start == first_other || is_all_there_is ? first_start : gap.size();
}

/// How far a broken frame reaches within the gap.
std::size_t broken_size(ByteView gap, const DecodeError& error) noexcept {
  if (!is_header_good(error)) return gap.size();
  return std::min<std::size_t>(gap.size(), (gap[1] | gap[2] << 8) + uncounted_octets);
}

}  // namespace

Segment Scanner::take(Segment::Kind kind, std::size_t stop) noexcept {
  Segment segment;
  segment.kind = kind;
  segment.offset = at_;
  segment.octets = octets_.subspan(at_, stop - at_);
  at_ = stop;
  seen_any_ = seen_any_ || kind != Segment::Kind::other;
  return segment;
}

Segment Scanner::next_in_gap() noexcept {
  // The preamble of the frame behind the gap is not the broken frame's.
  std::size_t stop = gap_end_;
  if (stop < octets_.size()) {
    while (stop > at_ && octets_[stop - 1] == preamble) --stop;
    if (stop == at_) return take(Segment::Kind::other, gap_end_);
  }
  const ByteView gap = octets_.subspan(at_, stop - at_);
  const std::size_t begin = find_broken_start(gap, !seen_any_ && gap_end_ == octets_.size());
  if (begin == gap.size()) return take(Segment::Kind::other, gap_end_);
  if (begin > 0) return take(Segment::Kind::other, at_ + begin);
  // The gap alone is judged: octets of the whole frame behind it are not this one's.
  const auto fault = decode_at_start(gap);
  Segment segment = take(Segment::Kind::broken, at_ + broken_size(gap, fault.error()));
  segment.error = fault.error();
  return segment;
}

std::optional<Segment> Scanner::next() noexcept {
  if (at_ == octets_.size()) return std::nullopt;
  if (!gap_known_) {
    const auto frame = decode(octets_.subspan(at_));
    gap_end_ = frame ? at_ + frame->offset() : octets_.size();
    gap_known_ = true;
  }
  if (at_ < gap_end_) return next_in_gap();
  gap_known_ = false;
  const auto frame = decode_at_start(octets_.subspan(at_));
  Segment segment = take(Segment::Kind::frame, at_ + frame->size_octets());
  segment.frame = *frame;
  return segment;
}

}  // namespace duheng::dlt698
