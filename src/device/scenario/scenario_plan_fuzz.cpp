// Arbitrary text as a scenario file: it is refused with a reason, or gives rules that a scenario can run.
#include <cstdlib>

#include "device/scenario/scenario_plan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto plan = device::parse_scenario({reinterpret_cast<const char*>(data), size}, "s.yaml");
  if (!plan) {
    if (plan.error().message.empty()) std::abort();
    return 0;
  }
  if (plan->rules.empty()) std::abort();
  for (const auto& rule : plan->rules) {
    const bool is_sane = rule.from_ms >= 0 && rule.until_ms > rule.from_ms && rule.octets_min >= 1 &&
                         rule.octets_max >= rule.octets_min && rule.octets_max <= 4'096 && rule.jitter_ms >= 0 &&
                         rule.delay_ms >= 0 && rule.fraction_ppm <= 1'000'000 && rule.probability_ppm <= 1'000'000;
    if (!is_sane || device::to_string(rule.kind).empty()) std::abort();
  }
  return 0;
}
