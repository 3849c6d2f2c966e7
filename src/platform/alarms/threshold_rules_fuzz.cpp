#include <cstdlib>

#include "platform/alarms/alarm_kinds.hpp"
#include "platform/alarms/threshold_rules.hpp"

// Rule files are written by operators: whatever is accepted can be held against values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::alarms;
  const auto rule = parse_threshold_rule({reinterpret_cast<const char*>(data), size}, "rule.yaml");
  if (!rule) return 0;
  if (rule->registers.empty() || !is_listed_kind(rule->kind) || rule->delay_ms < 0) abort();
  class Sink final : public ConditionSink {
    void raise(const Condition& condition) override {
      if (condition.kind.empty()) abort();
    }
    void clear(std::string_view, const Subject&) override {}
  } sink;
  ThresholdWatch watch{{*rule}, sink};
  for (const std::int64_t mantissa : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    const MeasuredValue value{rule->registers.front(), rule->unit, mantissa, -4};
    watch.look({.id = duheng::DeviceId{1}}, {&value, 1}, 0);
  }
  watch.advance(INT64_MAX);
  return 0;
}
