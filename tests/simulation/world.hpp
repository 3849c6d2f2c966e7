#pragma once
#include <memory>
#include <string>

#include "tests/simulation/simulated_gateway.hpp"
#include "tools/demo/audit.hpp"

namespace duheng::simulation {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t buses = 3;
  std::uint32_t meters_per_bus = 4;
};

/// One gateway with its meters, one platform, and the faults between them.
class World {
 public:
  explicit World(const WorldOptions& options);

  EventQueue& queue() noexcept { return queue_; }
  Random& random() noexcept { return random_; }
  Gateway& gateway() noexcept { return *gateway_; }
  Platform& platform() noexcept { return *platform_; }

  void run_for(std::int64_t ms) { queue_.run_until(queue_.now_ms() + ms); }
  /// One fault of any kind, now, with its own end.
  void random_fault();
  void crash_gateway();
  void crash_platform();
  /// Everything is mended, the meters fall silent, and what is on its way arrives. Returns false if it does not within
  /// two simulated hours; what() then tells what stands where.
  bool come_to_rest();
  [[nodiscard]] std::string what() const;
  /// Ledger against journal and telemetry.
  [[nodiscard]] Result<tools::AuditReport> audit();

 private:
  void restart_gateway();
  void restart_platform();
  void watch_journal();

  EventQueue queue_;
  SeededRandom random_;
  SimulatedDisk field_disk_;
  std::unique_ptr<device::LedgerWriter> ledger_;
  std::unique_ptr<gateway::SimulatedMeters> meters_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace duheng::simulation
