#include "store/telemetry/curve_run.hpp"

#include <fmt/format.h>

namespace duheng::store {

std::string CurveRun::table() const { return fmt::format("{}.run_{}", place, id); }

}  // namespace duheng::store
