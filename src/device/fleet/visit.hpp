#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "device/bus/device_bus.hpp"
#include "device/ledger/ledger.hpp"
#include "device/scenario/scenario_line.hpp"
#include "link/event_loop.hpp"

namespace duheng::device {

/// One master's connection to one bus. Internal to this folder.
struct Visit {
  Visit(DeviceBus& bus, LedgerWriter& ledger)
      : protocol(bus.protocol()), port(bus), trail(ledger), has_checksum(protocol.has_checksum()) {}
  const LineProtocol& protocol;
  DeviceBusPort port;
  LedgerTrail trail;
  bool has_checksum;
  std::int64_t heard_ms = 0;  // monotonic
  // Only where a scenario happens: what it makes of the answers, when it has something to send next, and how.
  std::unique_ptr<ScenarioLine> faults;
  std::unique_ptr<link::Timer> due;
  std::function<void(ByteView)> send;

  /// The other side went away, or a new one came.
  void cut() {
    trail.cut();
    port.reset();
    if (faults) faults->cut();
  }
};

}  // namespace duheng::device
