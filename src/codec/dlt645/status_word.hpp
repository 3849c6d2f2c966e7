#pragma once
#include <optional>
#include <span>

#include "codec/dlt645/data_identifier.hpp"

namespace duheng::dlt645 {

/// One piece of information in a status word: a bit, or a few that are read as a number.
struct StatusBit {
  std::uint8_t bit;              ///< the lowest one
  std::uint8_t width;            ///< how many
  std::string_view name;         ///< stable identifier, e.g. "relay_open"
  Label label;                   ///< what it tells about
  std::span<const Label> words;  ///< what each value means, from 0; a value beyond them has no meaning known
};

/// The bits of status word 1 to 7 in ascending order; empty for another number.
/// Source: DL/T 645-2007, Annex A (status words) and State Grid's additions to word 1, as public knowledge gives them;
/// the relay bits of word 3 are proven by captures.
[[nodiscard]] std::span<const StatusBit> status_bits(unsigned word_number) noexcept;

/// Which status word an element of a payload is, 1 to 7; nothing when it is none.
[[nodiscard]] std::optional<unsigned> status_word_number(const DataDescription& description,
                                                         std::size_t element) noexcept;

[[nodiscard]] constexpr unsigned status_value(const StatusBit& bit, std::uint16_t word) noexcept {
  return static_cast<unsigned>(word >> bit.bit) & ((1U << bit.width) - 1);
}

}  // namespace duheng::dlt645
