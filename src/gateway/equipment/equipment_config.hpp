#pragma once
#include <string>

#include "base/config.hpp"
#include "drivers/protocol/driver.hpp"

namespace duheng::gateway {

/// Reads the list `snmp` of a gateway's configuration: the credentials under which network equipment is asked. Files
/// they name stand beside `config_path`. What is wrong is rejected through the nodes.
[[nodiscard]] drivers::DriverSecrets read_equipment_secrets(const ConfigNode& root, const std::string& config_path);

}  // namespace duheng::gateway
