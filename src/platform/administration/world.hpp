#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform {

/// What a platform shall hold, by names: for first set-ups, demonstrations and imports. Read from YAML:
///
///   organisations:                  # parents before children
///     - { code: city, name_zh: 市供电公司, name_en: City Power }
///     - { code: east, parent: city, name_zh: 东区, name_en: East }
///   sites:
///     - { organisation: east, name: Substation 1, zone: Asia/Shanghai, address: "" }
///   gateways:
///     - { organisation: east, name: gateway-1 }
///   devices:
///     - { uid: "000000000001", name: Meter 1, address: "000000000001", protocol: dlt645, model:
///     dlt645-2007-three-phase,
///         organisation: east, site: Substation 1, gateway: gateway-1, interval_s: 60 }
///
/// Devices may also come as CSV (RFC 4180, UTF-8) with a first line that names the columns: uid, name, address,
/// protocol, model, organisation, site, gateway, interval_s; site, gateway and interval_s may be missing or empty.
struct World {
  struct Organisation {
    std::string code, parent, name_zh, name_en;
  };
  struct Site {
    std::string organisation, name, zone, address;
  };
  struct Gateway {
    std::string organisation, name;
  };
  struct Device {
    std::string uid, name, address, protocol, model, organisation;
    std::string site;     ///< a name within the organisation; empty: none
    std::string gateway;  ///< empty: none
    std::int64_t interval_s = 900;
  };
  std::vector<Organisation> organisations;
  std::vector<Site> sites;
  std::vector<Gateway> gateways;
  std::vector<Device> devices;
};

/// Errors: malformed, limit_exceeded, not_found (the file) - with file and line.
[[nodiscard]] Result<World> load_world(const std::string& yaml_path);
[[nodiscard]] Result<World> parse_world(std::string_view yaml, const std::string& name);
/// Adds the devices of a CSV text to `world`. Errors: malformed, limit_exceeded (over 200,000 lines) - with the line.
[[nodiscard]] Result<void> add_devices_csv(std::string_view csv, const std::string& name, World& world);

}  // namespace duheng::platform
