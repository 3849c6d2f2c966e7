#include "model/field_derivation_plan.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t unit_bytes_max = 16;

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}
bool is_name(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && is_printable(text);
}

std::optional<FieldSumFault> find_fault_of_times(const FieldSum& sum) {
  if (sum.interval_ms < 60'000 || sum.interval_ms > day_ms || sum.interval_ms % 1'000 != 0)
    return FieldSumFault{"interval_s", "must be 60 to 86400"};
  if (day_ms % sum.interval_ms != 0) return FieldSumFault{"interval_s", "must divide the day"};
  if (sum.tolerance_ms < 0 || sum.tolerance_ms > sum.interval_ms / 2)
    return FieldSumFault{"tolerance_s", "must be 0 to half the interval"};
  if (sum.wait_ms < 1'000 || sum.wait_ms > 7 * day_ms) return FieldSumFault{"wait_s", "must be 1 to 604800"};
  return std::nullopt;
}

std::optional<FieldSumFault> find_fault_of_members(const FieldSum& sum) {
  if (sum.channel.empty() && sum.members.empty()) return FieldSumFault{"", "must have members, a channel, or both"};
  if (sum.members.size() > field_plan_limits::sum_members_max)
    return FieldSumFault{"members", fmt::format("must be at most {}", field_plan_limits::sum_members_max)};
  for (const auto& member : sum.members) {
    if (!is_name(member, name_bytes_max)) return FieldSumFault{"members", "must be uids of 1 to 64 octets"};
    if (member == sum.uid) return FieldSumFault{"members", "must not have the sum itself among them"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<FieldSumFault> find_fault(const FieldSum& sum) {
  if (!is_name(sum.uid, name_bytes_max)) return FieldSumFault{"uid", "must be 1 to 64 octets"};
  if (!is_name(sum.register_name, field_plan_limits::sum_register_bytes_max))
    return FieldSumFault{"register", fmt::format("must be 1 to {} octets", field_plan_limits::sum_register_bytes_max)};
  if (sum.unit.size() > unit_bytes_max || !is_printable(sum.unit))
    return FieldSumFault{"unit", "must be at most 16 octets"};
  if (sum.exponent < -9 || sum.exponent > 0) return FieldSumFault{"exponent", "must be -9 to 0"};
  if (sum.channel.size() > name_bytes_max || !is_printable(sum.channel))
    return FieldSumFault{"channel", "must be at most 64 octets"};
  if (auto fault = find_fault_of_times(sum)) return fault;
  return find_fault_of_members(sum);
}

}  // namespace duheng
