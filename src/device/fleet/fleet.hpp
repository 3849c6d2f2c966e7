#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "device/fleet/fleet_config.hpp"
#include "device/scenario/scenario_plan.hpp"
#include "link/event_loop.hpp"

namespace duheng::device {

/// Names of the files a fleet keeps in its data directory.
namespace fleet_files {
inline constexpr std::string_view ledger = "ledger";  ///< device/ledger
inline constexpr std::string_view memory = "memory";  ///< device/memory: what the devices keep without power
inline constexpr std::string_view ports = "ports";    ///< the run of ports once chosen
inline constexpr std::string_view call_in_port = "call-in-port";
inline constexpr std::string_view devices = "devices.yaml";  ///< channels and devices, for a gateway's `devices_files`
inline constexpr std::string_view drill = "drill";  ///< device/snmp: what is done to switches now, read every second
inline constexpr std::string_view ready = "ready";  ///< there when everything answers, gone before it ends
}  // namespace fleet_files

/// Virtual devices behind TCP ports and pseudo-terminals, and such that dial the gateway themselves: DL/T 645 meters
/// and groups of any model of the catalogue, each channel with one protocol. Every answer stands in the ledger before
/// it is sent; when it cannot be written there (disk full), the meters keep silent. A restart on the same data
/// directory gives the same meters under the same ports and line names (`serial-0` … are symbolic links to the present
/// pseudo-terminals).
class Fleet {
 public:
  /// Opens everything. Errors: unavailable - ports are taken, or another fleet has the directory; storage errors.
  [[nodiscard]] static Result<std::unique_ptr<Fleet>> start(link::EventLoop& loop, Disk& disk, const Clock& clock,
                                                            Random& random, FleetConfig config);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  [[nodiscard]] std::uint32_t meter_count() const;
  [[nodiscard]] std::uint64_t answer_count() const;
  /// Carried out over the ledger's whole life, by devices that count them.
  [[nodiscard]] std::uint64_t command_count() const;
  /// By the scenario; 0 without one.
  [[nodiscard]] std::uint64_t faults_applied(ScenarioRule::Kind kind) const;
  [[nodiscard]] std::uint16_t first_port() const;

 private:
  struct Impl;
  explicit Fleet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::device
