#include <algorithm>
#include <cstdlib>

#include "model/field_plan.hpp"

// Whatever parses is canonical: it is written as it came, and its parts make it again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto plan = parse_field_plan({data, size});
  if (!plan) return 0;
  if (!std::ranges::equal(encode_field_plan(*plan), ByteView{data, size})) std::abort();
  FieldPlanAssembler assembler([](ByteView) { return FieldPlanHash{}; });
  std::optional<FieldPlan> whole;
  for (auto& part : split_field_plan(*plan, {}, 2)) {
    auto added = assembler.add(std::move(part));
    if (!added) {
      if (plan->channels.size() + plan->devices.size() + plan->rules.size() + plan->sums.size() >
          field_plan_limits::parts_max)
        return 0;  // in parts of two entries it has too many
      std::abort();
    }
    whole = std::move(*added);
  }
  if (!whole || *whole != *plan) std::abort();
  return 0;
}
