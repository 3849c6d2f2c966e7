#include "device/scenario/scenario.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "device/curve/day_curve.hpp"
#include "device/scenario/scenario_device.hpp"

namespace duheng::device {
namespace {

constexpr std::uint64_t everybody_ppm = 1'000'000;

bool lists(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}
/// FNV-1a: draws depend on who a device is, not on how many stand before it.
std::uint64_t number_of(std::string_view uid) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char letter : uid) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 1'099'511'628'211ULL;
  return hash;
}

}  // namespace

bool Scenario::concerns(std::size_t rule, std::string_view uid, std::string_view model) const {
  const auto& r = plan_.rules[rule];
  return lists(r.devices, uid) && lists(r.models, model) &&
         mixed(plan_.seed, rule, number_of(uid)) % everybody_ppm < r.fraction_ppm;
}

std::shared_ptr<VirtualDevice> Scenario::seat(std::shared_ptr<VirtualDevice> device, std::string_view model) {
  models_.emplace(model);
  std::vector<std::uint32_t> of_device;
  auto& all = rules_by_uid_[device->uid()];
  all.clear();
  for (std::uint32_t rule = 0; rule < plan_.rules.size(); ++rule) {
    if (!concerns(rule, device->uid(), model)) continue;
    all.push_back(rule);
    if (plan_.rules[rule].is_of_device()) of_device.push_back(rule);
  }
  if (of_device.empty()) return device;
  return std::make_shared<ScenarioDevice>(*this, std::move(device), of_device);
}

Result<void> Scenario::check_names() const {
  for (const auto& rule : plan_.rules) {
    for (const auto& name : rule.devices)
      if (!rules_by_uid_.contains(name))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}:{}: there is no device '{}'", plan_.file, rule.line, name));
    for (const auto& name : rule.models)
      if (!models_.contains(name))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}:{}: no device is a '{}'", plan_.file, rule.line, name));
  }
  return {};
}

const std::vector<std::uint32_t>& Scenario::rules_of(std::string_view uid) const {
  static const std::vector<std::uint32_t> none;
  const auto found = rules_by_uid_.find(uid);
  return found != rules_by_uid_.end() ? found->second : none;
}

}  // namespace duheng::device
