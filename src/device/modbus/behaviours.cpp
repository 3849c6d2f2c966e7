#include "device/modbus/behaviours.hpp"

#include <limits>

#include "device/curve/climate.hpp"
#include "device/curve/utility_curve.hpp"
#include "device/meter/virtual_meter.hpp"
#include "device/modbus/mishaps.hpp"

namespace duheng::device {
namespace {

using modbus::Table;
using modbus::ValueType;

std::int64_t local_ms(const ModbusBehaviourOptions& options, std::int64_t utc_ms) {
  return utc_ms + options.zone_offset_minutes * 60'000LL;
}

class ThreePhase final : public ModbusBehaviour {
 public:
  explicit ThreePhase(const ModbusBehaviourOptions& options)
      : meter_({.address = {},
                .seed = options.seed,
                .three_phase = true,
                .exports = options.seed % 4 == 0,
                .zone_offset_minutes = options.zone_offset_minutes}) {}
  [[nodiscard]] std::string_view product_code() const noexcept override { return "DHG-E3"; }
  [[nodiscard]] std::optional<std::uint16_t> communication_at() const override { return 100; }
  void measure(std::int64_t utc_ms, RegisterBank& bank) const override {
    const auto now = meter_.measure(utc_ms);
    const auto put = [&](std::uint16_t address, ValueType type, std::int64_t number) {
      bank.put(Table::holding_registers, address, type, number);
    };
    for (std::uint16_t phase = 0; phase < 3; ++phase) {
      put(phase, ValueType::uint16, now.voltage_decivolt[phase]);
      put(static_cast<std::uint16_t>(4 + 2 * phase), ValueType::int32, now.current_ma[phase]);
    }
    put(10, ValueType::int32, now.power_active_deciwatt[0]);
    put(12, ValueType::int32, now.power_reactive_decivar[0]);
    put(14, ValueType::int16, now.power_factor_per_mille[0]);
    put(15, ValueType::uint16, now.frequency_centihertz);
    put(20, ValueType::uint32, meter_.energy_centikwh(utc_ms, false, 0));
    put(22, ValueType::uint32, meter_.energy_centikwh(utc_ms, true, 0));
    bank.put(Table::holding_registers, 30, ValueType::bits, status_word(utc_ms));
  }
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override { meter_.happen(utc_ms, happening); }

