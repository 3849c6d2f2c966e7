#pragma once
// The tables behind describe(); private to this library.
#include <array>

#include "codec/dlt645/data_identifier.hpp"

namespace duheng::dlt645::table {

/// Quantities by DI2 of the total: 0 combined active ... 0AH reverse apparent.
inline constexpr std::uint8_t quantity_count = 11;

/// DI2 of groups 00 and 01 -> quantity and phase; quantity 0xFF when there is none.
struct QuantityAndPhase {
  std::uint8_t quantity;
  Phase phase;
};
[[nodiscard]] constexpr QuantityAndPhase quantity_of(std::uint8_t di2) noexcept {
  if (di2 < quantity_count) return {di2, Phase::none};
  // Per phase the same quantities stand, from forward active on.
  if (di2 >= 0x15 && di2 <= 0x1E) return {static_cast<std::uint8_t>(di2 - 0x14), Phase::a};
  if (di2 >= 0x29 && di2 <= 0x32) return {static_cast<std::uint8_t>(di2 - 0x28), Phase::b};
  if (di2 >= 0x3D && di2 <= 0x46) return {static_cast<std::uint8_t>(di2 - 0x3C), Phase::c};
  return {0xFF, Phase::none};
}

/// Names of the freezes by DI2.
[[nodiscard]] std::string_view freeze_name(std::uint8_t di2) noexcept;
[[nodiscard]] Label freeze_label(std::uint8_t di2) noexcept;
inline constexpr std::uint8_t freeze_kinds = 8;

inline constexpr std::uint8_t tariffs_max = 63;
inline constexpr std::uint8_t settlements_max = 12;
static_assert(elements_max(Layout::tariffs) == 1 + tariffs_max &&
              elements_max(Layout::settlements) == 1 + settlements_max && elements_max(Layout::record) == 1);

}  // namespace duheng::dlt645::table
