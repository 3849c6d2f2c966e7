#pragma once
#include <string>

#include "base/clock.hpp"
#include "platform/administration/platform_data.hpp"

namespace duheng::tools {

/// Enters the demo's switch into the ledger of network equipment: who supervises it, and what hangs on which of its
/// ports. `devices_yaml_path` is the file of devices that the gateway serves. What is there already stays as it is.
/// The platform must not be running. Errors: as EquipmentLedger.
[[nodiscard]] Result<void> enter_demo_network(platform::PlatformRecords& records, const Clock& clock,
                                              const std::string& devices_yaml_path);

/// Under which name and with which community the gateway asks it.
inline constexpr const char* demo_snmp_credential = "fleet";
inline constexpr const char* demo_snmp_community = "duheng-fleet";

}  // namespace duheng::tools
