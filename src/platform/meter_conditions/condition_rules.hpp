#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "platform/alarms/alarm_condition.hpp"

namespace duheng::platform {

/// A bit or two of a status register of some models that say: something is wrong with this meter.
struct ConditionRule {
  std::string_view model_prefix;  ///< of the device model's id
  std::string_view register_name;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;  ///< the condition holds when (word & mask) == value
  std::string_view kind;
  alarms::Severity severity = alarms::Severity::warning;
  std::string_view detail;  ///< a word for the fact "detail": what of this kind it is
};
[[nodiscard]] std::span<const ConditionRule> condition_rules() noexcept;

/// Where a model says that its valve is closed.
struct ValveRule {
  std::string_view model_prefix;
  std::string_view register_name;
  std::uint64_t mask = 0;
  std::uint64_t closed = 0;
  std::string_view volume_register;
};
[[nodiscard]] std::span<const ValveRule> valve_rules() noexcept;

namespace condition_kinds {
inline constexpr std::string_view battery_low = "meter_battery_low";
inline constexpr std::string_view cover_open = "meter_cover_open";
inline constexpr std::string_view interference = "meter_interference";
inline constexpr std::string_view reversed = "meter_reversed";
inline constexpr std::string_view sensor_fault = "meter_sensor_fault";
inline constexpr std::string_view supply_fault = "meter_supply_fault";
inline constexpr std::string_view valve_fault = "valve_fault";
inline constexpr std::string_view valve_leaking = "valve_leaking";
}  // namespace condition_kinds
/// All of them, sorted.
[[nodiscard]] std::span<const std::string_view> meter_condition_kinds() noexcept;

/// Whether anything of such a model is looked at.
[[nodiscard]] bool has_condition_rules(std::string_view model) noexcept;

}  // namespace duheng::platform
