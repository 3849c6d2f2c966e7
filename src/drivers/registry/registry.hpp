#pragma once
#include <span>

#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// Every protocol this program speaks, in the order of their names.
[[nodiscard]] std::span<const Driver* const> all_drivers();
/// Null when there is none of that name.
[[nodiscard]] const Driver* find_driver(std::string_view name);

}  // namespace duheng::drivers
