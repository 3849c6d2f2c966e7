#pragma once
// The identifiers gateways ask for most, found by one multiplication and one comparison; private to this library.
#include <array>

#include "codec/dlt645/data_table.hpp"
#include "codec/dlt645/digits.hpp"

namespace duheng::dlt645::table {

/// An identifier whose content is a run of like fields of two to four octets of digits.
struct FrequentItem {
  DataDescription description;
  DigitFormat digits;
  std::uint32_t elements_max = 1;
};

inline constexpr std::size_t frequent_places = 512;
/// A perfect hash of the identifiers in the table; its uniqueness is checked by the compiler in describe.cpp.
[[nodiscard]] constexpr std::uint32_t frequent_place(std::uint32_t identifier) noexcept {
  return (identifier * 0x414C343DU) >> 23;
}

extern const FrequentItem* const frequent_items;
/// Place -> index into frequent_items; free places hold 0, an item that then does not match.
extern const std::array<std::uint8_t, frequent_places> frequent_index;

[[nodiscard]] inline const FrequentItem* find_frequent(DataIdentifier identifier) noexcept {
  const FrequentItem* item = frequent_items + frequent_index[frequent_place(identifier.value)];
  return item->description.identifier == identifier ? item : nullptr;
}

}  // namespace duheng::dlt645::table
