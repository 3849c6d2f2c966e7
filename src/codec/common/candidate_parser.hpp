#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "base/bytes.hpp"

namespace duheng::codec {

/// What the stream parsers of protocols whose frames begin with one start octet share: a bounded buffer in which one
/// would-be frame is awaited at a time. No clock: the caller knows the gap between octets and calls flush() after it.
///
/// `Derived` has
///   std::optional<Frame> try_at(ByteView pending, bool& is_waiting)   the frame at the first octet of `pending`;
///       nothing and is_waiting = true when octets are missing; else it has counted why not, and has called reject()
///       when what it saw was a frame that is broken rather than an octet by chance;
///   counters_ with frames, unfinished, preamble_octets, noise_octets, rejected_octets;
///   start_octet, preamble_octet.
/// `Buffer` holds octets, at least one whole frame and as many again.
template <class Derived, class Frame, class Buffer>
class CandidateParser {
 public:
  /// Takes octets and calls on_frame(const Frame&) for each frame that is now whole; the frame is good during the call
  /// only. Amortised linear in the number of octets.
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
  void reset() noexcept {
    begin_ = 0;
    end_ = 0;
    in_rejected_ = false;
  }
  [[nodiscard]] std::size_t pending_octets() const noexcept { return end_ - begin_; }

 protected:
  /// Until the next whole frame, octets count as those of a broken one.
  void reject() noexcept { in_rejected_ = true; }

 private:
  friend Derived;
  CandidateParser() = default;
  explicit CandidateParser(Buffer buffer) : buffer_(std::move(buffer)) {}
  Derived& derived() noexcept { return static_cast<Derived&>(*this); }

  std::size_t push(ByteView octets) noexcept {
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

  std::optional<Frame> next() noexcept {
    while (begin_ < end_) {
      if (buffer_[begin_] != Derived::start_octet) {
        discard_one();
        continue;
      }
      bool is_waiting = false;
      const auto frame = derived().try_at(ByteView{buffer_.data() + begin_, end_ - begin_}, is_waiting);
      if (frame) {
        ++derived().counters_.frames;
        in_rejected_ = false;
        // The frame stays good: octets move only with the next push().
        begin_ += frame->size_octets();
        return frame;
      }
      // A frame that is not all here yet fits the buffer beside whatever push() adds, so waiting always ends.
      if (is_waiting) return std::nullopt;
      discard_one();
    }
    return std::nullopt;
  }

  void give_up_candidate() noexcept {
    if (begin_ == end_) return;
    ++derived().counters_.unfinished;
    in_rejected_ = true;
    discard_one();
  }

  void discard_one() noexcept {
    auto& counters = derived().counters_;
    if (in_rejected_) {
      ++counters.rejected_octets;
    } else if (buffer_[begin_] == Derived::preamble_octet) {
      ++counters.preamble_octets;
    } else {
      ++counters.noise_octets;
    }
    ++begin_;
  }

  Buffer buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool in_rejected_ = false;
};

}  // namespace duheng::codec
