#include "gateway/aggregation/derivation_config.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <unordered_set>

namespace duheng::gateway {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t points_max = 10'000;

PlannedSum read_sum(const ConfigNode& node) {
  PlannedSum out;
  SumRule& rule = out.rule;
  rule.uid = node.text("uid");
  if (rule.uid.empty() || rule.uid.size() > batch_limits::device_uid_bytes_max)
    node.reject("uid", "must be 1 to 64 octets");
  rule.register_name = node.text("register", rule.register_name);
  constexpr std::size_t suffix = std::string_view("_incomplete").size();
  if (rule.register_name.empty() || rule.register_name.size() + suffix > batch_limits::register_name_bytes_max)
    node.reject("register", fmt::format("must be 1 to {} octets", batch_limits::register_name_bytes_max - suffix));
  rule.unit = node.text("unit", rule.unit);
  rule.exponent = static_cast<std::int8_t>(node.integer("exponent", {-9, 0}, rule.exponent));
  rule.interval_ms = node.integer("interval_s", {60, 86'400}, rule.interval_ms / 1'000) * 1'000;
  if (day_ms % rule.interval_ms != 0) node.reject("interval_s", "must divide the day");
  rule.tolerance_ms = node.integer("tolerance_s", {0, rule.interval_ms / 2'000}, 0) * 1'000;
  rule.wait_ms = node.integer("wait_s", {1, 7 * 86'400}, rule.wait_ms / 1'000) * 1'000;
  out.channel = node.text("channel", "");
  for (const auto& member : node.items("members")) rule.members.push_back(member.as_text());
  if (out.channel.empty() && rule.members.empty()) node.reject("must have members, a channel, or both");
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
    SumRule rule = planned.rule;
    if (!uids.insert(planned.rule.uid).second)
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
