#include "gateway/equipment/equipment_config.hpp"

#include <filesystem>

#include "base/random.hpp"
#include "drivers/snmp/credentials.hpp"

namespace duheng::gateway {

drivers::DriverSecrets read_equipment_secrets(const ConfigNode& root, const std::string& config_path) {
  const auto nodes = root.items("snmp");
  if (nodes.empty()) return {};
  SystemRandom random;
  auto credentials = std::make_shared<drivers::SnmpCredentials>(random);
  drivers::read_snmp_credentials(nodes, std::filesystem::path(config_path).parent_path().string(), *credentials);
  return {std::move(credentials)};
}

}  // namespace duheng::gateway
