#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/common/candidate_parser.hpp"
#include "codec/dlt645/frame.hpp"

namespace duheng::dlt645 {

/// What a stream parser saw.
struct StreamCounters {
  std::uint64_t frames = 0;
  std::uint64_t bad_checksums = 0;    ///< would-be frames whose CS was wrong
  std::uint64_t bad_ends = 0;         ///< … whose last octet was not 16H
  std::uint64_t false_starts = 0;     ///< 68H without a second one seven octets on
  std::uint64_t unfinished = 0;       ///< would-be frames given up by flush()
  std::uint64_t preamble_octets = 0;  ///< FEH outside frames
  std::uint64_t noise_octets = 0;     ///< other octets outside frames
  std::uint64_t rejected_octets = 0;  ///< octets of would-be frames that were given up
  friend bool operator==(const StreamCounters&, const StreamCounters&) = default;
};

/// Room for one whole frame that is awaited and one more to be taken in.
using StreamBuffer = std::array<std::uint8_t, 2 * frame_layout::frame_octets_max>;

/// Cuts a stream of octets into frames: split, glued, with noise between. Bounded memory (about 0.6 KiB), no
/// allocation, no clock: the caller knows the inter-octet gap (DL/T 645-2007 allows 500 ms) and calls flush() after it.
class StreamParser : public codec::CandidateParser<StreamParser, FrameView, StreamBuffer> {
 public:
  using Counters = StreamCounters;
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  friend class codec::CandidateParser<StreamParser, FrameView, StreamBuffer>;
  static constexpr std::uint8_t start_octet = frame_layout::start;
  static constexpr std::uint8_t preamble_octet = frame_layout::preamble;
  [[nodiscard]] std::optional<FrameView> try_at(ByteView pending, bool& is_waiting) noexcept;
  Counters counters_;
};

}  // namespace duheng::dlt645
