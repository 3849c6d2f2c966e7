#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/random.hpp"

namespace duheng::tools {

/// What to break next and when, from a seed alone. Pure.
enum class FaultKind : std::uint8_t { kill_platform, kill_gateway, kill_fleet, cut_link, freeze_link };
[[nodiscard]] std::string_view to_string(FaultKind kind) noexcept;

struct Fault {
  FaultKind kind = FaultKind::kill_platform;
  std::chrono::milliseconds after{};    ///< since the fault before
  std::chrono::milliseconds lasting{};  ///< until a killed program is started again or the link is mended
};

/// `kills` ends of programs, mostly a few hundred milliseconds apart so that they fall into each other's recovery, with
/// cuts and freezes of the link between them.
[[nodiscard]] std::vector<Fault> plan_faults(std::uint32_t kills, Random& random);

}  // namespace duheng::tools
