#include "platform/onboarding/gateway_sums.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "platform/gateways/gateways.hpp"
#include "platform/onboarding/derivation_tables.hpp"
#include "platform/onboarding/sampling_tables.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;
namespace tables = derivation_tables;

Result<void> check_members(Transaction& t, const Author& author, NewSum& wanted, FieldSum& whole) {
  std::ranges::sort(wanted.members);
  const auto [last, end] = std::ranges::unique(wanted.members);
  wanted.members.erase(last, end);
  for (const DeviceId member : wanted.members) {
    DUHENG_TRY(auto place, sampling_tables::place_of(t, author.scope, member));
    if (place.gateway != wanted.gateway)
      return fail(ErrorCode::invalid_argument, fmt::format("members: {} is read by another gateway", place.uid));
    whole.members.push_back(std::move(place.uid));
  }
  return {};
}

Result<void> check_room(Transaction& t, const NewSum& wanted) {
  DUHENG_TRY(const auto others, tables::members_beside(t, wanted.gateway, wanted.sum.uid));
  if (others + static_cast<std::int64_t>(wanted.members.size()) >
      static_cast<std::int64_t>(field_plan_limits::sum_members_all_max))
    return fail(ErrorCode::limit_exceeded, fmt::format("the sums of a gateway name at most {} members together",
                                                       field_plan_limits::sum_members_all_max));
  DUHENG_TRY(const auto sums, tables::present_sums(t, Scope::everything(), wanted.gateway));
  const bool is_new =
      std::ranges::none_of(sums, [&](const auto& each) { return each.version.sum.uid == wanted.sum.uid; });
  if (is_new && sums.size() >= field_plan_limits::sums_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("a gateway has at most {} sums", field_plan_limits::sums_max));
  return {};
}

}  // namespace

Result<void> GatewaySums::check(Transaction& t, const Author& author, NewSum& wanted) const {
  DUHENG_CHECK(require_gateway(t, author.scope, wanted.gateway));
  DUHENG_TRY(const auto present, tables::present_sum(t, wanted.gateway, wanted.sum.uid));
  if (present) {
    DUHENG_TRY(const bool is_seen, tables::sees_sum(t, author.scope, present->version.number));
    if (!is_seen) return fail(ErrorCode::forbidden, "uid: a sum over devices of others has it");
  }
  if (wanted.is_removal) {
    if (!present) return fail(ErrorCode::not_found, fmt::format("the gateway has no sum '{}'", wanted.sum.uid));
    const std::string uid = wanted.sum.uid;
    wanted.sum = present->version.sum;
    wanted.sum.uid = uid;
    wanted.members.clear();
    return {};
  }
  FieldSum whole = wanted.sum;
  DUHENG_CHECK(check_members(t, author, wanted, whole));
  if (const auto fault = find_fault(whole))
    return fail(ErrorCode::invalid_argument,
                fault->key.empty() ? fault->reason : fmt::format("{}: {}", fault->key, fault->reason));
  DUHENG_CHECK(check_text("uid", wanted.sum.uid, 1, field_plan_limits::name_bytes_max));
  DUHENG_CHECK(check_text("register", wanted.sum.register_name, 1, field_plan_limits::sum_register_bytes_max));
  DUHENG_CHECK(check_text("unit", wanted.sum.unit, 0, 16));
  DUHENG_CHECK(check_text("channel", wanted.sum.channel, 0, field_plan_limits::name_bytes_max));
  DUHENG_TRY(const auto taken, t.integer("SELECT 1 FROM devices WHERE uid = ?1", {wanted.sum.uid}));
  if (taken) return fail(ErrorCode::already_exists, "uid: a device has it");
  if (!wanted.sum.channel.empty()) {
    DUHENG_TRY(const auto hidden, tables::hidden_devices(t, author.scope, wanted.gateway));
    if (hidden > 0)
      return fail(ErrorCode::forbidden, "channel: the gateway also reads devices of others, which it would add up");
  }
  return check_room(t, wanted);
}

Result<SumNumber> GatewaySums::set(const Author& author, NewSum wanted) {
  DUHENG_CHECK(check_text("reason", wanted.reason, 1, 2'000));
  const auto number = database_.write([&](Transaction& t) -> Result<SumNumber> {
    DUHENG_CHECK(check(t, author, wanted));
    const std::int64_t now_ms = clock_.utc_ms();
    DUHENG_CHECK(plan_tables::changed(t, wanted.gateway, now_ms));
    DUHENG_TRY(const auto version, plan_tables::version(t, wanted.gateway));
    DUHENG_TRY(const auto made, tables::replace_sum(t, wanted, author.name, version, now_ms));
    auto entry = operation_of(author, wanted.is_removal ? "remove_sum" : "set_sum", now_ms);
    entry.detail = fmt::format("'{}' of gateway {}: {} members{}{}; {}", wanted.sum.uid, wanted.gateway.value,
                               wanted.members.size(), wanted.sum.channel.empty() ? "" : ", all on ", wanted.sum.channel,
                               wanted.reason);
    DUHENG_CHECK(write_operation(t, entry));
    return made;
  });
  if (number) plans_.plan_changed(wanted.gateway);
  return number;
}

void GatewaySums::tell_state(GatewayId gateway, std::uint64_t plan_version, SumVersion& version) {
  const auto report = plans_.report_of(gateway);
  if (!report || report->version < plan_version) return;
  version.state = version.is_removed ? DerivationState::removed : DerivationState::applied;
  for (const auto& problem : report->problems)
    if (problem.subject == version.sum.uid && problem.reason.starts_with(sum_problem_prefix)) {
      version.state = DerivationState::refused;
      version.problem = problem.reason.substr(sum_problem_prefix.size());
    }
}

Result<std::vector<SumVersion>> GatewaySums::list(const Scope& scope, GatewayId gateway) {
  DUHENG_TRY(auto stored, database_.read([&](Transaction& t) -> Result<std::vector<tables::StoredSum>> {
    DUHENG_CHECK(require_gateway(t, scope, gateway));
    return tables::present_sums(t, scope, gateway);
  }));
  std::vector<SumVersion> out;
  for (auto& each : stored) {
    tell_state(gateway, each.plan_version, each.version);
    out.push_back(std::move(each.version));
  }
  return out;
}

Result<SumDetails> GatewaySums::get(const Scope& scope, SumNumber number, std::int64_t page, std::int64_t page_size) {
  SumDetails out;
  DUHENG_TRY(auto versions, database_.read([&](Transaction& t) -> Result<std::vector<tables::StoredSum>> {
    DUHENG_TRY(auto found, tables::sum_versions(t, scope, number));
    DUHENG_TRY(out.members, tables::members_of(t, number, page, page_size));
    return found;
  }));
  for (auto& each : versions) {
    if (!each.version.to_utc_ms) tell_state(each.version.gateway, each.plan_version, each.version);
    if (each.version.number == number) out.sum = each.version;
    out.versions.push_back(std::move(each.version));
  }
  return out;
}

}  // namespace duheng::platform
