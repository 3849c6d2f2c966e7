#include "device/modbus/behaviours.hpp"

#include "device/curve/climate.hpp"
#include "device/curve/utility_curve.hpp"
#include "device/meter/virtual_meter.hpp"

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
  }

 private:
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
    bank.put(Table::input_registers, 0, ValueType::int16, centidegree / 10);
  }

 private:
  ModbusBehaviourOptions options_;
};

class Pressure final : public ModbusBehaviour {
 public:
  explicit Pressure(const ModbusBehaviourOptions& options) : options_(options) {}
  [[nodiscard]] std::string_view product_code() const noexcept override { return "DHG-P1"; }
  void measure(std::int64_t utc_ms, RegisterBank& bank) const override {
    const auto mean_kpa = static_cast<std::int64_t>(280 + mixed(options_.seed, 1) % 300);
    bank.put(Table::input_registers, 0, ValueType::int16, mean_kpa + wander(options_.seed, utc_ms, 30'000, 25));
  }

 private:
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
    bank.put_float(Table::input_registers, 0,
                   static_cast<float>(static_cast<double>(curve_.flow_microlitre_h(now) * households) / 1e9));
    bank.put(Table::input_registers, 2, ValueType::int16, 120 + wander(options_.seed, utc_ms, 900'000, 15));
    bank.put(Table::input_registers, 4, ValueType::uint32,
             static_cast<std::int64_t>(curve_.volume(now) * households / volume_units::litre));
    bank.put(Table::input_registers, 6, ValueType::bits, 0);
  }

 private:
  static constexpr std::int64_t households = 20;
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
