#include "codec/cjt188/scanner.hpp"

#include <algorithm>

namespace duheng::cjt188 {

namespace {

using namespace frame_layout;

/// A 68H whose next octet, if there is one, is a meter type, and whose ninth tells a function of the standard.
bool looks_like_a_frame(ByteView octets) noexcept {
  if (octets.size() > type_offset && family_of(octets[type_offset]) == MeterFamily::unknown) return false;
  if (octets.size() <= control_offset) return octets.size() > type_offset;
  return class_of(octets[control_offset] & control_bits::function) != FunctionClass::vendor;
}

/// The first of the octets that may begin a frame; their size when none does.
std::size_t find_likely_start(ByteView gap) noexcept {
  for (std::size_t i = 0; i < gap.size(); ++i) {
    if (gap[i] == start && looks_like_a_frame(gap.subspan(i))) return i;
  }
  return gap.size();
}

/// The first octet that is not FEH.
std::size_t skip_preamble(ByteView gap) noexcept {
  return static_cast<std::size_t>(std::ranges::find_if(gap, [](auto octet) { return octet != preamble; }) -
                                  gap.begin());
}

/// How far a broken frame reaches within the gap.
std::size_t broken_size(ByteView gap, const DecodeError& error) noexcept {
  if (error.field == Field::checksum || error.field == Field::end) {
    return std::min<std::size_t>(gap.size(), overhead_octets + gap[length_offset]);
  }
  return gap.size();
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

std::size_t Scanner::find_broken_start(ByteView gap) noexcept {
  // The search is kept until the scanner has passed what it found, or it would begin anew with every broken frame.
  if (!likely_known_ || likely_at_ < at_) {
    likely_at_ = at_ + find_likely_start(gap);
    likely_known_ = true;
  }
  const std::size_t likely = likely_at_ - at_;
  if (likely < gap.size()) return likely;
  // Any other 68H is believed where a frame is due, or when there is nothing better to report.
  const std::size_t due = skip_preamble(gap);
  if (due < gap.size() && gap[due] == start) return due;
  if (seen_any_ || gap_end_ < octets_.size()) return gap.size();
  return static_cast<std::size_t>(std::ranges::find(gap, start) - gap.begin());
}

Segment Scanner::next_in_gap() noexcept {
  if (at_ >= gap_stop_) return take(Segment::Kind::other, gap_end_);
  const ByteView gap = octets_.subspan(at_, gap_stop_ - at_);
  const std::size_t begin = find_broken_start(gap);
  if (begin == gap.size()) return take(Segment::Kind::other, gap_end_);
  if (begin > 0) return take(Segment::Kind::other, at_ + begin);
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
    gap_stop_ = gap_end_;
    if (frame) {
      // The preamble of the frame behind the gap is not the broken frame's.
      while (gap_stop_ > at_ && octets_[gap_stop_ - 1] == preamble) --gap_stop_;
    }
    likely_known_ = false;
  }
  if (at_ < gap_end_) return next_in_gap();
  gap_known_ = false;
  const auto frame = decode_at_start(octets_.subspan(at_));
  Segment segment = take(Segment::Kind::frame, at_ + frame->size_octets());
  segment.frame = *frame;
  return segment;
}

}  // namespace duheng::cjt188
