#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "device/bus/device_bus.hpp"
#include "device/memory/device_memory.hpp"
#include "device/snmp/snmp_agent.hpp"
#include "device/snmp/switch_body.hpp"
#include "device/snmp/switch_drill.hpp"

namespace duheng::device {

struct VirtualSwitchOptions {
  std::string uid{};
  std::string community{};  ///< of version 2c; empty: not spoken
  std::optional<SnmpUser> user{};
  SwitchBodyOptions body{};
  std::int64_t utc_ms = 0;                         ///< from when on it has supply
  std::shared_ptr<DeviceMemory> memory = nullptr;  ///< keeps how often it has started; none: always once
};

/// A managed switch over SNMP. The ledger's identifier is the request's type << 16 | how many objects it names. Without
/// supply it keeps silent; a loss of supply starts uptime, counters and the engine anew. Not thread-safe.
class VirtualSwitch final : public VirtualDevice {
 public:
  /// Errors: as SnmpAgent::make().
  [[nodiscard]] static Result<std::shared_ptr<VirtualSwitch>> make(VirtualSwitchOptions options);
  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override { return 1; }
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override;

  /// Everything that is done to it now; what a former call did and this one does not name is mended.
  void obey(std::int64_t utc_ms, const std::vector<SwitchDrill>& drills);
  [[nodiscard]] SwitchBody& body() noexcept { return body_; }

 private:
  VirtualSwitch(const VirtualSwitchOptions& options, SnmpAgent agent);
  void supply(std::int64_t utc_ms);
  void boot();
  static void apply(SwitchBody& body, std::int64_t utc_ms, const SwitchDrill& drill, bool is_done);

  std::string uid_;
  SnmpAgent agent_;
  SwitchBody body_;
  std::shared_ptr<DeviceMemory> memory_;
  std::int32_t boots_ = 0;
  bool is_cut_ = false;  // by a scenario
  bool is_off_ = false;  // by a drill
  std::vector<SwitchDrill> drills_;
};

/// One datagram is one question; nothing in it shows a changed octet where no key protects it.
[[nodiscard]] const LineProtocol& snmp_line();

}  // namespace duheng::device
