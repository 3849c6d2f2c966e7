#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "platform/administration/world.hpp"

namespace duheng::tools {

/// Where everything of a demo stands, and on which ports.
struct DemoPlan {
  std::string root;  ///< the demo's data directory
  std::string share_directory;
  std::uint32_t meters = 0;
  bool mixed = false;  ///< with devices of every other kind; see mixed_world.hpp
  std::uint64_t seed = 1;
  std::uint16_t https_port = 0;
  std::uint16_t gateways_port = 0;
  std::uint16_t enrolment_port = 0;
  std::uint16_t observability_port = 0;
  std::uint16_t gateway_http_port = 0;
  std::uint16_t uplink_port = 0;  ///< what the gateway dials: gateways_port, or a relay before it

  [[nodiscard]] std::string platform_directory() const { return root + "/platform"; }
  [[nodiscard]] std::string gateway_directory() const { return root + "/gateway"; }
  [[nodiscard]] std::string fleet_directory() const { return root + "/fleet"; }
  [[nodiscard]] std::string logs_directory() const { return root + "/logs"; }
  /// Where backups go: a folder of its own, as a mounted disk of another site would be.
  [[nodiscard]] std::string second_site() const { return root + "/second-site"; }
  [[nodiscard]] std::string models_directory() const { return mixed ? root + "/models" : share_directory + "/models"; }
  /// What the gateway serves; beside the fleet's own file, because paths of serial lines are relative to it.
  [[nodiscard]] std::string devices_file() const {
    return fleet_directory() + (mixed ? "/served-devices.yaml" : "/devices.yaml");
  }
  [[nodiscard]] std::string code_file() const { return root + "/enrolment-code"; }
  /// Under which the gateway reads the switch.
  [[nodiscard]] std::string community_file() const { return root + "/snmp-community"; }
};

/// A port nobody listens on, below the range that outgoing connections use, so that a restarted program finds it free
/// again. Errors: unavailable.
[[nodiscard]] Result<std::uint16_t> find_free_port();
/// Gives the plan's servers ports of their own. `https_port` 0: a free one as well. Errors: unavailable - the HTTPS
/// port asked for, or every other, is taken.
[[nodiscard]] Result<void> choose_ports(DemoPlan& plan, std::uint16_t https_port);
/// One of the plan's ports that somebody listens on; to be asked while the plan's own programs do not run.
[[nodiscard]] std::optional<std::uint16_t> taken_port(const DemoPlan& plan);

[[nodiscard]] std::string platform_yaml(const DemoPlan& plan);
[[nodiscard]] std::string gateway_yaml(const DemoPlan& plan);
[[nodiscard]] std::string fleet_yaml(const DemoPlan& plan);

/// A city's electricity company with four districts, their housing estates, and the fleet's meters in them, as read
/// from the devices file the fleet wrote. Errors: as ConfigFile.
[[nodiscard]] Result<platform::World> demo_world(const std::string& devices_yaml_path);
inline constexpr const char* demo_gateway_name = "gateway-1";
inline constexpr const char* demo_organisation_code = "city";

}  // namespace duheng::tools
