#pragma once
#include <cstdint>
#include <string>

#include "store/consumption/exact_amount.hpp"

namespace duheng::platform::web {

/// sum / count: in plain notation when that ends within three digits more than `exponent`, otherwise "(sum)/count".
[[nodiscard]] std::string exact_mean(store::Int128 sum, std::int8_t exponent, std::uint32_t count);
/// The same rounded half away from zero to two digits more than `exponent`.
[[nodiscard]] std::string rounded_mean(store::Int128 sum, std::int8_t exponent, std::uint32_t count);

}  // namespace duheng::platform::web
