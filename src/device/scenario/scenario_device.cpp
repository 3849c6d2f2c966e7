#include "device/scenario/scenario_device.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

using Kind = ScenarioRule::Kind;
using Happening = DeviceHappening::Kind;

Happening happening_of(Kind kind) {
  switch (kind) {
    case Kind::clock_drift:
      return Happening::clock_drift;
    case Kind::magnetic_field:
      return Happening::magnetic_field;
    case Kind::electrostatic_discharge:
      return Happening::electrostatic_discharge;
    case Kind::radiated_field:
      return Happening::radiated_field;
    case Kind::cover_open:
      return Happening::cover;
    case Kind::reverse:
      return Happening::reverse;
    case Kind::voltage:
      return Happening::voltage;
    case Kind::battery:
      return Happening::battery;
    case Kind::power_cut:
      return Happening::power;
    case Kind::press_button:
      return Happening::button;
    case Kind::sensor_broken:
      return Happening::sensor;
    case Kind::valve_leaking:
      return Happening::valve_seat;
    case Kind::phase_break:
      return Happening::phase_break;
    case Kind::loss_of_current:
      return Happening::loss_of_current;
    case Kind::over_current:
      return Happening::over_current;
    case Kind::overload:
      return Happening::overload;
    case Kind::reverse_flow:
      return Happening::reverse_flow;
    case Kind::voltage_sequence:
      return Happening::voltage_sequence;
    case Kind::current_sequence:
      return Happening::current_sequence;
    case Kind::voltage_unbalance:
      return Happening::voltage_unbalance;
    case Kind::current_unbalance:
      return Happening::current_unbalance;
    case Kind::over_demand:
      return Happening::over_demand;
    case Kind::terminal_cover:
      return Happening::terminal_cover;
    default:
      return Happening::clock_jump;
  }
}

}  // namespace

ScenarioDevice::ScenarioDevice(Scenario& scenario, std::shared_ptr<VirtualDevice> device,
                               const std::vector<std::uint32_t>& rules)
    : scenario_(scenario), device_(std::move(device)) {
  for (const std::uint32_t rule : rules) courses_.push_back({&scenario.plan().rules[rule]});
}

/// Instants have one step, states two (on and off), ramps one for each `step_ms` and one at their end.
std::optional<ScenarioDevice::Due> ScenarioDevice::step_of(const ScenarioRule& rule, std::int64_t step) {
  const auto due = [&](std::int64_t elapsed_ms, std::int64_t amount) {
    return Due{elapsed_ms, {happening_of(rule.kind), amount, rule.phase}};
  };
  switch (rule.kind) {
    case Kind::clock_jump:
    case Kind::electrostatic_discharge:
    case Kind::press_button:
      if (step > 0) return std::nullopt;
      return due(rule.from_ms, rule.amount_from);
    case Kind::voltage:
    case Kind::battery: {
      const std::int64_t lasts_ms = rule.until_ms - rule.from_ms;
      const std::int64_t into_ms = std::min(step * rule.step_ms, lasts_ms);
      if (step > 0 && (step - 1) * rule.step_ms >= lasts_ms) return std::nullopt;
      return due(rule.from_ms + into_ms, rule.amount_from + (rule.amount_to - rule.amount_from) * into_ms / lasts_ms);
    }
    default:
      break;
  }
  const bool begins = step == 0;
  if (step > 1 || (!begins && rule.until_ms == ScenarioRule::no_end)) return std::nullopt;
  std::int64_t amount = begins ? 1 : 0;
  if (rule.kind == Kind::clock_drift) amount *= rule.amount_from;
  if (rule.kind == Kind::power_cut) amount = 1 - amount;
  return due(begins ? rule.from_ms : rule.until_ms, amount);
}

/// Cuts may overlap: the supply fails with the first and comes back with the end of the last.
bool ScenarioDevice::changes_supply(bool comes_back) {
  cuts_ += comes_back ? -1 : 1;
  return cuts_ == (comes_back ? 0 : 1);
}

void ScenarioDevice::catch_up(std::int64_t elapsed_ms) {
  while (!courses_.empty()) {
    // Few rules concern one device: looking through them is cheaper than keeping them in order.
    Course* next = nullptr;
    std::optional<Due> first;
    for (Course& course : courses_) {
      const auto due = step_of(*course.rule, course.step);
      if (!due || due->elapsed_ms > elapsed_ms || (first && first->elapsed_ms <= due->elapsed_ms)) continue;
      first = due;
      next = &course;
    }
    if (next == nullptr) return;
    if (next->step++ == 0) scenario_.count(next->rule->kind);
    if (first->happening.kind == Happening::power && !changes_supply(first->happening.amount != 0)) continue;
    device_->happen(scenario_.start().utc_ms + first->elapsed_ms, first->happening);
  }
}

std::optional<DeviceAnswer> ScenarioDevice::answer(std::int64_t utc_ms, ByteView question) {
  catch_up(utc_ms - scenario_.start().utc_ms);
  if (cuts_ > 0) return std::nullopt;
  return device_->answer(utc_ms, question);
}

std::optional<DeviceAnswer> ScenarioDevice::report(std::int64_t utc_ms) {
  catch_up(utc_ms - scenario_.start().utc_ms);
  if (cuts_ > 0) return std::nullopt;
  return device_->report(utc_ms);
}

}  // namespace duheng::device
