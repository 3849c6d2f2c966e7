#pragma once
#include <string>

#include "platform/equipment/equipment.hpp"
#include "platform/onboarding/onboarding.hpp"

namespace duheng::platform {

/// How a piece of equipment is to be supervised by its gateway.
struct Supervision {
  bool ping = true;
  bool snmp = false;
  std::string snmp_credential{};  ///< its name in the gateway's configuration
  std::uint16_t snmp_port = 161;
  std::string snmp_model = "snmp-switch";
};

/// Makes and ends the devices by which equipment is supervised: one for ping, one for SNMP, each on a channel of its
/// own in the gateway's plan. From there their readings, frames and states are those of any device.
class EquipmentSupervision {
 public:
  EquipmentSupervision(EquipmentLedger& ledger, Onboarding& onboarding) : ledger_(ledger), onboarding_(onboarding) {}
  /// Faults: gateway or address of the equipment are missing; as Onboarding::add().
  [[nodiscard]] Checked<void> begin(const Author& author, EquipmentId id, const Supervision& how);
  /// What was read is kept. Errors: not_found; as Onboarding::retire().
  [[nodiscard]] Result<void> end(const Author& author, EquipmentId id);

 private:
  [[nodiscard]] Checked<DeviceId> add(const Author& author, const Equipment& equipment, std::string_view kind,
                                      const std::string& model, const std::string& address, std::uint16_t port);
  EquipmentLedger& ledger_;
  Onboarding& onboarding_;
};

}  // namespace duheng::platform
