#include "platform/alarms/threshold_rules.hpp"

#include <algorithm>
#include <array>

#include "base/config.hpp"
#include "platform/alarms/alarm_kinds.hpp"

namespace duheng::platform::alarms {
namespace {

constexpr std::size_t rule_octets_max = 64U << 10;
constexpr std::int64_t delay_s_max = 7 * 86'400;
const std::vector<std::string_view> severity_words{"notice", "warning", "major", "critical"};
const std::vector<std::string_view> when_words{"above", "below", "bit"};

/// -1, 0, 1. Exponents of registers lie within a few digits; beyond 18 apart the larger exponent decides.
int compare(const Decimal& a, const Decimal& b) {
  const int apart = a.exponent - b.exponent;
  if (apart > 18 || apart < -18) return a.to_double() < b.to_double() ? -1 : 1;
  __extension__ using Wide = __int128;
  Wide left = a.mantissa;
  Wide right = b.mantissa;
  for (int i = 0; i < apart; ++i) left *= 10;
  for (int i = 0; i < -apart; ++i) right *= 10;
  if (left == right) return 0;
  return left < right ? -1 : 1;
}

Decimal read_number(const ConfigNode& node, std::string_view key) {
  const auto parsed = Decimal::parse(node.number(key));
  if (!parsed) node.reject(key, "is not a number");
  return parsed.value_or(Decimal{});
}

std::set<std::int64_t> read_ids(const ConfigNode& node, std::string_view key) {
  std::set<std::int64_t> out;
  for (const ConfigNode& item : node.items(key)) {
    const auto parsed = Decimal::parse(item.as_text());
    if (!parsed || parsed->exponent != 0 || parsed->mantissa <= 0) item.reject("must be a number from 1");
    if (parsed) out.insert(parsed->mantissa);
  }
  return out;
}

void read_limits(const ConfigNode& root, ThresholdRule& rule) {
  if (rule.when == ThresholdRule::When::bit) {
    rule.bit = root.integer("bit", {.minimum = 0, .maximum = 62});
    return;
  }
  rule.limit = read_number(root, "limit");
  rule.ends_at = root.has("ends_at") ? read_number(root, "ends_at") : rule.limit;
  const int order = compare(rule.ends_at, rule.limit);
  if (rule.when == ThresholdRule::When::above && order > 0)
    root.reject("ends_at", "must not be over the limit, or the alarm would ring and end at once");
  if (rule.when == ThresholdRule::When::below && order < 0)
    root.reject("ends_at", "must not be under the limit, or the alarm would ring and end at once");
}

}  // namespace

Result<ThresholdRule> parse_threshold_rule(std::string_view text, const std::string& name) {
  DUHENG_TRY(const ConfigFile file, ConfigFile::parse(text, name, rule_octets_max));
  const ConfigNode root = file.root();
  ThresholdRule rule;
  rule.file = name;
  rule.kind = root.text("kind");
  if (!rule.kind.empty() && !is_listed_kind(rule.kind)) root.reject("kind", "no such kind of alarm: " + rule.kind);
  rule.severity = static_cast<Severity>(
      root.choice("severity", severity_words, static_cast<std::size_t>(alarm_kind(rule.kind).severity)));
  for (const ConfigNode& item : root.items("registers")) rule.registers.push_back(item.as_text());
  if (rule.registers.empty()) root.reject("registers", "at least one register is needed");
  rule.when = static_cast<ThresholdRule::When>(root.choice("when", when_words));
  rule.unit = root.text("unit", "");
  read_limits(root, rule);
  rule.delay_ms = root.integer("delay_s", {.minimum = 0, .maximum = delay_s_max}, 0) * 1'000;
  for (const ConfigNode& item : root.items("models")) rule.models.insert(item.as_text());
  rule.sites = read_ids(root, "sites");
  rule.organisations = read_ids(root, "organisations");
  if (root.has("while")) {
    const ConfigNode load = root.section("while");
    rule.while_register = load.text("register");
    rule.while_above = read_number(load, "above");
  }
  DUHENG_CHECK(file.finish());
  return rule;
}

Result<ThresholdRuleSet> load_threshold_rules(Disk& disk, const std::string& directory) {
  DUHENG_TRY(std::vector<std::string> names, disk.list(directory));
  std::ranges::sort(names);
  ThresholdRuleSet out;
  for (const std::string& name : names) {
    if (!name.ends_with(".yaml")) continue;
    const auto octets = read_file(disk, directory + "/" + name, rule_octets_max);
    if (!octets) {
      out.refused.push_back(octets.error());
      continue;
    }
    const std::string_view text{reinterpret_cast<const char*>(octets->data()), octets->size()};
    auto rule = parse_threshold_rule(text, directory + "/" + name);
    if (rule) {
      out.rules.push_back(std::move(*rule));
    } else {
      out.refused.push_back(rule.error());
    }
  }
  return out;
}

bool ThresholdWatch::is_for(const ThresholdRule& rule, const MeasuredDevice& device) {
  return (rule.models.empty() || rule.models.contains(std::string{device.model})) &&
         (rule.sites.empty() || rule.sites.contains(device.site.value)) &&
         (rule.organisations.empty() || rule.organisations.contains(device.organisation.value));
}

/// A value that holds by its limit, or by where it ends when it held before.
ThresholdWatch::Verdict ThresholdWatch::judge(const ThresholdRule& rule, std::span<const MeasuredValue> values,
                                              bool was_held) {
  Verdict verdict;
  const Decimal& limit = was_held ? rule.ends_at : rule.limit;
  for (const MeasuredValue& value : values) {
    if (!value.is_good) continue;
    const Decimal measured{value.mantissa, value.exponent};
    if (value.name == rule.while_register && compare(measured, rule.while_above) <= 0) return {.is_known = true};
    if (std::ranges::find(rule.registers, value.name) == rule.registers.end()) continue;
    if (!rule.unit.empty() && value.unit != rule.unit) continue;
    verdict.is_known = true;
    bool holds = false;
    if (rule.when == ThresholdRule::When::above) holds = compare(measured, limit) > 0;
    if (rule.when == ThresholdRule::When::below) holds = compare(measured, limit) < 0;
    if (rule.when == ThresholdRule::When::bit)
      holds = ((static_cast<std::uint64_t>(value.mantissa) >> static_cast<unsigned>(rule.bit)) & 1U) != 0;
    if (holds && !verdict.holds) verdict.value = &value;
    verdict.holds = verdict.holds || holds;
  }
  return verdict;
}

void ThresholdWatch::look(const MeasuredDevice& device, std::span<const MeasuredValue> values,
                          std::int64_t now_utc_ms) {
  std::set<std::string_view> kinds;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!is_for(rules_[i], device) || !kinds.insert(rules_[i].kind).second) continue;
    const bool was_held = held_.contains({device.id.value, i});
    if (const Verdict verdict = judge(rules_[i], values, was_held); verdict.is_known)
      take(i, device, verdict, now_utc_ms);
  }
}

