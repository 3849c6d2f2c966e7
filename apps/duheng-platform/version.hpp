#pragma once
#include <string_view>

namespace duheng::platform {
inline constexpr std::string_view version = DUHENG_VERSION;
}  // namespace duheng::platform
