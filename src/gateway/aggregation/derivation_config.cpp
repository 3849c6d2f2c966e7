#include "gateway/aggregation/derivation_config.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <unordered_set>

namespace duheng::gateway {
namespace {

constexpr std::size_t points_max = 10'000;
constexpr IntegerRule seconds{0, 604'800};

FieldSum read_sum(const ConfigNode& node) {
  FieldSum out;
  out.uid = node.text("uid");
  out.register_name = node.text("register", out.register_name);
  out.unit = node.text("unit", out.unit);
  out.exponent = static_cast<std::int8_t>(node.integer("exponent", {-9, 0}, out.exponent));
  out.interval_ms = node.integer("interval_s", seconds, out.interval_ms / 1'000) * 1'000;
  out.tolerance_ms = node.integer("tolerance_s", seconds, 0) * 1'000;
  out.wait_ms = node.integer("wait_s", seconds, out.wait_ms / 1'000) * 1'000;
  out.channel = node.text("channel", "");
  for (const auto& member : node.items("members")) out.members.push_back(member.as_text());
  if (const auto fault = find_fault(out); fault && fault->key.empty())
    node.reject(fault->reason);
  else if (fault)
    node.reject(fault->key, fault->reason);
  return out;
}

}  // namespace

DerivationConfig read_derivation(const ConfigNode& root) {
  DerivationConfig out;
  for (const auto& node : root.items("processing")) {
    if (out.points.size() == points_max) {
      node.reject(fmt::format("a gateway has at most {} rules for single devices", points_max));
      break;
    }
    std::string device = node.text("device");
    out.points.push_back({std::move(device), drivers::read_processing_rule(node)});
  }
  for (const auto& node : root.items("sums")) {
    if (out.sums.size() == sum_limits::sums_max) {
      node.reject(fmt::format("a gateway has at most {} sums", sum_limits::sums_max));
      break;
    }
    out.sums.push_back(read_sum(node));
  }
  return out;
}

Result<DerivationOptions> resolve_derivation(const DerivationConfig& config,
                                             const std::vector<DeviceOnChannel>& devices) {
  DerivationOptions out;
  if (config.points.empty() && config.sums.empty()) return out;
  std::unordered_set<std::string_view> uids;
  for (const auto& device : devices) uids.insert(device.uid);
  for (const auto& point : config.points) {
    if (!uids.contains(point.device))
      return fail(ErrorCode::invalid_argument, fmt::format("processing: there is no device '{}'", point.device));
    out.points.push_back(point);
  }
  for (const auto& planned : config.sums) {
    SumRule rule = planned;
    if (!uids.insert(planned.uid).second)
      return fail(ErrorCode::invalid_argument, fmt::format("the uid '{}' of a sum is taken", rule.uid));
    std::set<std::string> members(rule.members.begin(), rule.members.end());
    for (const auto& device : devices)
      if (!planned.channel.empty() && device.channel == planned.channel) members.insert(device.uid);
    rule.members.assign(members.begin(), members.end());
    if (rule.members.empty() || rule.members.size() > sum_limits::members_max)
      return fail(ErrorCode::invalid_argument, fmt::format("sum '{}' has {} members; it must have 1 to {}", rule.uid,
                                                           rule.members.size(), sum_limits::members_max));
    out.sums.push_back(std::move(rule));
  }
  return out;
}

}  // namespace duheng::gateway
