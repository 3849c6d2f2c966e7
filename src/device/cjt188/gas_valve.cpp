#include "device/cjt188/gas_valve.hpp"

#include <utility>

namespace duheng::device {

std::vector<Cjt188Event> GasValve::close(Cjt188Event why) {
  if (std::exchange(state_.open, false)) return {why};
  return {};
}

std::vector<Cjt188Event> GasValve::open_locally() {
  if (state_.open) return {};
  if (!waits_for_local_action()) return {Cjt188Event::opening_refused};
  state_.open = true;
  return {Cjt188Event::opened_locally};
}

void GasValve::take_without_supply(GasValveInput input) {
  if (input == GasValveInput::magnet || input == GasValveInput::magnet_gone)
    state_.magnet = input == GasValveInput::magnet;
  if (input == GasValveInput::radiation || input == GasValveInput::radiation_gone)
    state_.radiation = input == GasValveInput::radiation;
}

std::vector<Cjt188Event> GasValve::take(GasValveInput input) {
  if (!state_.powered) {
    take_without_supply(input);
    if (input != GasValveInput::battery_inserted) return {};
    state_.powered = true;
    state_.locked = state_.locked || state_.magnet;
    return {Cjt188Event::power_restored};
  }
  switch (input) {
    case GasValveInput::remote_close:
      state_.locked = true;
      state_.open = false;
      return {Cjt188Event::closed_by_command};
    case GasValveInput::remote_permit:
      if (state_.open) return {};
      state_.locked = false;
      return {Cjt188Event::opening_permitted};
    case GasValveInput::local_open:
      return open_locally();
    case GasValveInput::battery_removed:
      state_.powered = false;
      return close(Cjt188Event::closed_by_power_off);
    case GasValveInput::magnet:
      state_.locked = state_.magnet = true;
      return close(Cjt188Event::closed_by_magnet);
    case GasValveInput::discharge:
      return close(Cjt188Event::closed_by_discharge);
    case GasValveInput::radiation:
      state_.radiation = true;
      return close(Cjt188Event::closed_by_radiated_field);
    case GasValveInput::magnet_gone:
      state_.magnet = false;
      break;
    case GasValveInput::radiation_gone:
      state_.radiation = false;
      break;
    case GasValveInput::battery_inserted:
      break;
  }
  return {};
}

std::vector<Cjt188Event> GasValve::voltage_mv(std::int32_t millivolt) {
  std::vector<Cjt188Event> out;
  if (!state_.powered) return out;
  Level& level = state_.level;
  if (level == Level::good && millivolt < limits_.notice_mv) {
    level = Level::low;
    out.push_back(Cjt188Event::undervoltage_noticed);
  }
  if (level == Level::low && millivolt < limits_.close_mv) {
    level = Level::empty;
    if (!close(Cjt188Event::closed_by_undervoltage).empty()) out.push_back(Cjt188Event::closed_by_undervoltage);
  }
  if (level == Level::empty && millivolt >= limits_.close_mv + limits_.hysteresis_mv) level = Level::low;
  if (level == Level::low && millivolt >= limits_.notice_mv + limits_.hysteresis_mv) {
    level = Level::good;
    out.push_back(Cjt188Event::voltage_restored);
  }
  return out;
}

}  // namespace duheng::device
