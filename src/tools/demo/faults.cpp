#include "tools/demo/faults.hpp"

namespace duheng::tools {

std::string_view to_string(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::kill_platform:
      return "kill platform";
    case FaultKind::kill_gateway:
      return "kill gateway";
    case FaultKind::kill_fleet:
      return "kill fleet";
    case FaultKind::cut_link:
      return "cut link";
    case FaultKind::freeze_link:
      return "freeze link";
  }
  return "unknown";
}

std::vector<Fault> plan_faults(std::uint32_t kills, Random& random) {
  std::vector<Fault> plan;
  std::uint32_t killed = 0;
  while (killed < kills) {
    Fault fault;
    // Now and then a pause, so that the programs also get to work; else close together.
    const bool pause = random.below(12) == 0;
    fault.after = std::chrono::milliseconds(pause ? 3'000 + random.below(3'000) : 50 + random.below(1'400));
    const std::uint64_t dice = random.below(100);
    if (dice < 35) {
      fault.kind = FaultKind::kill_platform;
    } else if (dice < 70) {
      fault.kind = FaultKind::kill_gateway;
    } else if (dice < 85) {
      fault.kind = FaultKind::kill_fleet;
    } else if (dice < 95) {
      fault.kind = FaultKind::cut_link;
    } else {
      fault.kind = FaultKind::freeze_link;
    }
    const bool link = fault.kind == FaultKind::cut_link || fault.kind == FaultKind::freeze_link;
    fault.lasting = std::chrono::milliseconds(link ? 100 + random.below(2'500) : random.below(500));
    if (!link) ++killed;
    plan.push_back(fault);
  }
  return plan;
}

}  // namespace duheng::tools
