#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/dlt698/frame.hpp"

namespace duheng::dlt698 {

/// Cuts a stream of octets into frames: split, glued, with noise between. Two frames' worth of memory, taken once; no
/// clock: the caller knows when the line has been silent for too long and calls flush().
class StreamParser {
 public:
  struct Counters {
    std::uint64_t frames = 0;
    std::uint64_t bad_header_checks = 0;  ///< 68H whose header check was wrong: mostly no frame at all
    std::uint64_t bad_frame_checks = 0;   ///< a good header, FCS wrong
    std::uint64_t bad_ends = 0;           ///< … whose last octet was not 16H
    std::uint64_t bad_lengths = 0;        ///< 68H with an L that cannot be, or above the limit
    std::uint64_t unfinished = 0;         ///< would-be frames given up by flush()
    std::uint64_t preamble_octets = 0;    ///< FEH outside frames
    std::uint64_t noise_octets = 0;       ///< other octets outside frames
    std::uint64_t rejected_octets = 0;    ///< octets of would-be frames with a good header that were given up
    friend bool operator==(const Counters&, const Counters&) = default;
  };

  /// `frame_octets_max`: longer frames are passed over and counted in bad_lengths. At least frame_octets_min.
  explicit StreamParser(std::size_t frame_octets_max = frame_layout::frame_octets_max);

  /// Takes octets and calls on_frame(const FrameView&) for each frame that is now whole; the view is good during the
  /// call only.
  template <class OnFrame>
  void feed(ByteView octets, OnFrame&& on_frame) {
    while (true) {
      octets = octets.subspan(push(octets));
      while (const auto frame = next()) on_frame(*frame);
      if (octets.empty()) return;
    }
  }
  /// The line has been silent: an unfinished frame will not be finished. Frames hidden behind it come out now.
  template <class OnFrame>
  void flush(OnFrame&& on_frame) {
    while (pending_octets() > 0) {
      while (const auto frame = next()) on_frame(*frame);
      give_up_candidate();
    }
  }
  /// Forgets pending octets without looking at them, e.g. when a connection is replaced.
  void reset() noexcept;

  [[nodiscard]] std::size_t pending_octets() const noexcept { return end_ - begin_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  [[nodiscard]] std::size_t push(ByteView octets) noexcept;
  [[nodiscard]] std::optional<FrameView> next() noexcept;
  void give_up_candidate() noexcept;
  void discard_one() noexcept;
  void count(const DecodeError& error) noexcept;

  std::size_t frame_octets_max_;
  // Room for one whole frame that is awaited and one more to be taken in.
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool in_rejected_ = false;
  Counters counters_;
};

}  // namespace duheng::dlt698
