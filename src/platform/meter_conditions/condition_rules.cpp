#include "platform/meter_conditions/condition_rules.hpp"

#include <algorithm>
#include <array>

namespace duheng::platform {
namespace {

using alarms::Severity;
using namespace condition_kinds;

// CJ/T 188-2004, status word ST as most makers read it: bits 0 and 1 the valve (00 open, 01 closed, 11 fault), bit 2
// the battery. The second octet is the maker's own; these are the bits that the product's models go by.
constexpr auto rules = std::to_array<ConditionRule>({
    {"cjt188-", "status_word", 0x0003, 0x0003, valve_fault, Severity::major, "valve"},
    {"cjt188-", "status_word", 0x4004, 0x0004, battery_low, Severity::warning, "low"},
    {"cjt188-", "status_word", 0x4000, 0x4000, battery_low, Severity::major, "empty"},
    {"cjt188-", "status_word", 0x0200, 0x0200, interference, Severity::major, "magnetic_field"},
    {"cjt188-", "status_word", 0x0400, 0x0400, interference, Severity::major, "discharge_or_radiated_field"},
    {"cjt188-", "status_word", 0x1000, 0x1000, cover_open, Severity::major, "cover"},
    {"cjt188-", "status_word", 0x2000, 0x2000, reversed, Severity::warning, "flow"},
    {"modbus-three-phase-meter", "status_word", 0x0001, 0x0001, supply_fault, Severity::warning, "voltage_low"},
    {"modbus-three-phase-meter", "status_word", 0x0002, 0x0002, supply_fault, Severity::major, "voltage_lost"},
    {"modbus-three-phase-meter", "status_word", 0x0004, 0x0004, supply_fault, Severity::warning, "voltage_high"},
    {"modbus-three-phase-meter", "status_word", 0x0008, 0x0008, cover_open, Severity::major, "cover"},
    {"modbus-three-phase-meter", "status_word", 0x0010, 0x0010, interference, Severity::major, "magnetic_field"},
    {"modbus-flow-sensor", "fault_bits", 0x0001, 0x0001, sensor_fault, Severity::major, "sensor"},
    {"modbus-flow-sensor", "fault_bits", 0x0002, 0x0002, supply_fault, Severity::warning, "voltage_low"},
    {"modbus-flow-sensor", "fault_bits", 0x0004, 0x0004, cover_open, Severity::major, "cover"},
    {"modbus-flow-sensor", "fault_bits", 0x0008, 0x0008, interference, Severity::major, "magnetic_field"},
    {"modbus-flow-sensor", "fault_bits", 0x0010, 0x0010, reversed, Severity::warning, "flow"},
    {"modbus-heat-station", "door_open", 0x0001, 0x0001, cover_open, Severity::major, "door"},
    {"modbus-heat-station", "mains_lost", 0x0001, 0x0001, supply_fault, Severity::major, "mains_lost"},
});

constexpr auto valves = std::to_array<ValveRule>({{"cjt188-", "status_word", 0x0003, 0x0001, "volume_total"}});

constexpr std::array kinds{battery_low,  cover_open,   interference, reversed,
                           sensor_fault, supply_fault, valve_fault,  valve_leaking};
static_assert(std::ranges::is_sorted(kinds));

}  // namespace

std::span<const ConditionRule> condition_rules() noexcept { return rules; }
std::span<const ValveRule> valve_rules() noexcept { return valves; }
std::span<const std::string_view> meter_condition_kinds() noexcept { return kinds; }

bool has_condition_rules(std::string_view model) noexcept {
  return std::ranges::any_of(rules, [&](const ConditionRule& rule) { return model.starts_with(rule.model_prefix); });
}

}  // namespace duheng::platform
