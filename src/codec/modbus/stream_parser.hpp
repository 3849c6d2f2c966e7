#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/modbus/frame.hpp"

namespace duheng::modbus {

/// What a stream parser saw. Every octet is in a frame, in `malformed_octets`, in `skipped_octets` or still pending.
struct StreamCounters {
  std::uint64_t frames = 0;
  std::uint64_t bad_checksums = 0;     ///< would-be frames whose CRC or LRC was wrong
  std::uint64_t malformed = 0;         ///< arrived as sent, but break a rule of the protocol
  std::uint64_t false_starts = 0;      ///< octets (RTU, TCP) or ':' (ASCII) with which no frame can begin
  std::uint64_t unfinished = 0;        ///< would-be frames given up by flush(), or longer than a frame may be
  std::uint64_t malformed_octets = 0;  ///< octets of `malformed`
  std::uint64_t skipped_octets = 0;    ///< octets given up one by one
  friend bool operator==(const StreamCounters&, const StreamCounters&) = default;
};

/// Octets waiting for the rest of their frame: bounded, never grows.
template <std::size_t capacity>
class PendingOctets {
 public:
  [[nodiscard]] ByteView view() const noexcept { return {buffer_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  void drop(std::size_t count) noexcept { begin_ += count; }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Takes as many as there is room for and returns how many.
  [[nodiscard]] std::size_t push(ByteView octets) noexcept;

 private:
  std::array<std::uint8_t, capacity> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};
extern template class PendingOctets<2 * rtu_layout::frame_octets_max>;
extern template class PendingOctets<2 * ascii_layout::frame_characters_max>;
extern template class PendingOctets<2 * tcp_layout::frame_octets_max>;

/// What the three parsers share: `Derived::next()` gives the next whole frame.
template <class Derived, std::size_t frame_octets_max_>
class StreamParserBase {
 public:
  /// Takes octets and calls on_frame(const Frame&) for each frame that is now whole; the frame is good during the call
  /// only. Amortised linear in the number of octets, no allocation.
  template <class OnFrame>
  void feed(ByteView octets, OnFrame&& on_frame) {
    auto& parser = static_cast<Derived&>(*this);
    while (true) {
      octets = octets.subspan(pending_.push(octets));
      while (const auto frame = parser.next(false)) on_frame(*frame);
      if (octets.empty()) return;
    }
  }
  /// The line has been silent (RTU: 3.5 characters; ASCII: 1 s; TCP: the connection ended): an unfinished frame will
  /// not be finished, and one whose function has no known size is finished. Frames hidden behind the first come out
  /// now.
  template <class OnFrame>
  void flush(OnFrame&& on_frame) {
    auto& parser = static_cast<Derived&>(*this);
    while (!pending_.empty()) {
      while (const auto frame = parser.next(true)) on_frame(*frame);
      if (pending_.empty()) return;
      ++counters_.unfinished;
      skip_one();
    }
  }
  /// Forgets pending octets without looking at them, e.g. when a connection is replaced.
  void reset() noexcept { pending_.clear(); }
  [[nodiscard]] std::size_t pending_octets() const noexcept { return pending_.view().size(); }
  [[nodiscard]] const StreamCounters& counters() const noexcept { return counters_; }

 protected:
  void skip_one() noexcept {
    ++counters_.skipped_octets;
    pending_.drop(1);
  }
  void take_frame(std::size_t octets) noexcept {
    ++counters_.frames;
    pending_.drop(octets);
  }
  void take_malformed(std::size_t octets) noexcept {
    ++counters_.malformed;
    counters_.malformed_octets += octets;
    pending_.drop(octets);
  }
  // Room for one whole frame that is awaited and one more to be taken in.
  PendingOctets<2 * frame_octets_max_> pending_;
  StreamCounters counters_;

 private:
  friend Derived;
  StreamParserBase() = default;
};

/// Cuts what one side of an RTU line says into frames. No clock: the caller knows the silence and calls flush() after
/// it; frames of functions whose size is laid down come out before that. About 0.5 KiB.
/// After noise the next frame comes out at the latest with flush().
/// Source: Modbus over Serial Line V1.02, 2.5.1.1.
class RtuStreamParser : public StreamParserBase<RtuStreamParser, rtu_layout::frame_octets_max> {
 public:
  explicit RtuStreamParser(Role role) noexcept : role_(role) {}

 private:
  friend class StreamParserBase<RtuStreamParser, rtu_layout::frame_octets_max>;
  [[nodiscard]] std::optional<RtuFrame> next(bool silent) noexcept;
  Role role_;
};

/// Cuts what one side of an ASCII line says into frames; a ':' always begins anew. About 1 KiB.
/// Source: Modbus over Serial Line V1.02, 2.5.2.1.
class AsciiStreamParser : public StreamParserBase<AsciiStreamParser, ascii_layout::frame_characters_max> {
 public:
  explicit AsciiStreamParser(Role role) noexcept : role_(role) {}

 private:
  friend class StreamParserBase<AsciiStreamParser, ascii_layout::frame_characters_max>;
  [[nodiscard]] std::optional<AsciiFrame> next(bool silent) noexcept;
  Role role_;
};

/// Cuts one direction of a TCP connection into frames. A false start in the counters means that the stream is out of
/// step: the parser looks for the next header, but the caller does better to connect anew. About 0.5 KiB.
/// Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
class TcpStreamParser : public StreamParserBase<TcpStreamParser, tcp_layout::frame_octets_max> {
 public:
  explicit TcpStreamParser(Role role) noexcept : role_(role) {}

 private:
  friend class StreamParserBase<TcpStreamParser, tcp_layout::frame_octets_max>;
  [[nodiscard]] std::optional<TcpFrame> next(bool silent) noexcept;
  Role role_;
};

}  // namespace duheng::modbus
