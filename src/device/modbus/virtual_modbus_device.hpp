#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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
  /// Where its communication registers begin, see ModbusLineSettings; nothing: it is set up with switches.
  [[nodiscard]] virtual std::optional<std::uint16_t> communication_at() const { return std::nullopt; }
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

/// Three holding registers: the unit address (1 to 247), the code of the speed (0 to 4: 1200, 2400, 4800, 9600, 19200
/// bit/s), the code of the parity (0 none, 1 even, 2 odd). What is written holds from the answer on.
struct ModbusLineSettings {
  static constexpr std::size_t registers = 3;
  static constexpr std::uint8_t not_set = 255;
  static constexpr std::uint8_t unit_max = 247;
  static constexpr std::array<std::uint32_t, 5> bauds_by_code{1'200, 2'400, 4'800, 9'600, 19'200};
  static constexpr std::uint8_t usual_parity = 1;  // even
  static constexpr std::uint8_t parity_codes = 3;  // as FieldParity
  std::uint8_t unit = 1;
  std::uint8_t speed_code = not_set;  ///< it speaks at whatever speed its line has
  std::uint8_t parity_code = not_set;
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
  [[nodiscard]] std::uint64_t bus_key() const noexcept override { return line_.unit; }
  [[nodiscard]] std::uint32_t line_speed() const override;
  [[nodiscard]] std::optional<FieldParity> line_parity() const override;
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
  /// Nothing: no communication register.
  [[nodiscard]] std::optional<ModbusBehaviour::Outcome> write_line(std::uint16_t address, std::uint16_t value,
                                                                   bool check_only);
  void show_line(RegisterBank& bank) const;
  [[nodiscard]] bool keep(const DeviceCommand& done);
  void take_up();
  [[nodiscard]] modbus::BuiltPdu identify(const modbus::PduView& request) const;

  ModbusDeviceOptions options_;
  std::unique_ptr<ModbusBehaviour> behaviour_;
  ModbusLineSettings line_;
  std::optional<DeviceCommand> last_command_;
  CommandListener listener_;
};

}  // namespace duheng::device
