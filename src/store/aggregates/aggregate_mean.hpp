#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "store/consumption/exact_amount.hpp"

namespace duheng::store {

/// sum / count: in plain notation when that ends within three digits more than `exponent`, otherwise "(sum)/count".
[[nodiscard]] std::string exact_mean(Int128 sum, std::int8_t exponent, std::uint32_t count);
/// The same rounded half away from zero to two digits more than `exponent`; nothing when the sum is beyond 120 bits.
[[nodiscard]] std::optional<ExactAmount> rounded_mean_amount(Int128 sum, std::int8_t exponent, std::uint32_t count);
/// In plain notation; exact_mean() where that cannot be.
[[nodiscard]] std::string rounded_mean(Int128 sum, std::int8_t exponent, std::uint32_t count);

}  // namespace duheng::store
