#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "device/bus/device_bus.hpp"
#include "device/memory/device_memory.hpp"

namespace duheng::device {

enum class LineKind : std::uint8_t { dlt645, cjt188, modbus_rtu, modbus_tcp, dlt698, modbus_ascii, snmp };
[[nodiscard]] const LineProtocol& protocol_of(LineKind kind);
[[nodiscard]] constexpr bool is_modbus(LineKind kind) noexcept {
  return kind == LineKind::modbus_rtu || kind == LineKind::modbus_ascii || kind == LineKind::modbus_tcp;
}

/// A device model (models/<name>.yaml) of which there is a virtual device.
struct VirtualModel {
  std::string_view name;
  LineKind line = LineKind::dlt645;
  std::uint8_t meter_type = 0;    ///< CJ/T 188
  std::string_view profile = {};  ///< CJ/T 188
};
[[nodiscard]] std::span<const VirtualModel> virtual_models() noexcept;
/// nullptr when there is none of that name.
[[nodiscard]] const VirtualModel* find_virtual_model(std::string_view name) noexcept;

/// Where a device sits and what makes it differ from its neighbours.
struct DeviceSeat {
  std::string uid;      ///< for meters with an address of their own: that address
  std::string address;  ///< digits, or the unit number
  std::uint64_t seed = 1;
  bool exports = false;  ///< DL/T 645, 698.45: has solar panels
  bool factory = false;  ///< DL/T 645: works in shifts
  bool reports = false;  ///< DL/T 698.45: tells new events of its own accord
  bool leaks = false;    ///< water: a trickle that never ends
  std::int32_t zone_offset_minutes = 480;
  std::int32_t clock_drift_ppm = 0;
  std::shared_ptr<DeviceMemory> memory = nullptr;  ///< what it keeps without power; none: forgets what masters wrote
};
/// The address must be one of the model's protocol: the caller has made it. Not for switches, which know what hangs on
/// them: see device/snmp.
[[nodiscard]] std::shared_ptr<VirtualDevice> make_virtual_device(const VirtualModel& model, const DeviceSeat& seat);

}  // namespace duheng::device
