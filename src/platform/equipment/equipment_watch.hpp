#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/equipment/equipment.hpp"
#include "platform/equipment/equipment_state.hpp"
#include "platform/equipment/equipment_topology.hpp"

namespace duheng::platform {

/// What a gateway last said of a device by which equipment is supervised.
struct CheckLine {
  bool offline = false;
  std::int64_t last_answer_utc_ms = 0;  ///< 0: never
};

/// Where the watch learns how things are. Called from its thread; must not block.
struct WatchSources {
  std::function<bool(GatewayId)> is_connected;
  std::function<std::optional<CheckLine>(GatewayId, const std::string& uid)> line;
  /// The newest value of each of its registers; none: no ports are told of.
  std::function<std::vector<RegisterValue>(GatewayId, const std::string& uid)> values{};
};

struct EquipmentStatus {
  EquipmentState state = EquipmentState::unknown;
  bool is_known = false;     ///< the checks tell of it at present; else `state` is the last that was known
  bool is_flapping = false;  ///< comes and goes
  std::int64_t since_utc_ms = 0;
  struct Check {
    std::string kind{};
    DeviceId device{};
    CheckState state = CheckState::unknown;
    std::int64_t last_answer_utc_ms = 0;
  };
  std::vector<Check> checks{};
  std::map<std::uint32_t, PortStatus> ports{};  ///< by number, as SNMP tells of them
};

/// Follows all equipment: what gateways say of its checks becomes states and conditions (equipment_down,
/// equipment_degraded, equipment_port_down). Keeps the topology in step with the ledger. Thread-safe.
class EquipmentWatch {
 public:
  static constexpr std::int64_t step_ms = 2'000;
  static constexpr std::int64_t stale_ms_min = 45'000;
  EquipmentWatch(EquipmentLedger& ledger, EquipmentTopology& topology, alarms::ConditionSink& sink,
                 WatchSources sources, const Clock& clock, EquipmentRules rules = {});
  ~EquipmentWatch();
  EquipmentWatch(const EquipmentWatch&) = delete;
  EquipmentWatch& operator=(const EquipmentWatch&) = delete;

  /// Steps every `step_ms` on a thread of its own; without it step() is called by hand.
  void start();
  void step();
  /// Unknown for equipment that is not supervised.
  [[nodiscard]] EquipmentStatus status(EquipmentId id) const;
  /// How many are in each state, in the order of EquipmentState; those that nobody supervises are left out.
  [[nodiscard]] std::vector<std::size_t> counts() const;

 private:
  struct Watched {
    std::string name;
    EquipmentMachine machine;
    std::vector<EquipmentCheck> checks;
    PortWatch ports;
    std::map<std::uint32_t, std::string> hanging;  // names of what hangs on a port
    EquipmentStatus status;
    bool has_told = false;
  };
  void read_ledger();
  [[nodiscard]] CheckState check_state(const EquipmentCheck& check, EquipmentStatus::Check& told);
  void follow(EquipmentId id, Watched& watched);
  void tell(EquipmentId id, const Watched& watched);
  static void configure_ports(EquipmentId id, const EquipmentPicture& picture, Watched& watched);
  void follow_ports(EquipmentId id, Watched& watched);
  void forget(EquipmentId id, const Watched& watched);
  void run(const std::stop_token& stop);

  EquipmentLedger& ledger_;
  EquipmentTopology& topology_;
  alarms::ConditionSink& sink_;
  WatchSources sources_;
  const Clock& clock_;
  EquipmentRules rules_;
  std::uint64_t revision_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<EquipmentId, Watched> watched_;
  std::map<DeviceId, std::int64_t> first_seen_utc_ms_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform
