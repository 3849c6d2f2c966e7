#include "device/fleet/catalogue.hpp"

#include <array>

#include "device/cjt188/cjt188_line.hpp"
#include "device/cjt188/virtual_cjt188_meter.hpp"
#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/meter/virtual_bus.hpp"
#include "device/modbus/behaviours.hpp"
#include "device/modbus/modbus_line.hpp"
#include "device/snmp/virtual_switch.hpp"

namespace duheng::device {
namespace {

namespace types = cjt188::meter_types;

constexpr std::string_view three_phase_645 = "dlt645-2007-three-phase";
constexpr std::string_view three_phase_698 = "dlt698-three-phase";
constexpr std::array models{
    VirtualModel{"dlt645-2007-single-phase", LineKind::dlt645},
    VirtualModel{three_phase_645, LineKind::dlt645},
    VirtualModel{"dlt698-single-phase", LineKind::dlt698},
    VirtualModel{three_phase_698, LineKind::dlt698},
    VirtualModel{"cjt188-cold-water", LineKind::cjt188, types::cold_water, "standard_2004"},
    VirtualModel{"cjt188-hot-water", LineKind::cjt188, types::hot_water, "standard_2004"},
    VirtualModel{"cjt188-drinking-water", LineKind::cjt188, types::drinking_water, "standard_2004"},
    VirtualModel{"cjt188-reclaimed-water", LineKind::cjt188, types::reclaimed_water, "standard_2004"},
    VirtualModel{"cjt188-gas-valve", LineKind::cjt188, types::gas, "standard_2004"},
    VirtualModel{"cjt188-heat-2004", LineKind::cjt188, types::heat, "standard_2004"},
    VirtualModel{"cjt188-heat-2018", LineKind::cjt188, types::heat, "standard_2018"},
    VirtualModel{"cjt188-cooling-2004", LineKind::cjt188, types::cooling, "heat_with_cooling"},
    VirtualModel{"cjt188-heat-and-cooling-2018", LineKind::cjt188, types::heat_and_cooling, "standard_2018"},
    VirtualModel{"modbus-three-phase-meter", LineKind::modbus_rtu},
    VirtualModel{"modbus-heat-station", LineKind::modbus_tcp},
    VirtualModel{"modbus-temperature-sensor", LineKind::modbus_rtu},
    VirtualModel{"modbus-temperature-sensor-ascii", LineKind::modbus_ascii},
    VirtualModel{"modbus-pressure-sensor", LineKind::modbus_rtu},
    VirtualModel{"modbus-flow-sensor", LineKind::modbus_rtu},
    VirtualModel{"snmp-switch", LineKind::snmp},
};

modbus::Transport transport_of(LineKind kind) {
  if (kind == LineKind::modbus_tcp) return modbus::Transport::tcp;
  return kind == LineKind::modbus_ascii ? modbus::Transport::ascii : modbus::Transport::rtu;
}

std::unique_ptr<ModbusBehaviour> behaviour_of(std::string_view model, const ModbusBehaviourOptions& options) {
  if (model == "modbus-three-phase-meter") return make_three_phase_behaviour(options);
  if (model == "modbus-heat-station") return make_heat_station_behaviour(options);
  if (model.starts_with("modbus-temperature-sensor")) return make_temperature_behaviour(options);
  if (model == "modbus-pressure-sensor") return make_pressure_behaviour(options);
  return make_flow_behaviour(options);
}

}  // namespace

const LineProtocol& protocol_of(LineKind kind) {
  switch (kind) {
    case LineKind::cjt188:
      return cjt188_line();
    case LineKind::modbus_rtu:
      return modbus_rtu_line();
    case LineKind::modbus_ascii:
      return modbus_ascii_line();
    case LineKind::modbus_tcp:
      return modbus_tcp_line();
    case LineKind::dlt698:
      return dlt698_line();
    case LineKind::snmp:
      return snmp_line();
    case LineKind::dlt645:
      break;
  }
  return dlt645_line();
}

std::span<const VirtualModel> virtual_models() noexcept { return models; }

const VirtualModel* find_virtual_model(std::string_view name) noexcept {
  for (const auto& model : models)
    if (model.name == name) return &model;
  return nullptr;
}

std::shared_ptr<VirtualDevice> make_virtual_device(const VirtualModel& model, const DeviceSeat& seat) {
  if (is_modbus(model.line))
    return std::make_shared<VirtualModbusDevice>(
        ModbusDeviceOptions{.uid = seat.uid,
                            .unit = static_cast<std::uint8_t>(std::stoul(seat.address)),
                            .transport = transport_of(model.line),
                            .memory = seat.memory},
        behaviour_of(model.name, {.seed = seat.seed, .zone_offset_minutes = seat.zone_offset_minutes}));
  if (model.line == LineKind::cjt188)
    return std::make_shared<VirtualCjt188Meter>(Cjt188MeterOptions{.address = *cjt188::Address::parse(seat.address),
                                                                   .meter_type = model.meter_type,
                                                                   .profile = cjt188::find_profile(model.profile),
                                                                   .seed = seat.seed,
                                                                   .leaks = seat.leaks,
                                                                   .has_valve = model.meter_type == types::gas,
                                                                   .zone_offset_minutes = seat.zone_offset_minutes,
                                                                   .clock_drift_ppm = seat.clock_drift_ppm,
                                                                   .memory = seat.memory});
  if (model.line == LineKind::dlt698)
    return std::make_shared<VirtualDlt698Meter>(
        Dlt698MeterOptions{.address = *dlt698::ServerAddress::parse(seat.address),
                           .seed = seat.seed,
                           .three_phase = model.name == three_phase_698,
                           .exports = seat.exports,
                           .zone_offset_minutes = seat.zone_offset_minutes,
                           .clock_drift_ppm = seat.clock_drift_ppm,
                           .reports_events = seat.reports,
                           .memory = seat.memory});
  return std::make_shared<VirtualMeter>(
      VirtualMeterOptions{.address = *dlt645::Address::parse(seat.address),
                          .seed = seat.seed,
                          .three_phase = model.name == three_phase_645,
                          .exports = seat.exports,
                          .use = seat.factory ? LoadCurve::Use::factory : LoadCurve::Use::any,
                          .zone_offset_minutes = seat.zone_offset_minutes,
                          .clock_drift_ppm = seat.clock_drift_ppm},
      seat.memory);
}

}  // namespace duheng::device
