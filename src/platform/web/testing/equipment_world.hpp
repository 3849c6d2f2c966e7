#pragma once
// For tests only: network equipment and the server's health beside an ApiWorld, stepped by hand.
#include <memory>

#include "platform/equipment/equipment_desk.hpp"
#include "platform/servers/server_watch.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// Its services are the world's while it lives. Every check answers when `answers`; else its gateway is not there.
class EquipmentWorld {
 public:
  EquipmentWorld(ApiWorld& world, alarms::ConditionSink& sink, std::unique_ptr<servers::SourceReader> machine,
                 bool answers = false)
      : topology(world.topology),
        ledger(*world.database, world.clock),
        supervision(ledger, world.onboarding),
        import(ledger),
        watch(ledger, topology, sink,
              {[answers](GatewayId) { return answers; },
               [&world](GatewayId, const std::string&) { return CheckLine{false, world.clock.utc_ms()}; },
               [this](GatewayId, const std::string&) { return registers; }},
              world.clock),
        desk{ledger, watch, supervision, import},
        servers(std::move(machine), sink, world.clock, {}),
        world_(world) {
    world_.services.equipment = &desk;
    world_.services.servers = &servers;
  }
  EquipmentWorld(const EquipmentWorld&) = delete;
  EquipmentWorld& operator=(const EquipmentWorld&) = delete;
  ~EquipmentWorld() {
    world_.services.equipment = nullptr;
    world_.services.servers = nullptr;
  }

  std::vector<RegisterValue> registers;  ///< of every device by which SNMP supervises
  EquipmentTopology topology;
  EquipmentLedger ledger;
  EquipmentSupervision supervision;
  EquipmentImport import;
  EquipmentWatch watch;
  EquipmentDesk desk;
  servers::ServerWatch servers;

 private:
  ApiWorld& world_;
};

}  // namespace duheng::platform::web::testing
