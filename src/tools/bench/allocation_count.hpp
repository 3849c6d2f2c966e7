#pragma once
#include <cstdint>

namespace duheng::tools {
/// How often this thread called operator new since the program began. Linking this file replaces the global operator
/// new by one that counts; only the command line program does so.
[[nodiscard]] std::uint64_t allocation_count() noexcept;
}  // namespace duheng::tools
