#include "gateway/aggregation/field_derivation.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/time.hpp"

namespace duheng::gateway {
namespace {

constexpr std::size_t evidence_bytes_max = 60'000;

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

FieldDerivation::FieldDerivation(DerivationOptions options) : sums_(std::move(options.sums)) {
  for (auto& point : options.points) own_rules_[point.device].push_back(std::move(point.rule));
}

FieldDerivation::Device& FieldDerivation::device_of(std::string_view uid, std::span<const ProcessingRule> rules) {
  auto found = devices_.find(uid);
  if (found != devices_.end() && found->second.rules == rules.data()) return found->second;
  Device device;
  device.rules = rules.data();
  const auto own = own_rules_.find(uid);
  for (const auto& rule : rules) {
    const bool replaced = own != own_rules_.end() && std::ranges::any_of(own->second, [&](const ProcessingRule& other) {
                            return other.into == rule.into;
                          });
    if (!replaced) device.points.emplace_back(rule);
  }
  if (own != own_rules_.end())
    for (const auto& rule : own->second) device.points.emplace_back(rule);
  return devices_.insert_or_assign(std::string(uid), std::move(device)).first->second;
}

std::size_t FieldDerivation::process(std::string_view uid, std::span<const ProcessingRule> rules, const Register& what,
                                     const Reading& reading, BatchWriter& batch) {
  if (what.kind != SeriesKind::decimal || (rules.empty() && !own_rules_.contains(uid))) return 0;
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
