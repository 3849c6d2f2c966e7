#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/ledger/ledger.hpp"
#include "device/meter/virtual_bus.hpp"

namespace duheng::gateway {

struct SimulatedMetersOptions {
  std::uint32_t lines = 4;
  std::uint32_t meters_per_line = 5;
  std::uint64_t seed = 1;
  std::int32_t clock_offset_ms = 0;  ///< how wrong all their clocks are
  bool programming_key = false;      ///< of all of them: pressed
};

/// Virtual meters on lines, and the ledger of what they answered; every third meter is three-phase. It knows neither
/// time nor the way of the octets: SimulatedField and tests/simulation give it those. The field never loses power: its
/// ledger is the truth.
class SimulatedMeters {
 public:
  struct Meter {
    std::string uid;
    dlt645::Address address;
    std::uint32_t line = 0;
    bool three_phase = false;
    std::shared_ptr<device::VirtualMeter> device;
  };
  SimulatedMeters(device::LedgerWriter& ledger, const SimulatedMetersOptions& options);

  [[nodiscard]] const std::vector<Meter>& meters() const noexcept { return meters_; }
  [[nodiscard]] std::uint32_t line_count() const noexcept { return static_cast<std::uint32_t>(lines_.size()); }

  /// What the master of a line says. For each answer `is_harmed` tells whether it will not arrive as it was given; the
  /// ledger takes that down. `on_answer` gets the answers the ledger has; the octets are good during the call.
  void octets(std::uint32_t line, std::int64_t utc_ms, ByteView octets,
              const std::function<bool(const device::BusAnswer&)>& is_harmed,
              const std::function<void(const device::BusAnswer&)>& on_answer);
  /// At what the master of a line speaks and listens.
  void set_speed(std::uint32_t line, std::uint32_t baud) { lines_[line]->bus.set_speed(baud); }
  /// The master's connection ends: half a question is forgotten, and what was asked last gets no answer any more.
  void cut(std::uint32_t line);
  /// Nobody answers any more: the world comes to rest.
  void fall_silent() noexcept { silent_ = true; }

 private:
  struct Line {
    explicit Line(device::LedgerWriter& ledger) : port(bus), trail(ledger) {}
    device::VirtualBus bus;
    device::VirtualBusPort port;
    device::LedgerTrail trail;
  };
  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<Meter> meters_;
  bool silent_ = false;
};

}  // namespace duheng::gateway
