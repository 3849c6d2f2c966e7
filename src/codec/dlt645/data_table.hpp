#pragma once
// The tables behind describe(); private to this library.
#include "codec/dlt645/data_identifier.hpp"

namespace duheng::dlt645::table {

/// Quantities by DI2 of the total: 0 combined active ... 0AH reverse apparent.
inline constexpr std::uint8_t quantity_count = 11;

/// DI2 of groups 00 and 01 -> quantity and phase; quantity 0xFF when there is none.
struct QuantityAndPhase {
  std::uint8_t quantity;
  Phase phase;
};
[[nodiscard]] QuantityAndPhase quantity_of(std::uint8_t di2) noexcept;

[[nodiscard]] const DataRule& energy_rule(std::uint8_t quantity_index) noexcept;
[[nodiscard]] const DataRule& demand_rule(std::uint8_t quantity_index) noexcept;
/// 0201..0209 by DI2 - 1, or nothing.
[[nodiscard]] const DataRule* variable_rule(std::uint8_t di2) noexcept;
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
