#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/cjt188/frame.hpp"

namespace duheng::cjt188 {

/// Cuts a stream of octets into frames: split, glued, with noise between. Bounded memory (about 0.6 KiB), no
/// allocation, no clock: the caller knows the inter-octet gap (about 500 ms, by the meter) and calls flush() after it.
class StreamParser {
 public:
  struct Counters {
    std::uint64_t frames = 0;
    std::uint64_t bad_checksums = 0;    ///< would-be frames whose CS was wrong
    std::uint64_t bad_ends = 0;         ///< … whose last octet was not 16H
    std::uint64_t unfinished = 0;       ///< would-be frames given up by flush()
    std::uint64_t preamble_octets = 0;  ///< FEH outside frames
    std::uint64_t noise_octets = 0;     ///< other octets outside frames
    std::uint64_t rejected_octets = 0;  ///< octets of would-be frames that were given up
    friend bool operator==(const Counters&, const Counters&) = default;
  };

  /// Takes octets and calls on_frame(const FrameView&) for each frame that is now whole; the view is good during the
  /// call only. Amortised linear in the number of octets.
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

  // Room for one whole frame that is awaited and one more to be taken in.
  std::array<std::uint8_t, 2 * frame_layout::frame_octets_max> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool in_rejected_ = false;
  Counters counters_;
};

}  // namespace duheng::cjt188
