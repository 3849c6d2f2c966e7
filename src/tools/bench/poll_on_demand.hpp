#pragma once
#include <cstdint>
#include <string>

#include "base/disk.hpp"
#include "tools/bench/bench.hpp"

namespace duheng::tools {

/// Reading on demand while `meters` others are polled once a minute, through the whole path: somebody asks the
/// platform's API for one meter's registers; the clock stops when the API says that they are there. Adds figures named
/// `on_demand_...`. `folder` is the measurement's own. Errors: as the demo's and the script's (running_demo.hpp).
[[nodiscard]] Result<void> measure_on_demand(Disk& disk, const BenchOptions& options, const std::string& folder,
                                             std::uint32_t meters, BenchReport& report);

}  // namespace duheng::tools
