#pragma once
#include <map>
#include <memory>
#include <mutex>

#include "platform/alarms/topology.hpp"
#include "platform/equipment/equipment.hpp"

namespace duheng::platform {

/// Puts network equipment above what hangs on it: device -> (channel ->) equipment -> its uplink ... -> the gateway
/// that supervises it -> the equipment that gateway hangs on. What the ledger does not know, `below` answers.
/// Thread-safe; answers from memory.
class EquipmentTopology final : public alarms::Topology {
 public:
  /// `below` outlives this.
  explicit EquipmentTopology(const alarms::Topology& below) : below_(below) {}
  void update(const EquipmentPicture& picture);
  [[nodiscard]] std::optional<alarms::Subject> parent(const alarms::Subject& subject) const override;
  [[nodiscard]] std::int64_t organisation(const alarms::Subject& subject) const override;

  [[nodiscard]] static alarms::Subject subject(EquipmentId id);
  /// A port of it; stands between the equipment and what hangs on that port.
  [[nodiscard]] static alarms::Subject subject(EquipmentId id, std::uint32_t port);
  [[nodiscard]] static alarms::Subject subject(DeviceId id);
  [[nodiscard]] static alarms::Subject subject(GatewayId id);
  [[nodiscard]] static alarms::Subject subject(GatewayId gateway, const std::string& channel);

 private:
  struct State {
    std::map<alarms::Subject, alarms::Subject> parents;
    std::map<alarms::Subject, std::int64_t> organisations;
  };
  [[nodiscard]] std::shared_ptr<const State> state() const;
  const alarms::Topology& below_;
  mutable std::mutex mutex_;
  std::shared_ptr<const State> state_ = std::make_shared<State>();
};

}  // namespace duheng::platform
