#pragma once
#include <functional>
#include <set>
#include <string>

#include "alarm_wiring.hpp"
#include "base/clock.hpp"
#include "base/config.hpp"
#include "platform/equipment/equipment_desk.hpp"
#include "platform/live/live_hub.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/servers/server_watch.hpp"
#include "platform/web/api_services.hpp"

namespace duheng::platform {

/// `servers:` of platform.yaml: how the machine's own health is asked.
struct ServerConfiguration {
  bool enabled = true;
  std::string simulated_folder{};  ///< files instead of the machine; see platform/servers/README.md
  std::int64_t command_timeout_ms = 10'000;
  servers::ServerOptions options{};
};
[[nodiscard]] ServerConfiguration read_servers(const ConfigNode& node);

/// Network equipment and the server's own health. Before it ends nobody may use the services.
class EquipmentWiring {
 public:
  struct Parts {
    records::Database& database;
    const Clock& clock;
    AlarmWiring& alarms;
    Onboarding& onboarding;
    PlanBook& plans;
    std::function<std::set<GatewayId>()> connected;  ///< from any thread
    LiveHub& hub;
  };
  EquipmentWiring(const ServerConfiguration& configuration, Parts parts);
  ~EquipmentWiring();
  EquipmentWiring(const EquipmentWiring&) = delete;
  EquipmentWiring& operator=(const EquipmentWiring&) = delete;
  void give_to(web::ApiServices& services);

 private:
  [[nodiscard]] WatchSources sources();
  [[nodiscard]] bool is_connected(GatewayId gateway);

  Parts parts_;
  std::set<GatewayId> connected_;  ///< of the watch's thread
  std::int64_t connected_read_ms_ = INT64_MIN / 2;
  EquipmentLedger ledger_;
  alarms::NoTopology nothing_;
  EquipmentTopology topology_{nothing_};
  EquipmentSupervision supervision_;
  EquipmentImport import_;
  servers::ServerWatch servers_;
  EquipmentWatch watch_;
  EquipmentDesk desk_;
};

}  // namespace duheng::platform
