// What GatewayCore makes of readings, as the platform's plan changes it.
#include <algorithm>
#include <fmt/format.h>

#include "drivers/models/rule_text.hpp"
#include "gateway/service/gateway_core_parts.hpp"

namespace duheng::gateway {
namespace {

std::string told(const FieldRule& rule, std::string_view reason) {
  return fmt::format("{}{}: {}", rule_problem_prefix, rule.into, reason);
}

Result<ProcessingRule> rule_for(const FieldRule& rule, const DeviceModel& model) {
  DUHENG_TRY(auto parsed, drivers::parse_processing_rule(rule.text));
  if (parsed.into != rule.into) return fail(ErrorCode::malformed, "its text has another result");
  if (const auto fault = drivers::find_fault(parsed, model))
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' {}", fault->key, fault->reason));
  return parsed;
}

/// A device that calls in has a channel of its own, "listener/uid".
bool is_on(std::string_view name, std::string_view channel) {
  return name == channel || (name.size() > channel.size() && name.starts_with(channel) && name[channel.size()] == '/');
}

}  // namespace

std::vector<FieldPlanProblem> GatewayCore::set_rules(std::string_view uid, std::span<const FieldRule> rules) {
  std::vector<FieldPlanProblem> problems;
  std::vector<ProcessingRule> taken;
  const auto device = find_device(uid);
  for (const FieldRule& rule : rules) {
    if (!device) {
      problems.push_back({std::string(uid), told(rule, "the device is not served")});
      continue;
    }
    auto parsed = rule_for(rule, *devices_[*device].model);
    if (!parsed)
      problems.push_back({std::string(uid), told(rule, parsed.error().message)});
    else if (derivation_.has_own_rule(uid, rule.into))
      problems.push_back({std::string(uid), told(rule, "the gateway's own file has a rule for this result")});
    else
      taken.push_back(std::move(*parsed));
  }
  derivation_.set_rules(uid, std::move(taken));
  return problems;
}

Result<FieldSum> GatewayCore::with_members(const FieldSum& sum) const {
  FieldSum out = sum;
  if (!sum.channel.empty()) {
    for (std::uint32_t channel = 0; channel < channels_.size(); ++channel) {
      if (!channels_[channel].in_use || !is_on(options_.channels[channel].name, sum.channel)) continue;
      for (const std::uint32_t device : channels_[channel].devices)
        if (device != no_device && !devices_[device].leaving) out.members.push_back(devices_[device].uid);
    }
  }
  std::ranges::sort(out.members);
  const auto [last, end] = std::ranges::unique(out.members);
  out.members.erase(last, end);
  if (out.members.empty()) return fail(ErrorCode::invalid_argument, "there is no device that it could add up");
  if (out.members.size() > sum_limits::members_max)
    return fail(ErrorCode::invalid_argument,
                fmt::format("it has {} members; it must have at most {}", out.members.size(), sum_limits::members_max));
  return out;
}

Result<std::int64_t> GatewayCore::set_sum(const FieldSum& sum, std::int64_t from_utc_ms) {
  if (find_device(sum.uid)) return fail(ErrorCode::already_exists, "a device has its uid");
  return derivation_.set_sum(sum, from_utc_ms);
}

void GatewayCore::remove_sum(std::string_view uid) { derivation_.remove_sum(uid, clock_.utc_ms()); }

}  // namespace duheng::gateway