 private:
  /// 0 voltage too low, 1 voltage lost, 2 voltage too high, 3 cover open, 4 magnetic field; of any phase.
  [[nodiscard]] std::int64_t status_word(std::int64_t utc_ms) const {
    std::int64_t word = 0;
    const auto set = [&](MeterEvent event, int bit) {
      for (std::uint8_t phase = 0; phase <= 3; ++phase)
        if (meter_.state().events.lasts(event, phase, utc_ms)) word |= 1LL << bit;
    };
    set(MeterEvent::under_voltage, 0);
    set(MeterEvent::loss_of_voltage, 1);
    set(MeterEvent::over_voltage, 2);
    set(MeterEvent::cover_open, 3);
    set(MeterEvent::magnetic_field, 4);
    return word;
  }
  VirtualMeter meter_;
};

class Temperature final : public ModbusBehaviour {
 public:
  explicit Temperature(const ModbusBehaviourOptions& options) : options_(options) {}
  [[nodiscard]] std::string_view product_code() const noexcept override { return "DHG-T1"; }
  void measure(std::int64_t utc_ms, RegisterBank& bank) const override {
    // Every house stands a little warmer or colder.
    const auto place = static_cast<std::int64_t>(mixed(options_.seed, 1) % 201) - 100;
    const std::int64_t centidegree =
        outdoor_centidegree(local_ms(options_, utc_ms)) + place + wander(options_.seed, utc_ms, 120'000, 30);
    bank.put(Table::input_registers, 0, ValueType::int16, mishaps_.measures() ? centidegree / 10 : no_measurement);
  }
  void happen(std::int64_t /*utc_ms*/, const DeviceHappening& happening) override { mishaps_.note(happening); }

 private:
  Mishaps mishaps_;
  ModbusBehaviourOptions options_;
};

class Pressure final : public ModbusBehaviour {
 public:
  explicit Pressure(const ModbusBehaviourOptions& options) : options_(options) {}
  [[nodiscard]] std::string_view product_code() const noexcept override { return "DHG-P1"; }
  void measure(std::int64_t utc_ms, RegisterBank& bank) const override {
    const auto mean_kpa = static_cast<std::int64_t>(280 + mixed(options_.seed, 1) % 300);
    bank.put(Table::input_registers, 0, ValueType::int16,
             mishaps_.measures() ? mean_kpa + wander(options_.seed, utc_ms, 30'000, 25) : no_measurement);
  }
  void happen(std::int64_t /*utc_ms*/, const DeviceHappening& happening) override { mishaps_.note(happening); }

 private:
  Mishaps mishaps_;
  ModbusBehaviourOptions options_;
};

class Flow final : public ModbusBehaviour {
 public:
  explicit Flow(const ModbusBehaviourOptions& options)
      : options_(options), curve_(options.seed, installed_day_of(options.seed), false) {}
  [[nodiscard]] std::string_view product_code() const noexcept override { return "DHG-F1"; }
  void measure(std::int64_t utc_ms, RegisterBank& bank) const override {
    const std::int64_t now = local_ms(options_, utc_ms);
    // The branch pipe of a small house.
    const auto flow = static_cast<float>(static_cast<double>(curve_.flow_microlitre_h(now) * households) / 1e9);
    const bool measures = mishaps_.measures();
    bank.put_float(Table::input_registers, 0,
                   measures ? (mishaps_.reversed ? -flow : flow) : std::numeric_limits<float>::quiet_NaN());
    bank.put(Table::input_registers, 2, ValueType::int16,
             measures ? 120 + wander(options_.seed, utc_ms, 900'000, 15) : no_measurement);
    bank.put(Table::input_registers, 4, ValueType::uint32,
             static_cast<std::int64_t>(curve_.volume(now) * households / volume_units::litre));
    bank.put(Table::input_registers, 6, ValueType::bits, fault_bits());
  }
  void happen(std::int64_t /*utc_ms*/, const DeviceHappening& happening) override { mishaps_.note(happening); }

 private:
  static constexpr std::int64_t households = 20;
  /// 0 sensor broken, 1 supply too low, 2 housing open, 3 magnetic field, 4 flows backwards. The total counts what went
  /// through all the same: it is kept by the converter's own pulses.
  [[nodiscard]] std::int64_t fault_bits() const noexcept {
    return (mishaps_.sensor_broken ? 1 : 0) | (mishaps_.has_supply() ? 0 : 2) | (mishaps_.cover_open ? 4 : 0) |
           (mishaps_.magnetic_field ? 8 : 0) | (mishaps_.reversed ? 16 : 0);
  }
  Mishaps mishaps_;
  ModbusBehaviourOptions options_;
  WaterCurve curve_;
};

}  // namespace

std::unique_ptr<ModbusBehaviour> make_three_phase_behaviour(const ModbusBehaviourOptions& options) {
  return std::make_unique<ThreePhase>(options);
}
std::unique_ptr<ModbusBehaviour> make_temperature_behaviour(const ModbusBehaviourOptions& options) {
  return std::make_unique<Temperature>(options);
}
std::unique_ptr<ModbusBehaviour> make_pressure_behaviour(const ModbusBehaviourOptions& options) {
  return std::make_unique<Pressure>(options);
}
std::unique_ptr<ModbusBehaviour> make_flow_behaviour(const ModbusBehaviourOptions& options) {
  return std::make_unique<Flow>(options);
}

}  // namespace duheng::device