void ThresholdWatch::take(std::size_t number, const MeasuredDevice& device, const Verdict& verdict,
                          std::int64_t now_utc_ms) {
  const ThresholdRule& rule = rules_[number];
  const Key key{device.id.value, number};
  const Subject subject{SubjectKind::device, std::to_string(device.id.value)};
  const auto it = held_.find(key);
  if (!verdict.holds) {
    if (it != held_.end()) {
      waiting_.erase({it->second.since_utc_ms + rule.delay_ms, key});
      held_.erase(it);
      cleared_.erase(key);
    }
    // Also the first time it is looked at: an alarm of before a restart ends.
    if (cleared_.insert(key).second) sink_.clear(rule.kind, subject);
    return;
  }
  if (it != held_.end() || verdict.value == nullptr) return;
  const MeasuredValue& value = *verdict.value;
  Held held{.since_utc_ms = now_utc_ms};
  held.condition = {.kind = rule.kind,
                    .subject = subject,
                    .severity = rule.severity,
                    .facts = {{"register", std::string{value.name}},
                              {"value", Decimal{value.mantissa, value.exponent}.to_string()},
                              {"limit", rule.when == ThresholdRule::When::bit ? "bit " + std::to_string(rule.bit)
                                                                              : rule.limit.to_string()},
                              {"unit", std::string{value.unit}}}};
  cleared_.erase(key);
  held_[key] = std::move(held);
  waiting_.insert({now_utc_ms + rule.delay_ms, key});
  advance(now_utc_ms);
}

void ThresholdWatch::advance(std::int64_t now_utc_ms) {
  while (!waiting_.empty() && waiting_.begin()->first <= now_utc_ms) {
    const Held& held = held_.at(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    sink_.raise(held.condition);
  }
}

}  // namespace duheng::platform::alarms
