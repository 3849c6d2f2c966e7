#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "codec/dlt645/stream_parser.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device {

/// What a bus sends back to one question.
struct BusAnswer {
  dlt645::Address address;
  dlt645::DataIdentifier identifier;  ///< 0 when the answer names none
  ByteView octets;                    ///< good during the call
  bool collision = false;             ///< several meters spoke at once: what arrives is no answer of anybody
};

/// Meters on one line. Everybody hears everything; who is meant answers. When several answer a wildcard at once the
/// octets collide (both driving the line: the 0 bits win). Several masters may be connected, each with its own
/// VirtualBusPort.
class VirtualBus {
 public:
  void add(std::shared_ptr<VirtualMeter> meter);
  [[nodiscard]] std::size_t size() const noexcept { return meters_.size(); }
  void question(std::int64_t utc_ms, const dlt645::FrameView& frame,
                const std::function<void(const BusAnswer&)>& on_answer);

 private:
  void everybody(std::int64_t utc_ms, const dlt645::FrameView& frame,
                 const std::function<void(const BusAnswer&)>& on_answer);
  std::map<dlt645::Address, std::shared_ptr<VirtualMeter>> meters_;
};

/// One master's way in: cuts its octets into questions.
class VirtualBusPort {
 public:
  explicit VirtualBusPort(VirtualBus& bus) : bus_(bus) {}
  /// Calls `on_question` with the frame's octets before the meters see it, and `on_answer` for what comes back.
  void octets(std::int64_t utc_ms, ByteView octets, const std::function<void(ByteView)>& on_question,
              const std::function<void(const BusAnswer&)>& on_answer);
  void reset() noexcept { parser_.reset(); }

 private:
  VirtualBus& bus_;
  dlt645::StreamParser parser_;
};

}  // namespace duheng::device
