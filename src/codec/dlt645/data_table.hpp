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
[[nodiscard]] inline QuantityAndPhase quantity_of(std::uint8_t di2) noexcept {
  if (di2 < quantity_count) return {di2, Phase::none};
  // Per phase the same quantities stand, from forward active on.
  if (di2 >= 0x15 && di2 <= 0x1E) return {static_cast<std::uint8_t>(di2 - 0x14), Phase::a};
  if (di2 >= 0x29 && di2 <= 0x32) return {static_cast<std::uint8_t>(di2 - 0x28), Phase::b};
  if (di2 >= 0x3D && di2 <= 0x46) return {static_cast<std::uint8_t>(di2 - 0x3C), Phase::c};
  return {0xFF, Phase::none};
}

extern const std::array<DataRule, quantity_count> energy_rules;
extern const std::array<DataRule, quantity_count> demand_rules;
extern const std::array<DataRule, 9> variable_rules;
/// 0201..0209 by DI2, or nothing.
[[nodiscard]] inline const DataRule* variable_rule(std::uint8_t di2) noexcept {
  return di2 >= 1 && di2 <= variable_rules.size() ? &variable_rules[di2 - 1U] : nullptr;
}
/// 020A, 020B.
[[nodiscard]] const DataRule* harmonic_rule(std::uint8_t di2) noexcept;
/// Everything found by match and mask: 0080.., 0090.., 0280.., 03.., 04.., 06.., 10...
[[nodiscard]] const DataRule* find_rule(std::uint32_t identifier) noexcept;
/// Names of the freezes by DI2, and the rules of their contents.
[[nodiscard]] const DataRule& freeze_time_rule() noexcept;
[[nodiscard]] std::string_view freeze_name(std::uint8_t di2) noexcept;
[[nodiscard]] Label freeze_label(std::uint8_t di2) noexcept;
[[nodiscard]] const DataRule& freeze_powers_rule() noexcept;
[[nodiscard]] const DataRule& freeze_block_rule() noexcept;
inline constexpr std::uint8_t freeze_kinds = 8;

}  // namespace duheng::dlt645::table
