#pragma once
#include <cstdint>
#include <optional>

#include "drivers/bus/query.hpp"

namespace duheng::drivers {

/// A whole, verified frame cut out of what came over the line. Good during the call that brings it.
struct HeardFrame {
  ByteView octets;    ///< as it travelled, without preamble
  BusAddress device;  ///< who speaks, or is spoken to
  bool from_device = false;
};
class FrameListener {
 public:
  virtual ~FrameListener() = default;
  virtual void on_frame(const HeardFrame& frame) = 0;
};

/// Whether a frame answers a question.
enum class Fit : std::uint8_t {
  none,     ///< it does not
  part,     ///< it does, and more follows: ask for the next part
  whole,    ///< it does, and is the last
  refusal,  ///< the device refuses
};
struct Judgement {
  Fit fit = Fit::none;
  ByteView payload;         ///< what the answer holds, by the dialect's header; good until the dialect's next call
  std::uint32_t error = 0;  ///< of a refusal: the protocol's own code
};

/// What a device says of its own accord.
struct DeviceReport {
  ByteView payload;    ///< good until the dialect's next call
  Bytes confirmation;  ///< octets that tell the device that it has arrived; empty when it wants none
};

struct LineCounters {
  std::uint64_t bad_frames = 0;  ///< checksum, end octet, or cut short
  std::uint64_t noise_octets = 0;
};

/// One protocol as a master speaks it on one line: builds questions, cuts what comes into frames, tells which frame
/// answers which question. Knows neither time-outs nor retries nor the order of questions: that is the Session's.
/// Pure; one for each line.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// Octets that ask `query`, or with `part` > 0 for that following part of its answer. Replaces `into`. The same
  /// question built twice in a row gives the same octets, unless the protocol counts its questions.
  virtual void build(const BusAddress& device, const Query& query, std::uint32_t part, std::uint8_t preamble_octets,
                     Bytes& into) = 0;
  virtual void feed(ByteView octets, FrameListener& listener) = 0;
  /// The line has been silent: what was begun will not be finished. Frames hidden behind it come out.
  virtual void flush(FrameListener& listener) = 0;
  virtual void reset() = 0;
  [[nodiscard]] virtual std::size_t pending_octets() const = 0;
  [[nodiscard]] virtual LineCounters counters() const = 0;
  /// For frames with from_device only, of the device that was asked. `request`: what build() gave last for it.
  [[nodiscard]] virtual Judgement judge(const HeardFrame& frame, const Query& query, std::uint32_t part,
                                        ByteView request) = 0;
  /// For frames with from_device only: what it tells unasked, where the protocol has that. Nothing for answers.
  [[nodiscard]] virtual std::optional<DeviceReport> report(const HeardFrame& heard) {
    static_cast<void>(heard);
    return std::nullopt;
  }
  /// Between octets of one frame at most this passes.
  [[nodiscard]] virtual std::int64_t octet_gap_ms() const = 0;
  [[nodiscard]] virtual std::size_t frame_octets_max() const = 0;
};

}  // namespace duheng::drivers
