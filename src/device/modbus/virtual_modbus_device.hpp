#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "codec/modbus/message.hpp"
#include "device/bus/device_bus.hpp"
#include "device/memory/device_memory.hpp"
#include "device/modbus/register_bank.hpp"

namespace duheng::device {

/// What stands behind the registers: one class for each kind of device.
class ModbusBehaviour {
 public:
  virtual ~ModbusBehaviour() = default;
  /// For object 1 of the identification, e.g. "DHG-HS1".
  [[nodiscard]] virtual std::string_view product_code() const noexcept = 0;
  /// Fills all tables with what holds at this moment.
  virtual void measure(std::int64_t utc_ms, RegisterBank& bank) const = 0;
  enum class Outcome : std::uint8_t { taken, no_such_address, bad_value };
  /// A holding register or coil that the master writes. `check_only`: nothing changes yet.
  virtual Outcome write_register(std::int64_t utc_ms, std::uint16_t address, std::uint16_t value, bool check_only);
  virtual Outcome write_coil(std::int64_t utc_ms, std::uint16_t address, bool on, bool check_only);
  /// What befalls it (a scenario); what it knows nothing of changes nothing.
  virtual void happen(std::int64_t utc_ms, const DeviceHappening& happening);
  /// All that writes have changed, and the way back. restore(): false when the octets are none of its own, and nothing
  /// has changed then.
  [[nodiscard]] virtual Bytes save() const { return {}; }
  [[nodiscard]] virtual bool restore(ByteView saved) { return saved.empty(); }
};

struct ModbusDeviceOptions {
  std::string uid;
  std::uint8_t unit = 1;
  modbus::Transport transport = modbus::Transport::rtu;  ///< of the line it sits on
  std::shared_ptr<DeviceMemory> memory = nullptr;        ///< none: what was written is forgotten at a restart
};

/// A Modbus server: functions 1 to 6, 15, 16 and 43/14, exceptions 1 to 3 for the rest. A write of many is carried out
/// whole or not at all, and stored before it is answered; when it cannot be stored nothing has changed and nothing is
/// answered, as without power. The ledger's identifier is function << 16 | address.
class VirtualModbusDevice final : public VirtualDevice {
 public:
  VirtualModbusDevice(ModbusDeviceOptions options, std::unique_ptr<ModbusBehaviour> behaviour);
  [[nodiscard]] const std::string& uid() const noexcept override { return options_.uid; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override { return options_.unit; }
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;
  [[nodiscard]] std::optional<DeviceCommand> last_command() const override { return last_command_; }
  void listen_to_commands(CommandListener listener) override { listener_ = std::move(listener); }
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override { behaviour_->happen(utc_ms, happening); }

 private:
  [[nodiscard]] modbus::BuiltPdu respond(std::int64_t utc_ms, const modbus::PduView& request, ByteView question);
  [[nodiscard]] modbus::BuiltPdu read_bits(const modbus::PduView& request, const std::vector<bool>& bits) const;
  [[nodiscard]] modbus::BuiltPdu read_registers(const modbus::PduView& request,
                                                const std::vector<std::uint16_t>& words) const;
  [[nodiscard]] modbus::BuiltPdu write(std::int64_t utc_ms, const modbus::PduView& request, ByteView question);
  [[nodiscard]] bool keep(const DeviceCommand& done);
  void take_up();
  [[nodiscard]] modbus::BuiltPdu identify(const modbus::PduView& request) const;

  ModbusDeviceOptions options_;
  std::unique_ptr<ModbusBehaviour> behaviour_;
  std::optional<DeviceCommand> last_command_;
  CommandListener listener_;
};

}  // namespace duheng::device
