#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace duheng::codec {

/// A stretch of octets as an analyst sees it.
template <class Frame, class Error>
struct FrameSegment {
  enum class Kind : std::uint8_t {
    frame,   ///< a whole frame
    broken,  ///< began like a frame; `error` says what is wrong (offset within the segment)
    other,   ///< preamble, noise, another protocol's octets
  };
  Kind kind = Kind::other;
  std::size_t offset = 0;  ///< into the scanner's octets
  ByteView octets;
  Frame frame;  ///< for a frame; its own offset is 0
  Error error;  ///< for a broken one
};

/// Divides finished input, such as a line of a log, into segments that cover every octet once and in order. Whole
/// frames go before broken ones: what lies between two whole frames cannot claim octets of the second. Linear in the
/// octets, as far as `Protocol::looks_like_a_frame` is constant.
///
/// `Protocol` has
///   Frame, Error, start_octet, preamble_octet
///   expected<Frame, Error> decode(ByteView), decode_at_start(ByteView)
///   bool looks_like_a_frame(ByteView)   what begins with the start octet and holds no whole frame is a broken one
///   std::size_t broken_size(ByteView gap, const Error&)   how far it reaches within the gap
template <class Protocol>
class FrameScanner {
 public:
  using Segment = FrameSegment<typename Protocol::Frame, typename Protocol::Error>;

  explicit FrameScanner(ByteView octets) noexcept : octets_(octets) {}

  [[nodiscard]] std::optional<Segment> next() noexcept {
    if (at_ == octets_.size()) return std::nullopt;
    if (!gap_known_) find_gap();
    if (at_ < gap_end_) return next_in_gap();
    gap_known_ = false;
    const auto frame = Protocol::decode_at_start(octets_.subspan(at_));
    Segment segment = take(Segment::Kind::frame, at_ + frame->size_octets());
    segment.frame = *frame;
    return segment;
  }

 private:
  void find_gap() noexcept {
    const auto frame = Protocol::decode(octets_.subspan(at_));
    gap_end_ = frame ? at_ + frame->offset() : octets_.size();
    gap_known_ = true;
    gap_stop_ = gap_end_;
    if (frame) {
      // The preamble of the frame behind the gap is not the broken frame's.
      while (gap_stop_ > at_ && octets_[gap_stop_ - 1] == Protocol::preamble_octet) --gap_stop_;
    }
    likely_known_ = false;
  }

  Segment next_in_gap() noexcept {
    if (at_ >= gap_stop_) return take(Segment::Kind::other, gap_end_);
    const ByteView gap = octets_.subspan(at_, gap_stop_ - at_);
    const std::size_t begin = find_broken_start(gap);
    if (begin == gap.size()) return take(Segment::Kind::other, gap_end_);
    if (begin > 0) return take(Segment::Kind::other, at_ + begin);
    // The gap alone is judged: octets of the whole frame behind it are not this one's.
    const auto fault = Protocol::decode_at_start(gap);
    Segment segment = take(Segment::Kind::broken, at_ + Protocol::broken_size(gap, fault.error()));
    segment.error = fault.error();
    return segment;
  }

  /// Where a frame seems to have begun in octets that hold no whole one; their size when nowhere.
  std::size_t find_broken_start(ByteView gap) noexcept {
    // The search is kept until the scanner has passed what it found, or it would begin anew with every broken frame.
    if (!likely_known_ || likely_at_ < at_) {
      likely_at_ = at_ + find_likely_start(gap);
      likely_known_ = true;
    }
    const std::size_t likely = likely_at_ - at_;
    if (likely < gap.size()) return likely;
    // Any other start octet is believed where a frame is due, or when there is nothing better to report.
    const auto due = static_cast<std::size_t>(
        std::ranges::find_if(gap, [](auto octet) { return octet != Protocol::preamble_octet; }) - gap.begin());
    if (due < gap.size() && gap[due] == Protocol::start_octet) return due;
    if (seen_any_ || gap_end_ < octets_.size()) return gap.size();
    return static_cast<std::size_t>(std::ranges::find(gap, Protocol::start_octet) - gap.begin());
  }
  static std::size_t find_likely_start(ByteView gap) noexcept {
    for (std::size_t i = 0; i < gap.size(); ++i) {
      if (gap[i] == Protocol::start_octet && Protocol::looks_like_a_frame(gap.subspan(i))) return i;
    }
    return gap.size();
  }

  Segment take(typename Segment::Kind kind, std::size_t stop) noexcept {
    Segment segment;
    segment.kind = kind;
    segment.offset = at_;
    segment.octets = octets_.subspan(at_, stop - at_);
    at_ = stop;
    seen_any_ = seen_any_ || kind != Segment::Kind::other;
    return segment;
  }

  ByteView octets_;
  std::size_t at_ = 0;
  std::size_t gap_end_ = 0;   ///< where the next whole frame begins, or the end of all octets
  std::size_t gap_stop_ = 0;  ///< the same without the preamble of the frame behind it
  bool gap_known_ = false;
  std::size_t likely_at_ = 0;  ///< the next octet in the gap that may begin a frame, or the gap's end
  bool likely_known_ = false;
  bool seen_any_ = false;
};

}  // namespace duheng::codec
