#include "gateway/aggregation/field_derivation.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/time.hpp"
#include "drivers/models/rule_text.hpp"

namespace duheng::gateway {
namespace {

constexpr std::size_t evidence_bytes_max = 60'000;

bool holds(std::span<const ProcessingRule> rules, std::string_view into) {
  return std::ranges::any_of(rules, [&](const ProcessingRule& rule) { return rule.into == into; });
}

bool is_same(const ProcessingRule& one, const ProcessingRule& other) {
  return drivers::write_processing_rule(one) == drivers::write_processing_rule(other);
}

std::string line_of(const SumPart& part) {
  if (!part.present) return fmt::format("{} missing\n", part.uid);
  return fmt::format("{} {} {}{}{}\n", part.uid, part.value.to_string(), format_utc(part.time_utc_ms),
                     part.quality == Quality::good ? "" : " ",
                     part.quality == Quality::good ? std::string() : to_string(part.quality));
}

void write_reading(BatchWriter& batch, const Register& what, std::int64_t mantissa, const GroupSum& sum,
                   Quality quality) {
  Reading reading;
  reading.register_index = batch.register_of(what);
  reading.mantissa = mantissa;
  reading.time_utc_ms = sum.instant_utc_ms;
  reading.time_source = TimeSource::gateway;
  reading.quality = quality;
  batch.reading(reading);
}

}  // namespace

FieldDerivation::FieldDerivation(DerivationOptions options) : sums_(options.sums) {
  for (const auto& sum : options.sums) own_sums_.insert(sum.uid);
  for (auto& point : options.points) said_[point.device].own.push_back(std::move(point.rule));
}

bool FieldDerivation::has_own_rule(std::string_view uid, std::string_view into) const {
  const auto said = said_.find(uid);
  return said != said_.end() && holds(said->second.own, into);
}

void FieldDerivation::set_rules(std::string_view uid, std::vector<ProcessingRule> rules) {
  std::erase_if(rules, [&](const ProcessingRule& rule) { return has_own_rule(uid, rule.into); });
  auto said = said_.find(uid);
  if (said == said_.end()) {
    if (rules.empty()) return;
    said = said_.try_emplace(std::string(uid)).first;
  }
  if (const auto device = devices_.find(uid); device != devices_.end()) {
    device->second.is_stale = true;
    // What is gone has no filter that could go on, should it come again.
    std::erase_if(device->second.points, [&](const PointProcessor& point) {
      return holds(said->second.planned, point.rule().into) &&
             std::ranges::none_of(rules, [&](const ProcessingRule& rule) { return is_same(rule, point.rule()); });
    });
  }
  said->second.planned = std::move(rules);
  if (said->second.planned.empty() && said->second.own.empty()) said_.erase(said);
}

Result<std::int64_t> FieldDerivation::set_sum(SumRule rule, std::int64_t from_utc_ms) {
  if (own_sums_.contains(rule.uid))
    return fail(ErrorCode::already_exists, "the gateway's own file has a sum of this uid");
  return sums_.set(std::move(rule), from_utc_ms);
}

void FieldDerivation::remove_sum(std::string_view uid, std::int64_t now_utc_ms) {
  if (!own_sums_.contains(uid)) sums_.remove(uid, now_utc_ms);
}

/// The model's rules but for those in whose place another stands, the platform's, the file's.
std::vector<const ProcessingRule*> FieldDerivation::rules_of(std::string_view uid,
                                                             std::span<const ProcessingRule> rules) const {
  std::vector<const ProcessingRule*> out;
  const auto said = said_.find(uid);
  for (const auto& rule : rules)
    if (said == said_.end() || (!holds(said->second.planned, rule.into) && !holds(said->second.own, rule.into)))
      out.push_back(&rule);
  if (said == said_.end()) return out;
  for (const auto& rule : said->second.planned) out.push_back(&rule);
  for (const auto& rule : said->second.own) out.push_back(&rule);
  return out;
}

FieldDerivation::Device& FieldDerivation::device_of(std::string_view uid, std::span<const ProcessingRule> rules) {
  auto found = devices_.find(uid);
  if (found != devices_.end() && found->second.rules == rules.data() && !found->second.is_stale) return found->second;
  Device device;
  device.rules = rules.data();
  for (const ProcessingRule* rule : rules_of(uid, rules)) {
    PointProcessor* before = nullptr;
    if (found != devices_.end())
      for (auto& point : found->second.points)
        if (point.rule().into == rule->into && is_same(point.rule(), *rule)) before = &point;
    if (before != nullptr)
      device.points.push_back(std::move(*before));
    else
      device.points.emplace_back(*rule);
  }
  return devices_.insert_or_assign(std::string(uid), std::move(device)).first->second;
}

std::size_t FieldDerivation::process(std::string_view uid, std::span<const ProcessingRule> rules, const Register& what,
                                     const Reading& reading, BatchWriter& batch) {
  if (what.kind != SeriesKind::decimal || (rules.empty() && !said_.contains(uid))) return 0;
  std::size_t written = 0;
  for (PointProcessor& point : device_of(uid, rules).points) {
    if (point.rule().from != what.name) continue;
    const auto value = point.take({reading.mantissa, what.exponent}, reading.quality);
    if (!value) continue;
    Reading result = reading;
    result.register_index =
        batch.register_of({point.rule().into, point.rule().unit, point.rule().exponent, SeriesKind::decimal});
    result.mantissa = value->mantissa;
    result.quality = value->quality;
    batch.reading(result);
    ++written;
  }
  return written;
}

std::vector<std::string> sum_evidence(const GroupSum& sum) {
  const auto& rule = *sum.rule;
  const std::string head = fmt::format("sum {} of {} members at {}, {}, missing {}\n", rule.register_name,
                                       sum.parts.size(), format_utc(sum.instant_utc_ms), rule.unit, sum.missing);
  std::vector<std::string> out{head};
  for (const auto& part : sum.parts) {
    const std::string line = line_of(part);
    if (out.back().size() + line.size() > evidence_bytes_max) out.push_back(head);
    out.back() += line;
  }
  return out;
}

std::size_t write_sum(const GroupSum& sum, std::int64_t now_utc_ms, BatchWriter& batch) {
  const auto& rule = *sum.rule;
  for (const std::string& text : sum_evidence(sum)) {
    Frame frame;
    frame.device_index = batch.device(rule.uid);
    frame.received_utc_ms = now_utc_ms;
    frame.response = ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    batch.frame(frame);
  }
  const std::string incomplete = rule.register_name + "_incomplete";
  const Quality quality = sum.mantissa ? sum.quality : sum.quality | Quality::no_value | Quality::out_of_range;
  write_reading(batch, {sum.complete() ? std::string_view(rule.register_name) : incomplete, rule.unit, rule.exponent},
                sum.mantissa.value_or(0), sum, quality);
  if (sum.told_before) return 1;  // how many were missing when it was due stands there already
  write_reading(batch, {missing_register, "", 0}, sum.missing, sum, Quality::good);
  return 2;
}

}  // namespace duheng::gateway
