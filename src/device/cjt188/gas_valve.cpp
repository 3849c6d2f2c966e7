#include "device/cjt188/gas_valve.hpp"

#include <utility>

namespace duheng::device {

std::string_view to_string(GasEvent event) noexcept {
  switch (event) {
    case GasEvent::closed_by_command:
      return "closed_by_command";
    case GasEvent::opening_permitted:
      return "opening_permitted";
    case GasEvent::opened_locally:
      return "opened_locally";
    case GasEvent::opening_refused:
      return "opening_refused";
    case GasEvent::undervoltage_noticed:
      return "undervoltage_noticed";
    case GasEvent::closed_by_undervoltage:
      return "closed_by_undervoltage";
    case GasEvent::voltage_restored:
      return "voltage_restored";
    case GasEvent::closed_by_power_off:
      return "closed_by_power_off";
    case GasEvent::power_restored:
      return "power_restored";
    case GasEvent::closed_by_magnet:
      return "closed_by_magnet";
  }
  return "unknown";
}

bool GasValve::close() noexcept { return std::exchange(open_, false); }

std::vector<GasEvent> GasValve::take(GasValveInput input) {
  if (!powered_) {
    if (input != GasValveInput::battery_inserted) return {};
    powered_ = true;
    return {GasEvent::power_restored};
  }
  switch (input) {
    case GasValveInput::remote_close:
      locked_ = true;
      close();
      return {GasEvent::closed_by_command};
    case GasValveInput::remote_permit:
      if (open_) return {};
      locked_ = false;
      return {GasEvent::opening_permitted};
    case GasValveInput::local_open:
      if (open_) return {};
      if (!waits_for_local_action()) return {GasEvent::opening_refused};
      open_ = true;
      return {GasEvent::opened_locally};
    case GasValveInput::battery_removed:
      powered_ = false;
      if (close()) return {GasEvent::closed_by_power_off};
      return {};
    case GasValveInput::magnet:
      locked_ = true;
      if (close()) return {GasEvent::closed_by_magnet};
      return {};
    case GasValveInput::battery_inserted:
      break;
  }
  return {};
}

std::vector<GasEvent> GasValve::voltage_mv(std::int32_t millivolt) {
  std::vector<GasEvent> out;
  if (!powered_) return out;
  if (level_ == Level::good && millivolt < limits_.notice_mv) {
    level_ = Level::low;
    out.push_back(GasEvent::undervoltage_noticed);
  }
  if (level_ == Level::low && millivolt < limits_.close_mv) {
    level_ = Level::empty;
    if (close()) out.push_back(GasEvent::closed_by_undervoltage);
  }
  if (level_ == Level::empty && millivolt >= limits_.close_mv + limits_.hysteresis_mv) level_ = Level::low;
  if (level_ == Level::low && millivolt >= limits_.notice_mv + limits_.hysteresis_mv) {
    level_ = Level::good;
    out.push_back(GasEvent::voltage_restored);
  }
  return out;
}

}  // namespace duheng::device
