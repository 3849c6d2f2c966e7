#pragma once
#include <memory>

#include "device/modbus/virtual_modbus_device.hpp"

namespace duheng::device {

/// The register layouts are those of the product's own models/modbus-*.yaml.
struct ModbusBehaviourOptions {
  std::uint64_t seed = 1;
  std::int32_t zone_offset_minutes = 480;
};

/// Voltages, currents, powers and energies of a consumer or prosumer; values as of the DL/T 645 meter of that seed.
[[nodiscard]] std::unique_ptr<ModbusBehaviour> make_three_phase_behaviour(const ModbusBehaviourOptions& options);
/// A heat exchange station. Holding register 0 is the primary valve's position (0 to 1000, 0.1 %), 1 the circulation
/// pump's frequency (0 to 6000, 0.01 Hz), coil 0 the pump. Heat follows the valve: at 60.0 % the station gives what the
/// weather asks for.
[[nodiscard]] std::unique_ptr<ModbusBehaviour> make_heat_station_behaviour(const ModbusBehaviourOptions& options);
/// Outdoor or pipe temperature.
[[nodiscard]] std::unique_ptr<ModbusBehaviour> make_temperature_behaviour(const ModbusBehaviourOptions& options);
[[nodiscard]] std::unique_ptr<ModbusBehaviour> make_pressure_behaviour(const ModbusBehaviourOptions& options);
/// Flow, water temperature, volume since installation, fault bits.
[[nodiscard]] std::unique_ptr<ModbusBehaviour> make_flow_behaviour(const ModbusBehaviourOptions& options);

}  // namespace duheng::device
