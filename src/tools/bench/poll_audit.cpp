#include "tools/bench/poll_audit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace duheng::tools {

double PollFindings::completeness_percent(std::size_t round) const {
  if (expected_per_round == 0 || round >= rounds.size()) return 0;
  return 100.0 * static_cast<double>(rounds[round]) / static_cast<double>(expected_per_round);
}

PollAudit::PollAudit(const std::vector<PolledMeter>& meters, std::int64_t interval_ms, std::uint32_t rounds)
    : interval_ms_(interval_ms), rounds_(rounds) {
  for (const auto& meter : meters) {
    auto& registers = meters_[meter.uid];
    for (const auto& group : meter.groups) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        const auto [place, fresh] = registers.try_emplace(group[i]);
        if (!fresh) continue;  // a register may stand in two groups of a model
        place->second.leads_group = i == 0;
        ++register_count_;
      }
    }
  }
}

void PollAudit::reading(std::string_view uid, std::string_view register_name, std::int64_t utc_ms) {
  const auto meter = meters_.find(std::string(uid));
  if (meter == meters_.end()) {
    ++unexpected_[std::string(register_name)];
    return;
  }
  const auto found = meter->second.find(std::string(register_name));
  if (found == meter->second.end())
    ++unexpected_[std::string(register_name)];
  else
    found->second.times_ms.push_back(utc_ms);
}

void PollAudit::judge(const std::string& name, const Register& one, PollFindings& out) const {
  if (one.times_ms.empty()) return;
  auto times = one.times_ms;
  std::ranges::sort(times);
  constexpr std::int64_t none = INT64_MIN;
  std::vector<std::int64_t> by_round(rounds_ + 1, none);
  for (const std::int64_t time : times) {
    const std::int64_t round = (time - times.front() + interval_ms_ / 2) / interval_ms_;
    if (round > rounds_) break;
    auto& place = by_round[static_cast<std::size_t>(round)];
    if (place == none) {
      place = time;
      continue;
    }
    ++out.doubled;
    ++out.doubled_by_register[name];
  }
  for (std::size_t round = 1; round <= rounds_; ++round) {
    if (by_round[round] == none) continue;
    ++out.rounds[round - 1];
    if (one.leads_group && round > 1 && by_round[round - 1] != none)
      out.jitter_ms.push_back(static_cast<double>(std::abs(by_round[round] - by_round[round - 1] - interval_ms_)));
  }
}

PollFindings PollAudit::findings() const {
  PollFindings out;
  out.expected_per_round = register_count_;
  out.rounds.resize(rounds_);
  out.unexpected_by_register = unexpected_;
  for (const auto& [name, count] : unexpected_) out.unexpected += count;
  for (const auto& [uid, registers] : meters_)
    for (const auto& [name, one] : registers) judge(name, one, out);
  return out;
}

}  // namespace duheng::tools
