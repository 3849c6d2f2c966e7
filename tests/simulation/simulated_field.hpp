#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/simulated_disk.hpp"
#include "device/ledger/ledger.hpp"
#include "device/meter/virtual_bus.hpp"
#include "tests/simulation/event_queue.hpp"

namespace duheng::simulation {

/// Virtual meters on buses, and the ledger of what they answered. The field never loses power: it is the truth.
class Field {
 public:
  static constexpr const char* ledger_path = "field/ledger";
  Field(EventQueue& queue, Random& random, std::size_t buses, std::size_t meters_per_bus);

  struct Meter {
    std::string uid;
    dlt645::Address address;
    std::size_t bus = 0;
  };
  [[nodiscard]] const std::vector<Meter>& meters() const noexcept { return meters_; }
  [[nodiscard]] std::size_t bus_count() const noexcept { return buses_.size(); }

  /// A master connects to a bus; `deliver` gets what comes back. Whoever was connected before is cut off.
  void connect(std::size_t bus, std::function<void(Bytes)> deliver);
  void disconnect(std::size_t bus);
  void receive(std::size_t bus, ByteView octets);
  /// Nobody answers any more: the world comes to rest.
  void fall_silent() { silent_ = true; }
  [[nodiscard]] Result<void> close_ledger() { return ledger_->flush(); }
  [[nodiscard]] SimulatedDisk& disk() noexcept { return disk_; }

 private:
  struct Bus {
    std::unique_ptr<device::VirtualBus> bus;
    std::unique_ptr<device::VirtualBusPort> port;
    std::unique_ptr<device::LedgerTrail> trail;
    std::function<void(Bytes)> deliver;
  };
  EventQueue& queue_;
  SimulatedDisk disk_;
  std::unique_ptr<device::LedgerWriter> ledger_;
  std::vector<Bus> buses_;
  std::vector<Meter> meters_;
  bool silent_ = false;
};

}  // namespace duheng::simulation
