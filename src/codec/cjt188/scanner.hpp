#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/cjt188/frame.hpp"

namespace duheng::cjt188 {

/// A stretch of octets as an analyst sees it.
struct Segment {
  enum class Kind : std::uint8_t {
    frame,   ///< a whole frame
    broken,  ///< began like a frame; `error` says what is wrong (offset within the segment)
    other,   ///< preamble, noise, another protocol's octets
  };
  Kind kind = Kind::other;
  std::size_t offset = 0;  ///< into the scanner's octets
  ByteView octets;
  FrameView frame;    ///< for a frame; its own offset is 0
  DecodeError error;  ///< for a broken one
};

/// Divides finished input, such as a line of a log, into segments that cover every octet once and in order. Whole
/// frames go before broken ones: what lies between two whole frames cannot claim octets of the second.
class Scanner {
 public:
  explicit Scanner(ByteView octets) noexcept : octets_(octets) {}
  [[nodiscard]] std::optional<Segment> next() noexcept;

 private:
  [[nodiscard]] Segment next_in_gap() noexcept;
  [[nodiscard]] std::size_t find_broken_start(ByteView gap) noexcept;
  [[nodiscard]] Segment take(Segment::Kind kind, std::size_t stop) noexcept;

  ByteView octets_;
  std::size_t at_ = 0;
  std::size_t gap_end_ = 0;   ///< where the next whole frame begins, or the end of all octets
  std::size_t gap_stop_ = 0;  ///< the same without the preamble of the frame behind it
  bool gap_known_ = false;
  std::size_t likely_at_ = 0;  ///< the next octet in the gap that may begin a frame, or the gap's end
  bool likely_known_ = false;
  bool seen_any_ = false;
};

}  // namespace duheng::cjt188
