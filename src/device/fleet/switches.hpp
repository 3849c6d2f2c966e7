#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "device/fleet/fleet_config.hpp"
#include "device/snmp/virtual_switch.hpp"

namespace duheng::device {

/// What a switch of the group is made with, but for its memory and the time.
[[nodiscard]] VirtualSwitchOptions switch_options(const FleetSnmp& snmp, const FleetGroup& group,
                                                  const std::string& name, std::uint64_t seed);

/// A fleet's switches, and which channel is reached through which of their ports. Not thread-safe.
class FleetSwitches {
 public:
  struct Path {
    std::size_t place = 0;  ///< of the switch
    std::uint32_t port = 0;
  };
  /// `seat` is the same switch as it stands on its line, with what a scenario does to it; `carries` on ports 2, 3 …
  void add(std::shared_ptr<VirtualSwitch> body, std::shared_ptr<VirtualDevice> seat,
           const std::vector<std::string>& carries);
  /// Errors: invalid_argument - a switch carries a channel that is none of these, or that another one carries.
  [[nodiscard]] Result<void> check_names(const std::set<std::string>& channels) const;
  /// Nothing: no switch stands before it.
  [[nodiscard]] std::optional<Path> path_to(const std::string& channel) const;
  /// Whether octets pass at this moment.
  [[nodiscard]] bool is_open(const Path& path, std::int64_t utc_ms);
  void carry(const Path& path, std::int64_t utc_ms, std::size_t questions_octets, std::size_t answers_octets);
  /// Does what the file says; no file: nothing is done to anybody. A file that is none of a drill changes nothing.
  void obey(Disk& disk, const std::string& file, std::int64_t utc_ms);

 private:
  struct Seated {
    std::shared_ptr<VirtualSwitch> body;
    std::shared_ptr<VirtualDevice> seat;
  };
  std::vector<Seated> switches_;
  std::map<std::string, Path> paths_;
  std::set<std::string> carried_twice_;
  std::string last_text_;
};

}  // namespace duheng::device
