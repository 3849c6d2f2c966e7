#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/common/candidate_parser.hpp"
#include "codec/gdw13762/frame.hpp"

namespace duheng::gdw13762 {

/// What a stream parser saw.
struct StreamCounters {
  std::uint64_t frames = 0;
  std::uint64_t bad_checksums = 0;
  std::uint64_t bad_ends = 0;
  std::uint64_t bad_lengths = 0;      ///< 68H with a length, address field or data unit that cannot be
  std::uint64_t unfinished = 0;       ///< would-be frames given up by flush()
  std::uint64_t preamble_octets = 0;  ///< FEH outside frames
  std::uint64_t noise_octets = 0;     ///< other octets outside frames
  std::uint64_t rejected_octets = 0;  ///< octets of would-be frames that were given up
  friend bool operator==(const StreamCounters&, const StreamCounters&) = default;
};

/// Cuts a stream of octets into frames: split, glued, with noise between. Bounded memory, taken once: twice the longest
/// frame. No clock: the caller knows the inter-octet gap and calls flush() after it.
class StreamParser : public codec::CandidateParser<StreamParser, FrameView, Bytes> {
 public:
  using Counters = StreamCounters;
  StreamParser();
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  friend class codec::CandidateParser<StreamParser, FrameView, Bytes>;
  static constexpr std::uint8_t start_octet = frame_layout::start;
  static constexpr std::uint8_t preamble_octet = frame_layout::preamble;
  [[nodiscard]] std::optional<FrameView> try_at(ByteView pending, bool& is_waiting) noexcept;

  Counters counters_;
};

}  // namespace duheng::gdw13762
