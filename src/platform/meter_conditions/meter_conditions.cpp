#include "platform/meter_conditions/meter_conditions.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/decimal.hpp"

namespace duheng::platform {
namespace {

bool is_usable(const ConditionValue& value) {
  return !has(value.quality, Quality::no_value | Quality::invalid_content);
}

const ConditionValue* find(std::span<const ConditionValue> values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &ConditionValue::register_name);
  return found == values.end() || !is_usable(*found) ? nullptr : &*found;
}

}  // namespace

void DeviceConditions::judge_words(std::string_view model, std::span<const ConditionValue> values,
                                   std::map<std::string_view, Standing>& found) {
  for (const ConditionRule& rule : condition_rules()) {
    if (!model.starts_with(rule.model_prefix)) continue;
    const ConditionValue* value = find(values, rule.register_name);
    if (value == nullptr) continue;
    judged_[rule.kind] = true;
    if ((static_cast<std::uint64_t>(value->mantissa) & rule.mask) != rule.value) continue;
    Standing& standing = found[rule.kind];
    auto& detail = standing.facts["detail"];
    detail += (detail.empty() ? "" : ",") + std::string(rule.detail);
    standing.facts["register"] = rule.register_name;
    standing.facts["word"] = fmt::format("{:04X}", static_cast<std::uint64_t>(value->mantissa));
    standing.severity = std::max(standing.severity, rule.severity);
    standing.since_utc_ms = value->time_utc_ms;
  }
}

/// Closed, and what goes through goes on rising: what was closed before it was first seen so is nobody's leak.
void DeviceConditions::judge_valve(std::string_view model, std::span<const ConditionValue> values) {
  for (const ValveRule& rule : valve_rules()) {
    const ConditionValue* word = find(values, rule.register_name);
    const ConditionValue* volume = find(values, rule.volume_register);
    if (!model.starts_with(rule.model_prefix) || word == nullptr || volume == nullptr) continue;
    if ((static_cast<std::uint64_t>(word->mantissa) & rule.mask) != rule.closed) {
      volume_when_closed_.reset();
      judged_[condition_kinds::valve_leaking] = true;
      continue;
    }
    if (!volume_when_closed_) {
      volume_when_closed_ = volume->mantissa;
      last_volume_ = volume->mantissa;
      last_rise_utc_ms_ = 0;
      closed_since_utc_ms_ = word->time_utc_ms;
    }
    if (volume->mantissa > last_volume_) last_rise_utc_ms_ = volume->time_utc_ms;
    last_volume_ = volume->mantissa;
    // Only what was watched for long enough is known to be tight.
    const std::int64_t quiet_since = std::max(last_rise_utc_ms_, closed_since_utc_ms_);
    judged_[condition_kinds::valve_leaking] =
        last_rise_utc_ms_ != 0 || volume->time_utc_ms - quiet_since >= tight_again_ms;
  }
}

std::vector<std::string_view> DeviceConditions::settle(const std::map<std::string_view, Standing>& found) {
  std::vector<std::string_view> changed;
  for (const auto& [kind, judged] : judged_) {
    const auto before = standing_.find(kind);
    const auto now = found.find(kind);
    if (now == found.end()) {
      if (!judged) continue;
      const bool is_new = known_.insert(kind).second;
      if (before != standing_.end()) {
        standing_.erase(before);
        changed.push_back(kind);
      } else if (is_new) {
        found_over_.push_back(kind);
      }
      continue;
    }
    known_.insert(kind);
    Standing next = now->second;
    if (before != standing_.end()) next.since_utc_ms = before->second.since_utc_ms;
    if (before != standing_.end() && before->second == next) continue;
    standing_[kind] = std::move(next);
    changed.push_back(kind);
  }
  return changed;
}

std::vector<std::string_view> DeviceConditions::take(std::string_view model, std::span<const ConditionValue> values) {
  found_over_.clear();
  judged_.clear();
  std::int64_t newest = INT64_MIN;
  for (const ConditionValue& value : values) newest = std::max(newest, value.time_utc_ms);
  if (newest <= newest_utc_ms_) return {};
  newest_utc_ms_ = newest;
  std::map<std::string_view, Standing> found;
  judge_words(model, values, found);
  judge_valve(model, values);
  const bool leaks = volume_when_closed_ && last_rise_utc_ms_ != 0 && newest - last_rise_utc_ms_ < tight_again_ms;
  if (leaks) {
    const auto* const volume = find(values, valve_rules().front().volume_register);
    Standing& standing = found[condition_kinds::valve_leaking];
    standing.severity = alarms::Severity::critical;
    standing.since_utc_ms = last_rise_utc_ms_;
    const std::int8_t exponent = volume == nullptr ? std::int8_t{0} : volume->exponent;
    standing.facts["leaked"] = Decimal{last_volume_ - *volume_when_closed_, exponent}.to_string();
    standing.facts["detail"] = "closed_yet_flowing";
  }
  return settle(found);
}

void MeterConditions::take(const SourceKey& source, std::span<const LiveValue> latest) {
  const auto owner = owner_of_(source);
  if (!owner || !has_condition_rules(owner->model)) return;
  std::vector<ConditionValue> values;
  values.reserve(latest.size());
  for (const LiveValue& value : latest)
    values.push_back({value.register_name, value.mantissa, value.exponent, value.time_utc_ms, value.quality});
  take(*owner, values);
}

void MeterConditions::take(const Owner& owner, std::span<const ConditionValue> values) {
  const alarms::Subject subject{alarms::SubjectKind::device, std::to_string(owner.device.value)};
  std::vector<alarms::Condition> raised;
  std::vector<std::string_view> cleared;
  {
    const std::lock_guard lock(mutex_);
    auto device = devices_.find(owner.device);
    if (device == devices_.end()) {
      if (devices_.size() >= devices_max) return;
      device = devices_.try_emplace(owner.device).first;
    }
    const auto changed = device->second.take(owner.model, values);
    const auto& standing = device->second.standing();
    for (const std::string_view kind : changed) {
      if (const auto now = standing.find(kind); now != standing.end())
        raised.push_back({std::string(kind), subject, now->second.severity, now->second.facts});
      else
        cleared.push_back(kind);
    }
    const auto& over = device->second.found_over();
    cleared.insert(cleared.end(), over.begin(), over.end());
  }
  for (const auto& condition : raised) alarms_.raise(condition);
  for (const std::string_view kind : cleared) alarms_.clear(kind, subject);
}

std::vector<MeterConditions::Entry> MeterConditions::list(std::string_view kind) const {
  std::vector<Entry> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [device, conditions] : devices_)
      for (const auto& [name, standing] : conditions.standing())
        if (kind.empty() || kind == name) out.push_back({device, name, standing});
  }
  std::ranges::sort(out, [](const Entry& a, const Entry& b) {
    if (a.standing.since_utc_ms != b.standing.since_utc_ms) return a.standing.since_utc_ms > b.standing.since_utc_ms;
    return a.device != b.device ? a.device < b.device : a.kind < b.kind;
  });
  return out;
}

}  // namespace duheng::platform
