#include "platform/onboarding/processing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "drivers/models/rule_text.hpp"
#include "platform/onboarding/derivation_tables.hpp"
#include "platform/onboarding/sampling_tables.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;
namespace tables = derivation_tables;

Result<void> check_form(NewRule& rule) {
  if (rule.devices.empty()) return fail(ErrorCode::invalid_argument, "device_ids: at least one");
  if (rule.devices.size() > Processing::devices_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} devices at once", Processing::devices_max));
  DUHENG_CHECK(check_text("into", rule.into, 1, field_plan_limits::name_bytes_max));
  DUHENG_CHECK(check_text("reason", rule.reason, 1, 2'000));
  if (rule.text.empty()) return {};
  const auto parsed = drivers::parse_processing_rule(rule.text);
  if (!parsed) return fail(ErrorCode::invalid_argument, parsed.error().message);
  if (parsed->into != rule.into) return fail(ErrorCode::invalid_argument, "into: not the rule's own");
  rule.text = drivers::write_processing_rule(*parsed);
  if (rule.text.size() > field_plan_limits::rule_bytes_max)
    return fail(ErrorCode::invalid_argument, "rule: is too long");
  return {};
}

/// What the gateway says of a rule of that device; nothing when it has no fault to find.
std::optional<std::string> problem_of(const FieldPlanReport& report, const std::string& uid, const std::string& into) {
  const std::string prefix = fmt::format("{}{}: ", rule_problem_prefix, into);
  for (const auto& problem : report.problems)
    if (problem.subject == uid && problem.reason.starts_with(prefix)) return problem.reason.substr(prefix.size());
  return std::nullopt;
}

void tell_state(const std::optional<FieldPlanReport>& report, const std::string& uid, tables::StoredRule& rule) {
  if (!report || report->version < rule.plan_version) return;
  rule.version.state = rule.version.text.empty() ? DerivationState::removed : DerivationState::applied;
  if (auto problem = problem_of(*report, uid, rule.version.into)) {
    rule.version.state = DerivationState::refused;
    rule.version.problem = std::move(*problem);
  }
}

/// A device of the plan once, and of no plan now: nobody reads it, though its gateway is still known.
Result<bool> is_retired(Transaction& t, DeviceId device, const sampling_tables::Place& place) {
  if (!place.model.empty()) return false;
  DUHENG_TRY(const auto ever, plan_tables::connections_ever(t, device));
  return ever > 0;
}

/// One change over its devices.
class Change {
 public:
  Change(Transaction& t, const Author& author, const NewRule& rule, const drivers::ModelLibrary& models,
         std::int64_t now_ms)
      : t_(t), author_(author), rule_(rule), models_(models), now_ms_(now_ms) {
    if (auto parsed = drivers::parse_processing_rule(rule.text)) parsed_ = std::move(*parsed);
  }

  [[nodiscard]] Result<void> set(DeviceId device) {
    DUHENG_TRY(auto place, sampling_tables::place_of(t_, author_.scope, device));
    DUHENG_TRY(const bool retired, is_retired(t_, device, place));
    if (retired) place.gateway = {};
    DUHENG_TRY(const auto present, tables::present_rules(t_, device));
    const auto known = std::ranges::find(present, rule_.into, [](const auto& each) { return each.version.into; });
    if (known == present.end() ? rule_.text.empty() : known->version.text == rule_.text) {
      ++outcome_.same;
      return {};
    }
    if (!rule_.text.empty() && refused(device, place, known == present.end() ? present.size() : 0)) return {};
    DUHENG_TRY(const auto version, next_version(place.gateway));
    DUHENG_CHECK(tables::replace_rule(t_, device, rule_, author_.name, version, now_ms_));
    ++outcome_.set;
    return {};
  }
  [[nodiscard]] Result<void> check_limits() {
    for (const auto& [gateway, version] : versions_) {
      DUHENG_TRY(const auto rules, tables::rules_of_gateway(t_, gateway));
      if (rules > static_cast<std::int64_t>(field_plan_limits::rules_max))
        return fail(ErrorCode::limit_exceeded,
                    fmt::format("a gateway has at most {} rules", field_plan_limits::rules_max));
    }
    return {};
  }
  [[nodiscard]] RuleOutcome take_outcome() { return std::move(outcome_); }
  [[nodiscard]] std::vector<GatewayId> gateways() const {
    std::vector<GatewayId> out;
    for (const auto& [gateway, version] : versions_) out.push_back(gateway);
    return out;
  }

 private:
  [[nodiscard]] bool refused(DeviceId device, const sampling_tables::Place& place, std::size_t others) {
    const auto refuse = [&](std::string reason, std::string detail) {
      outcome_.refusals.push_back({device, std::move(reason), std::move(detail)});
      return true;
    };
    if (!place.gateway) return refuse("not_read", "no gateway reads it");
    const auto model = models_.find(place.model.empty() ? place.file_model : place.model);
    if (!model) return refuse("not_in_model", "the platform has no model of its type");
    if (const auto fault = drivers::find_fault(parsed_, *model))
      return refuse("not_in_model", fmt::format("'{}' {}", fault->key, fault->reason));
    if (others >= Processing::rules_of_device_max)
      return refuse("too_many", fmt::format("a device has at most {} rules", Processing::rules_of_device_max));
    return false;
  }
  /// One for each gateway, whatever the number of its devices.
  [[nodiscard]] Result<std::uint64_t> next_version(GatewayId gateway) {
    if (!gateway) return 0;
    if (const auto known = versions_.find(gateway); known != versions_.end()) return known->second;
    DUHENG_CHECK(plan_tables::changed(t_, gateway, now_ms_));
    DUHENG_TRY(const auto version, plan_tables::version(t_, gateway));
    versions_.emplace(gateway, version);
    return version;
  }

  Transaction& t_;
  const Author& author_;
  const NewRule& rule_;
  const drivers::ModelLibrary& models_;
  std::int64_t now_ms_;
  drivers::ProcessingRule parsed_;
  RuleOutcome outcome_;
  std::map<GatewayId, std::uint64_t> versions_;
};

void tell_model(const drivers::DeviceModel& model, DeviceProcessing& out) {
  for (const auto& rule : model.processing) out.model_rules.push_back(drivers::write_processing_rule(rule));
  std::set<std::string_view> told;
  for (const auto& group : model.groups)
    for (const auto& question : group.questions)
      for (const auto& item : question.items)
        if (item.kind == SeriesKind::decimal && told.insert(item.register_name).second) {
          out.registers.emplace_back(item.register_name);
          out.measures.emplace_back(item.unit, item.exponent);
        }
}

}  // namespace

std::string_view to_string(DerivationState state) noexcept {
  switch (state) {
    case DerivationState::pending:
      return "pending";
    case DerivationState::applied:
      return "applied";
    case DerivationState::refused:
      return "refused";
    case DerivationState::removed:
      return "removed";
  }
  return "pending";
}

Result<RuleOutcome> Processing::set(const Author& author, const NewRule& wanted) {
  NewRule rule = wanted;
  DUHENG_CHECK(check_form(rule));
  std::vector<GatewayId> gateways;
  auto outcome = database_.write([&](Transaction& t) -> Result<RuleOutcome> {
    const std::int64_t now_ms = clock_.utc_ms();
    Change change(t, author, rule, *models_, now_ms);
    for (const DeviceId device : rule.devices) DUHENG_CHECK(change.set(device));
    DUHENG_CHECK(change.check_limits());
    gateways = change.gateways();
    auto done = change.take_outcome();
    auto entry = operation_of(author, rule.text.empty() ? "remove_rule" : "set_rule", now_ms);
    if (rule.devices.size() == 1) entry.device = rule.devices.front();
    entry.detail =
        fmt::format("{}: {} devices, {} refused; {}", rule.into, done.set, done.refusals.size(), rule.reason);
    DUHENG_CHECK(write_operation(t, entry));
    return done;
  });
  if (outcome)
    for (const GatewayId gateway : gateways) plans_.plan_changed(gateway);
  return outcome;
}

Result<DeviceProcessing> Processing::device(const Scope& scope, DeviceId device) {
  DeviceProcessing out;
  sampling_tables::Place place;
  std::vector<tables::StoredRule> rules;
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(place, sampling_tables::place_of(t, scope, device));
    DUHENG_TRY(const bool retired, is_retired(t, device, place));
    if (retired) place.gateway = {};
    DUHENG_TRY(rules, tables::present_rules(t, device));
    return {};
  }));
  out.uid = place.uid;
  out.gateway = place.gateway;
  const auto report = place.gateway ? plans_.report_of(place.gateway) : std::nullopt;
  for (auto& rule : rules) {
    tell_state(report, place.uid, rule);
    out.rules.push_back(std::move(rule.version));
  }
  if (const auto model = models_->find(place.model.empty() ? place.file_model : place.model)) tell_model(*model, out);
  return out;
}

Result<std::vector<RuleVersion>> Processing::history(const Scope& scope, DeviceId device) {
  sampling_tables::Place place;
  std::vector<tables::StoredRule> rules;
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(place, sampling_tables::place_of(t, scope, device));
    DUHENG_TRY(rules, tables::rule_versions(t, device));
    return {};
  }));
  const auto report = place.gateway ? plans_.report_of(place.gateway) : std::nullopt;
  std::vector<RuleVersion> out;
  for (auto& rule : rules) {
    if (!rule.version.to_utc_ms) tell_state(report, place.uid, rule);
    out.push_back(std::move(rule.version));
  }
  return out;
}

}  // namespace duheng::platform
